//! A stream of Anthropic's `POST /v1/messages`.
//!
//! Source: API reference, "Streaming messages". Events come as `event:` and `data:`; the type within the data is
//! the same, and is believed first. Types that are not known are passed over, as the reference asks for.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::{
    error,
    json::{self, MaybeText},
    response::{Block, finish},
    told::Told,
    usage,
};
use crate::{
    ir::{ApiError, Citation, Decoder, ErrorKind, Event, Finish},
    provider::{
        course::{Course, Sink, given},
        fault::{cut_off, server, too_long, unreadable},
    },
    stream::sse::{Segment, SseDeframer, SseEvent},
};

pub(super) mod known;
#[cfg(test)]
mod tests;

use known::Known;

/// Most tool calls that may be open at once. Anthropic sends one block after the other; a stream that opens block
/// upon block is not one of its own.
const MAX_OPEN: usize = 128;

/// Reads one stream.
#[derive(Debug, Default)]
pub struct MessagesDecoder {
    frames: SseDeframer,
    state: State,
}

#[derive(Debug, Default)]
struct State {
    course: Course,
    /// The id of the message that began; a second one with the same id is a repeated frame.
    id: Option<String>,
    /// Tool calls that have begun and not ended.
    open: Vec<Open>,
    /// How many tool calls have begun.
    calls: u32,
    finish: Option<Finish<'static>>,
    told: Told,
    /// The last delta with text: those like it are read without a parse.
    known: Known,
}

#[derive(Clone, Copy, Debug)]
struct Open {
    /// The provider's index, which counts blocks of every kind.
    block: u64,
    /// Ours, which counts calls.
    call: u32,
    arguments: Arguments,
}

