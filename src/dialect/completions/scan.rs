//! One pass over the bytes of a Completions request: all that the gateway needs.

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
    /// The client wants usage in the stream.
    pub include_usage: bool,
    /// What the request uses.
    pub fields: Fields,
}

/// Reads the head of a Completions request.
///
/// # Errors
///
/// Until the reader is there.
pub fn scan(_body: &[u8]) -> Result<Head, ApiError> {
    Err(ApiError::invalid("model", "not yet"))
}
