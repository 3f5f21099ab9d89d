//! A Messages request into the intermediate form.

use crate::ir::{ApiError, Request};

/// Reads a whole Messages request, or one for the count of its tokens.
///
/// # Errors
///
/// [`crate::ir::ErrorKind::InvalidRequest`], naming the field in `param`.
pub fn parse(_body: &[u8]) -> Result<Request<'_>, ApiError> {
    Err(ApiError::invalid("model", "not yet"))
}