/// What a delta adds to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Content {
    #[default]
    Text,
    Thinking,
    /// Of the call that this block is.
    Arguments {
        block: u64,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Arguments {
    /// None have come.
    None,
    /// They come in fragments.
    Fragments,
    /// They came whole at the start of the block.
    Whole,
}

impl MessagesDecoder {
    /// Takes the data of one whole event, for streams that are framed in another way.
    pub(in crate::provider) fn data(&mut self, data: &[u8], sink: &mut dyn FnMut(Event<'_>)) {
        self.state.event(&[], SseEvent { name: b"", data }, sink);
    }

    /// Ends the stream as failed, unless it has ended.
    pub(in crate::provider) fn fail(&mut self, error: ApiError, sink: &mut dyn FnMut(Event<'_>)) {
        self.state.course.fail(error, sink);
    }
}

impl Decoder for MessagesDecoder {
    fn push(&mut self, bytes: &[u8], sink: &mut dyn FnMut(Event<'_>)) {
        let Self { frames, state } = self;
        let mut rest = bytes;
        while !rest.is_empty() && !state.course.is_over() {
            let known = if frames.is_between() { state.known(rest, sink) } else { None };
            let taken = match known {
                Some(length) => Ok(length),
                None => frames.segment(rest, &mut |segment| state.segment(segment, sink)),
            };
            let Ok(taken) = taken else {
                return state.course.fail(too_long(), sink);
            };
            rest = rest.get(taken..).unwrap_or_default();
        }
    }

    fn end(&mut self, sink: &mut dyn FnMut(Event<'_>)) {
        let Self { frames, state } = self;
        if !state.course.is_over() {
            frames.end_segments(&mut |segment| state.segment(segment, sink));
        }
        state.course.fail(cut_off(), sink);
    }
}

/// One event; each type uses some of these.
pub(super) struct Envelope<'a> {
    pub(super) kind: Option<Cow<'a, str>>,
    index: Option<u64>,
    pub(super) message: Option<&'a RawValue>,
    content_block: Option<&'a RawValue>,
    pub(super) delta: Option<&'a RawValue>,
    pub(super) usage: Option<&'a RawValue>,
    context_management: Option<&'a RawValue>,
    pub(super) error: Option<&'a RawValue>,
}

impl<'a> Envelope<'a> {
    /// `None` for what is no object.
    pub(super) fn read(data: &'a [u8]) -> Option<Self> {
        let names =
            ["type", "index", "message", "content_block", "delta", "usage", "context_management", "error"];
        let [kind, index, message, content_block, delta, usage, context_management, error] =
            json::pick_bytes(data, names)?;
        let (kind, index) = (json::text(kind), json::count(index));
        Some(Self { kind, index, message, content_block, delta, usage, context_management, error })
    }
}

/// The type of an event.
pub(super) fn kind<'e>(envelope: Option<&'e Envelope<'_>>, event: &SseEvent<'e>) -> &'e str {
    let told = envelope.and_then(|envelope| envelope.kind.as_deref());
    let kind = told.or(str::from_utf8(event.name).ok()).unwrap_or_default();
    // Proxies in front of the API tell their errors without a type.
    let fails = kind.is_empty() && envelope.is_some_and(|envelope| envelope.error.is_some());
    if fails { "error" } else { kind }
}

/// Whether an event of this type that is no object is a broken one: of others nothing is known, and nothing needed.
pub(super) fn is_known(kind: &str) -> bool {
    matches!(
        kind,
        "message_start"
            | "content_block_start"
            | "content_block_delta"
            | "content_block_stop"
            | "message_delta"
            | ""
    )
}

/// Another message begins behind the beginning of this one.
pub(super) fn second_answer() -> ApiError {
    server("The provider began a second answer within the stream.")
}

/// What an event tells of that is an error.
pub(super) fn failure(data: &[u8]) -> ApiError {
    error::parse(data, ErrorKind::Server)
        .unwrap_or_else(|| server("The provider's stream ended with an error without a message."))
}

impl State {
    fn segment(&mut self, segment: Segment<'_>, sink: Sink<'_>) {
        let Segment::Event { raw, event } = segment else { return };
        // One that came in pieces.
        if self.known(raw, sink).is_none() {
            self.event(raw, event, sink);
        }
    }

    /// The length of the event that `bytes`, which begin a block, begin with, if it is a delta like one that was
    /// read before; what it adds is given.
    fn known(&mut self, bytes: &[u8], sink: Sink<'_>) -> Option<usize> {
        if !self.course.is_open() {
            return None;
        }
        let (length, kind, text) = self.known.find(bytes)?;
        self.content(kind, text, sink);
        Some(length)
    }

    fn event(&mut self, raw: &[u8], event: SseEvent<'_>, sink: Sink<'_>) {
        let data = event.data.trim_ascii();
        if self.course.is_over() || event.name == b"ping" || (data.is_empty() && event.name.is_empty()) {
            return;
        }
        // `[DONE]` is of another API; proxies add it.
        if data == b"[DONE]" {
            return;
        }
        let envelope = Envelope::read(data);
        let kind = kind(envelope.as_ref(), &event);
        match (kind, &envelope) {
            ("error", _) => self.course.fail(failure(data), sink),
            ("message_stop", _) => self.stop(sink),
            ("message_start", Some(envelope)) => self.start(envelope, sink),
            ("content_block_start", Some(envelope)) => self.block_start(envelope, sink),
            ("content_block_delta", Some(envelope)) => self.block_delta(raw, envelope, sink),
            ("content_block_stop", Some(envelope)) => self.block_stop(envelope.index.unwrap_or(0), sink),
            ("message_delta", Some(envelope)) => self.message_delta(envelope, sink),
            (kind, None) if is_known(kind) => self.course.fail(unreadable(), sink),
            _ => {}
        }
    }

    fn start(&mut self, envelope: &Envelope<'_>, sink: Sink<'_>) {
        let names = ["id", "model", "usage", "container"];
        let message = envelope.message.and_then(|raw| json::pick(raw.get(), names));
        let Some([id, model, counts, container]) = message else {
            return self.course.fail(unreadable(), sink);
        };
        let (id, model) = (json::text(id), json::text(model));
        if self.course.is_open() {
            // A frame that was sent twice does no harm. Another answer behind the beginning of this one does: what
            // was passed on cannot be taken back.
            if self.id.as_deref() != id.as_deref() {
                self.course.fail(second_answer(), sink);
            }
            return;
        }
        self.id = id.as_deref().map(str::to_owned);
        self.course.usage.merge(counts.and_then(usage::read).unwrap_or_default());
        self.told.member("container", container);
        self.course.start(id, model, sink);
    }

    fn block_start(&mut self, envelope: &Envelope<'_>, sink: Sink<'_>) {
        let Some(block) = envelope.content_block.and_then(Block::read) else {
            return self.course.fail(unreadable(), sink);
        };
        self.course.start(None, None, sink);
        let index = envelope.index.unwrap_or(0);
        match block.kind.as_deref() {
            Some("text") => {
                let citations = block.citations();
                self.content(Content::Text, MaybeText(json::text(block.text)), sink);
                citations.into_iter().for_each(|raw| self.told.cite(raw, &mut cited(sink)));
            }
            Some("thinking") => {
                given(json::text(block.thinking), Event::Thinking, sink);
                given(json::text(block.signature), Event::Signature, sink);
            }
            Some("redacted_thinking") => {
                given(json::text(block.data), Event::RedactedThinking, sink);
            }
            Some("tool_use") => self.call_start(index, block, sink),
            Some(_) => envelope.content_block.into_iter().for_each(|raw| self.told.begin(index, raw)),
            None => {}
        }
    }

    fn call_start(&mut self, index: u64, block: Block<'_>, sink: Sink<'_>) {
        // One block cannot be open twice; the one before was not closed.
        self.block_stop(index, sink);
        if self.open.len() >= MAX_OPEN {
            return self.course.fail(server("The provider opened too many tool calls at once."), sink);
        }
        let call = self.calls;
        self.calls = self.calls.saturating_add(1);
        let whole = block.arguments();
        let id = json::text(block.id).unwrap_or_default();
        sink(Event::ToolStart {
            index: call,
            id,
            name: json::text(block.name).unwrap_or_default(),
            signature: None,
        });
        let mut arguments = Arguments::None;
        if !matches!(whole.as_ref(), "{}" | "null" | "\"\"") {
            sink(Event::ToolArguments { index: call, fragment: whole });
            arguments = Arguments::Whole;
        }
        self.open.push(Open { block: index, call, arguments });
    }

    fn block_delta(&mut self, raw: &[u8], envelope: &Envelope<'_>, sink: Sink<'_>) {
        let names = ["type", "text", "thinking", "signature", "partial_json", "citation", "content"];
        let Some([kind, text, thinking, signature, fragment, citation, content]) =
            json::pick_in(envelope.delta, names)
        else {
            return self.course.fail(unreadable(), sink);
        };
        self.course.start(None, None, sink);
        let index = envelope.index.unwrap_or(0);
        let (kind, text) = match json::text(kind).as_deref() {
            Some("text_delta") => (Content::Text, text),
            Some("thinking_delta") => (Content::Thinking, thinking),
            Some("signature_delta") => return given(json::text(signature), Event::Signature, sink),
            Some("input_json_delta") => (Content::Arguments { block: index }, fragment),
            Some("citations_delta") => {
                return citation.into_iter().for_each(|raw| self.told.cite(raw, &mut cited(sink)));
            }
            Some("compaction_delta") => {
                return content.into_iter().for_each(|raw| self.told.change(index, "content", raw.get()));
            }
            _ => return,
        };
        let text = MaybeText(json::text(text));
        if let Some(delta) = envelope.delta {
            self.known.learn(raw, delta.get(), kind);
        }
        self.content(kind, text, sink);
    }

    fn content(&mut self, kind: Content, text: MaybeText<'_>, sink: Sink<'_>) {
        match kind {
            Content::Text => {
                text.0.iter().for_each(|text| self.told.text(text));
                given(text.0, Event::Text, sink);
            }
            Content::Thinking => given(text.0, Event::Thinking, sink),
            Content::Arguments { block } => self.arguments(block, text, sink),
        }
    }

    /// Fragments that belong to no open call are of a server tool's.
    fn arguments(&mut self, index: u64, fragment: MaybeText<'_>, sink: Sink<'_>) {
        let Some(fragment) = fragment.0.filter(|fragment| !fragment.is_empty()) else { return };
        let Some(open) = self.open.iter_mut().find(|open| open.block == index) else {
            return self.told.change(index, "input", &fragment);
        };
        if open.arguments != Arguments::Whole {
            open.arguments = Arguments::Fragments;
            sink(Event::ToolArguments { index: open.call, fragment });
        }
    }

    fn block_stop(&mut self, index: u64, sink: Sink<'_>) {
        if let Some(at) = self.open.iter().position(|open| open.block == index) {
            let open = self.open.remove(at);
            close(open, sink);
        }
        self.told.end_block(index, &mut cited(sink));
    }

    fn message_delta(&mut self, envelope: &Envelope<'_>, sink: Sink<'_>) {
        self.course.start(None, None, sink);
        self.course.usage.merge(envelope.usage.and_then(usage::read).unwrap_or_default());
        self.told.member("context_management", envelope.context_management);
        let names = ["container", "stop_details", "stop_reason", "stop_sequence"];
        let Some([container, details, reason, sequence]) = json::pick_in(envelope.delta, names) else {
            return;
        };
        self.told.member("container", container);
        self.told.member("stop_details", details);
        if let Some(reason) = json::text(reason).as_deref() {
            let sequence = json::text(sequence).map(|sequence| Cow::Owned(sequence.into_owned()));
            self.finish = Some(finish(Some(reason), sequence, self.calls > 0));
        }
    }

    fn stop(&mut self, sink: Sink<'_>) {
        self.course.start(None, None, sink);
        for open in std::mem::take(&mut self.open) {
            close(open, sink);
        }
        let extras = self.told.finish(&mut cited(sink));
        extras.into_iter().for_each(|extra| sink(Event::Extra(extra)));
        let end = self.finish.take().unwrap_or_else(|| finish(None, None, self.calls > 0));
        self.course.finish(end, sink);
    }
}

fn close(open: Open, sink: Sink<'_>) {
    if open.arguments == Arguments::None {
        sink(Event::ToolArguments { index: open.call, fragment: Cow::Borrowed("{}") });
    }
    sink(Event::ToolEnd { index: open.call });
}

/// Gives sources to `sink`.
fn cited(sink: Sink<'_>) -> impl FnMut(Citation<'static>) {
    |citation| sink(Event::Citation(citation))
}
