use std::borrow::Cow;

use serde_json::value::RawValue;

use super::{
    super::{
        error,
        item::Response,
        json::{Fields, pick_bytes, text},
        usage,
    },
    insert, items, sealed,
};
use crate::{
    dialect::{
        Pass, Progress, ReplyContext,
        responses::words::{Body, Frames, Head},
    },
    ir::{ApiError, ErrorKind},
    provider::{
        fault::{cut_off, server, unreadable},
        passage::{Fate, Passage, Watch},
    },
    signature,
    stream::{sse::SseEvent, template::position},
};

#[cfg(test)]
mod tests;

/// The longest id and name of a model that are kept for an event of the gateway's own.
const MAX_WORD: usize = 256;

/// A stream of Responses events on its way.
///
/// Every event passes byte for byte but for those with encrypted content, and an error that tells of the gateway's own
/// account. Most are deltas, of which only the type is looked at.
#[derive(Debug)]
pub struct ResponsesPass {
    passage: Passage,
    /// In a box: it is large beside the other streams.
    state: Box<State>,
}

#[derive(Debug)]
struct State {
    progress: Progress,
    context: ReplyContext,
    /// As the provider told it, for an event of the gateway's own.
    head: Option<Head>,
    /// How many events have come: the number of the next one.
    number: u64,
    /// The gateway's own error was written.
    shut: bool,
}

impl ResponsesPass {
    /// A stream that has not begun.
    pub fn new(context: ReplyContext) -> Self {
        let progress = Progress::default();
        let state = Box::new(State { progress, context, head: None, number: 0, shut: false });
        Self { passage: Passage::default(), state }
    }
}

impl Pass for ResponsesPass {
    fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> bool {
        self.passage.push(&mut *self.state, bytes, out)
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        self.passage.end(&mut *self.state, out);
    }

    fn progress(&self) -> &Progress {
        &self.state.progress
    }
}

impl Watch for State {
    fn event(&mut self, raw: &[u8], event: SseEvent<'_>, out: &mut Vec<u8>) -> Fate {
        let data = event.data.trim_ascii();
        // `[DONE]` is of another API; proxies add it.
        if data.is_empty() || data == b"[DONE]" {
            return Fate::Pass;
        }
        let Some(kind) = kind(event.name, data).filter(|_| data.ends_with(b"}")) else {
            // What some send to keep the connection alive has a name of its own.
            let foreign = !event.name.is_empty() && !event.name.starts_with(b"response.");
            if foreign && event.name != b"error" {
                return Fate::Pass;
            }
            self.fail(unreadable(), out);
            return Fate::Instead;
        };
        let fate = self.told(&kind, raw, event, out);
        self.number = self.number.saturating_add(u64::from(!self.shut));
        fate
    }

    fn is_shut(&self) -> bool {
        self.shut
    }

    fn fail(&mut self, error: ApiError, out: &mut Vec<u8>) {
        let head = self.head.take().unwrap_or_else(|| Head::new(None, None, None, &self.context));
        let body = Body { usage: self.progress.usage, ..Body::default() };
        Frames::from(self.number).fail(&error.clone().for_client(None), &head, &body, out);
        self.progress.error = Some(error);
        self.shut = true;
    }

    fn ended(&mut self, out: &mut Vec<u8>) {
        if !self.progress.done && self.progress.error.is_none() {
            self.fail(cut_off(), out);
        }
    }
}

impl State {
    fn told(&mut self, kind: &str, raw: &[u8], event: SseEvent<'_>, out: &mut Vec<u8>) -> Fate {
        if kind == "error" {
            return self.failed(error::told(event.data), out);
        }
        match kind.strip_prefix("response.") {
            // It has not begun by this: what is wrong with the request or the account is told right behind, and may then
            // still be served elsewhere.
            Some("created" | "in_progress" | "queued") => {
                self.note(event.data);
                Fate::Pass
            }
            Some("completed" | "incomplete" | "failed" | "cancelled") => self.last(raw, event, out),
            Some("output_item.added" | "output_item.done") => {
                self.progress.started = true;
                let item = pick_bytes(event.data, ["item"]).and_then(|[item]| item);
                self.mark(raw, event, item, out)
            }
            Some(_) => {
                self.progress.started = true;
                Fate::Pass
            }
            None => Fate::Pass,
        }
    }

