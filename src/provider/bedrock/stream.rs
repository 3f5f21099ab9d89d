//! A stream of Bedrock's `ConverseStream`.
//!
//! Text and reasoning begin with their first delta; only blocks of other kinds are announced. `messageStop` says why the
//! model stopped, and `metadata` behind it what it took; a stream without `messageStop` was cut off. Every payload has a
//! member `p` that pads it, and types of events that are not known are passed over.
//!
//! Source: API reference, "ConverseStream"; service model `bedrock-runtime`.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::{
    citation::{self, Sources},
    error,
    json::{count, pick, pick_in, some_text, text},
    response::{Call, finish, trace},
    usage,
};
use crate::{
    ir::{Decoder, Event, Finish},
    provider::{
        course::{Course, Sink, given},
        fault::{cut_off, server, unreadable},
    },
    stream::aws::{AwsDeframer, Message},
};

#[cfg(test)]
mod tests;

/// Most tool calls that may be open at once. Bedrock sends one block after the other; a stream that opens block upon
/// block is not one of its own.
const MAX_OPEN: usize = 128;

/// Reads one stream.
#[derive(Debug)]
pub struct ConverseDecoder {
    frames: AwsDeframer,
    state: State,
}

#[derive(Debug)]
struct State {
    course: Course,
    /// What the ids of calls are made of where the provider gives none.
    id: String,
    open: Vec<Open>,
    /// How many tool calls have begun.
    calls: u32,
    /// Characters of text: before the block that the last text was of, and in all.
    chars: (u64, u64),
    /// Which block that was.
    block: u64,
    sources: Sources,
    traced: bool,
    finish: Option<Finish<'static>>,
}

#[derive(Clone, Copy, Debug)]
struct Open {
    /// The provider's index, which counts blocks of every kind.
    block: u64,
    /// Ours, which counts calls.
    call: u32,
    /// Arguments have come.
    any: bool,
}

impl ConverseDecoder {
    /// A stream that has not begun. `id` is what the ids of calls are made of where the provider gives none.
    pub fn new(id: &str) -> Self {
        let state = State {
            course: Course::default(),
            id: id.to_owned(),
            open: Vec::new(),
            calls: 0,
            chars: (0, 0),
            block: 0,
            sources: Sources::default(),
            traced: false,
            finish: None,
        };
        Self { frames: AwsDeframer::default(), state }
    }
}

