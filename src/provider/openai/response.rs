//! A whole reply of an OpenAI-compatible provider that passes through to a chat client: looked at, and mended where it
//! says otherwise what OpenAI's would say.

use serde_json::value::RawValue;

use super::{
    calls,
    edits::Edits,
    error,
    finish::{self, Reason},
    usage,
};
use crate::{
    ir::{ApiError, ErrorKind, Usage},
    provider::json::{list, pick_bytes},
};

pub(in crate::provider) mod answer;
mod parse;

pub use parse::parse;

/// Looks at a reply with status 200. Returns false where it passes as it is; else what is to be sent instead has been
/// appended to `out`. And its usage, if it tells.
///
/// # Errors
///
/// Where the bytes are no chat completion (not JSON, no `choices`, an `error` object, a choice that finished because the
/// provider failed): what they say instead.
pub fn read(body: &[u8], out: &mut Vec<u8>) -> Result<(bool, Option<Usage>), ApiError> {
    let Some([choices, told, error, object]) = pick_bytes(body, ["choices", "usage", "error", "object"])
    else {
        return Err(unreadable("the provider's reply is not a JSON object"));
    };
    if error.is_some() || object.is_some_and(|object| object.get() == "\"error\"") {
        return Err(error::read(200, body));
    }
    let Some(choices) = choices.filter(|choices| choices.get().starts_with('[')) else {
        return Err(unreadable("the provider's reply has no choices"));
    };
    let mut edits = Edits::default();
    for choice in list(Some(choices)) {
        mend(choice, body, &mut edits)?;
    }
    Ok((edits.apply(body, out), told.and_then(usage::read)))
}

/// Mends a choice; one of another shape passes as it is.
fn mend(choice: &RawValue, body: &[u8], edits: &mut Edits) -> Result<(), ApiError> {
    let members = pick_bytes(choice.get().as_bytes(), ["finish_reason", "message", "error"]);
    let Some([reason, message, told]) = members else { return Ok(()) };
    if let Some(told) = told {
        return Err(error::read(200, told.get().as_bytes()));
    }
    if let Some(raw) = reason {
        match finish::read(raw.get()) {
            Reason::Failed(error) => return Err(error.with_upstream_status(200)),
            // The answer is whole, whatever its reason.
            Reason::Open => edits.replace(body, raw.get(), &b"\"stop\""[..]),
            reason => {
                if let Some(instead) = finish::told_instead(raw.get(), &reason) {
                    edits.replace(body, raw.get(), instead);
                }
            }
        }
    }
    if let Some(message) = message {
        calls::mend(message, body, edits);
    }
    Ok(())
}

fn unreadable(message: &str) -> ApiError {
    ApiError::new(ErrorKind::Server, message).with_upstream_status(200)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn observe(body: &[u8]) -> Result<Option<Usage>, ApiError> {
        let mut out = Vec::new();
        let (replaced, usage) = read(body, &mut out)?;
        assert!(!replaced && out.is_empty(), "{out:?}");
        Ok(usage)
    }

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
    fn only_what_breaks_a_client_is_mended() {
        for (choice, expected) in [
            (r#""finish_reason": "eos" "#, r#""finish_reason": "stop" "#),
            (r#""finish_reason":"""#, r#""finish_reason":"stop""#),
            (
                r#""message":{"tool_calls":[{"id":"a","function":{"name":"f","arguments":""}},{"type":null,"id":"b",
                    "function":{ "name":"g"}}, {"type":"function","function":{"arguments":{"a": "b"}}}]}"#,
                r#""message":{"tool_calls":[{"type":"function","id":"a","function":{"name":"f","arguments":"{}"}},{"type":"function","id":"b",
                    "function":{"arguments":"{}", "name":"g"}}, {"type":"function","function":{"arguments":"{\"a\": \"b\"}"}}]}"#,
            ),
        ] {
            let body = |choice: &str| format!(r#"{{"id":"x","choices":[ {{{choice}}}],"usage":null}}"#);
            let mut out = Vec::new();
            assert_eq!(read(body(choice).as_bytes(), &mut out), Ok((true, None)));
            assert_eq!(String::from_utf8(out).unwrap(), body(expected));
        }
        for body in [
            r#"{"choices":[{"finish_reason":"error","message":{"content":"half"}}]}"#,
            r#"{"choices":[{"error":{"code":502,"message":"gone"},"message":{"content":""}}]}"#,
        ] {
            let error = read(body.as_bytes(), &mut Vec::new()).unwrap_err();
            assert_eq!(error.kind, ErrorKind::Server, "{body}");
        }
        for body in [
            r#"{"choices":[null,1,{"finish_reason":null,"message":[]},{"message":{"tool_calls":{}}}]}"#,
            r#"{"choices":[{"finish_reason":"tool_calls","message":{"tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{}"}}]}}]}"#,
        ] {
            assert_eq!(observe(body.as_bytes()), Ok(None), "{body}");
        }
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
