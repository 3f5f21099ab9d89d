//! Token counts in Bedrock's words.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::json::Count;
use crate::ir::Usage;

/// `usage`. Real replies spell the counts of the cache in two ways; the service model knows the shorter one.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
struct Counts {
    input_tokens: Count,
    output_tokens: Count,
    cache_read_input_tokens: Count,
    cache_read_input_token_count: Count,
    cache_write_input_tokens: Count,
    cache_write_input_token_count: Count,
}

/// Reads `usage`; `None` where it is no object. What was read from and written to the cache is not part of
/// `inputTokens`.
pub(super) fn read(raw: &RawValue) -> Option<Usage> {
    let counts: Counts = raw.get().starts_with('{').then(|| serde_json::from_str(raw.get()).ok())??;
    Some(Usage {
        input: counts.input_tokens.0,
        cache_read: counts.cache_read_input_tokens.0.or(counts.cache_read_input_token_count.0),
        cache_write: counts.cache_write_input_tokens.0.or(counts.cache_write_input_token_count.0),
        output: counts.output_tokens.0,
        reasoning: None,
    })
}
