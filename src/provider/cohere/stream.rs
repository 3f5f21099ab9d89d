//! A stream of Cohere's `POST /v2/chat`.
//!
//! Source: API reference, "Chat with Streaming", and guide "Streaming". Events come as `event:` and `data:`; the type
//! within the data is the same, and is believed first. Types that are not known are passed over.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::{
    error,
    json::{count, pick, pick_in, some_text, text},
    response::{Call, Message, NAME, VENDOR, block, finish, sources},
    usage,
};
use crate::{
    ir::{Decoder, ErrorKind, Event, Extra},
    provider::{
        course::{self, Course, Reader, Sink},
        fault::{server, unreadable},
        ids::call_id,
    },
    stream::sse::{SseDeframer, SseEvent},
};

mod calls;
#[cfg(test)]
mod tests;

use calls::Calls;

/// The most bytes of citations that are kept to be told at the end. Each holds the documents that it cites; those
/// beyond are told as sources only.
const MAX_CITATIONS: usize = 1024 * 1024;

/// Reads one stream.
#[derive(Debug)]
pub struct CohereDecoder {
    frames: SseDeframer,
    state: State,
}

#[derive(Debug)]
struct State {
    course: Course,
    /// The id of the answer that began.
    answer: Option<String>,
    /// What the ids of calls are made of where the provider gives none.
    id: String,
    calls: Calls,
    /// The citations so far, with commas between; at most [`MAX_CITATIONS`] long.
    citations: String,
}

impl CohereDecoder {
    /// A stream that has not begun. `id` is what the ids of calls are made of where the provider gives none: nothing
    /// that another reply has too, so that they are not repeated within a conversation.
    pub fn new(id: &str) -> Self {
        let state = State {
            course: Course::default(),
            answer: None,
            id: id.to_owned(),
            calls: Calls::default(),
            citations: String::new(),
        };
        Self { frames: SseDeframer::default(), state }
    }
}

impl Decoder for CohereDecoder {
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
}

/// One event; each type uses some of these.
struct Envelope<'a> {
    id: Option<Cow<'a, str>>,
    index: Option<u64>,
    delta: Option<&'a RawValue>,
}

impl State {
    fn read(&mut self, event: SseEvent<'_>, sink: Sink<'_>) {
        let data = event.data.trim_ascii();
        // `[DONE]` is of another API; proxies add it.
        if self.course.is_over() || data == b"[DONE]" || (data.is_empty() && event.name.is_empty()) {
            return;
        }
        let read = str::from_utf8(data).ok();
        let read = read.and_then(|json| pick(json, ["type", "id", "index", "delta", "error"]));
        let told = read.and_then(|[kind, ..]| text(kind));
        let kind = told.as_deref().or(str::from_utf8(event.name).ok()).unwrap_or_default();
        let Some([_, id, index, delta, error]) = read else {
            // What some send to keep the connection alive has a name of its own.
            if is_known(kind) {
                self.failure(data, sink);
            }
            return;
        };
        let envelope = Envelope { id: some_text(id), index: count(index), delta };
        match kind {
            "message-start" => self.start(&envelope, sink),
            "content-start" | "content-delta" => self.content(&envelope, sink),
            "tool-plan-delta" => self.plan(&envelope, sink),
            "tool-call-start" => self.call_start(&envelope, sink),
            "tool-call-delta" => self.call_delta(&envelope, sink),
            "tool-call-end" => self.calls.end(envelope.index, sink),
            "citation-start" => self.citation(&envelope, sink),
            "message-end" => self.end(&envelope, sink),
            "" | "error" => self.failure(data, sink),
            _ if error.is_some() => self.failure(data, sink),
            _ => {}
        }
    }

    /// An event without a type is an error, as a whole reply's is, or nothing that can be read.
    fn failure(&mut self, data: &[u8], sink: Sink<'_>) {
        let error = error::parse(data, ErrorKind::Server).unwrap_or_else(unreadable);
        self.course.fail(error, sink);
    }

