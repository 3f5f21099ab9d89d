//! Gemini's errors: `{"error":{"code","message","status","details"}}`, alone or in a list of one.
//!
//! Source: Gemini API guide "Troubleshooting" and google.rpc.Code, whose names `status` holds.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::json::{count, list, pick, text};
use crate::{
    ir::{ApiError, ErrorKind},
    provider::status::{by_status, read_failed},
};

/// Reads a reply whose status is not 200. Whatever the body holds, there is an error.
pub fn read(status: u16, body: &[u8]) -> ApiError {
    read_failed(status, body, parse, |kind, _| kind)
}

/// Reads an error out of a JSON body or a stream's chunk; `None` where there is none. `otherwise` is the kind where
/// the body does not tell.
pub(in crate::provider) fn parse(body: &[u8], otherwise: ErrorKind) -> Option<ApiError> {
    let body = body.trim_ascii_start();
    if body.starts_with(b"[") {
        // Endpoints that answer with a list of chunks wrap their errors too.
        let list: Vec<&RawValue> = serde_json::from_slice(body).ok()?;
        let first = list.first().filter(|raw| raw.get().starts_with('{'));
        return first.and_then(|raw| parse(raw.get().as_bytes(), otherwise));
    }
    let [error] = pick(str::from_utf8(body).ok()?, ["error"])?;
    let raw = error?;
    let detail = pick(raw.get(), ["code", "message", "status", "details"]);
    // An error that is no object is its message.
    let [code, message, status, details] = detail.unwrap_or([None, Some(raw), None, None]);
    let by_code = count(code).and_then(|code| u16::try_from(code).ok()).filter(|code| *code >= 400);
    let status = text(status).as_deref().and_then(by_name);
    let kind = status.or_else(|| by_code.map(by_status)).unwrap_or(otherwise);
    let told = text(message).filter(|text| !text.trim().is_empty());
    let told =
        told.map_or_else(|| "The provider reported an error without a message.".to_owned(), Cow::into_owned);
    let refused_key = details.is_some_and(|raw| raw.get().contains("\"API_KEY_INVALID\""));
    let mut error = ApiError::new(refine(kind, &told, refused_key), told);
    error.retry_after = details.and_then(retry_after);
    // Gemini's API, and Vertex AI.
    let model = ["models/", "Publisher Model"];
    let told = error.message.trim_start();
    let no_model = error.kind == ErrorKind::NotFound && model.iter().any(|start| told.starts_with(start));
    Some(if no_model { error.with_code("model_not_found") } else { error })
}

/// The wait that a `google.rpc.RetryInfo` asks for, in milliseconds: `retryDelay` is a `google.protobuf.Duration`, seconds
/// with up to nine digits behind the point and an `s`.
fn retry_after(details: &RawValue) -> Option<u64> {
    let delay =
        |raw: &RawValue| pick(raw.get(), ["retryDelay"]).and_then(|[delay]| text(delay).map(Cow::into_owned));
    let delay = list(Some(details)).into_iter().find_map(delay)?;
    let (seconds, fraction) =
        delay.strip_suffix('s').map(|text| text.split_once('.').unwrap_or((text, "")))?;
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(seconds) || !digits(fraction) {
        return None;
    }
    let milliseconds = fraction.bytes().chain(*b"000").take(3);
    let milliseconds = milliseconds.fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0'));
    seconds.parse::<u64>().ok()?.checked_mul(1000)?.checked_add(milliseconds)
}

/// By the name of a google.rpc.Code.
fn by_name(status: &str) -> Option<ErrorKind> {
    Some(match status {
        "INVALID_ARGUMENT" | "OUT_OF_RANGE" => ErrorKind::InvalidRequest,
        // The free tier is not offered everywhere: the account has to pay.
        "FAILED_PRECONDITION" => ErrorKind::Billing,
        "UNAUTHENTICATED" => ErrorKind::Authentication,
        "PERMISSION_DENIED" => ErrorKind::Permission,
        "NOT_FOUND" => ErrorKind::NotFound,
        "RESOURCE_EXHAUSTED" => ErrorKind::RateLimit,
        "DEADLINE_EXCEEDED" => ErrorKind::Timeout,
        "UNAVAILABLE" => ErrorKind::Overloaded,
        "INTERNAL" | "UNKNOWN" | "DATA_LOSS" | "ABORTED" | "CANCELLED" | "UNIMPLEMENTED" => ErrorKind::Server,
        _ => return None,
    })
}

