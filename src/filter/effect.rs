//! What both roles do to their host.

use super::names;
use crate::{
    dialect::Dialect,
    host::{Host, HostError},
    ir::{ApiError, ErrorKind},
    provider::wait::{RETRY_AFTER, RETRY_AFTER_MS},
    translate,
};

/// A host call failed: for the log what, for the client that it is the gateway's fault.
pub(super) fn host_failed(what: &str, error: HostError) -> ApiError {
    log::error!("could not {what}: {error:?}");
    ApiError::new(ErrorKind::Server, format!("The gateway could not {what}.")).with_code("gateway_error")
}

/// Answers the client with `error` in its own dialect. `headers` come on top of the content type.
pub(super) fn refuse(host: &impl Host, dialect: Dialect, error: &ApiError, headers: &[(&[u8], &[u8])]) {
    let mut body = Vec::with_capacity(256);
    translate::write_error(dialect, error, &mut body);
    let wait = wait(error);
    let wait = wait.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes()));
    let mut headers: Vec<(&[u8], &[u8])> = headers.iter().copied().chain(wait).collect();
    if !headers.iter().any(|(name, _)| *name == names::SHOULD_RETRY.as_bytes()) {
        headers.extend(advice(error));
    }
    answer(host, translate::error_status(dialect, error), &headers, &body);
}

/// The headers that tell a client when to come again: whole seconds are all that `Retry-After` can say (RFC 9110 section
/// 10.2.3), so that its SDK gets milliseconds too.
pub(super) fn wait(error: &ApiError) -> Vec<(&'static str, String)> {
    let Some(wait) = error.retry_after else { return Vec::new() };
    let mut headers = vec![(RETRY_AFTER, wait.div_ceil(1000).to_string())];
    if !wait.is_multiple_of(1000) {
        headers.push((RETRY_AFTER_MS, wait.to_string()));
    }
    headers
}

/// Tells the SDKs of OpenAI and Anthropic whether the same request may be served later, where they would guess by the
/// status: they try 408, 409, 429 and 5xx again. What is wrong with the gateway's own account no second try mends.
/// `error` is what happened, before it is put for the client.
pub(super) fn advice(error: &ApiError) -> Option<(&'static [u8], &'static [u8])> {
    let may: &[u8] = match error.kind {
        ErrorKind::RateLimit | ErrorKind::Timeout | ErrorKind::Overloaded | ErrorKind::Server => b"true",
        ErrorKind::Authentication | ErrorKind::Permission | ErrorKind::Billing => b"false",
        // Their statuses say so already.
        _ => return None,
    };
    Some((names::SHOULD_RETRY.as_bytes(), may))
}

/// Answers the client with JSON.
pub(super) fn answer(host: &impl Host, status: u16, headers: &[(&[u8], &[u8])], body: &[u8]) {
    let mut pairs: Vec<(&[u8], &[u8])> = vec![(b"content-type", b"application/json")];
    pairs.extend(headers);
    if let Err(error) = host.respond(status, &pairs, body) {
        // The host has answered already; there is no one left to tell but its log.
        log::error!("could not answer the client: {error:?}");
    }
}