    fn start(&mut self, envelope: &Envelope<'_>, sink: Sink<'_>) {
        // A frame that was sent twice does no harm. Another answer behind the beginning of this one does: what was
        // passed on cannot be taken back.
        if self.course.is_open() {
            if self.answer.as_deref() != envelope.id.as_deref() {
                self.course.fail(server("The provider began a second answer within the stream."), sink);
            }
            return;
        }
        self.answer = envelope.id.as_deref().map(str::to_owned);
        self.course.start(envelope.id.clone(), None, sink);
    }

    fn content(&mut self, envelope: &Envelope<'_>, sink: Sink<'_>) {
        let Some(message) = self.message(envelope, sink) else { return };
        let [thinking, text] = message.content.map(block).unwrap_or_default();
        if let Some(thinking) = thinking {
            sink(Event::Thinking(thinking));
        }
        if let Some(text) = text {
            sink(Event::Text(text));
        }
    }

    fn plan(&mut self, envelope: &Envelope<'_>, sink: Sink<'_>) {
        let Some(message) = self.message(envelope, sink) else { return };
        if let Some(plan) = some_text(message.tool_plan) {
            sink(Event::Thinking(plan));
        }
    }

    fn call_start(&mut self, envelope: &Envelope<'_>, sink: Sink<'_>) {
        let Some(message) = self.message(envelope, sink) else { return };
        let call = message.tool_calls.ok_or_else(unreadable).and_then(Call::read);
        let begun = call.and_then(|call| {
            let id = call.id.unwrap_or_else(|| Cow::Owned(call_id(&self.id, self.calls.begun())));
            self.calls.start(envelope.index, id, call.name, sink)?;
            self.calls.add(envelope.index, &call.arguments, sink);
            Ok(())
        });
        if let Err(error) = begun {
            self.course.fail(error, sink);
        }
    }

    fn call_delta(&mut self, envelope: &Envelope<'_>, sink: Sink<'_>) {
        let Some(message) = self.message(envelope, sink) else { return };
        if let Some(more) = message.tool_calls.and_then(Call::more) {
            self.calls.add(envelope.index, &more, sink);
        }
    }

    fn citation(&mut self, envelope: &Envelope<'_>, sink: Sink<'_>) {
        let Some(message) = self.message(envelope, sink) else { return };
        let Some(raw) = message.citations.filter(|raw| raw.get().starts_with('{')) else { return };
        sources(raw, &mut |source| sink(Event::Citation(source)));
        let comma = usize::from(!self.citations.is_empty());
        if self.citations.len() + comma + raw.get().len() <= MAX_CITATIONS {
            self.citations.push_str(if comma == 1 { "," } else { "" });
            self.citations.push_str(raw.get());
        }
    }

    /// What an event adds to the message; the stream has begun then.
    fn message<'a>(&mut self, envelope: &Envelope<'a>, sink: Sink<'_>) -> Option<Message<'a>> {
        let message = pick_in(envelope.delta, ["message"]).and_then(|[message]| Message::read(message));
        let Some(message) = message else {
            self.course.fail(unreadable(), sink);
            return None;
        };
        self.course.start(None, None, sink);
        Some(message)
    }

    fn end(&mut self, envelope: &Envelope<'_>, sink: Sink<'_>) {
        let Some([reason, usage, error]) = pick_in(envelope.delta, ["finish_reason", "usage", "error"])
        else {
            return self.course.fail(unreadable(), sink);
        };
        self.course.usage = usage.and_then(usage::read).unwrap_or_default();
        let calls = self.calls.begun() > 0;
        let finish = match finish(text(reason).as_deref(), text(error).as_deref(), calls) {
            Ok(finish) => finish,
            Err(error) => return self.course.fail(error, sink),
        };
        self.course.start(None, None, sink);
        self.calls.end_all(sink);
        if !self.citations.is_empty() {
            let json = Cow::Owned(format!("[{}]", self.citations));
            sink(Event::Extra(Extra { vendor: VENDOR, name: NAME, json }));
        }
        self.course.finish(finish, sink);
    }
}

/// Whether an event of this type that is no object is a broken one; of others nothing is known, and nothing needed.
fn is_known(kind: &str) -> bool {
    matches!(
        kind,
        "" | "error"
            | "message-start"
            | "content-start"
            | "content-delta"
            | "tool-plan-delta"
            | "tool-call-start"
            | "tool-call-delta"
            | "tool-call-end"
            | "message-end"
    )
}
