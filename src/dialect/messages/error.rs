//! Errors in Anthropic's form: `{"type":"error","error":{"type","message"},"request_id"}`.
//!
//! Source of the rules: the API reference, "Errors", and `ErrorResponse` of the official SDK (anthropic 2.12.0), whose
//! kinds by status are the same.

use std::borrow::Cow;

use crate::{
    dialect::chat::json,
    ir::{ApiError, ErrorKind},
};

/// The HTTP status that tells a Messages client of `error`.
pub fn status(error: &ApiError) -> u16 {
    words(error.kind).0
}

/// Appends `error` to `out` as one JSON object.
pub fn write(error: &ApiError, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"type\":\"error\",\"error\":{\"type\":");
    json::string(words(error.kind).1, out);
    out.extend_from_slice(b",\"message\":");
    json::string(&message(error), out);
    out.extend_from_slice(b"},\"request_id\":null}");
}

/// Appends `error` to `out` as the last event of a stream.
pub fn write_event(error: &ApiError, out: &mut Vec<u8>) {
    out.extend_from_slice(b"event: error\ndata: ");
    write(error, out);
    out.extend_from_slice(b"\n\n");
}

/// The status and the type of an error.
fn words(kind: ErrorKind) -> (u16, &'static str) {
    match kind {
        ErrorKind::InvalidRequest | ErrorKind::ContextLength | ErrorKind::ContentPolicy => {
            (400, "invalid_request_error")
        }
        ErrorKind::Authentication => (401, "authentication_error"),
        ErrorKind::Billing => (402, "billing_error"),
        ErrorKind::Permission => (403, "permission_error"),
        ErrorKind::NotFound => (404, "not_found_error"),
        // The API has no type for it.
        ErrorKind::MethodNotAllowed => (405, "invalid_request_error"),
        ErrorKind::TooLarge => (413, "request_too_large"),
        ErrorKind::RateLimit => (429, "rate_limit_error"),
        ErrorKind::Server => (500, "api_error"),
        ErrorKind::Timeout => (504, "timeout_error"),
        ErrorKind::Overloaded => (529, "overloaded_error"),
    }
}

/// What there is no member for stands in the message: the field that is to blame before it, as Anthropic tells it, and
/// that the prompt is too long, which clients know by these words alone (Claude Code then shortens the conversation).
fn message(error: &ApiError) -> Cow<'_, str> {
    let message = error.message.as_str();
    if error.kind == ErrorKind::ContextLength {
        let lower = message.to_ascii_lowercase();
        let told = ["prompt is too long", "exceed context limit"].iter().any(|words| lower.contains(words));
        return if told { message.into() } else { ["prompt is too long: ", message].concat().into() };
    }
    match error.param.as_deref() {
        Some(param) if !param.is_empty() && !message.contains(param) => {
            [param, ": ", message].concat().into()
        }
        _ => message.into(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn told(error: &ApiError) -> Value {
        let mut out = Vec::new();
        write(error, &mut out);
        serde_json::from_slice(&out).unwrap()
    }

    #[test]
    fn every_kind_has_its_status_and_type() {
        use ErrorKind::*;
        for (kind, status, r#type) in [
            (InvalidRequest, 400, "invalid_request_error"),
            (Authentication, 401, "authentication_error"),
            (Billing, 402, "billing_error"),
            (Permission, 403, "permission_error"),
            (NotFound, 404, "not_found_error"),
            (MethodNotAllowed, 405, "invalid_request_error"),
            (TooLarge, 413, "request_too_large"),
            (ContentPolicy, 400, "invalid_request_error"),
            (RateLimit, 429, "rate_limit_error"),
            (Timeout, 504, "timeout_error"),
            (Overloaded, 529, "overloaded_error"),
            (Server, 500, "api_error"),
        ] {
            let error = ApiError::new(kind, "a \"quoted\"\nmessage").with_upstream_status(503);
            let inner = json!({"type": r#type, "message": "a \"quoted\"\nmessage"});
            assert_eq!(told(&error), json!({"type": "error", "error": inner, "request_id": null}));
            assert_eq!(super::status(&error), status, "{kind:?}");
        }
    }

    #[test]
    fn the_message_says_what_has_no_member() {
        for (error, message) in [
            (ApiError::invalid("messages.0.role", "Not a role."), "messages.0.role: Not a role."),
            (ApiError::invalid("top_k", "`top_k` must be a number."), "`top_k` must be a number."),
            (ApiError::invalid("", "No."), "No."),
            (
                ApiError::new(ErrorKind::ContextLength, "This model's maximum is 8192.")
                    .with_param("messages"),
                "prompt is too long: This model's maximum is 8192.",
            ),
            (
                ApiError::new(ErrorKind::ContextLength, "Prompt is too long: 9 > 8"),
                "Prompt is too long: 9 > 8",
            ),
        ] {
            assert_eq!(told(&error)["error"]["message"], message);
        }
    }

    #[test]
    fn an_event_has_its_name() {
        let mut out = Vec::new();
        write_event(&ApiError::new(ErrorKind::Overloaded, "no"), &mut out);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"no\"},\
             \"request_id\":null}\n\n"
        );
    }
}
