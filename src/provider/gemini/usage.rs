//! Token counts in Gemini's words.

use serde_json::value::RawValue;

use super::json::{count, pick};
use crate::ir::Usage;

/// Reads `usageMetadata`, of a whole reply and of a stream's chunks alike; `None` where it counts nothing, as the first
/// chunks of some streams do.
pub(super) fn read(raw: &RawValue) -> Option<Usage> {
    let names = [
        "promptTokenCount",
        "toolUsePromptTokenCount",
        "cachedContentTokenCount",
        "candidatesTokenCount",
        "thoughtsTokenCount",
        "totalTokenCount",
    ];
    let [prompt, tools, cached, candidates, thoughts, total] = pick(raw.get(), names)?.map(count);
    let sum = |one: Option<u64>, two: Option<u64>| match (one, two) {
        (None, None) => None,
        (one, two) => Some(one.unwrap_or(0).saturating_add(two.unwrap_or(0))),
    };
    let prompt = sum(prompt, tools);
    // Thoughts are counted beside the answer, but where the total says that they are part of it.
    let within = candidates.is_some() && sum(prompt, candidates) == total;
    let usage = Usage {
        // The prompt's count holds what was read from the cache.
        input: prompt.map(|prompt| prompt.saturating_sub(cached.unwrap_or(0))),
        cache_read: cached,
        cache_write: None,
        output: if within { candidates } else { sum(candidates, thoughts) },
        reasoning: thoughts,
    };
    (usage != Usage::default()).then_some(usage)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(json: &str) -> Option<[Option<u64>; 4]> {
        let raw: &RawValue = serde_json::from_str(json).unwrap();
        read(raw).map(|usage| [usage.input, usage.cache_read, usage.output, usage.reasoning])
    }

    #[test]
    fn the_sums() {
        let plain = r#"{"promptTokenCount":9,"candidatesTokenCount":28,"totalTokenCount":37}"#;
        assert_eq!(of(plain), Some([Some(9), None, Some(28), None]));
        let thoughts = r#"{"promptTokenCount":9,"candidatesTokenCount":28,"totalTokenCount":281,"thoughtsTokenCount":244}"#;
        assert_eq!(of(thoughts), Some([Some(9), None, Some(272), Some(244)]));
        let within = r#"{"promptTokenCount":9,"candidatesTokenCount":28,"totalTokenCount":37,"thoughtsTokenCount":20}"#;
        assert_eq!(of(within), Some([Some(9), None, Some(28), Some(20)]));
        let cached = r#"{"promptTokenCount":100,"cachedContentTokenCount":60,"toolUsePromptTokenCount":5,"totalTokenCount":105}"#;
        assert_eq!(of(cached), Some([Some(45), Some(60), None, None]));
        let only_thoughts = r#"{"promptTokenCount":9,"thoughtsTokenCount":7,"totalTokenCount":16}"#;
        assert_eq!(of(only_thoughts), Some([Some(9), None, Some(7), Some(7)]));
    }

    #[test]
    fn odd_counts_are_none() {
        assert_eq!(of(r#"{"trafficType":"ON_DEMAND"}"#), None);
        assert_eq!(of("[]"), None);
        assert_eq!(
            of(r#"{"promptTokenCount":-1,"candidatesTokenCount":"3","thoughtsTokenCount":null}"#),
            None
        );
        let most = r#"{"promptTokenCount":1,"cachedContentTokenCount":18446744073709551615}"#;
        assert_eq!(of(most), Some([Some(0), Some(u64::MAX), None, None]));
    }
}
