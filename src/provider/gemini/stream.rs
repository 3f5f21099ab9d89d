//! A stream of Gemini's `streamGenerateContent?alt=sse`.
//!
//! Each event is a whole response object with what is new. There is no event that says that it was the last: the
//! stream is whole where one of them had a reason to finish, and cut off where none had. That reason may come with the
//! last text or after it, so that it is told when the body ends.

use std::borrow::Cow;

use super::{
    response::{Call, Candidate, Chunk, Piece, finish},
    told::Told,
    usage,
};
use crate::{
    ir::{Decoder, Event, Finish},
    provider::{
        course::{self, Course, Reader, Sink},
        fault::{cut_off, unreadable},
        ids::call_id,
    },
    stream::sse::{SseDeframer, SseEvent},
};

/// Reads one stream.
#[derive(Debug)]
pub struct GeminiDecoder {
    frames: SseDeframer,
    state: State,
}

#[derive(Debug)]
struct State {
    course: Course,
    /// What the ids of calls are made of where the provider gives none.
    id: String,
    /// How many tool calls came.
    calls: u32,
    /// What the finish reason says; `STOP` is [`Finish::Stop`] whatever came with it.
    finish: Option<Finish<'static>>,
    told: Told,
}

impl GeminiDecoder {
    /// A stream that has not begun. `id` is what the ids of calls are made of where the provider gives none: nothing
    /// that another reply has too, so that they are not repeated within a conversation.
    pub fn new(id: &str) -> Self {
        let state = State {
            course: Course::default(),
            id: id.to_owned(),
            calls: 0,
            finish: None,
            told: Told::default(),
        };
        Self { frames: SseDeframer::default(), state }
    }
}

impl Decoder for GeminiDecoder {
    fn push(&mut self, bytes: &[u8], sink: &mut dyn FnMut(Event<'_>)) {
        course::push(&mut self.frames, &mut self.state, bytes, sink);
    }

    fn end(&mut self, sink: &mut dyn FnMut(Event<'_>)) {
        course::end(&mut self.frames, &mut self.state, sink);
    }
}

impl Reader for State {
    fn course(&mut self) -> &mut Course {
        &mut self.course
    }

    fn event(&mut self, event: SseEvent<'_>, sink: Sink<'_>) {
        self.read(event, sink);
    }

    fn ended(&mut self, sink: Sink<'_>) {
        self.end(sink);
    }
}

impl State {
    fn read(&mut self, event: SseEvent<'_>, sink: Sink<'_>) {
        let data = event.data.trim_ascii();
        // `[DONE]` is of another API; proxies add it.
        if self.course.is_over() || data.is_empty() || data == b"[DONE]" {
            return;
        }
        let chunk = match Chunk::read(data) {
            Ok(Some(chunk)) => chunk,
            Ok(None) => {
                return self.course.fail(unreadable(), sink);
            }
            Err(error) => return self.course.fail(error, sink),
        };
        let candidate = chunk.first();
        if let Some(usage) = chunk.usage_metadata.and_then(usage::read) {
            // Each chunk counts all that came until then.
            self.course.usage = usage;
        }
        if candidate.is_none() && chunk.blocked() {
            self.finish = Some(Finish::ContentFilter);
        }
        self.told.member("prompt_feedback", chunk.prompt_feedback);
        self.course.start(chunk.response_id, chunk.model_version, sink);
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
                Piece::Call(Err(error)) => return self.course.fail(error, sink),
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
        if self.course.is_over() {
            return;
        }
        let finish = match self.finish.take() {
            None => return self.course.fail(cut_off(), sink),
            // The calls may have come in earlier chunks.
            Some(Finish::Stop) if self.calls > 0 => Finish::ToolCalls,
            Some(finish) => finish,
        };
        let (citations, extras) = self.told.finish();
        citations.into_iter().for_each(|citation| sink(Event::Citation(citation)));
        extras.into_iter().for_each(|extra| sink(Event::Extra(extra)));
        self.course.finish(finish, sink);
    }
}
