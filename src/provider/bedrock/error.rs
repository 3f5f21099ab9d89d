//! Bedrock's errors: the header `x-amzn-errortype` says what, the body `{"message"}` why. In a stream a message of type
//! `exception` does both.
//!
//! Source: API reference, "Common errors" and "Converse"; service model `bedrock-runtime`.

use std::borrow::Cow;

use super::json::{pick, text};
use crate::{
    ir::{ApiError, ErrorKind},
    provider::status::{by_status, read_failed},
    stream::aws::{Broken, Message},
};

/// Reads a reply whose status is not 200. Whatever the body holds, there is an error. `error_type` is the value of
/// `x-amzn-errortype`.
pub fn read(status: u16, error_type: Option<&str>, body: &[u8]) -> ApiError {
    let error = read_failed(status, body, parse, refine);
    match error_type.and_then(by_type) {
        // As `read_failed` has it: the status says more.
        Some(ErrorKind::InvalidRequest) if by_status(status) != ErrorKind::InvalidRequest => named(error),
        Some(kind) => named(ApiError { kind: refine(kind, &error.message), ..error }),
        None => named(error),
    }
}

/// Reads an error out of a JSON body; `None` where there is none. `otherwise` is the kind where the body does not tell.
pub(super) fn parse(body: &[u8], otherwise: ErrorKind) -> Option<ApiError> {
    // Services of AWS's own front begin it with a capital.
    let [message, capital, kind] = pick(str::from_utf8(body).ok()?, ["message", "Message", "__type"])?;
    let (message, kind) = (text(message).or(text(capital)), text(kind));
    if message.is_none() && kind.is_none() {
        return None;
    }
    let kind = kind.as_deref().and_then(by_type).unwrap_or(otherwise);
    let text = message.filter(|text| !text.trim().is_empty());
    let text =
        text.map_or_else(|| "The provider reported an error without a message.".to_owned(), Cow::into_owned);
    Some(ApiError::new(refine(kind, &text), text))
}

/// The error that a message of a stream is; `None` for an event.
pub(super) fn of_message(message: &Message<'_>) -> Option<ApiError> {
    match message.kind {
        "exception" => {
            let kind = by_type(message.exception).unwrap_or(ErrorKind::Server);
            let told = parse(message.payload, kind);
            let error = told.unwrap_or_else(|| {
                ApiError::new(kind, format!("The provider reported {}.", message.exception))
            });
            Some(named(ApiError { kind: refine(kind, &error.message), ..error }))
        }
        "error" => {
            let kind = by_type(message.error_code).unwrap_or(ErrorKind::Server);
            let text =
                [message.error_message, message.error_code].into_iter().find(|text| !text.trim().is_empty());
            let text = text.unwrap_or("The provider reported an error without a message.");
            Some(named(ApiError::new(refine(kind, text), text)))
        }
        _ => None,
    }
}

/// A stream whose frames cannot be read.
pub(super) fn of_frames(broken: Broken) -> ApiError {
    ApiError::new(ErrorKind::Server, format!("The provider's stream {}.", broken.what()))
}

/// By the name of an exception, which may stand behind a namespace and before an address: `com.amazon#Name:http://…`.
fn by_type(name: &str) -> Option<ErrorKind> {
    let name = name.rsplit_once('#').map_or(name, |(_, name)| name);
    let name = name.split([':', ',']).next().unwrap_or_default().trim();
    // Streams begin the names with a small letter.
    KINDS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, kind)| *kind)
}

const KINDS: &[(&str, ErrorKind)] = &[
    ("ValidationException", ErrorKind::InvalidRequest),
    ("ValidationError", ErrorKind::InvalidRequest),
    ("SerializationException", ErrorKind::InvalidRequest),
    ("ThrottlingException", ErrorKind::RateLimit),
    ("TooManyRequestsException", ErrorKind::RateLimit),
    ("ServiceQuotaExceededException", ErrorKind::RateLimit),
    ("ModelNotReadyException", ErrorKind::RateLimit),
    ("ServiceUnavailableException", ErrorKind::Overloaded),
    ("ServiceUnavailable", ErrorKind::Overloaded),
    ("ModelTimeoutException", ErrorKind::Timeout),
    ("RequestTimeout", ErrorKind::Timeout),
    ("RequestTimeoutException", ErrorKind::Timeout),
    ("ModelErrorException", ErrorKind::Server),
    ("ModelStreamErrorException", ErrorKind::Server),
    ("InternalServerException", ErrorKind::Server),
    ("InternalFailure", ErrorKind::Server),
    ("UnknownOperationException", ErrorKind::Server),
    ("ResourceNotFoundException", ErrorKind::NotFound),
    ("AccessDeniedException", ErrorKind::Permission),
    ("NotAuthorized", ErrorKind::Permission),
    ("OptInRequired", ErrorKind::Permission),
    ("UnrecognizedClientException", ErrorKind::Authentication),
    ("InvalidClientTokenId", ErrorKind::Authentication),
    ("InvalidSignatureException", ErrorKind::Authentication),
    ("SignatureDoesNotMatch", ErrorKind::Authentication),
    ("IncompleteSignature", ErrorKind::Authentication),
    ("IncompleteSignatureException", ErrorKind::Authentication),
    ("MissingAuthenticationToken", ErrorKind::Authentication),
    ("MissingAuthenticationTokenException", ErrorKind::Authentication),
    ("ExpiredToken", ErrorKind::Authentication),
    ("ExpiredTokenException", ErrorKind::Authentication),
    ("RequestExpired", ErrorKind::Authentication),
];

/// What Bedrock tells by words alone.
fn refine(kind: ErrorKind, message: &str) -> ErrorKind {
    let message = message.to_ascii_lowercase();
    let says = |phrases: &[&str]| phrases.iter().any(|phrase| message.contains(phrase));
    match kind {
        // Each model's own words.
        ErrorKind::InvalidRequest | ErrorKind::TooLarge
            if says(&[
                "input is too long",
                "prompt is too long",
                "too many input tokens",
                "exceed context limit",
                "exceeds context limit",
                "context window",
                "maximum context length",
                "exceeds the maximum number of input tokens",
                "input tokens exceeded",
                "reduce the length of the prompt",
            ]) =>
        {
            ErrorKind::ContextLength
        }
        ErrorKind::InvalidRequest if says(&["content filtering policy"]) => ErrorKind::ContentPolicy,
        // Of the target, not of what the client asked for.
        ErrorKind::InvalidRequest
            if says(&[
                "model identifier is invalid",
                "on-demand throughput isn",
                "on-demand throughput is not",
            ]) =>
        {
            ErrorKind::NotFound
        }
        // A key that is none.
        ErrorKind::Permission
            if says(&[
                "api key is valid",
                "security token",
                "authentication failed",
                "signature we calculated",
            ]) =>
        {
            ErrorKind::Authentication
        }
        _ => kind,
    }
}

/// The code of a model that is not there. What else may not be found are guardrails and prompts.
fn named(error: ApiError) -> ApiError {
    let no_model = error.kind == ErrorKind::NotFound && error.message.to_ascii_lowercase().contains("model");
    if no_model { error.with_code("model_not_found") } else { error }
}

#[cfg(test)]
mod tests;
