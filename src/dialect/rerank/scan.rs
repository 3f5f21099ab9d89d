//! One pass over the bytes of a rerank request: all that the gateway needs.

use std::ops::Range;

use serde_json::value::RawValue;

use super::field::{Field, Fields};
use crate::{
    dialect::{
        chat::{
            node::Members,
            scan::{body::wrong_type, malformed, shape::Shape},
        },
        flat::{self, Flat, Names},
    },
    ir::ApiError,
};

#[cfg(test)]
mod tests;

pub(super) const NAMES: Names = Names {
    known: &[
        "model",
        "query",
        "documents",
        "return_documents",
        "top_n",
        "max_tokens_per_doc",
        "rank_fields",
        "user",
    ],
    guarded: 4,
};

/// Documents that are to be told again with the reply are held until it comes: as many bytes of them as of a body that
/// is kept for the attempts.
const ECHO_BYTES: usize = 64 * 1024;

/// What the gateway knows of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The model as the client named it, unescaped.
    pub model: String,
    /// The bytes of the model's JSON string, quotes included.
    pub model_span: Range<usize>,
    /// How many documents there are.
    pub documents: usize,
    /// The documents' texts as JSON strings, where the client wants them told again and they are not too large.
    pub echo: Option<Vec<String>>,
    /// What the request uses.
    pub fields: Fields,
}

/// Reads the head of a rerank request.
///
/// # Errors
///
/// [`crate::ir::ErrorKind::InvalidRequest`] as of a chat request; for a `query` that is missing, `documents` that are
/// missing, empty or no array, and `return_documents` that is no boolean.
pub fn scan(body: &[u8]) -> Result<Head, ApiError> {
    let flat = flat::read(body, &NAMES)?;
    let mut fields = Fields::default();
    fields.insert(Field::Model);
    let (_, query) = flat.need("query")?;
    fields.insert(Field::Query);
    if !matches!(query, Shape::String(_)) {
        fields.insert(Field::QueryOther);
    }
    let (raw, shape) = flat.need("documents")?;
    if !matches!(shape, Shape::Array(_)) {
        return Err(wrong_type("documents", "an array", shape));
    }
    if shape == Shape::Array(0) {
        return Err(ApiError::invalid("documents", "`documents` must not be empty"));
    }
    fields.insert(Field::Documents);
    let documents = documents(raw).map_err(|error| malformed(error.to_string()))?;
    for document in &documents {
        match document {
            Document::Text(_) => {}
            Document::Object(_) => fields.insert(Field::DocumentObjects),
            Document::Other => fields.insert(Field::DocumentOther),
        }
    }
    for field in [Field::TopN, Field::MaxTokensPerDoc, Field::RankFields, Field::User] {
        if flat.get(field.name()).is_some() {
            fields.insert(field);
        }
    }
    if flat.unknown {
        fields.insert(Field::Unknown);
    }
    let echo = if returned(&flat)? { echo(&documents, &mut fields) } else { None };
    let Flat { model, model_span, .. } = flat;
    Ok(Head { model, model_span, documents: documents.len(), echo, fields })
}

/// Whether the documents are to be told again.
fn returned(flat: &Flat<'_>) -> Result<bool, ApiError> {
    match flat.get("return_documents") {
        None => Ok(false),
        Some((_, Shape::Bool(value))) => Ok(value),
        Some((_, other)) => Err(wrong_type("return_documents", "a boolean", other)),
    }
}

fn echo(documents: &[Document<'_>], fields: &mut Fields) -> Option<Vec<String>> {
    fields.insert(Field::ReturnDocuments);
    let texts = || documents.iter().filter_map(Document::text);
    if texts().map(|text| text.get().len()).sum::<usize>() > ECHO_BYTES {
        fields.insert(Field::ReturnLarge);
        return None;
    }
    Some(texts().map(|text| text.get().to_owned()).collect())
}

/// One document.
pub(super) enum Document<'a> {
    /// A JSON string.
    Text(&'a RawValue),
    /// The `text` of an object, a JSON string.
    Object(&'a RawValue),
    /// Anything else.
    Other,
}

impl<'a> Document<'a> {
    /// Its text, a JSON string.
    pub(super) fn text(&self) -> Option<&'a RawValue> {
        match self {
            Document::Text(text) | Document::Object(text) => Some(text),
            Document::Other => None,
        }
    }
}

/// Reads the documents.
///
/// # Errors
///
/// Where `raw` is no array.
pub(super) fn documents(raw: &RawValue) -> serde_json::Result<Vec<Document<'_>>> {
    let items: Vec<&RawValue> = serde_json::from_str(raw.get())?;
    Ok(items.into_iter().map(document).collect())
}

fn document(raw: &RawValue) -> Document<'_> {
    let is_text = |raw: &&RawValue| raw.get().starts_with('"');
    if is_text(&raw) {
        return Document::Text(raw);
    }
    let Members(members) = serde_json::from_str(raw.get()).unwrap_or_default();
    let text = members.iter().rev().find(|(name, _)| name == "text").map(|(_, text)| *text);
    text.filter(is_text).map_or(Document::Other, Document::Object)
}
