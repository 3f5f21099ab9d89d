//! A whole reply of this provider.

use crate::ir::{ApiError, ErrorKind, Reply};

/// Reads a reply with status 200. `id` is what the ids of calls are made of where the provider gave none: nothing that
/// another reply has too, so that they are not repeated within a conversation.
///
/// # Errors
///
/// Where the bytes are no reply: what they say instead, or [`crate::ir::ErrorKind::Server`].
pub fn read<'a>(_body: &'a [u8], _id: &str) -> Result<Reply<'a>, ApiError> {
    Err(ApiError::new(ErrorKind::Server, "This format cannot be read yet."))
}
