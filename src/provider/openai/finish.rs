//! Why the model stopped, in the words of those who are compatible with OpenAI.
//!
//! Sources: OpenAI API reference, "The chat completion object"; the API references of DeepSeek, Mistral, Together, Zhipu
//! and OpenRouter; SGLang's and vLLM's source for `abort`.

use crate::ir::{ApiError, ErrorKind};

/// What a `finish_reason` says.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::provider) enum Reason {
    /// Nothing yet.
    Open,
    /// The model stopped, in OpenAI's word for it.
    Stopped(&'static str),
    /// The provider failed in the middle of the answer.
    Failed(ApiError),
}

/// Reads the JSON text of a `finish_reason`. A word that is not known stands for a plain stop.
pub(in crate::provider) fn read(json: &str) -> Reason {
    let word = json.trim_matches('"');
    if word == "null" || word.is_empty() {
        return Reason::Open;
    }
    Reason::Stopped(match word.to_ascii_lowercase().as_str() {
        "length" | "model_length" | "max_tokens" | "max_length" | "context_length_exceeded" => "length",
        "tool_calls" | "tool_call" | "tool_use" => "tool_calls",
        "function_call" => "function_call",
        "content_filter" | "content_filtered" | "sensitive" | "safety" | "recitation" | "refusal" => {
            "content_filter"
        }
        // DeepSeek: "the request is interrupted due to insufficient resource".
        "insufficient_system_resource" => return failed(ErrorKind::Overloaded, word),
        "error" | "network_error" | "abort" => return failed(ErrorKind::Server, word),
        _ => "stop",
    })
}

fn failed(kind: ErrorKind, word: &str) -> Reason {
    let message = format!("The provider failed in the middle of its answer (finish_reason `{word}`).");
    Reason::Failed(ApiError::new(kind, message))
}

/// The word to be told instead of the one that is there, if it is none of OpenAI's.
pub(super) fn told_instead(json: &str, reason: &Reason) -> Option<Vec<u8>> {
    match reason {
        Reason::Stopped(word) if json.trim_matches('"') != *word => Some(format!("\"{word}\"").into_bytes()),
        // An empty word is nothing yet.
        Reason::Open if json != "null" => Some(b"null".to_vec()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_others_become_openais() {
        for (json, expected, instead) in [
            ("null", Reason::Open, None),
            ("\"\"", Reason::Open, Some("null")),
            ("\"stop\"", Reason::Stopped("stop"), None),
            ("\"function_call\"", Reason::Stopped("function_call"), None),
            ("\"eos\"", Reason::Stopped("stop"), Some("\"stop\"")),
            ("\"STOP\"", Reason::Stopped("stop"), Some("\"stop\"")),
            ("\"model_length\"", Reason::Stopped("length"), Some("\"length\"")),
            ("\"sensitive\"", Reason::Stopped("content_filter"), Some("\"content_filter\"")),
            ("\"never heard of\"", Reason::Stopped("stop"), Some("\"stop\"")),
            ("true", Reason::Stopped("stop"), Some("\"stop\"")),
        ] {
            let reason = read(json);
            let told = told_instead(json, &reason).map(|text| String::from_utf8(text).unwrap());
            assert_eq!((&reason, told.as_deref()), (&expected, instead), "{json}");
        }
        for (json, kind) in
            [("\"error\"", ErrorKind::Server), ("\"insufficient_system_resource\"", ErrorKind::Overloaded)]
        {
            assert!(matches!(read(json), Reason::Failed(error) if error.kind == kind), "{json}");
        }
    }
}
