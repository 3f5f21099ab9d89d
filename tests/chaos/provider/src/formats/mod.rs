//! The formats: what a request must be, and what replies, streams and errors are.

mod anthropic;
mod bedrock;
mod cohere;
mod gemini;
mod openai;
mod shape;

use serde::Deserialize;
use serde_json::Value;

use crate::faults::Refusal;

/// Whose API a cell speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "they are the names of the APIs")]
pub enum Format {
    Openai,
    Anthropic,
    Gemini,
    Bedrock,
    Cohere,
}

impl Format {
    /// Its API.
    pub fn api(self) -> &'static dyn Api {
        match self {
            Format::Openai => &openai::OpenAi,
            Format::Anthropic => &anthropic::Anthropic,
            Format::Gemini => &gemini::Gemini,
            Format::Bedrock => &bedrock::Bedrock,
            Format::Cohere => &cohere::Cohere,
        }
    }
}

/// One API: its bytes.
pub trait Api: Sync {
    /// The header of the credential, and what stands before it there.
    fn credential(&self) -> (&'static str, &'static str);

    /// Further headers that a request must have, with their values.
    fn needs(&self) -> &'static [(&'static str, &'static str)] {
        &[]
    }

    /// Reads a request. `target` is the path below the cell, with its query.
    fn ask(&self, target: &str, body: &Value) -> Asked;

    /// A whole reply.
    fn whole(&self, answer: &Answer) -> Vec<u8>;

    /// The content type of streams.
    fn stream_type(&self) -> &'static str {
        "text/event-stream; charset=utf-8"
    }

    /// The events before the first text.
    fn opening(&self, answer: &Answer) -> Vec<Event>;

    /// An event with some text.
    fn delta(&self, answer: &Answer, text: &str) -> Event;

    /// The events after the last text.
    fn closing(&self, answer: &Answer) -> Vec<Event>;

    /// An event as it goes over the wire.
    fn wire(&self, event: &Event) -> Vec<u8>;

    /// The error that comes with a status.
    fn error(&self, status: u16) -> Failure;

    /// How the API refuses what was asked for a reason of its own.
    fn refusal(&self, why: Refusal) -> Failure;

    /// An error within a stream.
    fn error_event(&self) -> Event;
}

/// What a request asks for.
#[derive(Debug, Default)]
pub struct Asked {
    /// The reply is to be a stream.
    pub stream: bool,
    /// A stream tells the usage. Only OpenAI's has to be asked.
    pub usage: bool,
    /// The name of the model.
    pub model: String,
    /// The text of the last message of the user.
    pub text: String,
    /// What is wrong with it.
    pub wrong: Vec<String>,
}

/// An event of a stream.
#[derive(Clone, Debug)]
pub struct Event {
    /// Its name, where the API has names.
    pub name: &'static str,
    /// Its JSON.
    pub data: Vec<u8>,
}

impl Event {
    fn new(name: &'static str, data: impl Into<Vec<u8>>) -> Event {
        Event { name, data: data.into() }
    }
}

/// An error reply.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The status that comes with it.
    pub status: u16,
    /// Headers of the API's own.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// It is told as an event where a stream was asked for.
    pub event: bool,
}

impl Failure {
    fn new(status: u16, body: String) -> Failure {
        Failure { status, headers: Vec::new(), body: body.into_bytes(), event: false }
    }
}

/// What a good reply says.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The cell that serves.
    pub cell: String,
    /// The id of the request.
    pub id: u64,
    /// The model that was asked.
    pub model: String,
    /// Deltas of a stream.
    pub deltas: usize,
    /// A stream tells the usage.
    pub usage: bool,
}

impl Answer {
    /// The text: who served what.
    pub fn text(&self) -> String {
        self.pieces().concat()
    }

    /// The text in so many pieces as a stream has deltas: the cell, the id in parts, then dots.
    pub fn pieces(&self) -> Vec<String> {
        let cell = format!("served-by:{} ", self.cell);
        let id = format!("id:{:016x}", self.id);
        let Some(rest @ 1..) = self.deltas.checked_sub(1) else {
            return vec![cell + &id];
        };
        let size = id.len().div_ceil(rest);
        let mut pieces = vec![cell];
        pieces.extend(id.as_bytes().chunks(size).map(|part| part.iter().copied().map(char::from).collect()));
        pieces.resize(self.deltas.max(pieces.len()), " .".into());
        pieces
    }

    /// Tokens of the prompt: 1000 and the first byte of the id.
    pub fn prompt(&self) -> u64 {
        1000 + u64::from(self.id.to_be_bytes()[0])
    }

    /// Tokens of the reply: 10 and the second byte of the id.
    pub fn completion(&self) -> u64 {
        10 + u64::from(self.id.to_be_bytes()[1])
    }

    /// Both.
    pub fn total(&self) -> u64 {
        self.prompt() + self.completion()
    }
}

/// JSON text of a string.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// An event of server-sent events with its name.
fn named(event: &Event) -> Vec<u8> {
    let data = event.data.as_slice();
    [b"event: ", event.name.as_bytes(), b"\ndata: ", data, b"\n\n"].concat()
}

/// An event of server-sent events without a name; `end` ends a line.
fn unnamed(event: &Event, end: &[u8]) -> Vec<u8> {
    [b"data: ", event.data.as_slice(), end, end].concat()
}

/// The words for a status that errors hold.
fn words(status: u16) -> &'static str {
    match status {
        400 => "The request is invalid.",
        401 => "The credential is not valid.",
        402 => "The account has to pay.",
        403 => "This is not allowed.",
        404 => "The model does not exist.",
        408 => "The request took too long to arrive.",
        409 => "The request conflicts with another one.",
        413 => "The request is too large.",
        422 => "The request cannot be processed.",
        429 => "Too many requests.",
        500 => "The server had an error.",
        502 => "Bad gateway.",
        503 => "The service is unavailable.",
        504 => "The request timed out.",
        529 => "Overloaded",
        _ => "Something went wrong.",
    }
}
