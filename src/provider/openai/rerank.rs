//! Rerank at OpenAI-compatible hosts that have it in Jina's form (Jina, vLLM, LiteLLM): the bytes pass but for the
//! model's name.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{embeddings::tokens, error};
use crate::ir::{ApiError, ErrorKind};

pub use super::embeddings::splice;

/// Looks at a reply with status 200; gives the tokens that the provider counted.
///
/// # Errors
///
/// Where the bytes are no `results`: what they say instead.
pub fn observe(body: &[u8]) -> Result<Option<u64>, ApiError> {
    let unreadable = |message| ApiError::new(ErrorKind::Server, message).with_upstream_status(200);
    let Ok(reply) = serde_json::from_slice::<Reply<'_>>(body) else {
        return Err(unreadable("the provider's reply is not a JSON object"));
    };
    if reply.error.is_some_and(|error| error.get() != "null") {
        return Err(error::read(200, body));
    }
    if !reply.results.is_some_and(|results| results.get().starts_with('[')) {
        return Err(unreadable("the provider's reply has no results"));
    }
    Ok(reply.usage.and_then(tokens))
}

#[derive(Deserialize)]
struct Reply<'a> {
    #[serde(borrow)]
    results: Option<&'a RawValue>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_ranking_is_the_providers_fault() {
        let jina = br#"{"results":[{"index":0,"relevance_score":0.5}],"usage":{"total_tokens":15}}"#;
        assert_eq!(observe(jina), Ok(Some(15)));
        assert_eq!(observe(br#"{"results":[]}"#), Ok(None));
        for body in ["", "[]", "{}", r#"{"results":null}"#, r#"{"error":{"message":"no"},"results":[]}"#] {
            assert_eq!(observe(body.as_bytes()).unwrap_err().kind, ErrorKind::Server, "{body}");
        }
    }
}
