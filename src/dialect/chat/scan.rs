//! One pass over a chat request's bytes: all that the gateway needs, without building anything from it.

use std::{borrow::Cow, ops::Range};

use serde::de::DeserializeSeed;
use serde_json::value::RawValue;

use super::field::{Field, Fields};
use crate::ir::ApiError;

pub(in crate::dialect) mod body;
pub(in crate::dialect) mod linked;
mod messages;
pub(in crate::dialect) mod shape;
#[cfg(test)]
mod tests;

/// The longest name of a model in bytes. The longest real ones are cloud resource names of about 200; a name ends up
/// in logs, metrics and URL paths.
pub const MAX_MODEL: usize = 256;

/// What the gateway knows of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The model as the client named it, unescaped.
    pub model: String,
    /// The bytes of the model's JSON string, quotes included.
    pub model_span: Range<usize>,
    /// The client wants a stream.
    pub stream: bool,
    /// The client wants usage in the stream.
    pub include_usage: bool,
    /// The bytes of the value of `stream_options`, where it is there: an object, or `null`.
    pub stream_options_span: Option<Range<usize>>,
    /// Where a new first member of the request object can be inserted: right behind its `{`.
    pub insert_at: usize,
    /// What the request uses.
    pub fields: Fields,
}

/// Reads the head of a chat request. The whole body is checked to be one well-formed JSON object: UTF-8, no lone
/// surrogates, no numbers beyond a double, no more than 128 levels deep.
///
/// Two members with the name of one of OpenAI's fields are refused, and so are names that differ from `model`,
/// `messages`, `stream` or `stream_options` only in case: which of them counts differs from parser to parser, so
/// that a provider might serve another request than the one that was checked here.
///
/// # Errors
///
/// [`crate::ir::ErrorKind::InvalidRequest`] for bytes that are not one JSON object, a `model` that is missing, empty,
/// longer than [`MAX_MODEL`] or not a string, `messages` that are missing or not an array of objects, fields of the
/// wrong type among those that are read here, and members that occur twice.
pub fn scan(body: &[u8]) -> Result<Head, ApiError> {
    let (text, open) = object(body)?;
    let mut found = Found::default();
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let read =
        body::Body { found: &mut found }.deserialize(&mut deserializer).and_then(|()| deserializer.end());
    if let Some(error) = found.error {
        return Err(error);
    }
    read.map_err(|error| malformed(format!("the request body is not valid JSON: {error}")))?;
    found.head(body, open + 1)
}

/// The body as text, and where its `{` is.
pub(in crate::dialect) fn object(body: &[u8]) -> Result<(&str, usize), ApiError> {
    let text = std::str::from_utf8(body).map_err(|error| {
        let at = error.valid_up_to();
        malformed(format!("the request body is not valid UTF-8 at byte {at}"))
    })?;
    let open = body.iter().position(|byte| !byte.is_ascii_whitespace());
    match open.filter(|at| body.get(*at) == Some(&b'{')) {
        Some(open) => Ok((text, open)),
        None => Err(malformed("the request body must be one JSON object")),
    }
}

pub(in crate::dialect) fn malformed(message: impl Into<String>) -> ApiError {
    ApiError::new(crate::ir::ErrorKind::InvalidRequest, message)
}

/// What the pass has found so far.
#[derive(Default)]
struct Found<'a> {
    model: Option<&'a RawValue>,
    stream: bool,
    stream_options: Option<&'a RawValue>,
    include_usage: bool,
    messages: bool,
    used: Fields,
    /// The first thing that is wrong in meaning, not in form; the pass stops there.
    error: Option<ApiError>,
}

impl Found<'_> {
    /// Stops the pass. What it returns only unwinds the parser.
    fn fail<E: serde::de::Error>(&mut self, error: ApiError) -> E {
        self.error.get_or_insert(error);
        E::custom("refused")
    }

    fn head(mut self, body: &[u8], insert_at: usize) -> Result<Head, ApiError> {
        let raw = self.model.ok_or_else(|| ApiError::invalid("model", "you must provide a `model`"))?;
        let model = model_name(raw.get())?;
        if !self.messages {
            return Err(ApiError::invalid("messages", "you must provide `messages`"));
        }
        self.used.insert(Field::Model);
        self.used.insert(Field::Messages);
        Ok(Head {
            model,
            model_span: span(body, raw),
            stream: self.stream,
            include_usage: self.include_usage,
            stream_options_span: self.stream_options.map(|raw| span(body, raw)),
            insert_at,
            fields: self.used,
        })
    }
}

/// Where in `body` the text of `part` lies, which borrows from it.
pub(in crate::dialect) fn span(body: &[u8], part: &RawValue) -> Range<usize> {
    let start = part.get().as_ptr().addr().wrapping_sub(body.as_ptr().addr());
    start..start + part.get().len()
}

pub(in crate::dialect) fn model_name(json: &str) -> Result<String, ApiError> {
    let Ok(name) = serde_json::from_str::<Cow<'_, str>>(json) else {
        return Err(ApiError::invalid("model", "`model` must be a string"));
    };
    if name.is_empty() || name.len() > MAX_MODEL {
        return Err(ApiError::invalid("model", format!("`model` must have 1 to {MAX_MODEL} bytes")));
    }
    if name.chars().any(char::is_control) {
        return Err(ApiError::invalid("model", "`model` must not have control characters"));
    }
    Ok(name.into_owned())
}
