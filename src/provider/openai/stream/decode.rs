//! A stream of an OpenAI-compatible provider in the intermediate form, for clients of other APIs.
//!
//! `[DONE]` is the last event; a stream whose answer has finished is whole without it, and one that has said something
//! and then `[DONE]` is whole without a reason to finish: the same holds for a stream that passes ([`super`]).

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::{
    ir::{ApiError, Decoder, Event},
    provider::{
        course::{self, Course, Reader, Sink},
        fault::{cut_off, no_call, server, unreadable},
        ids::call_id,
        openai::{
            calls::Calls,
            error,
            finish::{self, Reason},
            response::answer::{Answer, Call, Piece, Turn, citations, finish_of},
            usage,
        },
        passing::is_whole,
    },
    stream::sse::{SseDeframer, SseEvent},
};

#[cfg(test)]
mod tests;

/// The most bytes of a list of sources that are kept.
const MAX_SOURCES: usize = 64 * 1024;

/// Reads one stream.
#[derive(Debug)]
pub struct ChatDecoder {
    frames: SseDeframer,
    state: State,
}

#[derive(Debug)]
struct State {
    course: Course,
    /// What the ids of calls are made of where the provider gives none.
    id: String,
    /// The calls so far; their places in the list are their indices to the client.
    calls: Calls,
    /// OpenAI's word for why the answer ended.
    finish: Option<&'static str>,
    /// `[DONE]` without one is no end.
    needs_reason: bool,
    /// The last list of sources beside the choices, as JSON text; those who have one send it whole with each chunk.
    sources: String,
    /// A source was given.
    cited: bool,
}

impl ChatDecoder {
    /// A stream that has not begun. `id` is what the ids of calls are made of where the provider gives none: nothing
    /// that another reply has too, so that they are not repeated within a conversation.
    pub fn new(id: &str) -> Self {
        let state = State {
            course: Course::default(),
            id: id.to_owned(),
            calls: Calls::default(),
            finish: None,
            needs_reason: false,
            sources: String::new(),
            cited: false,
        };
        Self { frames: SseDeframer::default(), state }
    }

    /// The same of a provider that always tells why its answer ended, so that a stream without that was cut.
    #[must_use]
    pub(in crate::provider) fn with_a_reason(mut self) -> Self {
        self.state.needs_reason = true;
        self
    }
}

impl Decoder for ChatDecoder {
    fn push(&mut self, bytes: &[u8], sink: &mut dyn FnMut(Event<'_>)) {
        course::push(&mut self.frames, &mut self.state, bytes, sink);
    }

    fn end(&mut self, sink: &mut dyn FnMut(Event<'_>)) {
        let Self { frames, state } = self;
        if !state.course.is_over() {
            // Half an event is as good as none: that the stream was cut is told below.
            frames.end(&mut |event| {
                if is_whole(event.data) {
                    state.read(event, sink);
                }
            });
        }
        state.end(state.finish, sink);
    }
}

impl Reader for State {
    fn course(&mut self) -> &mut Course {
        &mut self.course
    }

    fn event(&mut self, event: SseEvent<'_>, sink: Sink<'_>) {
        self.read(event, sink);
    }
}

impl State {
    fn read(&mut self, event: SseEvent<'_>, sink: Sink<'_>) {
        match event.data.trim_ascii() {
            _ if self.course.is_over() => {}
            b"" => {}
            b"[DONE]" => {
                let silent = self.course.is_open() && !self.needs_reason;
                self.end(self.finish.or(silent.then_some("stop")), sink);
            }
            data if event.name == b"error" => self.course.fail(error::read(200, data), sink),
            // What some send to keep the connection alive.
            data if !event.name.is_empty() && !data.starts_with(b"{") => {}
            data => {
                if let Err(error) = self.chunk(data, sink) {
                    self.course.fail(error, sink);
                }
            }
        }
    }

    fn chunk(&mut self, data: &[u8], sink: Sink<'_>) -> Result<(), ApiError> {
        let answer = Answer::read(data)?.ok_or_else(unreadable)?;
        if let Some(usage) = answer.usage.and_then(usage::read) {
            self.course.usage.merge(usage);
        }
        if let Some(sources) = answer.sources.filter(|raw| raw.get().len() <= MAX_SOURCES) {
            self.sources.clear();
            self.sources.push_str(sources.get());
        }
        let choice = answer.first()?;
        if answer.has_choices() {
            self.course.start(answer.id, answer.model, sink);
        }
        let Some(choice) = choice else { return Ok(()) };
        if let Some(turn) = choice.turn {
            self.turn(&turn, sink)?;
        }
        match finish::read(choice.finish_reason) {
            Reason::Failed(error) => return Err(error),
            Reason::Stopped(word) => {
                self.finish.get_or_insert(word);
            }
            Reason::Open => {}
        }
        Ok(())
    }

    fn turn(&mut self, turn: &Turn<'_>, sink: Sink<'_>) -> Result<(), ApiError> {
        turn.pieces(&mut |piece| match piece {
            Piece::Text(text) => sink(Event::Text(text)),
            Piece::Refusal(text) => sink(Event::Refusal(text)),
            Piece::Thought { text, signature } => {
                if !text.is_empty() {
                    sink(Event::Thinking(text));
                }
                if let Some(signature) = signature {
                    sink(Event::Signature(signature));
                }
            }
            Piece::Citation(citation) => {
                self.cited = true;
                sink(Event::Citation(citation));
            }
        });
        turn.calls().try_for_each(|call| self.call(call, sink))
    }

    fn call(&mut self, call: Call<'_>, sink: Sink<'_>) -> Result<(), ApiError> {
        let id = call.id.as_deref().unwrap_or_default();
        let (at, begins) = self
            .calls
            .take(0, call.index, call.name.is_some(), id)
            .ok_or_else(|| server("The provider sent more tool calls than the gateway keeps."))?;
        let index = u32::try_from(at).unwrap_or(u32::MAX);
        if begins {
            let name = call.name.ok_or_else(no_call)?;
            let id = call.id.unwrap_or_else(|| Cow::Owned(call_id(&self.id, index)));
            sink(Event::ToolStart { index, id, name, signature: call.signature });
        }
        if let Some(fragment) = call.arguments {
            self.calls.fill(at);
            sink(Event::ToolArguments { index, fragment });
        }
        Ok(())
    }

    /// Nothing follows. The answer is whole if there is a `word` for why it ended.
    fn end(&mut self, word: Option<&str>, sink: Sink<'_>) {
        if self.course.is_over() {
            return;
        }
        let Some(word) = word else { return self.course.fail(cut_off(), sink) };
        let mut calls = false;
        for (index, filled) in (0..).zip(self.calls.filled()) {
            calls = true;
            if !filled {
                sink(Event::ToolArguments { index, fragment: Cow::Borrowed("{}") });
            }
            sink(Event::ToolEnd { index });
        }
        if !self.cited {
            let sources = serde_json::from_str::<&RawValue>(&self.sources).ok();
            citations(sources, &mut |citation| sink(Event::Citation(citation)));
        }
        self.course.finish(finish_of(word, calls), sink);
    }
}
