//! Replies that Envoy makes itself (no healthy upstream, timeouts, a reset after the last attempt, a body over its
//! limit): turned into errors of the client's dialect.

use super::{effect, names};
use crate::{
    dialect::Dialect,
    host::{Host, Side},
    ir::{ApiError, ErrorKind},
    translate,
};

/// The error that the host's own reply stands for; `None` where its reply is no error. `session`: a WebSocket was asked
/// for; Envoy answers 200 itself where the provider did (`websocket_handshake_unsuccessful`).
pub(super) fn read(host: &impl Host, model: Option<&str>, session: bool) -> Option<ApiError> {
    let status = host.header(Side::Reply, ":status").ok().flatten()?;
    let status: u16 = std::str::from_utf8(&status).ok()?.parse().ok()?;
    // Others are not the router's: another filter's refusal, which says what it means.
    let failed =
        matches!(status, 404 | 408 | 413) || status >= 500 || (session && (200..300).contains(&status));
    failed.then(|| describe(status, model))
}

/// Rewrites the headers of the host's own reply to tell of `error`, and gives the body that is to replace its body.
/// `None` where the host does not let us.
pub(super) fn rewrite(host: &impl Host, dialect: Dialect, error: &ApiError) -> Option<Vec<u8>> {
    let mut body = Vec::with_capacity(256);
    translate::write_error(dialect, error, &mut body);
    let status = translate::error_status(dialect, error).to_string();
    let length = body.len().to_string();
    let mut headers: Vec<(&[u8], &[u8])> = vec![
        (b":status", status.as_bytes()),
        (b"content-type", b"application/json"),
        (b"content-length", length.as_bytes()),
    ];
    headers.extend(effect::advice(error));
    let attempts = host.header(Side::Reply, names::ATTEMPTS).ok().flatten();
    headers.extend(attempts.iter().map(|list| (names::ATTEMPTS.as_bytes(), list.as_slice())));
    host.replace_headers(Side::Reply, &headers).ok()?;
    Some(body)
}

/// What Envoy's status means to a client. Its details name clusters and addresses, and are for the access log.
fn describe(status: u16, model: Option<&str>) -> ApiError {
    let whose = model.map_or_else(String::new, |model| format!(" of the model `{model}`"));
    match status {
        408 if model.is_none() => ApiError::new(ErrorKind::Timeout, "The request did not come in time."),
        408 | 504 => {
            let message = format!("No provider{whose} answered in time.");
            ApiError::new(ErrorKind::Timeout, message).with_code("upstream_timeout")
        }
        413 => ApiError::new(ErrorKind::TooLarge, "The request body is too large.")
            .with_code("request_too_large"),
        503 => {
            let message = format!("No provider{whose} could be reached.");
            ApiError::new(ErrorKind::Overloaded, message).with_code("no_upstream")
        }
        _ => {
            let message = format!("No provider{whose} gave an answer that can be used.");
            ApiError::new(ErrorKind::Server, message).with_code("upstream_error")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeout_is_told_from_a_provider_that_is_down() {
        assert_eq!(describe(504, Some("m")).kind, ErrorKind::Timeout);
        assert_eq!(describe(503, Some("m")).kind, ErrorKind::Overloaded);
        assert_eq!(describe(500, Some("m")).kind, ErrorKind::Server);
    }
}