    /// Keeps what the answer is called.
    fn note(&mut self, data: &[u8]) {
        if self.head.is_some() {
            return;
        }
        let Some(response) = pick_bytes(data, ["response"]).and_then(|[raw]| Fields::of(raw?)).map(Response)
        else {
            return;
        };
        let short = |name: &str| response.0.some_text(name).filter(|text| text.len() <= MAX_WORD);
        let (id, model) = (short("id"), short("model"));
        self.head = Some(Head::new(id.as_deref(), response.created(), model.as_deref(), &self.context));
    }

    /// The provider's last event, with the whole response once more.
    fn last(&mut self, raw: &[u8], event: SseEvent<'_>, out: &mut Vec<u8>) -> Fate {
        let response = pick_bytes(event.data, ["type", "response"])
            .and_then(|[kind, response]| Some((kind, response?, Response(Fields::of(response?)?))));
        let Some((kind, response, read)) = response else {
            self.fail(unreadable(), out);
            return Fate::Instead;
        };
        if let Some(usage) = read.0.object("usage").and_then(|counts| usage::of(&counts)) {
            self.progress.usage.get_or_insert_default().merge(usage);
        }
        let ends = |word: &str| kind.is_some_and(|kind| kind.get().contains(word));
        let failure = read.failure(response.get().as_bytes());
        let failed =
            || (ends("failed") || ends("cancelled")).then(|| server("The provider's answer failed."));
        match failure.or_else(failed) {
            // The error was told of by an event of its own.
            Some(_) if self.progress.error.is_some() => {}
            Some(error) => {
                if self.failed(error, out) == Fate::Instead {
                    return Fate::Instead;
                }
            }
            None => self.progress.done = true,
        }
        self.mark(raw, event, items(response.get().as_bytes()), out)
    }

    /// The provider tells of an error. It passes, unless it is about the gateway's account.
    fn failed(&mut self, error: ApiError, out: &mut Vec<u8>) -> Fate {
        if matches!(error.kind, ErrorKind::Authentication | ErrorKind::Permission | ErrorKind::Billing) {
            self.fail(error, out);
            return Fate::Instead;
        }
        self.progress.error.get_or_insert(error);
        Fate::Pass
    }

    /// Marks the encrypted content of items of an event.
    fn mark<'i>(
        &self,
        raw: &[u8],
        event: SseEvent<'_>,
        items: impl IntoIterator<Item = &'i RawValue>,
        out: &mut Vec<u8>,
    ) -> Fate {
        let places = sealed(event.data, items);
        if places.is_empty() {
            return Fate::Pass;
        }
        let text = signature::at(&self.context.provider);
        if let Some(start) = position(raw, event.data) {
            let places: Vec<usize> = places.into_iter().map(|place| place + start).collect();
            insert(raw, &places, &text, out);
            return Fate::Mended;
        }
        // Data of several lines: between tokens, where a space means the same.
        out.extend_from_slice(b"event: ");
        out.extend_from_slice(event.name);
        out.extend_from_slice(b"\ndata: ");
        let start = out.len();
        insert(event.data, &places, &text, out);
        out.iter_mut().skip(start).filter(|byte| **byte == b'\n').for_each(|byte| *byte = b' ');
        out.extend_from_slice(b"\n\n");
        Fate::Instead
    }
}

/// What an event is, by its data, or where that does not tell by its name; `error` for data that has an error instead,
/// as proxies in front of the API send it. `None` where the data is no object.
///
/// The type stands first in OpenAI's \[R\].
fn kind<'e>(name: &'e [u8], data: &'e [u8]) -> Option<Cow<'e, str>> {
    let first = data.strip_prefix(b"{\"type\":\"").and_then(|rest| rest.split(|byte| *byte == b'"').next());
    if let Some(Ok(first)) = first.map(str::from_utf8)
        && !first.contains('\\')
    {
        return Some(Cow::Borrowed(first));
    }
    let [kind, error] = pick_bytes(data, ["type", "error"])?;
    let kind = text(kind).or_else(|| str::from_utf8(name).ok().map(Cow::Borrowed)).unwrap_or_default();
    let fails = error.is_some() && !kind.starts_with("response.");
    Some(if fails { Cow::Borrowed("error") } else { kind })
}
