//! Rerank at OpenAI-compatible hosts that have it in Jina's form (Jina, vLLM, LiteLLM): the bytes pass but for the
//! model's name.

use super::embeddings::{tokens, whole};
use crate::{ir::ApiError, provider::cohere::rerank::unreadable};

pub use super::embeddings::splice;

/// Looks at a reply with status 200; gives the tokens that the provider counted.
///
/// # Errors
///
/// Where the bytes are no `results`: what they say instead.
pub fn observe(body: &[u8]) -> Result<Option<u64>, ApiError> {
    let [results, usage] = whole(body, ["results", "usage"])?;
    if !results.is_some_and(|results| results.get().starts_with('[')) {
        return Err(unreadable());
    }
    Ok(usage.and_then(tokens))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::ErrorKind;

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
