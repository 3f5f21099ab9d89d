//! A stream of Messages events that passes to a Messages client.
//!
//! Every event of Anthropic's and Vertex AI's passes byte for byte but for these: one without its `event:` line, which
//! SDKs would pass over, or without a type, gets it; an error that is not told as Anthropic tells it, or tells of the operator's account, is
//! told anew; what follows the end, and a second beginning, is left out. Those of Bedrock are framed as events, and lose the metrics of AWS in the
//! last one.

use std::borrow::Cow;

use crate::{
    dialect::{Pass, Progress, messages::error as told},
    ir::ApiError,
    provider::{
        Format,
        anthropic::{
            json::{compact, pick, pick_in, text},
            stream::{Content, Envelope, failure, is_known, kind, known::Known, second_answer},
            usage,
        },
        bedrock::invoke::InvokeEvents,
        fault::{cut_off, unreadable},
        passing::{self, Fate, Passing, Watcher},
    },
    stream::sse::SseEvent,
};

#[cfg(test)]
mod tests;

/// A stream of Messages events on its way.
#[derive(Debug)]
pub struct MessagesPass {
    frames: Frames,
    watch: Watch,
}

#[derive(Debug)]
enum Frames {
    Events(Passing),
    Aws(InvokeEvents),
}

/// What is kept of the events so far.
#[derive(Debug, Default)]
struct Watch {
    progress: Progress,
    /// The id of the message that began.
    id: Option<String>,
    /// The last delta with text: those like it pass unread.
    known: Known,
}

impl MessagesPass {
    /// A stream that has not begun, of a provider of one of Anthropic's formats.
    pub fn new(format: Format) -> Self {
        let frames = if format == Format::BedrockAnthropic {
            Frames::Aws(InvokeEvents::default())
        } else {
            Frames::Events(Passing::default())
        };
        Self { frames, watch: Watch::default() }
    }
}

impl Pass for MessagesPass {
    fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> bool {
        let Self { frames, watch } = self;
        match frames {
            Frames::Events(passing) => passing.push(watch, bytes, out),
            Frames::Aws(events) => {
                events.push(bytes, &mut |data| watch.framed(data, out));
                false
            }
        }
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        let Self { frames, watch } = self;
        match frames {
            Frames::Events(passing) => passing.end(watch, out),
            Frames::Aws(events) => {
                events.end(&mut |data| watch.framed(data, out));
                watch.framed(Err(cut_off()), out);
            }
        }
    }

    fn progress(&self) -> &Progress {
        &self.watch.progress
    }
}

impl Watcher for Watch {
    fn progress(&mut self) -> &mut Progress {
        &mut self.progress
    }

    fn known(&mut self, bytes: &[u8]) -> Option<usize> {
        if self.progress.done || self.progress.error.is_some() {
            return None;
        }
        self.known.length(bytes)
    }

    fn event(&mut self, raw: &[u8], event: SseEvent<'_>, instead: &mut Vec<u8>) -> Result<Fate, ApiError> {
        let data = event.data.trim_ascii();
        // `[DONE]` is of another API; proxies add it.
        if self.progress.done || data == b"[DONE]" {
            return Ok(Fate::Hide);
        }
        if data.is_empty() {
            return Ok(Fate::Pass);
        }
        let envelope = Envelope::read(data);
        let kind = kind(envelope.as_ref(), &event);
        match (kind, &envelope) {
            ("error", _) => return self.error(event.name == b"error", envelope.as_ref(), data),
            (kind, None) if is_known(kind) => return Err(unreadable()),
            ("message_stop", _) => self.progress.done = true,
            ("message_start", Some(envelope)) if self.progress.started => return self.again(envelope),
            (kind, Some(envelope)) => self.read(kind, envelope, (event.name, raw))?,
            _ => {}
        }
        // A type that is no word could break the line.
        let is_word = !kind.is_empty() && kind.bytes().all(|byte| byte.is_ascii_graphic());
        let typed = envelope.as_ref().is_none_or(|envelope| envelope.kind.is_some());
        if is_word && (event.name.is_empty() || !typed) {
            write(kind, typed, data, instead);
            return Ok(Fate::Replace);
        }
        Ok(Fate::Pass)
    }

    fn ended(&mut self, _out: &mut Vec<u8>) -> Result<(), ApiError> {
        Err(cut_off())
    }

