//! One pass over the bytes of a Messages request: all that the gateway needs, without building anything from it.

use std::ops::Range;

use super::field::Fields;
use crate::ir::ApiError;

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

/// Reads the head of a Messages request.
///
/// # Errors
///
/// Until the reader is there.
pub fn scan(_body: &[u8]) -> Result<Head, ApiError> {
    Err(ApiError::invalid("model", "not yet"))
}

/// Reads the head of a request for the count of tokens, which needs no `max_tokens`.
///
/// # Errors
///
/// As [`scan`].
pub fn scan_count(body: &[u8]) -> Result<Head, ApiError> {
    scan(body)
}
