//! Errors of Mistral: `{"object":"error","message","type","code"}`, `{"message","request_id"}` of its front, and the
//! `detail` of its validator (422): forms that those who are compatible with OpenAI use too.

use crate::{ir::ApiError, provider::openai};

/// Reads a reply whose status is not 200. Whatever the body holds, there is an error.
pub fn read(status: u16, body: &[u8]) -> ApiError {
    openai::error::read(status, body)
}