    fn tell(&self, error: &ApiError, out: &mut Vec<u8>) {
        told::write_event(error, out);
    }
}

impl Watch {
    /// Notes what an event tells. One that has no name is not learnt from: it does not pass as it is.
    fn read(&mut self, kind: &str, envelope: &Envelope<'_>, event: (&[u8], &[u8])) -> Result<(), ApiError> {
        let (name, raw) = event;
        let counts = match kind {
            "message_start" => {
                let [id, counts] = pick_in(envelope.message, ["id", "usage"]).ok_or_else(unreadable)?;
                self.id = text(id).map(Cow::into_owned);
                counts
            }
            "message_delta" => envelope.usage,
            "content_block_start" | "content_block_stop" => None,
            "content_block_delta" => {
                self.learn(envelope, name, raw)?;
                None
            }
            _ => return Ok(()),
        };
        self.progress.started = true;
        if let Some(counts) = counts.and_then(usage::read) {
            self.progress.usage.get_or_insert_default().merge(counts);
        }
        Ok(())
    }

    /// A frame that was sent twice does no harm, but where SDKs see it. Another answer behind the beginning of this one
    /// does: what was passed on cannot be taken back.
    fn again(&self, envelope: &Envelope<'_>) -> Result<Fate, ApiError> {
        let [id] = pick_in(envelope.message, ["id"]).ok_or_else(unreadable)?;
        if self.id.as_deref() == text(id).as_deref() { Ok(Fate::Hide) } else { Err(second_answer()) }
    }

    fn learn(&mut self, envelope: &Envelope<'_>, name: &[u8], raw: &[u8]) -> Result<(), ApiError> {
        let delta = envelope.delta.ok_or_else(unreadable)?;
        let [kind] = pick(delta.get(), ["type"]).ok_or_else(unreadable)?;
        let content = match text(kind).as_deref() {
            Some("text_delta") => Content::Text,
            Some("thinking_delta") => Content::Thinking,
            Some("input_json_delta") => Content::Arguments { block: 0 },
            _ => return Ok(()),
        };
        if !name.is_empty() && envelope.kind.is_some() {
            self.known.learn(raw, delta.get(), content);
        }
        Ok(())
    }

    /// An error passes as it is where it is told as Anthropic tells it, `named` by its `event:` line, and may be told.
    fn error(&mut self, named: bool, envelope: Option<&Envelope<'_>>, data: &[u8]) -> Result<Fate, ApiError> {
        let error = failure(data);
        let typed = envelope.is_some_and(|envelope| {
            let [kind, message] = pick_in(envelope.error, ["type", "message"]).unwrap_or_default();
            envelope.kind.is_some() && text(kind).is_some() && text(message).is_some()
        });
        if !named || !typed || error.clone().for_client(None) != error {
            return Err(error);
        }
        self.progress.error = Some(error);
        Ok(Fate::Pass)
    }

    /// An event of a stream that is framed in another way, or what is wrong with that; nothing follows the end.
    fn framed(&mut self, data: Result<&[u8], ApiError>, out: &mut Vec<u8>) {
        if self.progress.done || self.progress.error.is_some() {
            return;
        }
        let mut instead = Vec::new();
        match data.and_then(|data| self.event(&[], SseEvent { name: b"", data }, &mut instead)) {
            Ok(_) => out.append(&mut instead),
            Err(error) => passing::fail(self, error, out),
        }
    }
}

/// Appends an event whose data may be `typed`. The last one says nothing but that it is: what AWS adds to it
/// (`amazon-bedrock-invocationMetrics`) is no part of the API.
fn write(kind: &str, typed: bool, data: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(b"event: ");
    out.extend_from_slice(kind.as_bytes());
    out.extend_from_slice(b"\ndata: ");
    // JSON of several lines would be several lines of the event.
    let text = compact(str::from_utf8(data).unwrap_or_default());
    let members = text.strip_prefix('{').filter(|_| !typed || kind == "message_stop");
    match members {
        None => out.extend_from_slice(text.as_bytes()),
        Some(members) => {
            out.extend_from_slice(b"{\"type\":\"");
            out.extend_from_slice(kind.as_bytes());
            let none = kind == "message_stop" || members == "}";
            out.extend_from_slice(if none { b"\"" } else { b"\"," });
            out.extend_from_slice(if none { b"}" } else { members.as_bytes() });
        }
    }
    out.extend_from_slice(b"\n\n");
}
