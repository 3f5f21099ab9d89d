//! What a failed reply tells without JSON: its status, and a short plain text.

use crate::ir::ErrorKind;

/// Longest text of a body that is not JSON that is shown to the client, in characters.
const SHOWN: usize = 300;

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
pub(super) fn plain_text(body: &[u8]) -> Option<String> {
    let text = str::from_utf8(body).ok()?.trim();
    if text.is_empty()
        || text.starts_with(['<', '{', '['])
        || text.chars().any(|c| c.is_control() && c != '\n')
    {
        return None;
    }
    Some(text.chars().take(SHOWN).collect())
}
