//! A stream of OpenAI's `POST /v1/responses`.
//!
//! Source: API reference, "Streaming events". Each event names its type in the data, and mostly in `event:` too. Texts
//! come three times, as deltas, in `.done` events and in the items of `response.completed`: what comes first is given,
//! what comes again is not. Types that are not known are passed over.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    error,
    item::{Item, Response},
    json::{Count, MaybeText, object},
    usage,
};
use crate::{
    ir::{ApiError, Decoder, Event},
    provider::{
        course::{Course, Sink},
        fault::{cut_off, server, too_long, unreadable},
    },
    stream::sse::{SseDeframer, SseEvent},
};

mod answer;
#[cfg(test)]
mod tests;

use answer::{Answer, Said};

/// The longest id and name of a model that are kept until the answer begins.
const MAX_WORD: usize = 256;

/// Reads one stream.
#[derive(Debug)]
pub struct ResponsesDecoder {
    frames: SseDeframer,
    state: State,
}

#[derive(Debug)]
struct State {
    course: Course,
    /// Of the answer, as `response.created` told.
    id: Option<String>,
    model: Option<String>,
    answer: Answer,
}

impl ResponsesDecoder {
    /// A stream that has not begun. `id` is what the ids of calls are made of where the provider gives none: nothing
    /// that another reply has too, so that they are not repeated within a conversation.
    pub fn new(id: &str) -> Self {
        let state = State { course: Course::default(), id: None, model: None, answer: Answer::new(id) };
        Self { frames: SseDeframer::default(), state }
    }
}

impl Decoder for ResponsesDecoder {
    fn push(&mut self, bytes: &[u8], sink: &mut dyn FnMut(Event<'_>)) {
        let Self { frames, state } = self;
        if state.course.is_over() {
            return;
        }
        if frames.push(bytes, &mut |event| state.event(event, sink)).is_err() {
            state.course.fail(too_long(), sink);
        }
    }

    fn end(&mut self, sink: &mut dyn FnMut(Event<'_>)) {
        let Self { frames, state } = self;
        if !state.course.is_over() {
            frames.end(&mut |event| state.event(event, sink));
        }
        state.course.fail(cut_off(), sink);
    }
}

/// One event; each type uses some of these.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: MaybeText<'a>,
    #[serde(default)]
    output_index: Count,
    #[serde(default)]
    content_index: Count,
    #[serde(default)]
    summary_index: Count,
    #[serde(borrow, default)]
    delta: MaybeText<'a>,
    #[serde(borrow, default)]
    text: MaybeText<'a>,
    #[serde(borrow, default)]
    refusal: MaybeText<'a>,
    #[serde(borrow, default)]
    arguments: MaybeText<'a>,
    #[serde(borrow, default)]
    item: Option<&'a RawValue>,
    #[serde(borrow, default)]
    annotation: Option<&'a RawValue>,
    #[serde(borrow, default)]
    response: Option<&'a RawValue>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
}

impl Envelope<'_> {
    /// Which part of an item it is about.
    fn part(&self) -> u64 {
        self.summary_index.0.or(self.content_index.0).unwrap_or(0)
    }
}

impl State {
    fn event(&mut self, event: SseEvent<'_>, sink: Sink<'_>) {
        let data = event.data.trim_ascii();
        // `[DONE]` is of another API; proxies add it.
        if self.course.is_over() || data.is_empty() || data == b"[DONE]" {
            return;
        }
        let envelope: Option<Envelope<'_>> =
            data.starts_with(b"{").then(|| serde_json::from_slice(data).ok()).flatten();
        let Some(envelope) = envelope else {
            // What some send to keep the connection alive has a name of its own.
            let foreign = !event.name.is_empty() && !event.name.starts_with(b"response.");
            return if foreign && event.name != b"error" { () } else { self.course.fail(unreadable(), sink) };
        };
        let told = envelope.kind.0.as_deref().or(str::from_utf8(event.name).ok()).unwrap_or_default();
        // Proxies in front of the API tell their errors without a type.
        let failed = told == "error" || (envelope.error.is_some() && !told.starts_with("response."));
        if failed {
            return self.course.fail(error::told(data), sink);
        }
        match told.strip_prefix("response.") {
            Some("created" | "in_progress" | "queued") => self.head(&envelope),
            Some(end @ ("completed" | "incomplete" | "failed" | "cancelled")) => {
                self.last(end, &envelope, sink)
            }
            Some(kind) => self.content(kind, &envelope, sink),
            None => {}
        }
    }

