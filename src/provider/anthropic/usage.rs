//! Token counts in Anthropic's words.

use serde_json::value::RawValue;

use super::json::{count, pick, pick_in};
use crate::ir::Usage;

/// Reads `usage`, of a message and of a stream's `message_delta` alike; `None` where it is no object.
pub(super) fn read(raw: &RawValue) -> Option<Usage> {
    let names = [
        "input_tokens",
        "output_tokens",
        "cache_read_input_tokens",
        "cache_creation_input_tokens",
        "cache_creation",
        "output_tokens_details",
    ];
    let [input, output, read, written, parts, details] = pick(raw.get(), names)?;
    let parts = pick_in(parts, ["ephemeral_5m_input_tokens", "ephemeral_1h_input_tokens"]);
    let [short, long] = parts.unwrap_or_default().map(count);
    let parts =
        (short.is_some() || long.is_some()).then(|| short.unwrap_or(0).saturating_add(long.unwrap_or(0)));
    let [thinking] = pick_in(details, ["thinking_tokens"]).unwrap_or_default();
    Some(Usage {
        input: count(input),
        cache_read: count(read),
        cache_write: count(written).or(parts),
        output: count(output),
        reasoning: count(thinking),
    })
}
