//! Token counts in Bedrock's words.

use serde_json::value::RawValue;

use super::json::{count, pick_in};
use crate::ir::Usage;

/// Reads `usage`; `None` where it is no object. What was read from and written to the cache is not part of
/// `inputTokens`. Real replies spell the counts of the cache in two ways; the service model knows the shorter one.
pub(super) fn read(raw: Option<&RawValue>) -> Option<Usage> {
    let [input, output, read, reads, written, writes] = pick_in(
        raw,
        [
            "inputTokens",
            "outputTokens",
            "cacheReadInputTokens",
            "cacheReadInputTokenCount",
            "cacheWriteInputTokens",
            "cacheWriteInputTokenCount",
        ],
    )?;
    Some(Usage {
        input: count(input),
        cache_read: count(read).or(count(reads)),
        cache_write: count(written).or(count(writes)),
        output: count(output),
        reasoning: None,
    })
}
