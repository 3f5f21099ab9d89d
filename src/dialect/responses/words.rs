//! What a whole reply and a stream say in the same words: the response object, and the frame of an event.

use std::rc::Rc;

use super::{Asked, error};
use crate::{
    dialect::{
        ReplyContext,
        chat::{json, words},
    },
    ir::{ApiError, Extra, Finish, Usage},
};

/// What a response repeats of its request where nothing is known of that: the members that the object must have.
const ECHO: &str = "\"instructions\":null,\"metadata\":{},\"parallel_tool_calls\":true,\"temperature\":null,\
                    \"tool_choice\":\"auto\",\"tools\":[],\"top_p\":null";

/// What every response object of one answer has.
#[derive(Debug)]
pub(crate) struct Head {
    id: String,
    created: u64,
    model: String,
    asked: Option<Rc<Asked>>,
}

/// How an answer stands.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Status<'e> {
    /// It is on its way.
    InProgress,
    /// It is whole.
    Completed,
    /// It was cut short, for this reason.
    Incomplete(&'static str),
    /// There is none, or not all of it.
    Failed(&'e ApiError),
}

impl Status<'static> {
    /// How an answer stands that ended like this. A model that declined of itself is told of as filtered, as to chat
    /// clients.
    pub(super) fn of(finish: &Finish<'_>) -> Self {
        match finish {
            Finish::Stop | Finish::StopSequence(_) | Finish::ToolCalls => Self::Completed,
            Finish::Length => Self::Incomplete("max_output_tokens"),
            Finish::ContentFilter | Finish::Refusal => Self::Incomplete("content_filter"),
        }
    }
}

impl Status<'_> {
    /// The API's word for it.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
            Self::Incomplete(_) => "incomplete",
            Self::Failed(_) => "failed",
        }
    }
}

/// What a response object holds besides its head.
#[derive(Debug, Default)]
pub(crate) struct Body<'b> {
    /// Its items, as JSON; those that are empty are not ready.
    pub(crate) items: &'b [Vec<u8>],
    /// What it took.
    pub(crate) usage: Option<Usage>,
    /// What only the vendor's own API tells: `extra_content`, as chat clients get it. OpenAI's API has no place for it.
    pub(crate) extras: &'b [Extra<'static>],
}

impl Head {
    /// The provider's own id stays, so that a user's report can be found in the provider's logs, behind the prefix that
    /// all ids of responses have.
    pub(crate) fn new(
        id: Option<&str>,
        created: Option<u64>,
        model: Option<&str>,
        context: &ReplyContext,
    ) -> Self {
        let id = id.filter(|id| !id.is_empty()).unwrap_or(&context.id);
        let prefix = if id.starts_with("resp_") { "" } else { "resp_" };
        Self {
            id: [prefix, id].concat(),
            created: created.unwrap_or(context.created),
            model: model.filter(|model| !model.is_empty()).unwrap_or(&context.model).to_owned(),
            asked: context.asked.clone(),
        }
    }

    /// Appends the response as one JSON object.
    pub(crate) fn write(&self, status: Status<'_>, body: &Body<'_>, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"id\":");
        json::string(&self.id, out);
        out.extend_from_slice(b",\"object\":\"response\",\"created_at\":");
        json::number(self.created, out);
        member("status", status.word(), out);
        out.extend_from_slice(b",\"error\":");
        match status {
            Status::Failed(error) => error::object(error, out),
            _ => out.extend_from_slice(b"null"),
        }
        out.extend_from_slice(b",\"incomplete_details\":");
        match status {
            Status::Incomplete(reason) => {
                out.extend_from_slice(b"{\"reason\":");
                json::string(reason, out);
                out.push(b'}');
            }
            _ => out.extend_from_slice(b"null"),
        }
        out.push(b',');
        let echo = self.asked.as_ref().map(|asked| asked.echo.as_str()).filter(|echo| !echo.is_empty());
        out.extend_from_slice(echo.unwrap_or(ECHO).as_bytes());
        member("model", &self.model, out);
        out.extend_from_slice(b",\"output\":[");
        for (count, item) in body.items.iter().filter(|item| !item.is_empty()).enumerate() {
            out.extend_from_slice(if count == 0 { b"" } else { b"," });
            out.extend_from_slice(item);
        }
        out.extend_from_slice(b"],\"usage\":");
        match &body.usage {
            Some(usage) => counts(usage, out),
            None => out.extend_from_slice(b"null"),
        }
        if !body.extras.is_empty() {
            out.push(b',');
            words::extra_content(body.extras, out);
        }
        out.push(b'}');
    }
}

