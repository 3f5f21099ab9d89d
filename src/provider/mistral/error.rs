//! Errors of this provider.

use crate::{ir::ApiError, provider::status::read_failed};

/// Reads a reply whose status is not 200. Whatever the body holds, there is an error.
pub fn read(status: u16, body: &[u8]) -> ApiError {
    read_failed(status, body, |_, _| None, |kind, _| kind)
}
