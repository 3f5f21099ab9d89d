//! Anthropic's errors: `{"type":"error","error":{"type","message"}}`. Those of Claude on Vertex AI are Google's, or
//! Anthropic's, or one as the other's message.
//!
//! Source: API reference, "Errors".

use std::borrow::Cow;

use super::json::{pick, text};
use crate::{
    ir::{ApiError, ErrorKind},
    provider::{gemini, status::read_failed},
};

/// Reads a reply whose status is not 200. Whatever the body holds, there is an error.
pub fn read(status: u16, body: &[u8]) -> ApiError {
    read_failed(status, body, parse, refine)
}

/// Reads an error out of a JSON body or a stream's event; `None` where there is none. `otherwise` is the kind where
/// the body does not tell.
pub(super) fn parse(body: &[u8], otherwise: ErrorKind) -> Option<ApiError> {
    // A list would be read as the members in their order; Google sends such.
    if body.trim_ascii_start().starts_with(b"[") {
        return google(body, otherwise);
    }
    let [error, message] = pick(str::from_utf8(body).ok()?, ["error", "message"])?;
    let (kind, message) = match error {
        Some(raw) => match pick(raw.get(), ["type", "message", "status"]) {
            Some([kind, _, Some(_)]) if text(kind).is_none() => return google(body, otherwise),
            Some([kind, message, _]) => (text(kind), text(message)),
            None => (None, text(Some(raw))),
        },
        // Proxies in front of the API put the message at the top.
        None => (None, Some(text(message)?)),
    };
    let message = message.filter(|text| !text.trim().is_empty());
    let kind = kind.as_deref().and_then(by_type).unwrap_or(otherwise);
    let told = message
        .map_or_else(|| "The provider reported an error without a message.".to_owned(), Cow::into_owned);
    let error = ApiError::new(refine(kind, &told), told);
    let no_model = error.kind == ErrorKind::NotFound && error.message.trim_start().starts_with("model");
    Some(if no_model { error.with_code("model_not_found") } else { error })
}

/// Reads an error as Google tells it.
fn google(body: &[u8], otherwise: ErrorKind) -> Option<ApiError> {
    let error = gemini::error::parse(body, otherwise)?;
    let told = error.message.trim_start();
    // What is no object holds no other error, so that this ends.
    let inner = told.starts_with('{').then(|| parse(told.as_bytes(), error.kind)).flatten();
    Some(match inner {
        Some(inner) => ApiError { retry_after: error.retry_after, ..inner },
        None => ApiError { kind: refine(error.kind, &error.message), ..error },
    })
}

fn by_type(kind: &str) -> Option<ErrorKind> {
    Some(match kind {
        "invalid_request_error" => ErrorKind::InvalidRequest,
        "authentication_error" => ErrorKind::Authentication,
        "billing_error" => ErrorKind::Billing,
        "permission_error" => ErrorKind::Permission,
        "not_found_error" => ErrorKind::NotFound,
        "request_too_large" => ErrorKind::TooLarge,
        "rate_limit_error" => ErrorKind::RateLimit,
        "timeout_error" => ErrorKind::Timeout,
        "api_error" => ErrorKind::Server,
        "overloaded_error" => ErrorKind::Overloaded,
        _ => return None,
    })
}

