//! Errors in Anthropic's form: `{"type":"error","error":{"type","message"}}`.

use crate::{dialect::chat, ir::ApiError};

/// The HTTP status that tells a Messages client of `error`.
pub fn status(error: &ApiError) -> u16 {
    chat::error::status(error)
}

/// Appends `error` to `out` as one JSON object.
pub fn write(error: &ApiError, out: &mut Vec<u8>) {
    chat::error::write(error, out);
}
