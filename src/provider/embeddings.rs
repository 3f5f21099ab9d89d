//! What the formats' writers and readers of embeddings share.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::json::Array;
use crate::ir::{ApiError, EmbeddingsRequest, ErrorKind, Input, Purpose, Vector};

/// The texts of a request, each a JSON string. `whose` says whose models they go to.
///
/// # Errors
///
/// Where the input is something else; it names `input`.
pub(super) fn texts<'r, 'a>(
    request: &'r EmbeddingsRequest<'a>,
    whose: &str,
) -> Result<&'r [&'a RawValue], ApiError> {
    let what = match &request.input {
        Input::Texts(texts) => return Ok(texts),
        Input::Tokens => "Tokens",
        Input::Other => "An input that is not text",
    };
    Err(ApiError::invalid("input", format!("{what} cannot be sent to {whose}: it takes text only.")))
}

/// The one text of a request, a JSON string.
///
/// # Errors
///
/// As [`texts`], and where there are several.
pub(super) fn one_text<'a>(request: &EmbeddingsRequest<'a>, whose: &str) -> Result<&'a RawValue, ApiError> {
    match texts(request, whose)? {
        [text] => Ok(text),
        _ => {
            Err(ApiError::invalid("input", format!("Several texts cannot be sent to {whose}: it takes one.")))
        }
    }
}

/// Appends an array of texts.
pub(super) fn write_list(texts: &[&RawValue], out: &mut Vec<u8>) {
    let mut array = Array::begin(out);
    for text in texts {
        array.item().extend_from_slice(text.get().as_bytes());
    }
    array.end();
}

/// The word for a purpose among those for a document, a query, classification and clustering.
pub(super) fn word(purpose: Purpose, words: [&'static str; 4]) -> &'static str {
    let [document, query, classification, clustering] = words;
    match purpose {
        Purpose::Document => document,
        Purpose::Query => query,
        Purpose::Classification => classification,
        Purpose::Clustering => clustering,
    }
}

/// Reads an array of arrays of numbers.
pub(super) fn read_list(raw: &RawValue) -> Option<Vec<Vector<'_>>> {
    let list: Vec<&RawValue> = serde_json::from_str(raw.get()).ok()?;
    list.into_iter().map(numbers).collect()
}

/// Reads an array of numbers.
pub(super) fn numbers(raw: &RawValue) -> Option<Vector<'_>> {
    raw.get().starts_with('[').then(|| Vector::Numbers(raw.get()))
}

/// A count that may be written as a float; anything else is none.
pub(super) fn count(raw: &RawValue) -> Option<u64> {
    let float = || serde_json::from_str::<f64>(raw.get()).ok().filter(|number| *number >= 0.0);
    serde_json::from_str(raw.get()).ok().or_else(|| float().map(|number| number as u64))
}

/// What Cohere's API tells beside an answer.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Meta<'a> {
    #[serde(borrow)]
    tokens: Option<Units<'a>>,
    #[serde(borrow)]
    billed_units: Option<Units<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Units<'a> {
    #[serde(borrow)]
    input_tokens: Option<&'a RawValue>,
}

impl Meta<'_> {
    /// The tokens that were read; where only those that are paid for are told, these.
    pub(super) fn input_tokens(&self) -> Option<u64> {
        let of = |units: &Option<Units<'_>>| units.as_ref()?.input_tokens.and_then(count);
        of(&self.tokens).or_else(|| of(&self.billed_units))
    }
}

/// The error for a reply that has no embeddings in it.
pub(super) fn unreadable() -> ApiError {
    ApiError::new(ErrorKind::Server, "the provider's reply has no embeddings").with_upstream_status(200)
}