/// What Anthropic tells by words alone: these come as `invalid_request_error`.
fn refine(kind: ErrorKind, message: &str) -> ErrorKind {
    if !matches!(kind, ErrorKind::InvalidRequest | ErrorKind::TooLarge) {
        return kind;
    }
    let message = message.to_ascii_lowercase();
    let says = |phrases: &[&str]| phrases.iter().any(|phrase| message.contains(phrase));
    if says(&["prompt is too long", "exceed context limit", "exceeds context limit", "context window"]) {
        return ErrorKind::ContextLength;
    }
    if says(&["credit balance is too low"]) {
        return ErrorKind::Billing;
    }
    if says(&["content filtering policy"]) {
        return ErrorKind::ContentPolicy;
    }
    kind
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(kind: &str, message: &str) -> Vec<u8> {
        serde_json::json!({"type": "error", "error": {"type": kind, "message": message}, "request_id": null})
            .to_string()
            .into_bytes()
    }

    #[test]
    fn every_type_of_the_reference() {
        for (status, kind, read_as) in [
            (400, "invalid_request_error", ErrorKind::InvalidRequest),
            (401, "authentication_error", ErrorKind::Authentication),
            (402, "billing_error", ErrorKind::Billing),
            (403, "permission_error", ErrorKind::Permission),
            (404, "not_found_error", ErrorKind::NotFound),
            (413, "request_too_large", ErrorKind::TooLarge),
            (429, "rate_limit_error", ErrorKind::RateLimit),
            (500, "api_error", ErrorKind::Server),
            (504, "timeout_error", ErrorKind::Timeout),
            (529, "overloaded_error", ErrorKind::Overloaded),
        ] {
            let error = read(status, &body(kind, "why"));
            assert_eq!(error.kind, read_as, "{kind}");
            assert_eq!(error.message, "why");
            assert_eq!(error.upstream_status, Some(status));
            // The status alone tells the same.
            assert_eq!(read(status, b"").kind, read_as, "{status}");
            assert_eq!(read(status, &body("new_error", "why")).kind, read_as, "{status}");
        }
        // The type wins over a proxy's status.
        assert_eq!(read(502, &body("overloaded_error", "x")).kind, ErrorKind::Overloaded);
    }

    #[test]
    fn what_is_not_the_requests_fault_may_be_served_elsewhere() {
        for status in [405, 409, 415, 424, 425, 431] {
            let error = read(status, &body("invalid_request_error", "Method Not Allowed"));
            assert_eq!((error.kind, error.upstream_status), (ErrorKind::Server, Some(status)));
        }
        for status in [400, 422] {
            assert_eq!(read(status, b"").kind, ErrorKind::InvalidRequest);
        }
    }

    #[test]
    fn of_claude_on_vertex_ai() {
        let google = |code: u16, status: &str, message: &str| {
            let error = serde_json::json!({"code": code, "message": message, "status": status});
            serde_json::json!({"error": error}).to_string()
        };
        let of = |status: u16, body: &str| read(status, body.as_bytes());
        let quota = google(429, "RESOURCE_EXHAUSTED", "Quota exceeded for online_prediction_requests.");
        assert_eq!(of(429, &quota).kind, ErrorKind::RateLimit);
        assert_eq!(of(429, &format!("[{quota}]")).message, "Quota exceeded for online_prediction_requests.");
        // In a stream there is no status of HTTP.
        assert_eq!(parse(quota.as_bytes(), ErrorKind::Server).unwrap().kind, ErrorKind::RateLimit);
        let long = google(400, "INVALID_ARGUMENT", "prompt is too long: 213462 tokens > 200000 maximum");
        assert_eq!(of(400, &long).kind, ErrorKind::ContextLength);
        let inner = r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#;
        let wrapped = of(400, &google(400, "FAILED_PRECONDITION", inner));
        assert_eq!((wrapped.kind, wrapped.message.as_str()), (ErrorKind::Overloaded, "Overloaded"));
        let model = "Publisher Model `projects/p/locations/l/publishers/anthropic/models/x` was not found.";
        assert_eq!(of(404, &google(404, "NOT_FOUND", model)).code.as_deref(), Some("model_not_found"));
        assert_eq!(of(529, inner).kind, ErrorKind::Overloaded);
    }

    #[test]
    fn told_by_words() {
        for message in [
            "prompt is too long: 213462 tokens > 200000 maximum",
            "input length and `max_tokens` exceed context limit: 190000 + 21333 > 200000",
        ] {
            assert_eq!(read(400, &body("invalid_request_error", message)).kind, ErrorKind::ContextLength);
        }
        let broke = "Your credit balance is too low to access the Anthropic API.";
        assert_eq!(read(400, &body("invalid_request_error", broke)).kind, ErrorKind::Billing);
        let policy = "Output blocked by content filtering policy";
        assert_eq!(read(400, &body("invalid_request_error", policy)).kind, ErrorKind::ContentPolicy);
        let model = read(404, &body("not_found_error", "model: claude-9"));
        assert_eq!(model.code.as_deref(), Some("model_not_found"));
        assert_eq!(read(404, &body("not_found_error", "Not found")).code, None);
        // Words in another kind of error mean nothing.
        assert_eq!(read(500, &body("api_error", "prompt is too long")).kind, ErrorKind::Server);
    }

    #[test]
    fn bodies_of_any_shape() {
        for (json, message) in [
            (r#"{"error":"no such host"}"#, "no such host"),
            (r#"{"message":"Forbidden"}"#, "Forbidden"),
            (r#"{"error":{"message":7,"type":null}}"#, "The provider reported an error without a message."),
            (r#"{"error":{}}"#, "The provider reported an error without a message."),
            ("<html><h1>502</h1></html>", "The provider answered with status 502."),
            ("upstream connect error", "upstream connect error"),
            ("", "The provider answered with status 502."),
            ("null", "null"),
            ("{}", "The provider answered with status 502."),
            ("[1]", "The provider answered with status 502."),
        ] {
            let error = read(502, json.as_bytes());
            assert_eq!(error.message, message, "{json}");
            assert_eq!(error.kind, ErrorKind::Server, "{json}");
        }
        assert_eq!(read(502, b"\xff\xfe").message, "The provider answered with status 502.");
        assert_eq!(read(502, "é".repeat(1000).as_bytes()).message.chars().count(), 300);
    }
}
