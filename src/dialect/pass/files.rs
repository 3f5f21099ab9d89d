//! Files, batches and uploads: requests for no model, which go to the one provider that the configuration names.
//!
//! Sources: OpenAI API reference, "Files", "Batches", "Uploads".

use super::Head;
use crate::ir::ApiError;

/// The longest id; OpenAI's have about 30 bytes.
const MAX_ID: usize = 128;

/// The longest query.
const MAX_QUERY: usize = 2048;

/// The methods that a path below `/v1` takes; `None` where it is not one of these.
pub fn methods(path: &str) -> Option<&'static [&'static str]> {
    let mut segments = path.strip_prefix("/v1/")?.split('/');
    let parts = (segments.next()?, segments.next(), segments.next());
    if segments.next().is_some() || parts.1.is_some_and(|id| !is_id(id)) {
        return None;
    }
    Some(match parts {
        ("files" | "batches", None, None) => &["GET", "POST"],
        ("files", Some(_), None) => &["GET", "DELETE"],
        ("files", Some(_), Some("content")) | ("batches", Some(_), None) => &["GET"],
        ("uploads", None, None)
        | ("batches", Some(_), Some("cancel"))
        | ("uploads", Some(_), Some("parts" | "complete" | "cancel")) => &["POST"],
        _ => return None,
    })
}

fn is_id(id: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (1..=MAX_ID).contains(&id.len()) && id.bytes().all(legal)
}

/// The head of such a request; `path` with its query is one that [`methods`] knows.
///
/// # Errors
///
/// For a query that is too long, or has what no query may have.
pub fn head(method: &[u8], path: &[u8], content_type: &str, length: Option<u64>) -> Result<Head, ApiError> {
    let path = std::str::from_utf8(path).unwrap_or_default();
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let legal = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'#' | b'"' | b'\\');
    if query.len() > MAX_QUERY || !query.bytes().all(legal) {
        return Err(ApiError::invalid(
            "query",
            "The query is too long, or has characters that do not belong there.",
        ));
    }
    let mut below = path.strip_prefix("/v1").unwrap_or_default().trim_end_matches('/').to_owned();
    if !query.is_empty() {
        below.push('?');
        below.push_str(query);
    }
    let known = ["GET", "POST", "DELETE"].into_iter().find(|known| known.as_bytes() == method);
    let content_type = content_type.to_owned();
    let method = known.unwrap_or("GET");
    Ok(Head { method, path: below.into(), content_type, length, ..Head::default() })
}
