//! Requests for the count of a prompt's tokens, and their replies.

use super::Outcome;
use crate::{
    dialect::Head,
    ir::{ApiError, Usage},
    provider::{Format, Upstream, fate},
};

/// Writes to `out` what a provider of this format is to get for a client's `body`.
///
/// # Errors
///
/// Where the request holds what the format has no place for; the error names the field as the client spelled it.
pub fn request(
    format: Format,
    _body: &[u8],
    _head: &Head,
    _upstream: &Upstream<'_>,
    _betas: &mut Vec<&str>,
    _out: &mut Vec<u8>,
) -> Result<Outcome, ApiError> {
    Err(super::no_endpoint(fate::count::lacks(format)))
}

/// Writes to `out` what the client is to get for a provider's reply with status 200.
///
/// # Errors
///
/// Where the reply is none: an error in spite of its status, or bytes that cannot be read.
pub fn reply(
    format: Format,
    _body: &[u8],
    _head: &Head,
    _out: &mut Vec<u8>,
) -> Result<(Outcome, Option<Usage>), ApiError> {
    Err(super::no_endpoint(fate::count::lacks(format)))
}
