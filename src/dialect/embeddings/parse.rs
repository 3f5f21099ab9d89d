//! Reading a request for embeddings into the intermediate form, for providers of other formats.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::scan::{NAMES, items};
use crate::{
    dialect::{
        chat::scan::body::wrong_type,
        flat::{self, Flat},
    },
    ir::{ApiError, EmbeddingsRequest, Input, Purpose},
};

/// Reads a request that [`super::scan::scan`] has read before.
///
/// # Errors
///
/// [`crate::ir::ErrorKind::InvalidRequest`], naming the field: `dimensions` that are no whole number above 0, an
/// `input_type` that is not known.
pub fn parse(body: &[u8]) -> Result<EmbeddingsRequest<'_>, ApiError> {
    let flat = flat::read(body, &NAMES)?;
    let (input, _) = flat.need("input")?;
    Ok(EmbeddingsRequest {
        input: read_input(input),
        dimensions: flat.count("dimensions")?,
        purpose: purpose(&flat)?,
    })
}

fn read_input(raw: &RawValue) -> Input<'_> {
    if raw.get().starts_with('"') {
        return Input::Texts(vec![raw]);
    }
    let items = items(raw);
    let all = |begins: &[u8]| {
        items.iter().all(|item| item.get().bytes().next().is_some_and(|byte| begins.contains(&byte)))
    };
    if all(b"\"") {
        Input::Texts(items)
    } else if all(b"[-0123456789") {
        Input::Tokens
    } else {
        Input::Other
    }
}

/// Cohere's words, and those that Voyage (`document`, `query`) and NVIDIA (`passage`, `query`) have for two of them.
fn purpose(flat: &Flat<'_>) -> Result<Option<Purpose>, ApiError> {
    let Some((raw, shape)) = flat.get("input_type") else { return Ok(None) };
    let Ok(word) = serde_json::from_str::<Cow<'_, str>>(raw.get()) else {
        return Err(wrong_type("input_type", "a string", shape));
    };
    Ok(Some(match &*word {
        "search_document" | "document" | "passage" => Purpose::Document,
        "search_query" | "query" => Purpose::Query,
        "classification" => Purpose::Classification,
        "clustering" => Purpose::Clustering,
        _ => {
            let message =
                "`input_type` must be `search_document`, `search_query`, `classification` or `clustering`";
            return Err(ApiError::invalid("input_type", message));
        }
    }))
}
