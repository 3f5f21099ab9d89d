//! Token counts in the words of OpenAI's Responses.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::json::Count;
use crate::ir::Usage;

/// `usage` of a response.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Counts {
    input_tokens: Count,
    input_tokens_details: Option<InputDetails>,
    output_tokens: Count,
    output_tokens_details: Option<OutputDetails>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct InputDetails {
    cached_tokens: Count,
    cache_write_tokens: Count,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct OutputDetails {
    reasoning_tokens: Count,
}

/// Reads `usage`; `None` where it counts nothing.
pub(super) fn read(raw: &RawValue) -> Option<Usage> {
    let counts: Counts = serde_json::from_str(raw.get()).ok()?;
    let details = counts.input_tokens_details.unwrap_or_default();
    let (cache_read, cache_write) = (details.cached_tokens.0, details.cache_write_tokens.0);
    let cached = cache_read.unwrap_or(0).saturating_add(cache_write.unwrap_or(0));
    let usage = Usage {
        // The input's count holds what was read from the cache and written to it.
        input: counts.input_tokens.0.map(|input| input.saturating_sub(cached)),
        cache_read,
        cache_write,
        output: counts.output_tokens.0,
        reasoning: counts.output_tokens_details.and_then(|details| details.reasoning_tokens.0),
    };
    (usage != Usage::default()).then_some(usage)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(json: &str) -> Option<[Option<u64>; 5]> {
        let usage = read(serde_json::from_str(json).unwrap())?;
        Some([usage.input, usage.cache_read, usage.cache_write, usage.output, usage.reasoning])
    }

    #[test]
    fn the_sums() {
        let full = r#"{"input_tokens":100,"input_tokens_details":{"cached_tokens":60,"cache_write_tokens":30},
            "output_tokens":50,"output_tokens_details":{"reasoning_tokens":20},"total_tokens":150}"#;
        assert_eq!(of(full), Some([Some(10), Some(60), Some(30), Some(50), Some(20)]));
        let plain = r#"{"input_tokens":7,"input_tokens_details":null,"output_tokens":5}"#;
        assert_eq!(of(plain), Some([Some(7), None, None, Some(5), None]));
        let more_cached = r#"{"input_tokens":7,"input_tokens_details":{"cached_tokens":9}}"#;
        assert_eq!(of(more_cached), Some([Some(0), Some(9), None, None, None]));
    }

    #[test]
    fn odd_counts_are_none() {
        for odd in ["{}", "[]", "\"x\"", r#"{"input_tokens":"7","output_tokens":-1}"#] {
            assert_eq!(of(odd), None, "{odd}");
        }
    }
}
