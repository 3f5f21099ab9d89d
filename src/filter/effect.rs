//! What both roles do to their host.

use crate::{
    dialect::Dialect,
    host::{Host, HostError},
    ir::{ApiError, ErrorKind},
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
    // Whole seconds are all that the header can say (RFC 9110 section 10.2.3).
    let wait = error.retry_after.map(|wait| wait.div_ceil(1000).to_string());
    let told = headers.iter().any(|(name, _)| *name == b"retry-after");
    let wait = wait.as_ref().filter(|_| !told).map(|wait| (&b"retry-after"[..], wait.as_bytes()));
    let headers: Vec<(&[u8], &[u8])> = headers.iter().copied().chain(wait).collect();
    answer(host, translate::error_status(dialect, error), &headers, &body);
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