impl Decoder for ConverseDecoder {
    fn push(&mut self, bytes: &[u8], sink: &mut dyn FnMut(Event<'_>)) {
        let Self { frames, state } = self;
        if state.course.is_over() {
            return;
        }
        if let Err(broken) = frames.push(bytes, &mut |message| state.message(&message, sink)) {
            state.course.fail(error::of_frames(broken), sink);
        }
    }

    fn end(&mut self, sink: &mut dyn FnMut(Event<'_>)) {
        let Self { frames, state } = self;
        match frames.end() {
            Ok(()) => state.end(sink),
            Err(broken) => state.course.fail(error::of_frames(broken), sink),
        }
    }
}

impl State {
    fn message(&mut self, message: &Message<'_>, sink: Sink<'_>) {
        if self.course.is_over() {
            return;
        }
        if let Some(error) = error::of_message(message) {
            return self.course.fail(error, sink);
        }
        let known = matches!(
            message.event,
            "messageStart"
                | "contentBlockStart"
                | "contentBlockDelta"
                | "contentBlockStop"
                | "messageStop"
                | "metadata"
        );
        if !known {
            return;
        }
        let payload = str::from_utf8(message.payload).unwrap_or_default();
        // Each type has some of these.
        let names = ["contentBlockIndex", "start", "delta", "stopReason", "usage", "trace"];
        let Some([index, start, delta, reason, used, traced]) = pick(payload, names) else {
            return self.course.fail(unreadable(), sink);
        };
        self.course.start(None, None, sink);
        let index = count(index).unwrap_or(0);
        match message.event {
            "contentBlockStart" => self.block_start(index, start, sink),
            "contentBlockDelta" => self.block_delta(index, delta, sink),
            "contentBlockStop" => self.block_stop(index, sink),
            "messageStop" => self.stop(reason, sink),
            "metadata" => self.metadata(used, traced, sink),
            _ => {}
        }
    }

    /// Some models announce text too, with nothing in it.
    fn block_start(&mut self, index: u64, start: Option<&RawValue>, sink: Sink<'_>) {
        let [call] = pick_in(start, ["toolUse"]).unwrap_or_default();
        let count = self.calls;
        let Some(call) = Call::read(call, &self.id, count) else { return };
        // One block cannot be open twice; the one before was not closed.
        close_block(&mut self.open, index, sink);
        if self.open.len() >= MAX_OPEN {
            return self.course.fail(server("The provider opened too many tool calls at once."), sink);
        }
        self.calls = self.calls.saturating_add(1);
        sink(Event::ToolStart { index: count, id: call.id, name: call.name, signature: None });
        self.open.push(Open { block: index, call: count, any: false });
    }

    fn block_delta(&mut self, index: u64, delta: Option<&RawValue>, sink: Sink<'_>) {
        let Some([said, call, reasoning, cited]) =
            pick_in(delta, ["text", "toolUse", "reasoningContent", "citation"])
        else {
            return self.course.fail(unreadable(), sink);
        };
        if let Some(text) = some_text(said) {
            self.count(index, text.chars().count());
            sink(Event::Text(text));
        }
        if let Some([input]) = pick_in(call, ["input"]) {
            self.arguments(index, input, sink);
        }
        if let Some([said, signature, encrypted]) =
            pick_in(reasoning, ["text", "signature", "redactedContent"])
        {
            given(text(said), Event::Thinking, sink);
            given(text(signature), Event::Signature, sink);
            given(text(encrypted), Event::RedactedThinking, sink);
        }
        if let Some(raw) = cited {
            self.count(index, 0);
            if let Some(found) = citation::read(raw, Some(self.chars), &mut self.sources) {
                sink(Event::Citation(found));
            }
        }
    }

    /// Counts characters of a block's text: a citation stands for the text of its block so far.
    fn count(&mut self, index: u64, chars: usize) {
        let (before, all) = self.chars;
        let before = if index == self.block { before } else { all };
        self.block = index;
        self.chars = (before, all.saturating_add(chars as u64));
    }

    /// Fragments of the provider's own tools belong to no open call and are passed over.
    fn arguments(&mut self, index: u64, fragment: Option<&RawValue>, sink: Sink<'_>) {
        let Some(open) = self.open.iter_mut().find(|open| open.block == index) else { return };
        if let Some(fragment) = some_text(fragment) {
            open.any = true;
            sink(Event::ToolArguments { index: open.call, fragment });
        }
    }

    fn block_stop(&mut self, index: u64, sink: Sink<'_>) {
        close_block(&mut self.open, index, sink);
    }

    fn stop(&mut self, reason: Option<&RawValue>, sink: Sink<'_>) {
        for open in std::mem::take(&mut self.open) {
            close(open, sink);
        }
        self.finish = Some(finish(text(reason).as_deref(), self.calls > 0));
    }

    fn metadata(&mut self, used: Option<&RawValue>, traced: Option<&RawValue>, sink: Sink<'_>) {
        self.course.usage.merge(usage::read(used).unwrap_or_default());
        if let Some(extra) = traced.and_then(trace).filter(|_| !self.traced) {
            self.traced = true;
            sink(Event::Extra(extra));
        }
    }

    /// The body has ended. Usage comes behind the reason to finish, so that both are told here.
    fn end(&mut self, sink: Sink<'_>) {
        if self.course.is_over() {
            return;
        }
        let Some(finish) = self.finish.take() else {
            return self.course.fail(cut_off(), sink);
        };
        if let Some(sources) = self.sources.give() {
            sink(Event::Extra(sources));
        }
        self.course.finish(finish, sink);
    }
}

fn close_block(open: &mut Vec<Open>, index: u64, sink: Sink<'_>) {
    if let Some(at) = open.iter().position(|open| open.block == index) {
        close(open.remove(at), sink);
    }
}

fn close(open: Open, sink: Sink<'_>) {
    if !open.any {
        sink(Event::ToolArguments { index: open.call, fragment: Cow::Borrowed("{}") });
    }
    sink(Event::ToolEnd { index: open.call });
}