    /// Keeps what the answer is called. It has not begun by this: what is wrong with the request or the account is told
    /// right behind, and may then still be served elsewhere.
    fn head(&mut self, envelope: &Envelope<'_>) {
        let Some(response) = envelope.response.and_then(object::<Response<'_>>) else { return };
        let short = |text: Option<Cow<'_, str>>| {
            text.filter(|text| !text.is_empty() && text.len() <= MAX_WORD).map(Cow::into_owned)
        };
        self.id = short(response.id.0).or(self.id.take());
        self.model = short(response.model.0).or(self.model.take());
    }

    fn content(&mut self, kind: &str, envelope: &Envelope<'_>, sink: Sink<'_>) {
        let (output, part) = (envelope.output_index.0, envelope.part());
        let is_whole = kind.ends_with(".done");
        let (said, text) = match kind {
            "output_text.delta" => (Said::Text, &envelope.delta),
            "output_text.done" => (Said::Text, &envelope.text),
            "refusal.delta" => (Said::Refusal, &envelope.delta),
            "refusal.done" => (Said::Refusal, &envelope.refusal),
            "reasoning_summary_text.delta" => (Said::Summary, &envelope.delta),
            "reasoning_summary_text.done" => (Said::Summary, &envelope.text),
            "reasoning_text.delta" => (Said::Thought, &envelope.delta),
            "reasoning_text.done" => (Said::Thought, &envelope.text),
            "function_call_arguments.delta" => (Said::Arguments, &envelope.delta),
            "function_call_arguments.done" => (Said::Arguments, &envelope.arguments),
            "output_item.added" | "output_item.done" => {
                return self.item(output, is_whole, envelope.item, sink);
            }
            "output_text.annotation.added" => {
                self.begin(sink);
                let Some(raw) = envelope.annotation else { return };
                let given = self.answer.annotation(output, raw, sink);
                return self.check(given, sink);
            }
            _ => return,
        };
        self.begin(sink);
        if let Some(text) = text.0.as_deref() {
            let given = self.answer.said(said, (output, part), text, is_whole, sink);
            self.check(given, sink);
        }
    }

    fn item(&mut self, output: Option<u64>, is_whole: bool, raw: Option<&RawValue>, sink: Sink<'_>) {
        let Some((raw, item)) = raw.and_then(|raw| Some((raw, Item::read(raw)?))) else {
            return self.course.fail(unreadable(), sink);
        };
        self.begin(sink);
        let given = match is_whole {
            true => self.answer.item_done(output, raw, item, sink),
            false => self.answer.item_added(output, item, sink),
        };
        self.check(given, sink);
    }

    /// The provider's last event, with the whole response once more.
    fn last(&mut self, end: &str, envelope: &Envelope<'_>, sink: Sink<'_>) {
        let read = envelope.response.and_then(|raw| Some((raw, object::<Response<'_>>(raw)?)));
        let Some((raw, response)) = read else { return self.course.fail(unreadable(), sink) };
        self.course.usage.merge(response.usage.and_then(usage::read).unwrap_or_default());
        if let Some(error) = response.failure(raw.get().as_bytes()) {
            return self.course.fail(error, sink);
        }
        if matches!(end, "failed" | "cancelled") {
            return self.course.fail(server("The provider's answer failed."), sink);
        }
        if !self.course.is_open() {
            self.head(envelope);
        }
        self.begin(sink);
        let items = response.items().unwrap_or_default();
        let given = self.answer.end(&items, sink);
        self.check(given, sink);
        if self.course.is_over() {
            return;
        }
        self.course.finish(response.finish(self.answer.has_calls(), end == "incomplete"), sink);
    }

    fn begin(&mut self, sink: Sink<'_>) {
        if !self.course.is_open() {
            let (id, model) = (self.id.take(), self.model.take());
            self.course.start(id.map(Cow::Owned), model.map(Cow::Owned), sink);
        }
    }

    fn check(&mut self, given: Result<(), ApiError>, sink: Sink<'_>) {
        if let Err(error) = given {
            self.course.fail(error, sink);
        }
    }
}
