//! One pass over the bytes of a Responses request: all that the gateway needs, without building anything from it.

use std::{ops::Range, rc::Rc};

use serde::de::DeserializeSeed;
use serde_json::value::RawValue;

use super::{
    field::{Field, Fields},
    names::Names,
};
use crate::{
    dialect::{
        Dialect,
        chat::scan::{malformed, model_name, object, span},
        node::Members,
    },
    ir::ApiError,
};

mod body;
mod echo;
mod items;
mod offer;
#[cfg(test)]
mod tests;

/// What the gateway knows of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// The model as the client named it, unescaped.
    pub model: String,
    /// The bytes of the model's JSON string, quotes included.
    pub model_span: Range<usize>,
    /// The client wants a stream.
    pub stream: bool,
    /// The client wants usage in a stream that is answered as chat.
    pub include_usage: bool,
    /// Only the tokens of the prompt are to be counted.
    pub counts: bool,
    /// In whose words it is answered: [`Dialect::Responses`], or [`Dialect::Chat`] where such a request came to the chat
    /// endpoint.
    pub answer: Dialect,
    /// What its reply needs to know.
    pub asked: Rc<Asked>,
    /// What the request uses.
    pub fields: Fields,
}

/// What a reply repeats of its request, and needs to know of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Members of the reply that repeat the request's, as JSON text without braces, never empty after a scan:
    /// `"instructions":null,"tools":[…]`. Those that the request lacks have the API's defaults, so that with its own
    /// members (id, object, created_at, status, error, incomplete_details, model, output, usage) a reply is complete.
    pub echo: String,
    /// The tools whose calls are told otherwise than as a plain function call: custom ones, and those of a namespace.
    pub tools: Vec<Named>,
}

impl Asked {
    /// The tool of a call, by the name that the provider calls it; `None` where the call is a plain function call.
    pub fn named(&self, flat: &str) -> Option<&Named> {
        self.tools.iter().find(|tool| tool.flat == flat)
    }
}

/// A tool as providers are told of it, and as its client declared it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named {
    /// The name of the function that providers of other formats are offered: `<namespace>__<name>`, at most 64
    /// characters.
    pub flat: String,
    /// The namespace that it stands in.
    pub namespace: Option<String>,
    /// Its name there.
    pub name: String,
    /// It takes free text: its calls are told as `custom_tool_call`. As a function, it has one string `input`.
    pub custom: bool,
}

/// Reads the head of a Responses request. The whole body is checked to be one well-formed JSON object, as that of a chat
/// request is ([`crate::dialect::chat::scan::scan`]), and so are repeated members and those in another case.
///
/// # Errors
///
/// [`crate::ir::ErrorKind::InvalidRequest`] for bytes that are not one JSON object, a `model` that is missing or none,
/// members of the wrong type among those that are read here, and members that occur twice.
pub fn scan(body: &[u8]) -> Result<Head, ApiError> {
    let found = read(body)?;
    let echo = found.echo();
    found.head(body, Dialect::Responses, echo)
}

/// As [`scan`], of a request to the chat endpoint ([`is_mixture`]): it is answered as chat.
///
/// # Errors
///
/// As those of [`scan`].
pub fn scan_mixture(body: &[u8]) -> Result<Head, ApiError> {
    read(body)?.head(body, Dialect::Chat, String::new())
}

/// Whether the body of a request to the chat endpoint is a Responses request: it has `input` and no `messages`. To be asked
/// of a body that is no chat request: it reads the whole of it.
pub fn is_mixture(body: &[u8]) -> bool {
    let Ok(Members(members)) = serde_json::from_slice(body) else { return false };
    let has = |name: &str| members.iter().any(|(found, raw)| found == name && raw.get() != "null");
    has("input") && !has("messages")
}

fn read(body: &[u8]) -> Result<Found<'_>, ApiError> {
    let (text, _) = object(body)?;
    let mut found = Found::default();
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let read =
        body::Body { found: &mut found }.deserialize(&mut deserializer).and_then(|()| deserializer.end());
    if let Some(error) = found.error {
        return Err(error);
    }
    read.map_err(|error| malformed(format!("the request body is not valid JSON: {error}")))?;
    Ok(found)
}

/// What the pass has found so far.
#[derive(Default)]
struct Found<'a> {
    model: Option<&'a RawValue>,
    stream: bool,
    include_usage: bool,
    used: Fields,
    /// A tool must be called, whichever.
    requires: bool,
    names: Names,
    /// The lists of tools that stand in the input.
    lists: Vec<&'a RawValue>,
    /// Members that a reply repeats, as [`echo::ECHO`] lists them.
    echoed: [Option<&'a RawValue>; echo::COUNT],
    /// The first thing that is wrong in meaning, not in form; the pass stops there.
    error: Option<ApiError>,
}

impl Found<'_> {
    /// Stops the pass. What it returns only unwinds the parser.
    fn fail<E: serde::de::Error>(&mut self, error: ApiError) -> E {
        self.error.get_or_insert(error);
        E::custom("refused")
    }

    fn note(&mut self, field: Field, used: bool) {
        if used {
            self.used.insert(field);
        }
    }

    fn head(mut self, body: &[u8], answer: Dialect, echo: String) -> Result<Head, ApiError> {
        let raw = self.model.ok_or_else(|| ApiError::invalid("model", "you must provide a `model`"))?;
        let model = model_name(raw.get())?;
        for list in std::mem::take(&mut self.lists) {
            self.tools(list);
        }
        self.used.insert(Field::Model);
        // What is left, where the others cannot be offered, is nothing.
        let hosted = self.requires && !self.used.contains(Field::Tools);
        self.note(Field::ForcedHosted, hosted && self.used.contains(Field::HostedTools));
        Ok(Head {
            model,
            model_span: span(body, raw),
            stream: self.stream,
            include_usage: self.include_usage,
            counts: false,
            answer,
            asked: Rc::new(Asked { echo, tools: self.names.into_named() }),
            fields: self.used,
        })
    }
}
