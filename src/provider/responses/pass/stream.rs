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
        responses::words::{Body, Frames, Head, Status},
    },
    ir::ApiError,
    provider::{
        fault::{cut_off, server, unreadable},
        passing::{Fate, Passing, Watcher},
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
    passing: Passing,
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
    /// The provider told of an error by an event of its own; the response that failed is still to come.
    told: Option<ApiError>,
}

impl ResponsesPass {
    /// A stream that has not begun.
    pub fn new(context: ReplyContext) -> Self {
        let progress = Progress::default();
        let state = Box::new(State { progress, context, head: None, number: 0, told: None });
        Self { passing: Passing::default(), state }
    }
}

impl Pass for ResponsesPass {
    fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> bool {
        self.passing.push(&mut *self.state, bytes, out)
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        self.passing.end(&mut *self.state, out);
    }

    fn progress(&self) -> &Progress {
        &self.state.progress
    }
}

impl Watcher for State {
    fn progress(&mut self) -> &mut Progress {
        &mut self.progress
    }

    fn known(&mut self, _bytes: &[u8]) -> Option<usize> {
        None
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
        let Some(kind) = kind(event.name, data).filter(|_| data.ends_with(b"}")) else {
            // What some send to keep the connection alive has a name of its own.
            let foreign = !event.name.is_empty() && !event.name.starts_with(b"response.");
            return if foreign && event.name != b"error" { Ok(Fate::Pass) } else { Err(unreadable()) };
        };
        let fate = self.read(&kind, raw, event, instead)?;
        self.number = self.number.saturating_add(1);
        Ok(fate)
    }

    fn ended(&mut self, _out: &mut Vec<u8>) -> Result<(), ApiError> {
        Err(self.told.clone().unwrap_or_else(cut_off))
    }

    fn tell(&self, error: &ApiError, out: &mut Vec<u8>) {
        let body = Body { usage: self.progress.usage, ..Body::default() };
        let of_request;
        let head = match &self.head {
            Some(head) => head,
            None => {
                of_request = Head::new(None, None, None, &self.context);
                &of_request
            }
        };
        let mut frames = Frames::from(self.number);
        if self.told.is_some() {
            return frames.response(Status::Failed(error), head, &body, out);
        }
        frames.fail(error, head, &body, out);
    }
}

impl State {
    fn read(
        &mut self,
        kind: &str,
        raw: &[u8],
        event: SseEvent<'_>,
        instead: &mut Vec<u8>,
    ) -> Result<Fate, ApiError> {
        if kind == "error" {
            return self.error(error::told(event.data));
        }
        match kind.strip_prefix("response.") {
            // It has not begun by this: what is wrong with the request or the account is told right behind, and may then
            // still be served elsewhere.
            Some("created" | "in_progress" | "queued") => {
                self.note(event.data);
                Ok(Fate::Pass)
            }
            Some(end @ ("completed" | "incomplete" | "failed" | "cancelled")) => {
                self.last(end, raw, event, instead)
            }
            Some("output_item.added" | "output_item.done") => {
                self.progress.started = true;
                let item = pick_bytes(event.data, ["item"]).and_then(|[item]| item);
                Ok(self.mark(raw, event, item, instead))
            }
            Some(_) => {
                self.progress.started = true;
                Ok(Fate::Pass)
            }
            None => Ok(Fate::Pass),
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
    fn last(
        &mut self,
        end: &str,
        raw: &[u8],
        event: SseEvent<'_>,
        instead: &mut Vec<u8>,
    ) -> Result<Fate, ApiError> {
        let response = pick_bytes(event.data, ["response"]).and_then(|[response]| response);
        let read = response.and_then(|raw| Some((raw, Response(Fields::of(raw)?))));
        let (response, read) = read.ok_or_else(unreadable)?;
        if let Some(usage) = read.0.object("usage").and_then(|counts| usage::of(&counts)) {
            self.progress.usage.get_or_insert_default().merge(usage);
        }
        let json = response.get().as_bytes();
        let failed =
            || matches!(end, "failed" | "cancelled").then(|| server("The provider's answer failed."));
        match read.failure(json).or_else(failed) {
            Some(error) => {
                let told = self.told.take();
                self.progress.error = Some(passable(told.unwrap_or(error))?);
            }
            None => self.progress.done = true,
        }
        Ok(self.mark(raw, event, items(json), instead))
    }

    /// The provider tells of an error. Its response that failed mostly follows.
    fn error(&mut self, error: ApiError) -> Result<Fate, ApiError> {
        let error = passable(error)?;
        if self.progress.started {
            self.told = Some(error);
        } else {
            self.progress.error = Some(error);
        }
        Ok(Fate::Pass)
    }

    /// Marks the encrypted content of items of an event.
    fn mark<'i>(
        &self,
        raw: &[u8],
        event: SseEvent<'_>,
        items: impl IntoIterator<Item = &'i RawValue>,
        instead: &mut Vec<u8>,
    ) -> Fate {
        let places = sealed(event.data, items);
        if places.is_empty() {
            return Fate::Pass;
        }
        let text = signature::at(&self.context.provider);
        if let Some(start) = position(raw, event.data) {
            let places: Vec<usize> = places.into_iter().map(|place| place + start).collect();
            insert(raw, &places, &text, instead);
            // Its line end may come with the next bytes.
            while instead.pop_if(|byte| matches!(byte, b'\r' | b'\n')).is_some() {}
        } else {
            // Data of several lines: between tokens, where a space means the same.
            instead.extend_from_slice(b"event: ");
            instead.extend_from_slice(event.name);
            instead.extend_from_slice(b"\ndata: ");
            let start = instead.len();
            insert(event.data, &places, &text, instead);
            instead.iter_mut().skip(start).filter(|byte| **byte == b'\n').for_each(|byte| *byte = b' ');
        }
        instead.extend_from_slice(b"\n\n");
        Fate::Replace
    }
}

/// An error that may pass as it is told.
///
/// # Errors
///
/// One that tells of the gateway's own account: the client is told in the gateway's words.
fn passable(error: ApiError) -> Result<ApiError, ApiError> {
    if error.clone().for_client(None) == error { Ok(error) } else { Err(error) }
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
