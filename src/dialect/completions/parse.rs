//! A Completions request into the intermediate form.

use crate::ir::{ApiError, Request};

/// Reads a whole Completions request.
///
/// # Errors
///
/// [`crate::ir::ErrorKind::InvalidRequest`], naming the field in `param`.
pub fn parse(_body: &[u8]) -> Result<Request<'_>, ApiError> {
    Err(ApiError::invalid("model", "not yet"))
}
