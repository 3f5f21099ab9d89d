//! One pass over the bytes of a Messages request: all that the gateway needs, without building anything from it.

use std::ops::Range;

use serde::de::DeserializeSeed;
use serde_json::value::RawValue;

use super::{
    field::{Field, Fields},
    kinds::ServerKind,
};
use crate::{
    dialect::{
        chat::scan::{malformed, model_name, object, span},
        node::Path,
    },
    ir::ApiError,
};

mod peek;
mod places;
#[cfg(test)]
mod tests;
mod walk;

/// What the gateway knows of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// The model as the client named it, unescaped.
    pub model: String,
    /// The bytes of the model's JSON string, quotes included.
    pub model_span: Range<usize>,
    /// The client wants a stream.
    pub stream: bool,
    /// Only the tokens of the prompt are to be counted.
    pub counts: bool,
    /// What the request uses.
    pub fields: Fields,
}

/// Reads the head of a Messages request. The whole body is checked to be one well-formed JSON object, as that of a chat
/// request is ([`crate::dialect::chat::scan::scan`]): UTF-8, no lone surrogates, no numbers beyond a double, no more than
/// 128 levels deep.
///
/// Two members of one name are refused wherever that name has a meaning here, and so are names that differ from `model`,
/// `messages` or `stream` only in case: which of them counts differs from parser to parser.
///
/// # Errors
///
/// [`crate::ir::ErrorKind::InvalidRequest`] for bytes that are not one JSON object, a `model` that is missing or none,
/// `max_tokens` that are missing, `messages` that are missing or not an array of objects, fields of the wrong type among
/// those that are read here, and members that occur twice.
pub fn scan(body: &[u8]) -> Result<Head, ApiError> {
    let head = scan_count(body)?;
    if head.fields.contains(Field::MaxTokens) {
        return Ok(head);
    }
    Err(ApiError::invalid("max_tokens", "you must provide `max_tokens`"))
}

/// Reads the head of a request for the count of tokens, which needs no `max_tokens`.
///
/// # Errors
///
/// As [`scan`].
pub fn scan_count(body: &[u8]) -> Result<Head, ApiError> {
    let (text, _) = object(body)?;
    let mut found = Found::default();
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let walk = walk::Walk { place: places::Place::Request, path: &Path::Root, found: &mut found };
    let read = walk.deserialize(&mut deserializer).and_then(|_| deserializer.end());
    if let Some(error) = found.error {
        return Err(error);
    }
    read.map_err(|error| malformed(format!("the request body is not valid JSON: {error}")))?;
    found.head(body)
}

/// What the pass has found so far.
#[derive(Default)]
struct Found<'a> {
    model: Option<&'a RawValue>,
    stream: bool,
    messages: bool,
    used: Fields,
    /// The tool of Anthropic's own that must be called, if that is among the tools.
    forced: Option<ServerKind>,
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

    fn head(mut self, body: &[u8]) -> Result<Head, ApiError> {
        let raw = self.model.ok_or_else(|| ApiError::invalid("model", "you must provide a `model`"))?;
        let model = model_name(raw.get())?;
        if !self.messages {
            return Err(ApiError::invalid("messages", "you must provide `messages`"));
        }
        self.used.insert(Field::Model);
        self.used.insert(Field::Messages);
        // The choice may stand before the tools.
        if let Some(forced) = self.forced.filter(|forced| self.used.contains(forced.offered())) {
            self.used.insert(forced.forced());
        }
        let (model_span, stream, fields) = (span(body, raw), self.stream, self.used);
        Ok(Head { model, model_span, stream, counts: false, fields })
    }
}
