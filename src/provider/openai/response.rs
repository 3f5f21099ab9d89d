//! A whole reply of an OpenAI-compatible provider that passes through to a chat client.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{error, usage};
use crate::ir::{ApiError, ErrorKind, Usage};

/// The members of a reply that are looked at.
#[derive(Deserialize)]
struct Reply<'a> {
    #[serde(borrow)]
    choices: Option<&'a RawValue>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    #[serde(borrow)]
    object: Option<&'a RawValue>,
}

/// Looks at a reply with status 200: its usage, if it tells.
///
/// # Errors
///
/// Where the bytes are no chat completion (not JSON, no `choices`, an `error` object): what they say instead.
pub fn observe(body: &[u8]) -> Result<Option<Usage>, ApiError> {
    let Ok(reply) = serde_json::from_slice::<Reply<'_>>(body) else {
        return Err(unreadable("the provider's reply is not a JSON object"));
    };
    if reply.error.is_some() || reply.object.is_some_and(|object| object.get() == "\"error\"") {
        return Err(error::read(200, body));
    }
    if !reply.choices.is_some_and(|choices| choices.get().starts_with('[')) {
        return Err(unreadable("the provider's reply has no choices"));
    }
    Ok(reply.usage.and_then(usage::read))
}

fn unreadable(message: &str) -> ApiError {
    ApiError::new(ErrorKind::Server, message).with_upstream_status(200)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_usage_where_there_is_any() {
        let full =
            br#"{"id":"x","choices":[{"message":{}}],"usage":{"prompt_tokens":3,"completion_tokens":4}}"#;
        let usage = Usage { input: Some(3), output: Some(4), ..Usage::default() };
        assert_eq!(observe(full), Ok(Some(usage)));
        for body in [
            r#"{"choices":[]}"#,
            r#"{"choices":[],"usage":null,"error":null}"#,
            r#"{"choices":[],"usage":"none","object":"chat.completion"}"#,
        ] {
            assert_eq!(observe(body.as_bytes()), Ok(None), "{body}");
        }
    }

    #[test]
    fn an_error_with_status_200_is_one() {
        let body =
            br#"{"error":{"message":"Slow down","type":"rate_limit_error","code":"rate_limit_exceeded"}}"#;
        let error = observe(body).unwrap_err();
        assert_eq!((error.kind, error.message.as_str()), (ErrorKind::RateLimit, "Slow down"));
        let error = observe(br#"{"object":"error","message":"no such model","code":404}"#).unwrap_err();
        assert_eq!((error.kind, error.message.as_str()), (ErrorKind::NotFound, "no such model"));
    }

    #[test]
    fn what_is_no_reply_is_an_error() {
        for body in ["", "<html>", "[]", "{}", r#"{"choices":null}"#, r#"{"choices":{}}"#, r#"{"choices":[]"#]
        {
            let error = observe(body.as_bytes()).unwrap_err();
            assert_eq!((error.kind, error.upstream_status), (ErrorKind::Server, Some(200)), "{body}");
        }
    }
}
