//! The `usage` object of OpenAI and of those who copied it.

use serde_json::value::RawValue;

use crate::{
    ir::Usage,
    provider::json::{count, pick, pick_in},
};

/// Reads a `usage` object; `None` where there is no count in it that can be read.
///
/// What was read from a cache is told by DeepSeek as `prompt_cache_hit_tokens`, by Moonshot as `cached_tokens`, by Mistral
/// as `num_cached_tokens`.
pub(in crate::provider) fn read(raw: &RawValue) -> Option<Usage> {
    let names = [
        "prompt_tokens",
        "completion_tokens",
        "total_tokens",
        "prompt_tokens_details",
        "completion_tokens_details",
        "prompt_cache_hit_tokens",
        "cached_tokens",
        "num_cached_tokens",
    ];
    let [prompt, output, total, of_prompt, of_output, hit, cached, number] = pick(raw.get(), names)?;
    let [read, written] = pick_in(of_prompt, ["cached_tokens", "cache_write_tokens"]).unwrap_or_default();
    let [reasoning] = pick_in(of_output, ["reasoning_tokens"]).unwrap_or_default();
    let (prompt, total, reasoning) = (count(prompt), count(total), count(reasoning));
    let cache_read = [read, hit, cached, number].into_iter().find_map(count);
    let cache_write = count(written);
    let cached = cache_read.unwrap_or(0).saturating_add(cache_write.unwrap_or(0));
    let usage = Usage {
        input: prompt.map(|prompt| prompt.saturating_sub(cached)),
        cache_read,
        cache_write,
        output: count(output).map(|output| with_reasoning(output, reasoning, prompt, total)),
        reasoning,
    };
    (usage != Usage::default()).then_some(usage)
}

/// xAI counts reasoning beside the answer, all others within it; the total shows which.
fn with_reasoning(output: u64, reasoning: Option<u64>, prompt: Option<u64>, total: Option<u64>) -> u64 {
    let beside = output.saturating_add(reasoning.unwrap_or(0));
    let sum = prompt.map(|prompt| prompt.saturating_add(beside));
    if sum.is_some() && sum == total { beside } else { output }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(
        input: u64,
        cache: (Option<u64>, Option<u64>),
        output: u64,
        reasoning: Option<u64>,
    ) -> Option<Usage> {
        let (cache_read, cache_write) = cache;
        Some(Usage { input: Some(input), cache_read, cache_write, output: Some(output), reasoning })
    }

    #[test]
    fn reads_every_spelling() {
        for (json, expected) in [
            (
                r#"{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15}"#,
                usage(10, (None, None), 5, None),
            ),
            (
                r#"{"prompt_tokens":100,"completion_tokens":50,"total_tokens":150,"prompt_tokens_details":
                    {"cached_tokens":60,"cache_write_tokens":30,"audio_tokens":0},
                    "completion_tokens_details":{"reasoning_tokens":20}}"#,
                usage(10, (Some(60), Some(30)), 50, Some(20)),
            ),
            (
                r#"{"prompt_tokens":7,"completion_tokens":5,"prompt_tokens_details":null,
                    "completion_tokens_details":{"reasoning_tokens":null}}"#,
                usage(7, (None, None), 5, None),
            ),
            (
                r#"{"prompt_tokens":7,"completion_tokens":5,"prompt_cache_hit_tokens":3}"#,
                usage(4, (Some(3), None), 5, None),
            ),
            (
                r#"{"prompt_tokens":7,"completion_tokens":5,"cached_tokens":3}"#,
                usage(4, (Some(3), None), 5, None),
            ),
            (
                r#"{"prompt_tokens":7,"completion_tokens":5,"num_cached_tokens":3}"#,
                usage(4, (Some(3), None), 5, None),
            ),
            // Reasoning beside the answer (xAI), and a cache larger than the prompt.
            (
                r#"{"prompt_tokens":12,"completion_tokens":2,"total_tokens":334,
                    "completion_tokens_details":{"reasoning_tokens":320}}"#,
                usage(12, (None, None), 322, Some(320)),
            ),
            (
                r#"{"prompt_tokens":7,"completion_tokens":5,"cached_tokens":9}"#,
                usage(0, (Some(9), None), 5, None),
            ),
            // Odd values: what can be read is.
            (
                r#"{"prompt_tokens":7.0,"completion_tokens":"5"}"#,
                Some(Usage { input: Some(7), ..Usage::default() }),
            ),
            (
                r#"{"prompt_tokens":-7,"completion_tokens":5}"#,
                Some(Usage { output: Some(5), ..Usage::default() }),
            ),
            ("{}", None),
            ("[]", None),
            ("null", None),
        ] {
            assert_eq!(read(serde_json::from_str(json).unwrap()), expected, "{json}");
        }
    }
}
