//! A stream of Gemini's `streamGenerateContent?alt=sse`.
//!
//! Each event is a whole response object with what is new. There is no event that says that it was the last: the
//! stream is whole where one of them had a reason to finish, and cut off where none had. That reason may come with the
//! last text or after it, so that it is told when the body ends.

use std::borrow::Cow;

use super::{
    response::{Call, Candidate, Chunk, Piece, call_id, finish},
    told::Told,
    usage,
};
use crate::{
    ir::{ApiError, Decoder, ErrorKind, Event, Finish, Usage},
    stream::sse::{SseDeframer, SseEvent},
};

/// Reads one stream.
#[derive(Debug)]
pub struct GeminiDecoder {
    frames: SseDeframer,
    state: State,
}

type Sink<'s> = &'s mut dyn FnMut(Event<'_>);

#[derive(Debug)]
struct State {
    phase: Phase,
    /// What the ids of calls are made of where the provider gives none.
    id: String,
    /// How many tool calls came.
    calls: u32,
    usage: Usage,
    /// What the finish reason says; `STOP` is [`Finish::Stop`] whatever came with it.
    finish: Option<Finish<'static>>,
    told: Told,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Nothing was given yet.
    Waiting,
    /// `Start` was given.
    Started,
    /// `Done` or `Error` was given; nothing follows.
    Over,
}

impl GeminiDecoder {
    /// A stream that has not begun. `id` is what the ids of calls are made of where the provider gives none: nothing
    /// that another reply has too, so that they are not repeated within a conversation.
    pub fn new(id: &str) -> Self {
        let state = State {
            phase: Phase::Waiting,
            id: id.to_owned(),
            calls: 0,
            usage: Usage::default(),
            finish: None,
            told: Told::default(),
        };
        Self { frames: SseDeframer::default(), state }
    }
}

impl Decoder for GeminiDecoder {
    fn push(&mut self, bytes: &[u8], sink: &mut dyn FnMut(Event<'_>)) {
        let Self { frames, state } = self;
        if state.phase == Phase::Over {
            return;
        }
        if frames.push(bytes, &mut |event| state.event(event, sink)).is_err() {
            state.fail(server("The provider sent an event that is too long."), sink);
        }
    }

    fn end(&mut self, sink: &mut dyn FnMut(Event<'_>)) {
        let Self { frames, state } = self;
        if state.phase != Phase::Over {
            frames.end(&mut |event| state.event(event, sink));
        }
        state.end(sink);
    }
}

impl State {
    fn event(&mut self, event: SseEvent<'_>, sink: Sink<'_>) {
        let data = event.data.trim_ascii();
        // `[DONE]` is of another API; proxies add it.
        if self.phase == Phase::Over || data.is_empty() || data == b"[DONE]" {
            return;
        }
        let chunk = match Chunk::read(data) {
            Ok(Some(chunk)) => chunk,
            Ok(None) => {
                return self.fail(server("The provider sent a stream event that cannot be read."), sink);
            }
            Err(error) => return self.fail(error, sink),
        };
        let candidate = chunk.first();
        if let Some(usage) = chunk.usage_metadata.and_then(usage::read) {
            // Each chunk counts all that came until then.
            self.usage = usage;
        }
        if candidate.is_none() && chunk.blocked() {
            self.finish = Some(Finish::ContentFilter);
        }
        self.told.member("prompt_feedback", chunk.prompt_feedback);
        if self.phase == Phase::Waiting {
            self.phase = Phase::Started;
            sink(Event::Start { id: chunk.response_id, model: chunk.model_version });
        }
        if let Some(candidate) = candidate {
            self.candidate(&candidate, sink);
        }
    }

    fn candidate(&mut self, candidate: &Candidate<'_>, sink: Sink<'_>) {
        self.told.candidate(candidate);
        for said in candidate.parts() {
            self.told.part(&said);
            let Some(piece) = said.piece else { continue };
            match piece {
                Piece::Text(text) => {
                    self.told.text(&text);
                    sink(Event::Text(text));
                }
                Piece::Thought(text) => sink(Event::Thinking(text)),
                Piece::Call(Ok(call)) => self.call(call, sink),
                Piece::Call(Err(error)) => return self.fail(error, sink),
            }
        }
        if let Some(reason) = candidate.finish_reason.as_deref() {
            self.finish = Some(finish(Some(reason), false));
        }
    }

    /// Calls come whole.
    fn call(&mut self, call: Call<'_>, sink: Sink<'_>) {
        let index = self.calls;
        self.calls = self.calls.saturating_add(1);
        let id = call.id.unwrap_or_else(|| Cow::Owned(call_id(&self.id, index)));
        sink(Event::ToolStart { index, id, name: call.name, signature: call.signature });
        sink(Event::ToolArguments { index, fragment: call.arguments });
        sink(Event::ToolEnd { index });
    }

    fn end(&mut self, sink: Sink<'_>) {
        if self.phase == Phase::Over {
            return;
        }
        let finish = match self.finish.take() {
            None => return self.fail(server("The provider's stream was cut off before its end."), sink),
            // The calls may have come in earlier chunks.
            Some(Finish::Stop) if self.calls > 0 => Finish::ToolCalls,
            Some(finish) => finish,
        };
        let (citations, extras) = self.told.finish();
        citations.into_iter().for_each(|citation| sink(Event::Citation(citation)));
        extras.into_iter().for_each(|extra| sink(Event::Extra(extra)));
        self.give_usage(sink);
        self.phase = Phase::Over;
        sink(Event::Finish(finish));
        sink(Event::Done);
    }

    /// Ends the stream as failed. What it took until then is told first: it is paid for all the same.
    fn fail(&mut self, error: ApiError, sink: Sink<'_>) {
        if self.phase == Phase::Over {
            return;
        }
        self.give_usage(sink);
        self.phase = Phase::Over;
        sink(Event::Error(error));
    }

    fn give_usage(&mut self, sink: Sink<'_>) {
        if self.usage != Usage::default() {
            sink(Event::Usage(self.usage));
        }
    }
}

fn server(message: &str) -> ApiError {
    ApiError::new(ErrorKind::Server, message)
}
