//! What the formats' writers and readers of embeddings share.

use serde_json::value::RawValue;

use super::json::{self, Array};
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
    json::elements(raw)?.into_iter().map(numbers).collect()
}

/// Reads an array of numbers.
pub(super) fn numbers(raw: &RawValue) -> Option<Vector<'_>> {
    raw.get().starts_with('[').then(|| Vector::Numbers(raw.get()))
}

/// The tokens that were read, of what Cohere's API tells beside an answer; where only those that are paid for are told,
/// these.
pub(super) fn tokens_of_meta(meta: &RawValue) -> Option<u64> {
    let units = json::pick_in(Some(meta), ["tokens", "billed_units"])?;
    let input = |units: &RawValue| {
        json::pick_in(Some(units), ["input_tokens"])?
            .into_iter()
            .flatten()
            .find_map(|raw| json::count(Some(raw)))
    };
    units.into_iter().flatten().find_map(input)
}

/// The error for a reply that has no embeddings in it.
pub(super) fn unreadable() -> ApiError {
    ApiError::new(ErrorKind::Server, "the provider's reply has no embeddings").with_upstream_status(200)
}
