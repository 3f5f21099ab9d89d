//! A request in the form of this provider.

use crate::{
    ir::{ApiError, Request},
    provider::Upstream,
};

/// Appends `request` to `out` as one JSON object.
///
/// # Errors
///
/// Where the request holds what the provider has no place for, naming the field as the client spelled it. `out` is
/// then as it was.
pub fn write(_request: &Request<'_>, _upstream: &Upstream<'_>, _out: &mut Vec<u8>) -> Result<(), ApiError> {
    Err(ApiError::invalid("model", "This format cannot be written yet."))
}
