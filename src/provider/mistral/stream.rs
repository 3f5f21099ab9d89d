//! A stream of Mistral: chunks as OpenAI's, but content may be a list, calls come whole or in pieces with or without an
//! index, and usage comes with the reason to finish. `[DONE]` is the last event; a stream that has told its reason to
//! finish is whole without it.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::response::{Answer, Call, Piece, Turn, finish_of};
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
            usage,
        },
    },
    stream::sse::{SseDeframer, SseEvent},
};

/// Reads one stream.
#[derive(Debug)]
pub struct MistralDecoder {
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
}

impl MistralDecoder {
    /// A stream that has not begun. `id` is what the ids of calls are made of where the provider gives none: nothing
    /// that another reply has too, so that they are not repeated within a conversation.
    pub fn new(id: &str) -> Self {
        let state =
            State { course: Course::default(), id: id.to_owned(), calls: Calls::default(), finish: None };
        Self { frames: SseDeframer::default(), state }
    }
}

impl Decoder for MistralDecoder {
    fn push(&mut self, bytes: &[u8], sink: &mut dyn FnMut(Event<'_>)) {
        course::push(&mut self.frames, &mut self.state, bytes, sink);
    }

    fn end(&mut self, sink: &mut dyn FnMut(Event<'_>)) {
        let Self { frames, state } = self;
        if !state.course.is_over() {
            // Half an event is as good as none: that the stream was cut is told below.
            frames.end(&mut |event| {
                if event.data.trim_ascii() == b"[DONE]"
                    || serde_json::from_slice::<&RawValue>(event.data).is_ok()
                {
                    state.read(event, sink);
                }
            });
        }
        state.end(sink);
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
        let data = event.data.trim_ascii();
        if self.course.is_over() || data.is_empty() {
            return;
        }
        if data == b"[DONE]" {
            return self.end(sink);
        }
        if event.name == b"error" {
            return self.course.fail(error::read(200, data), sink);
        }
        let answer = match Answer::read(data) {
            Ok(Some(answer)) => answer,
            Ok(None) => {
                return self.course.fail(unreadable(), sink);
            }
            Err(error) => return self.course.fail(error, sink),
        };
        if let Some(usage) = answer.usage.and_then(usage::read) {
            self.course.usage.merge(usage);
        }
        let choice = answer.first();
        self.course.start(answer.id, answer.model, sink);
        let Some(choice) = choice else { return };
        if let Some(Err(error)) = choice.turn.map(|turn| self.turn(&turn, sink)) {
            return self.course.fail(error, sink);
        }
        match finish::read(choice.finish_reason) {
            Reason::Failed(error) => self.course.fail(error, sink),
            Reason::Stopped(word) => self.finish = Some(word),
            Reason::Open => {}
        }
    }

    fn turn(&mut self, turn: &Turn<'_>, sink: Sink<'_>) -> Result<(), ApiError> {
        turn.pieces(&mut |piece| match piece {
            Piece::Text(text) => sink(Event::Text(text)),
            Piece::Thought { text, signature } => {
                if !text.is_empty() {
                    sink(Event::Thinking(text));
                }
                if let Some(signature) = signature {
                    sink(Event::Signature(signature));
                }
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
            sink(Event::ToolStart { index, id, name, signature: None });
        }
        if let Some(fragment) = call.arguments {
            self.calls.fill(at);
            sink(Event::ToolArguments { index, fragment });
        }
        Ok(())
    }

    fn end(&mut self, sink: Sink<'_>) {
        if self.course.is_over() {
            return;
        }
        let Some(word) = self.finish else {
            return self.course.fail(cut_off(), sink);
        };
        let mut calls = false;
        for (index, filled) in (0..).zip(self.calls.filled()) {
            calls = true;
            if !filled {
                sink(Event::ToolArguments { index, fragment: Cow::Borrowed("{}") });
            }
            sink(Event::ToolEnd { index });
        }
        self.course.finish(finish_of(word, calls), sink);
    }
}
