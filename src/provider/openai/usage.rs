//! The `usage` object of OpenAI and of those who copied it.

use serde::{Deserialize, Deserializer, de};
use serde_json::value::RawValue;

use crate::ir::Usage;

/// Reads a `usage` object; `None` where there is no count in it that can be read.
pub(in crate::provider) fn read(raw: &RawValue) -> Option<Usage> {
    let counts: Counts = serde_json::from_str(raw.get()).ok()?;
    let prompt = counts.prompt_tokens_details.unwrap_or_default();
    let answer = counts.completion_tokens_details.unwrap_or_default();
    let cache_read = [
        prompt.cached_tokens,
        counts.prompt_cache_hit_tokens,
        counts.cached_tokens,
        counts.num_cached_tokens,
    ];
    let cache_read = cache_read.into_iter().find_map(|count| count.0);
    let cache_write = prompt.cache_write_tokens.0;
    let cached = cache_read.unwrap_or(0).saturating_add(cache_write.unwrap_or(0));
    let reasoning = answer.reasoning_tokens.0;
    let usage = Usage {
        input: counts.prompt_tokens.0.map(|prompt| prompt.saturating_sub(cached)),
        cache_read,
        cache_write,
        output: counts.completion_tokens.0.map(|output| counts.with_reasoning(output, reasoning)),
        reasoning,
    };
    (usage != Usage::default()).then_some(usage)
}

#[derive(Deserialize)]
struct Counts {
    #[serde(default)]
    prompt_tokens: Count,
    #[serde(default)]
    completion_tokens: Count,
    #[serde(default)]
    total_tokens: Count,
    prompt_tokens_details: Option<PromptDetails>,
    completion_tokens_details: Option<AnswerDetails>,
    /// DeepSeek.
    #[serde(default)]
    prompt_cache_hit_tokens: Count,
    /// Moonshot.
    #[serde(default)]
    cached_tokens: Count,
    /// Mistral.
    #[serde(default)]
    num_cached_tokens: Count,
}

impl Counts {
    /// xAI counts reasoning beside the answer, all others within it; the total shows which.
    fn with_reasoning(&self, output: u64, reasoning: Option<u64>) -> u64 {
        let beside = output.saturating_add(reasoning.unwrap_or(0));
        let total = self.prompt_tokens.0.map(|prompt| prompt.saturating_add(beside));
        if total.is_some() && total == self.total_tokens.0 { beside } else { output }
    }
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(default)]
struct PromptDetails {
    cached_tokens: Count,
    cache_write_tokens: Count,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(default)]
struct AnswerDetails {
    reasoning_tokens: Count,
}

/// A count, or whatever stands in its place: what cannot be read is not reported.
#[derive(Clone, Copy, Default)]
struct Count(Option<u64>);

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer).map_err(de::Error::custom)?;
        let number = serde_json::from_str::<f64>(raw.get()).ok().filter(|number| *number >= 0.0);
        Ok(Count(serde_json::from_str(raw.get()).ok().or(number.map(|number| number as u64))))
    }
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