/// What Gemini tells by words or details alone: these come as `INVALID_ARGUMENT`.
fn refine(kind: ErrorKind, message: &str, refused_key: bool) -> ErrorKind {
    if kind != ErrorKind::InvalidRequest {
        return kind;
    }
    let message = message.to_ascii_lowercase();
    let says = |phrases: &[&str]| phrases.iter().any(|phrase| message.contains(phrase));
    if refused_key || says(&["api key not valid", "api key expired", "api key not found"]) {
        return ErrorKind::Authentication;
    }
    if says(&["exceeds the maximum number of tokens", "input token count"]) {
        return ErrorKind::ContextLength;
    }
    kind
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(code: u16, status: &str, message: &str) -> Vec<u8> {
        serde_json::json!({"error": {"code": code, "message": message, "status": status}})
            .to_string()
            .into_bytes()
    }

    #[test]
    fn every_status_of_the_guide() {
        // The status of HTTP says more than that an argument is not valid.
        assert_eq!(read(413, &body(413, "INVALID_ARGUMENT", "why")).kind, ErrorKind::TooLarge);
        for (code, status, kind) in [
            (400, "INVALID_ARGUMENT", ErrorKind::InvalidRequest),
            (400, "FAILED_PRECONDITION", ErrorKind::Billing),
            (401, "UNAUTHENTICATED", ErrorKind::Authentication),
            (403, "PERMISSION_DENIED", ErrorKind::Permission),
            (404, "NOT_FOUND", ErrorKind::NotFound),
            (429, "RESOURCE_EXHAUSTED", ErrorKind::RateLimit),
            (500, "INTERNAL", ErrorKind::Server),
            (503, "UNAVAILABLE", ErrorKind::Overloaded),
            (504, "DEADLINE_EXCEEDED", ErrorKind::Timeout),
        ] {
            let error = read(code, &body(code, status, "why"));
            assert_eq!((error.kind, error.message.as_str()), (kind, "why"), "{status}");
            assert_eq!(error.upstream_status, Some(code));
            // In a stream there is no status of HTTP, and in a list of one it is the same.
            let listed = [b"[", &body(code, status, "why")[..], b"]"].concat();
            assert_eq!(parse(&listed, ErrorKind::Server).unwrap().kind, kind, "{status} in a list");
        }
        // A name that is new leaves the number.
        assert_eq!(parse(&body(429, "NEW", "x"), ErrorKind::Server).unwrap().kind, ErrorKind::RateLimit);
        assert_eq!(read(503, &body(0, "NEW", "x")).kind, ErrorKind::Overloaded);
    }

    #[test]
    fn what_is_not_the_requests_fault_may_be_served_elsewhere() {
        for status in [405, 409, 415, 499] {
            assert_eq!(read(status, b"").kind, ErrorKind::Server, "{status}");
        }
        assert_eq!(read(400, b"").kind, ErrorKind::InvalidRequest);
    }

    #[test]
    fn told_by_words_and_details() {
        let of = |body: &[u8]| read(400, body).kind;
        let key = br#"{"error":{"code":400,"message":"No.","status":"INVALID_ARGUMENT",
            "details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID"}]}}"#;
        assert_eq!(of(key), ErrorKind::Authentication);
        let words = "API key not valid. Please pass a valid API key.";
        assert_eq!(of(&body(400, "INVALID_ARGUMENT", words)), ErrorKind::Authentication);
        let long = "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).";
        assert_eq!(of(&body(400, "INVALID_ARGUMENT", long)), ErrorKind::ContextLength);
        assert_eq!(of(&body(500, "INTERNAL", long)), ErrorKind::Server);
        let model = "models/gemini-9 is not found for API version v1beta";
        assert_eq!(read(404, &body(404, "NOT_FOUND", model)).code.as_deref(), Some("model_not_found"));
    }

    #[test]
    fn the_wait_that_is_asked_for() {
        let wait = |details: &str| {
            let body = format!(
                r#"{{"error":{{"code":429,"message":"x","status":"RESOURCE_EXHAUSTED","details":{details}}}}}"#
            );
            read(429, body.as_bytes()).retry_after
        };
        let delay = |delay: &str| wait(&format!(r#"[{{"@type":"x"}},{{"retryDelay":"{delay}"}}]"#));
        for (text, milliseconds) in [
            ("34s", 34_000),
            ("1.5s", 1_500),
            ("34.4s", 34_400),
            ("0.039s", 39),
            ("2.123456789s", 2_123),
            ("0s", 0),
        ] {
            assert_eq!(delay(text), Some(milliseconds), "{text}");
        }
        for text in ["", "s", "34", "-1s", "1,5s", "99999999999999999999s", "18446744073709551615s", "1.5.5s"]
        {
            assert_eq!(delay(text), None, "{text}");
        }
        for details in ["null", "{}", "[]", "[1]", r#"[{"retryDelay":34}]"#] {
            assert_eq!(wait(details), None, "{details}");
        }
    }

    #[test]
    fn bodies_of_any_shape() {
        for (json, message) in [
            (r#"{"error":"no such host"}"#, "no such host"),
            (
                r#"{"error":{"message":7,"status":[],"code":"x"}}"#,
                "The provider reported an error without a message.",
            ),
            ("<html><h1>502</h1></html>", "The provider answered with status 502."),
            ("upstream connect error", "upstream connect error"),
            ("", "The provider answered with status 502."),
            ("[]", "The provider answered with status 502."),
            ("[[[{}]]]", "The provider answered with status 502."),
            (r#"{"error":null}"#, "The provider answered with status 502."),
        ] {
            let error = read(502, json.as_bytes());
            assert_eq!((error.kind, error.message.as_str()), (ErrorKind::Server, message), "{json}");
        }
    }
}
