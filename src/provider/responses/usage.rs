//! Token counts in the words of OpenAI's Responses.

use super::json::Fields;
use crate::ir::Usage;

/// What `usage` of a response counts; `None` where that is nothing.
pub(super) fn of(counts: &Fields<'_>) -> Option<Usage> {
    let detail = |of: &str, name: &str| counts.object(of)?.count(name);
    let cache_read = detail("input_tokens_details", "cached_tokens");
    let cache_write = detail("input_tokens_details", "cache_write_tokens");
    let cached = cache_read.unwrap_or(0).saturating_add(cache_write.unwrap_or(0));
    let usage = Usage {
        // The input's count holds what was read from the cache and written to it.
        input: counts.count("input_tokens").map(|input| input.saturating_sub(cached)),
        cache_read,
        cache_write,
        output: counts.count("output_tokens"),
        reasoning: detail("output_tokens_details", "reasoning_tokens"),
    };
    (usage != Usage::default()).then_some(usage)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Option<[Option<u64>; 5]> {
        let usage = of(&Fields::read(json.as_bytes())?)?;
        Some([usage.input, usage.cache_read, usage.cache_write, usage.output, usage.reasoning])
    }

    #[test]
    fn the_sums() {
        let full = r#"{"input_tokens":100,"input_tokens_details":{"cached_tokens":60,"cache_write_tokens":30},
            "output_tokens":50,"output_tokens_details":{"reasoning_tokens":20},"total_tokens":150}"#;
        assert_eq!(read(full), Some([Some(10), Some(60), Some(30), Some(50), Some(20)]));
        let plain = r#"{"input_tokens":7,"input_tokens_details":null,"output_tokens":5}"#;
        assert_eq!(read(plain), Some([Some(7), None, None, Some(5), None]));
        let more_cached = r#"{"input_tokens":7,"input_tokens_details":{"cached_tokens":9}}"#;
        assert_eq!(read(more_cached), Some([Some(0), Some(9), None, None, None]));
    }

    #[test]
    fn odd_counts_are_none() {
        for odd in ["{}", "[]", "\"x\"", r#"{"input_tokens":"7","output_tokens":-1}"#] {
            assert_eq!(read(odd), None, "{odd}");
        }
    }
}
