//! One pass over the bytes of a request for embeddings: all that the gateway needs.

use std::{borrow::Cow, ops::Range};

use serde_json::value::RawValue;

use super::field::{Field, Fields};
use crate::{
    dialect::{
        chat::scan::{body::wrong_type, shape::Shape},
        flat::{self, Flat, Names},
    },
    ir::ApiError,
};

#[cfg(test)]
mod tests;

pub(super) const NAMES: Names =
    Names { known: &["model", "input", "encoding_format", "dimensions", "input_type", "user"], guarded: 3 };

/// In which form the client wants its embeddings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    /// Arrays of numbers.
    #[default]
    Float,
    /// Base64 of 32-bit floats, little endian.
    Base64,
    /// One that is not known here.
    Other,
}

/// What the gateway knows of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The model as the client named it, unescaped.
    pub model: String,
    /// The bytes of the model's JSON string, quotes included.
    pub model_span: Range<usize>,
    /// In which form the embeddings are wanted.
    pub encoding: Encoding,
    /// How many there will be, where the input is texts.
    pub texts: Option<usize>,
    /// What the request uses.
    pub fields: Fields,
}

/// Reads the head of a request for embeddings.
///
/// # Errors
///
/// [`crate::ir::ErrorKind::InvalidRequest`] as of a chat request; and for an `input` that is missing, empty, or neither
/// a string nor an array.
pub fn scan(body: &[u8]) -> Result<Head, ApiError> {
    let flat = flat::read(body, &NAMES)?;
    let mut fields = Fields::default();
    fields.insert(Field::Model);
    let texts = input(&flat, &mut fields)?;
    let encoding = encoding(&flat)?;
    if let Some(encoding) = encoding {
        fields.insert(Field::EncodingFormat);
        if encoding == Encoding::Other {
            fields.insert(Field::EncodingOther);
        }
    }
    for field in [Field::Dimensions, Field::InputType, Field::User] {
        if flat.get(field.name()).is_some() {
            fields.insert(field);
        }
    }
    if flat.unknown {
        fields.insert(Field::Unknown);
    }
    let Flat { model, model_span, .. } = flat;
    Ok(Head { model, model_span, encoding: encoding.unwrap_or_default(), texts, fields })
}

/// Notes what the input is; gives the number of texts where it is nothing else.
fn input(flat: &Flat<'_>, fields: &mut Fields) -> Result<Option<usize>, ApiError> {
    let (raw, shape) = flat.need("input")?;
    if !matches!(shape, Shape::String(_) | Shape::Array(_)) {
        return Err(wrong_type("input", "a string or an array", shape));
    }
    if shape == Shape::Array(0) {
        return Err(ApiError::invalid("input", "`input` must not be empty"));
    }
    fields.insert(Field::Input);
    let kinds = kinds(raw);
    match kinds {
        Kinds { texts, tokens: false, other: false } => {
            let limits = [
                (1, Field::InputMany),
                (96, Field::InputOver96),
                (100, Field::InputOver100),
                (250, Field::InputOver250),
            ];
            for (_, field) in limits.iter().filter(|(limit, _)| texts > *limit) {
                fields.insert(*field);
            }
            return Ok(Some(texts));
        }
        Kinds { texts: 0, tokens: true, other: false } => fields.insert(Field::InputTokens),
        _ => fields.insert(Field::InputOther),
    }
    Ok(None)
}

fn encoding(flat: &Flat<'_>) -> Result<Option<Encoding>, ApiError> {
    let Some((raw, shape)) = flat.get("encoding_format") else { return Ok(None) };
    let Ok(word) = serde_json::from_str::<Cow<'_, str>>(raw.get()) else {
        return Err(wrong_type("encoding_format", "a string", shape));
    };
    Ok(Some(match &*word {
        "float" => Encoding::Float,
        "base64" => Encoding::Base64,
        _ => Encoding::Other,
    }))
}

/// What an input is made of.
#[derive(Default)]
struct Kinds {
    texts: usize,
    tokens: bool,
    other: bool,
}

/// By the first bytes of the elements, which are known to be well-formed.
fn kinds(raw: &RawValue) -> Kinds {
    let mut kinds = Kinds::default();
    let mut note = |json: &str| match json.bytes().next() {
        Some(b'"') => kinds.texts += 1,
        Some(b'[' | b'-' | b'0'..=b'9') => kinds.tokens = true,
        _ => kinds.other = true,
    };
    if raw.get().starts_with('"') {
        note(raw.get());
    } else {
        items(raw).iter().for_each(|item| note(item.get()));
    }
    kinds
}

/// The elements of an array, unread.
pub(in crate::dialect) fn items(raw: &RawValue) -> Vec<&RawValue> {
    serde_json::from_str(raw.get()).unwrap_or_default()
}
