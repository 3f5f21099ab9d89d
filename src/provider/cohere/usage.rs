//! Token counts in Cohere's words.

use serde_json::value::RawValue;

use super::json::{pick, pick_in};
use crate::ir::Usage;

/// Reads `usage`, of a whole reply and of a stream's last event alike; `None` where it counts nothing. Counts are
/// floats. What was billed is less than what the model read, and stands only where that is not told.
pub(super) fn read(raw: &RawValue) -> Option<Usage> {
    let [tokens, billed, cached] = pick(raw.get(), ["tokens", "billed_units", "cached_tokens"])?;
    let (input, output) = told(tokens).or_else(|| told(billed)).unwrap_or_default();
    // A part of the input; of billed units it may be more than the whole.
    let cached = count(cached).map(|cached| cached.min(input.unwrap_or(cached)));
    let usage = Usage {
        input: input.map(|input| input.saturating_sub(cached.unwrap_or(0))),
        cache_read: cached,
        cache_write: None,
        output,
        reasoning: None,
    };
    (usage != Usage::default()).then_some(usage)
}

/// Tokens of the prompt and of the answer, where either is told.
fn told(raw: Option<&RawValue>) -> Option<(Option<u64>, Option<u64>)> {
    let [input, output] = pick_in(raw, ["input_tokens", "output_tokens"])?;
    let (input, output) = (count(input), count(output));
    (input.is_some() || output.is_some()).then_some((input, output))
}

/// A count from 0 on, also as a float; nothing where it is none.
fn count(raw: Option<&RawValue>) -> Option<u64> {
    let number: f64 = serde_json::from_str(raw?.get()).ok()?;
    // A cast of what is beyond the range of u64 gives its end.
    (number >= 0.0).then_some(number.round() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(json: &str) -> Option<[Option<u64>; 3]> {
        let raw: &RawValue = serde_json::from_str(json).unwrap();
        read(raw).map(|usage| [usage.input, usage.cache_read, usage.output])
    }

    #[test]
    fn tokens_not_what_was_billed() {
        let both = r#"{"billed_units":{"input_tokens":41,"output_tokens":25},"tokens":{"input_tokens":1441.0,"output_tokens":54},"cached_tokens":1400.0}"#;
        assert_eq!(of(both), Some([Some(41), Some(1400), Some(54)]));
        let billed = r#"{"billed_units":{"input_tokens":41.0,"output_tokens":25,"search_units":1},"tokens":{},"cached_tokens":992}"#;
        assert_eq!(of(billed), Some([Some(0), Some(41), Some(25)]));
        assert_eq!(of(r#"{"tokens":{"output_tokens":7}}"#), Some([None, None, Some(7)]));
    }

    #[test]
    fn odd_counts_are_none() {
        for json in [
            "[]",
            "null",
            "{}",
            r#"{"tokens":null,"billed_units":[1,2]}"#,
            r#"{"tokens":{"input_tokens":-1,"output_tokens":"3"}}"#,
            r#"{"tokens":{"input_tokens":{}},"cached_tokens":null}"#,
        ] {
            assert_eq!(of(json), None, "{json}");
        }
        assert_eq!(of(r#"{"tokens":{"input_tokens":1e300}}"#), Some([Some(u64::MAX), None, None]));
    }
}
