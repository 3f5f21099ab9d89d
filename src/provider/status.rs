//! A failed reply: what its status and a short plain text tell where its body does not.

use crate::ir::{ApiError, ErrorKind};

/// Longest text of a body that is not JSON that is shown to the client, in characters.
const SHOWN: usize = 300;

/// Reads a reply whose status is not 200. `parse` reads the format's own errors, with the kind to use where they do
/// not tell; `refine` is what words alone tell of a plain text.
pub(super) fn read_failed(
    status: u16,
    body: &[u8],
    parse: fn(&[u8], ErrorKind) -> Option<ApiError>,
    refine: fn(ErrorKind, &str) -> ErrorKind,
) -> ApiError {
    let error = parse(body, by_status(status)).unwrap_or_else(|| {
        let message =
            plain_text(body).unwrap_or_else(|| format!("The provider answered with status {status}."));
        ApiError::new(refine(by_status(status), &message), message)
    });
    let kind = match error.kind {
        // A body that calls it an invalid request says less than any other status than 400.
        ErrorKind::InvalidRequest => by_status(status),
        kind => kind,
    };
    ApiError { kind, ..error }.with_upstream_status(status)
}

/// What a status means where the body does not tell more.
pub(super) fn by_status(status: u16) -> ErrorKind {
    match status {
        401 => ErrorKind::Authentication,
        402 => ErrorKind::Billing,
        403 => ErrorKind::Permission,
        404 => ErrorKind::NotFound,
        408 | 504 => ErrorKind::Timeout,
        413 => ErrorKind::TooLarge,
        429 => ErrorKind::RateLimit,
        503 | 529 => ErrorKind::Overloaded,
        _ if ErrorKind::is_no_fault_of_the_request(status) => ErrorKind::Server,
        400..500 => ErrorKind::InvalidRequest,
        _ => ErrorKind::Server,
    }
}

/// A short plain body, such as a load balancer's; markup is not for a person to read.
fn plain_text(body: &[u8]) -> Option<String> {
    let text = str::from_utf8(body).ok()?.trim();
    if text.is_empty()
        || text.starts_with(['<', '{', '['])
        || text.chars().any(|c| c.is_control() && c != '\n')
    {
        return None;
    }
    Some(text.chars().take(SHOWN).collect())
}
