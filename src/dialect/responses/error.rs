//! Errors within an answer. Those of whole replies are [those of chat](crate::dialect::chat::error).
//!
//! Source of the rules: API reference, "Streaming events" (`error`, `response.failed`), the `ResponseError` of the SDK,
//! and a recorded failure of OpenAI's, whose event `error` has the members of its type in an object `error` \[R\].

use super::words::member;
use crate::{
    dialect::chat::{self, json},
    ir::{ApiError, ErrorKind},
};

/// Appends the members of an event `error`, each behind a comma: as the reference has them, and as an object `error`, as
/// the API itself sends them. SDKs of some languages read the first, those of others the second.
pub(super) fn members(error: &ApiError, out: &mut Vec<u8>) {
    out.extend_from_slice(b",\"code\":");
    json::string_or_null(chat::error::code(error), out);
    member("message", &error.message, out);
    out.extend_from_slice(b",\"param\":");
    json::string_or_null(error.param.as_deref(), out);
    out.push(b',');
    chat::error::members(error, out);
}

/// Appends the `error` of a response that failed.
pub(super) fn object(error: &ApiError, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"code\":");
    json::string(code(error.kind), out);
    member("message", &error.message, out);
    out.push(b'}');
}

/// One of the API's own codes, by which clients judge whether to try again. All are in the reference but
/// `context_length_exceeded`, which Codex knows, and answers by making its history shorter.
fn code(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::RateLimit => "rate_limit_exceeded",
        ErrorKind::ContextLength => "context_length_exceeded",
        ErrorKind::InvalidRequest
        | ErrorKind::ContentPolicy
        | ErrorKind::TooLarge
        | ErrorKind::NotFound
        | ErrorKind::MethodNotAllowed => "invalid_prompt",
        ErrorKind::Authentication
        | ErrorKind::Permission
        | ErrorKind::Billing
        | ErrorKind::Timeout
        | ErrorKind::Overloaded
        | ErrorKind::Server => "server_error",
    }
}
