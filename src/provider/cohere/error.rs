//! Cohere's errors: `{"id","message"}`.
//!
//! Source: API reference, "Errors", which lists messages for each status.

use super::json::{pick, text};
use crate::{
    ir::{ApiError, ErrorKind},
    provider::status::read_failed,
};

/// Reads a reply whose status is not 200. Whatever the body holds, there is an error.
pub fn read(status: u16, body: &[u8]) -> ApiError {
    let mut error = read_failed(status, body, parse, refine);
    if status == 498 {
        // Two meanings: a token that is none (the official SDK's `InvalidTokenError`), and a prompt that was blocked.
        let message = error.message.to_ascii_lowercase();
        let blocked = ["usage guidelines", "unsafe", "blocked"].iter().any(|words| message.contains(words));
        error.kind = if blocked { ErrorKind::ContentPolicy } else { ErrorKind::Authentication };
    }
    error
}

/// Reads an error out of a JSON body or a stream's event; `None` where there is none. `otherwise` is the kind where
/// the words do not tell.
pub(super) fn parse(body: &[u8], otherwise: ErrorKind) -> Option<ApiError> {
    // Proxies in front of the API have it in `error`, or call it otherwise.
    let [message, detail, inner] = pick(str::from_utf8(body).ok()?, ["message", "detail", "error"])?;
    let told = match inner {
        Some(inner) => pick(inner.get(), ["message"]).map_or(text(Some(inner)), |[message]| text(message)),
        None => Some(text(message).or_else(|| text(detail))?),
    };
    let told = told.filter(|told| !told.trim().is_empty());
    let told = told.map_or_else(|| "The provider reported an error without a message.".into(), String::from);
    let error = ApiError::new(refine(otherwise, &told), told);
    let no_model = error.kind == ErrorKind::NotFound && error.message.trim_start().starts_with("model");
    Some(if no_model { error.with_code("model_not_found") } else { error })
}

/// What Cohere tells by words alone.
fn refine(kind: ErrorKind, message: &str) -> ErrorKind {
    let message = message.to_ascii_lowercase();
    let says = |phrases: &[&str]| phrases.iter().any(|phrase| message.contains(phrase));
    match kind {
        // The limit of the answer is another one.
        ErrorKind::InvalidRequest | ErrorKind::TooLarge
            if says(&["max tokens must be", "max_tokens must be"]) =>
        {
            kind
        }
        ErrorKind::InvalidRequest | ErrorKind::TooLarge
            if says(&["too many tokens", "prompt is too long", "context length", "context window"]) =>
        {
            ErrorKind::ContextLength
        }
        ErrorKind::InvalidRequest
            if says(&["invalid api token", "no api key supplied", "api key has expired"]) =>
        {
            ErrorKind::Authentication
        }
        // A trial key is used up for the month: waiting does not help.
        ErrorKind::RateLimit if says(&["/ month", "per month", "monthly"]) => ErrorKind::Billing,
        kind => kind,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(message: &str) -> Vec<u8> {
        serde_json::json!({"id": "b6d7", "message": message}).to_string().into_bytes()
    }

    #[test]
    fn every_status_of_the_reference() {
        for (status, message, kind) in [
            (
                400,
                "invalid request: temperature must be between 0 and 1.0 inclusive.",
                ErrorKind::InvalidRequest,
            ),
            (401, "invalid api token", ErrorKind::Authentication),
            (402, "Please add or update your payment method", ErrorKind::Billing),
            (403, "no", ErrorKind::Permission),
            (404, "404 page not found", ErrorKind::NotFound),
            (422, "required field name not found in properties", ErrorKind::InvalidRequest),
            (
                429,
                "You are past the per minute request limit, please wait and try again later.",
                ErrorKind::RateLimit,
            ),
            (498, "invalid token", ErrorKind::Authentication),
            (499, "request cancelled", ErrorKind::Server),
            (500, "internal server error", ErrorKind::Server),
            (501, "not implemented", ErrorKind::Server),
            (503, "overloaded", ErrorKind::Overloaded),
            (504, "timeout", ErrorKind::Timeout),
        ] {
            let error = read(status, &body(message));
            assert_eq!((error.kind, error.message.as_str()), (kind, message), "{status}");
            assert_eq!(error.upstream_status, Some(status));
        }
        // The status alone tells the same.
        assert_eq!(read(498, b"").kind, ErrorKind::Authentication);
        assert_eq!(read(422, b"").kind, ErrorKind::InvalidRequest);
        assert_eq!(read(405, &body("invalid request")).kind, ErrorKind::Server);
    }

    #[test]
    fn told_by_words() {
        let of = |status, message: &str| read(status, &body(message)).kind;
        let long =
            "too many tokens: total number of tokens in the prompt cannot exceed 4081 - received 4292.";
        assert_eq!(of(400, long), ErrorKind::ContextLength);
        let limit = "too many tokens: max tokens must be less than or equal to 4096, the maximum output for this model - received 8192.";
        assert_eq!(of(400, limit), ErrorKind::InvalidRequest);
        assert_eq!(of(400, "invalid api token"), ErrorKind::Authentication);
        let month = "You are using a Trial key, which is limited to 1000 API calls / month.";
        assert_eq!(of(429, month), ErrorKind::Billing);
        let minute = "You are using a Trial key, which is limited to 40 API calls / minute.";
        assert_eq!(of(429, minute), ErrorKind::RateLimit);
        assert_eq!(
            of(498, "request blocked: potential violation of our Usage Guidelines"),
            ErrorKind::ContentPolicy
        );
        let model = read(404, &body("model 'xyz' not found, make sure the correct model ID was used"));
        assert_eq!(model.code.as_deref(), Some("model_not_found"));
        assert_eq!(read(404, &body("404 page not found")).code, None);
        // Words in another kind of error mean nothing.
        assert_eq!(of(500, long), ErrorKind::Server);
    }

    #[test]
    fn bodies_of_any_shape() {
        for (json, message) in [
            (r#"{"message":"no"}"#, "no"),
            (r#"{"error":"no such host"}"#, "no such host"),
            (r#"{"error":{"message":"deep"}}"#, "deep"),
            (r#"{"detail":"Not Found"}"#, "Not Found"),
            (r#"{"error":{}}"#, "The provider reported an error without a message."),
            (r#"{"message":"  "}"#, "The provider reported an error without a message."),
            (r#"{"id":"x","message":7}"#, "The provider answered with status 502."),
            ("<html><h1>502</h1></html>", "The provider answered with status 502."),
            ("upstream connect error", "upstream connect error"),
            ("", "The provider answered with status 502."),
            ("{}", "The provider answered with status 502."),
            (r#"["message"]"#, "The provider answered with status 502."),
        ] {
            let error = read(502, json.as_bytes());
            assert_eq!((error.kind, error.message.as_str()), (ErrorKind::Server, message), "{json}");
        }
    }
}
