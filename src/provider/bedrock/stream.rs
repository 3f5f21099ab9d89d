//! A stream of Bedrock's `ConverseStream`.
//!
//! Text and reasoning begin with their first delta; only blocks of other kinds are announced. `messageStop` says why the
//! model stopped, and `metadata` behind it what it took; a stream without `messageStop` was cut off. Every payload has a
//! member `p` that pads it, and types of events that are not known are passed over.
//!
//! Source: API reference, "ConverseStream"; service model `bedrock-runtime`.

use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

use super::{
    citation::{self, Sources},
    error,
    json::{Count, MaybeText, object},
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

/// One event; each type uses some of these.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<'a> {
    #[serde(default)]
    content_block_index: Count,
    #[serde(borrow, default)]
    start: Option<&'a RawValue>,
    #[serde(borrow, default)]
    delta: Option<&'a RawValue>,
    #[serde(borrow, default)]
    stop_reason: MaybeText<'a>,
    #[serde(borrow, default)]
    usage: Option<&'a RawValue>,
    #[serde(borrow, default)]
    trace: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Start<'a> {
    #[serde(borrow, default)]
    tool_use: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Delta<'a> {
    #[serde(borrow, default)]
    text: MaybeText<'a>,
    #[serde(borrow, default)]
    tool_use: Option<&'a RawValue>,
    #[serde(borrow, default)]
    reasoning_content: Option<&'a RawValue>,
    #[serde(borrow, default)]
    citation: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Input<'a> {
    #[serde(borrow, default)]
    input: MaybeText<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reasoning<'a> {
    #[serde(borrow, default)]
    text: MaybeText<'a>,
    #[serde(borrow, default)]
    signature: MaybeText<'a>,
    #[serde(borrow, default)]
    redacted_content: MaybeText<'a>,
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
        let is_object = message.payload.trim_ascii_start().starts_with(b"{");
        let envelope: Option<Envelope<'_>> =
            is_object.then(|| serde_json::from_slice(message.payload).ok()).flatten();
        let Some(envelope) = envelope else { return self.course.fail(unreadable(), sink) };
        self.course.start(None, None, sink);
        let index = envelope.content_block_index.0.unwrap_or(0);
        match message.event {
            "contentBlockStart" => self.block_start(index, &envelope, sink),
            "contentBlockDelta" => self.block_delta(index, &envelope, sink),
            "contentBlockStop" => self.block_stop(index, sink),
            "messageStop" => self.stop(&envelope, sink),
            "metadata" => self.metadata(&envelope, sink),
            _ => {}
        }
    }

    /// Some models announce text too, with nothing in it.
    fn block_start(&mut self, index: u64, envelope: &Envelope<'_>, sink: Sink<'_>) {
        let start = envelope.start.and_then(object::<Start<'_>>);
        let call = start.and_then(|start| start.tool_use).and_then(object::<Call<'_>>);
        let Some(mut call) = call.filter(|call| !call.is_the_providers()) else { return };
        // One block cannot be open twice; the one before was not closed.
        self.block_stop(index, sink);
        if self.open.len() >= MAX_OPEN {
            return self.course.fail(server("The provider opened too many tool calls at once."), sink);
        }
        let count = self.calls;
        self.calls = self.calls.saturating_add(1);
        let id = call.id(&self.id, count);
        sink(Event::ToolStart { index: count, id, name: call.name.0.unwrap_or_default(), signature: None });
        self.open.push(Open { block: index, call: count, any: false });
    }

    fn block_delta(&mut self, index: u64, envelope: &Envelope<'_>, sink: Sink<'_>) {
        let Some(delta) = envelope.delta.and_then(object::<Delta<'_>>) else {
            return self.course.fail(unreadable(), sink);
        };
        if let Some(text) = delta.text.0.filter(|text| !text.is_empty()) {
            self.count(index, text.chars().count());
            sink(Event::Text(text));
        }
        if let Some(input) = delta.tool_use.and_then(object::<Input<'_>>) {
            self.arguments(index, input.input, sink);
        }
        if let Some(reasoning) = delta.reasoning_content.and_then(object::<Reasoning<'_>>) {
            given(reasoning.text, Event::Thinking, sink);
            given(reasoning.signature, Event::Signature, sink);
            given(reasoning.redacted_content, Event::RedactedThinking, sink);
        }
        if let Some(raw) = delta.citation {
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
    fn arguments(&mut self, index: u64, fragment: MaybeText<'_>, sink: Sink<'_>) {
        let Some(open) = self.open.iter_mut().find(|open| open.block == index) else { return };
        if let Some(fragment) = fragment.0.filter(|fragment| !fragment.is_empty()) {
            open.any = true;
            sink(Event::ToolArguments { index: open.call, fragment });
        }
    }

    fn block_stop(&mut self, index: u64, sink: Sink<'_>) {
        if let Some(at) = self.open.iter().position(|open| open.block == index) {
            close(self.open.remove(at), sink);
        }
    }

    fn stop(&mut self, envelope: &Envelope<'_>, sink: Sink<'_>) {
        for open in std::mem::take(&mut self.open) {
            close(open, sink);
        }
        self.finish = Some(finish(envelope.stop_reason.0.as_deref(), self.calls > 0));
    }

    fn metadata(&mut self, envelope: &Envelope<'_>, sink: Sink<'_>) {
        self.course.usage.merge(envelope.usage.and_then(usage::read).unwrap_or_default());
        if let Some(extra) = envelope.trace.and_then(trace).filter(|_| !self.traced) {
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

fn close(open: Open, sink: Sink<'_>) {
    if !open.any {
        sink(Event::ToolArguments { index: open.call, fragment: Cow::Borrowed("{}") });
    }
    sink(Event::ToolEnd { index: open.call });
}
