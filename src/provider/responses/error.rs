//! Errors of OpenAI's Responses: the envelope of all its APIs, and the `error` of a response that failed.
//!
//! Source: API reference, "Error codes" and "The response object" (`ResponseError`).

use crate::{
    ir::{ApiError, ErrorKind},
    provider::openai,
};

/// Reads a reply whose status is not 200. Whatever the body holds, there is an error.
pub fn read(status: u16, body: &[u8]) -> ApiError {
    judged(openai::error::read(status, body))
}

/// Reads the error within a reply of status 200: of a response, an event, or instead of one.
pub(super) fn told(json: &[u8]) -> ApiError {
    judged(openai::error::read(200, json))
}

/// What the codes of this API alone mean.
fn judged(error: ApiError) -> ApiError {
    // What the gateway asked for by itself: the account is not one that is given it. It is not the client's fault, and
    // another provider need not be asked for it.
    let own = error.param.as_deref().is_some_and(|param| param.starts_with("reasoning.summary"));
    let kind = match error.code.as_deref() {
        _ if own && error.kind == ErrorKind::InvalidRequest => ErrorKind::Permission,
        // Reasoning that another account or model gave: others are not sent it.
        Some("invalid_encrypted_content") => ErrorKind::NotFound,
        Some("invalid_prompt" | "bio_policy" | "misalignment_policy_violation" | "cyber_policy") => {
            ErrorKind::ContentPolicy
        }
        Some("image_content_policy_violation") => ErrorKind::ContentPolicy,
        Some(code) if error.kind == ErrorKind::Server && is_of_the_request(code) => ErrorKind::InvalidRequest,
        _ => error.kind,
    };
    ApiError { kind, ..error }
}

/// Codes of pictures that cannot be read or fetched.
fn is_of_the_request(code: &str) -> bool {
    code.contains("image") && !code.ends_with("_error")
        || matches!(code, "invalid_request_error" | "image_parse_error")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(code: &str, param: Option<&str>) -> Vec<u8> {
        serde_json::json!({"error": {"message": "why", "type": "invalid_request_error", "param": param, "code": code}})
            .to_string()
            .into_bytes()
    }

    #[test]
    fn the_envelope_is_openais() {
        for (status, code, kind) in [
            (400, "context_length_exceeded", ErrorKind::ContextLength),
            (401, "invalid_api_key", ErrorKind::Authentication),
            (404, "model_not_found", ErrorKind::NotFound),
            (429, "rate_limit_exceeded", ErrorKind::RateLimit),
            (429, "insufficient_quota", ErrorKind::Billing),
            (500, "server_error", ErrorKind::Server),
            (400, "invalid_prompt", ErrorKind::ContentPolicy),
            (400, "unknown_parameter", ErrorKind::InvalidRequest),
        ] {
            let error = read(status, &body(code, None));
            assert_eq!((error.kind, error.upstream_status), (kind, Some(status)), "{code}");
        }
        assert_eq!(read(404, b"").kind, ErrorKind::NotFound);
        assert_eq!(read(503, b"<html>").kind, ErrorKind::Overloaded);
    }

    #[test]
    fn within_a_reply() {
        for (code, kind) in [
            ("server_error", ErrorKind::Server),
            ("rate_limit_exceeded", ErrorKind::RateLimit),
            ("invalid_prompt", ErrorKind::ContentPolicy),
            ("vector_store_timeout", ErrorKind::Server),
            ("invalid_base64_image", ErrorKind::InvalidRequest),
            ("failed_to_download_image", ErrorKind::InvalidRequest),
            ("image_parse_error", ErrorKind::InvalidRequest),
            ("image_content_policy_violation", ErrorKind::ContentPolicy),
            ("new_code", ErrorKind::Server),
        ] {
            let response = serde_json::json!({"id": "r", "error": {"code": code, "message": "why"}});
            let error = told(response.to_string().as_bytes());
            assert_eq!((error.kind, error.message.as_str()), (kind, "why"), "{code}");
        }
        // The event of the reference has no wrapper.
        let event = br#"{"type":"error","code":"rate_limit_exceeded","message":"slow","param":null,"sequence_number":1}"#;
        assert_eq!(told(event).kind, ErrorKind::RateLimit);
    }

    #[test]
    fn what_the_gateway_asked_for_is_not_the_clients_fault() {
        let summary = read(400, &body("unsupported_value", Some("reasoning.summary")));
        assert_eq!(summary.kind, ErrorKind::Permission);
        assert_eq!(
            read(400, &body("unsupported_value", Some("reasoning.effort"))).kind,
            ErrorKind::InvalidRequest
        );
        assert_eq!(read(400, &body("invalid_encrypted_content", None)).kind, ErrorKind::NotFound);
    }
}
