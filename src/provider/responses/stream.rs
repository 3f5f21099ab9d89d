//! A stream of OpenAI's `POST /v1/responses`.
//!
//! Source: API reference, "Streaming events". Each event names its type in the data, and mostly in `event:` too. Texts
//! come three times, as deltas, in `.done` events and in the items of `response.completed`: what comes first is given,
//! what comes again is not. Types that are not known are passed over.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::{
    error,
    item::{Item, Response},
    json::Fields,
    usage,
};
use crate::{
    ir::{ApiError, Decoder, Event},
    provider::{
        course::{self, Course, Reader, Sink},
        fault::{server, unreadable},
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
    /// that another reply has too, so that they are not repeated within a conversation. `provider` is the name that its
    /// reasoning is marked with.
    pub fn new(id: &str, provider: &str) -> Self {
        let state =
            State { course: Course::default(), id: None, model: None, answer: Answer::new(id, provider) };
        Self { frames: SseDeframer::default(), state }
    }
}

impl Decoder for ResponsesDecoder {
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

impl State {
    fn read(&mut self, event: SseEvent<'_>, sink: Sink<'_>) {
        let data = event.data.trim_ascii();
        // `[DONE]` is of another API; proxies add it.
        if self.course.is_over() || data.is_empty() || data == b"[DONE]" {
            return;
        }
        let Some(fields) = Fields::read(data) else {
            // What some send to keep the connection alive has a name of its own.
            let foreign = !event.name.is_empty() && !event.name.starts_with(b"response.");
            if !foreign || event.name == b"error" {
                self.course.fail(unreadable(), sink);
            }
            return;
        };
        let told = fields.some_text("type");
        let told = told.as_deref().or(str::from_utf8(event.name).ok()).unwrap_or_default();
        // Proxies in front of the API tell their errors without a type.
        if told == "error" || (fields.raw("error").is_some() && !told.starts_with("response.")) {
            return self.course.fail(error::told(data), sink);
        }
        match told.strip_prefix("response.") {
            Some("created" | "in_progress" | "queued") => self.head(&fields),
            Some(end @ ("completed" | "incomplete" | "failed" | "cancelled")) => {
                self.last(end, &fields, sink)
            }
            Some(kind) => self.content(kind, &fields, sink),
            None => {}
        }
    }

    /// Keeps what the answer is called. It has not begun by this: what is wrong with the request or the account is told
    /// right behind, and may then still be served elsewhere.
    fn head(&mut self, event: &Fields<'_>) {
        let Some(response) = event.object("response") else { return };
        let short =
            |name: &str| response.some_text(name).filter(|text| text.len() <= MAX_WORD).map(Cow::into_owned);
        self.id = short("id").or(self.id.take());
        self.model = short("model").or(self.model.take());
    }

    fn content(&mut self, kind: &str, event: &Fields<'_>, sink: Sink<'_>) {
        let output = event.count("output_index");
        let is_whole = kind.ends_with(".done");
        let (said, member) = match kind {
            "output_text.delta" => (Said::Text, "delta"),
            "output_text.done" => (Said::Text, "text"),
            "refusal.delta" => (Said::Refusal, "delta"),
            "refusal.done" => (Said::Refusal, "refusal"),
            "reasoning_summary_text.delta" => (Said::Summary, "delta"),
            "reasoning_summary_text.done" => (Said::Summary, "text"),
            "reasoning_text.delta" => (Said::Thought, "delta"),
            "reasoning_text.done" => (Said::Thought, "text"),
            "function_call_arguments.delta" => (Said::Arguments, "delta"),
            "function_call_arguments.done" => (Said::Arguments, "arguments"),
            "output_item.added" | "output_item.done" => {
                return self.item(output, is_whole, event.raw("item"), sink);
            }
            "output_text.annotation.added" => {
                self.begin(sink);
                let Some(raw) = event.raw("annotation") else { return };
                let given = self.answer.annotation(output, raw, sink);
                return self.check(given, sink);
            }
            _ => return,
        };
        self.begin(sink);
        if let Some(text) = event.text(member) {
            let part = event.count("summary_index").or(event.count("content_index")).unwrap_or(0);
            let given = self.answer.said(said, (output, part), &text, is_whole, sink);
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
    fn last(&mut self, end: &str, event: &Fields<'_>, sink: Sink<'_>) {
        let read = event.raw("response").and_then(|raw| Some((raw, Response(Fields::of(raw)?))));
        let Some((raw, response)) = read else { return self.course.fail(unreadable(), sink) };
        let counts = response.0.object("usage");
        self.course.usage.merge(counts.and_then(|counts| usage::of(&counts)).unwrap_or_default());
        if let Some(error) = response.failure(raw.get().as_bytes()) {
            return self.course.fail(error, sink);
        }
        if matches!(end, "failed" | "cancelled") {
            return self.course.fail(server("The provider's answer failed."), sink);
        }
        if !self.course.is_open() {
            self.head(event);
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
