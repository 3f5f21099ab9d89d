//! Errors in OpenAI's form: `{"error":{"message","type","param","code"}}`.
//!
//! Source of the rules: the OpenAI API reference, "Error codes", and the `Error` schema of its OpenAPI document, which
//! requires all four keys and wants `code` to be a string or null.

use super::json;
use crate::ir::{ApiError, ErrorKind};

/// The HTTP status that tells a chat client of `error`.
pub fn status(error: &ApiError) -> u16 {
    match error.kind {
        ErrorKind::InvalidRequest | ErrorKind::ContextLength | ErrorKind::ContentPolicy => 400,
        ErrorKind::Authentication => 401,
        ErrorKind::Permission => 403,
        ErrorKind::NotFound => 404,
        ErrorKind::MethodNotAllowed => 405,
        ErrorKind::TooLarge => 413,
        // OpenAI tells of an empty account by 429 too, and clients look at the code.
        ErrorKind::RateLimit | ErrorKind::Billing => 429,
        ErrorKind::Timeout => 504,
        // Also for a provider's 529, which only Anthropic's clients know.
        ErrorKind::Overloaded => 503,
        ErrorKind::Server if error.upstream_status == Some(500) => 500,
        ErrorKind::Server => 502,
    }
}

/// Appends `error` to `out` as one JSON object.
pub fn write(error: &ApiError, out: &mut Vec<u8>) {
    out.push(b'{');
    members(error, out);
    out.push(b'}');
}

/// Appends the one member of that object.
pub(crate) fn members(error: &ApiError, out: &mut Vec<u8>) {
    let (kind, _) = words(error.kind);
    out.extend_from_slice(b"\"error\":{\"message\":");
    json::string(&error.message, out);
    out.extend_from_slice(b",\"type\":");
    json::string(kind, out);
    out.extend_from_slice(b",\"param\":");
    json::string_or_null(error.param.as_deref(), out);
    out.extend_from_slice(b",\"code\":");
    json::string_or_null(code(error), out);
    out.push(b'}');
}

/// The machine-readable detail of an error.
pub(crate) fn code(error: &ApiError) -> Option<&str> {
    error.code.as_deref().or(words(error.kind).1)
}

/// Appends `error` to `out` as the last event of a stream; no `[DONE]` follows it.
///
/// OpenAI's SDKs raise on an `error` key in the data, whatever the event's name.
pub fn write_event(error: &ApiError, out: &mut Vec<u8>) {
    out.extend_from_slice(b"data: ");
    write(error, out);
    out.extend_from_slice(b"\n\n");
}

/// The `type` of an error, and the `code` it has where nothing more exact is known.
fn words(kind: ErrorKind) -> (&'static str, Option<&'static str>) {
    match kind {
        ErrorKind::InvalidRequest | ErrorKind::TooLarge => ("invalid_request_error", None),
        ErrorKind::Authentication => ("authentication_error", Some("invalid_api_key")),
        ErrorKind::Permission => ("permission_error", None),
        ErrorKind::Billing => ("insufficient_quota", Some("insufficient_quota")),
        ErrorKind::NotFound => ("invalid_request_error", Some("model_not_found")),
        ErrorKind::MethodNotAllowed => ("invalid_request_error", Some("method_not_supported")),
        ErrorKind::ContextLength => ("invalid_request_error", Some("context_length_exceeded")),
        ErrorKind::ContentPolicy => ("invalid_request_error", Some("content_filter")),
        ErrorKind::RateLimit => ("rate_limit_error", Some("rate_limit_exceeded")),
        ErrorKind::Timeout => ("timeout", None),
        ErrorKind::Overloaded | ErrorKind::Server => ("server_error", None),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn every_kind_has_its_status_type_and_code() {
        use ErrorKind::*;
        for (kind, status, r#type, code) in [
            (InvalidRequest, 400, "invalid_request_error", None),
            (Authentication, 401, "authentication_error", Some("invalid_api_key")),
            (Permission, 403, "permission_error", None),
            (Billing, 429, "insufficient_quota", Some("insufficient_quota")),
            (NotFound, 404, "invalid_request_error", Some("model_not_found")),
            (MethodNotAllowed, 405, "invalid_request_error", Some("method_not_supported")),
            (TooLarge, 413, "invalid_request_error", None),
            (ContextLength, 400, "invalid_request_error", Some("context_length_exceeded")),
            (ContentPolicy, 400, "invalid_request_error", Some("content_filter")),
            (RateLimit, 429, "rate_limit_error", Some("rate_limit_exceeded")),
            (Timeout, 504, "timeout", None),
            (Overloaded, 503, "server_error", None),
            (Server, 502, "server_error", None),
        ] {
            let error = ApiError::new(kind, "a \"quoted\"\nmessage").with_upstream_status(529);
            let mut out = Vec::new();
            write(&error, &mut out);
            let expected = json!({"error": {
                "message": "a \"quoted\"\nmessage", "type": r#type, "param": null, "code": code}});
            assert_eq!(serde_json::from_slice::<Value>(&out).unwrap(), expected);
            assert_eq!(super::status(&error), status, "{kind:?}");
        }
    }

    #[test]
    fn what_is_known_more_exactly_is_told() {
        let error =
            ApiError::invalid("messages[0].role", "no").with_code("unknown_role").with_upstream_status(500);
        let mut out = Vec::new();
        write_event(&error, &mut out);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "data: {\"error\":{\"message\":\"no\",\"type\":\"invalid_request_error\",\
             \"param\":\"messages[0].role\",\"code\":\"unknown_role\"}}\n\n"
        );
        assert_eq!(status(&ApiError::new(ErrorKind::Server, "x").with_upstream_status(500)), 500);
        assert_eq!(status(&ApiError::new(ErrorKind::Server, "x").with_upstream_status(520)), 502);
    }
}