/// Appends `usage` as OpenAI's object, all of whose counts have to be there.
fn counts(usage: &Usage, out: &mut Vec<u8>) {
    for (before, count) in [
        ("{\"input_tokens\":", usage.prompt()),
        (",\"input_tokens_details\":{\"cached_tokens\":", usage.cache_read.unwrap_or(0)),
        (",\"cache_write_tokens\":", usage.cache_write.unwrap_or(0)),
        ("},\"output_tokens\":", usage.output.unwrap_or(0)),
        (",\"output_tokens_details\":{\"reasoning_tokens\":", usage.reasoning.unwrap_or(0)),
        ("},\"total_tokens\":", usage.total()),
    ] {
        out.extend_from_slice(before.as_bytes());
        json::number(count, out);
    }
    out.push(b'}');
}

/// Appends a member that is a string, behind a comma. `name` needs no escapes.
#[inline(never)]
pub(super) fn member(name: &str, text: &str, out: &mut Vec<u8>) {
    key(name, out);
    json::string(text, out);
}

/// Begins a member, behind a comma.
#[inline(never)]
pub(super) fn key(name: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b",\"");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":");
}

/// Appends a member that is a string, whose inside is escaped already.
#[inline(never)]
pub(super) fn escaped_member(name: &str, inside: &[u8], out: &mut Vec<u8>) {
    key(name, out);
    out.push(b'"');
    out.extend_from_slice(inside);
    out.push(b'"');
}

/// Appends a member that is a count.
#[inline(never)]
pub(super) fn count(name: &str, count: u64, out: &mut Vec<u8>) {
    key(name, out);
    json::number(count, out);
}

/// The events of a stream: each has its number.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    /// Nothing is written.
    pub(super) is_quiet: bool,
    /// That of the next event; the first has 0.
    pub(super) number: u64,
}

impl From<u64> for Frames {
    /// The next event has this number.
    fn from(number: u64) -> Self {
        Self { is_quiet: false, number }
    }
}

impl Frames {
    /// Begins an event: its name, its type and its number. Returns whether it is to be written at all; the caller then
    /// appends its other members, and [`end`]s it.
    #[inline(never)]
    pub(super) fn begin(&mut self, kind: &str, out: &mut Vec<u8>) -> bool {
        if self.is_quiet {
            return false;
        }
        for piece in ["event: ", kind, "\ndata: {\"type\":\"", kind, "\",\"sequence_number\":"] {
            out.extend_from_slice(piece.as_bytes());
        }
        json::number(self.number, out);
        self.number = self.number.saturating_add(1);
        true
    }

    /// Appends an event that tells how the answer stands.
    pub(crate) fn response(&mut self, status: Status<'_>, head: &Head, body: &Body<'_>, out: &mut Vec<u8>) {
        self.told(["response.", status.word()].concat().as_str(), status, head, body, out);
    }

    /// Appends the first event of all.
    pub(super) fn created(&mut self, head: &Head, out: &mut Vec<u8>) {
        self.told("response.created", Status::InProgress, head, &Body::default(), out);
    }

    fn told(&mut self, kind: &str, status: Status<'_>, head: &Head, body: &Body<'_>, out: &mut Vec<u8>) {
        if self.begin(kind, out) {
            key("response", out);
            head.write(status, body, out);
            end(out);
        }
    }

    /// Appends what ends a stream that failed: an event `error`, and `response.failed`.
    ///
    /// OpenAI sends both \[R\], and both are needed: its SDKs raise on the first (by its member `error`), while Codex
    /// passes over that, and judges by the second whether to try again.
    pub(crate) fn fail(&mut self, failure: &ApiError, head: &Head, body: &Body<'_>, out: &mut Vec<u8>) {
        if self.begin("error", out) {
            error::members(failure, out);
            end(out);
        }
        self.response(Status::Failed(failure), head, body, out);
    }
}

/// Ends an event.
pub(super) fn end(out: &mut Vec<u8>) {
    out.extend_from_slice(b"}\n\n");
}
