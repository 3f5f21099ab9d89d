//! Token counts in Anthropic's words.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::json::Count;
use crate::ir::Usage;

/// `usage`, of a message and of a stream's `message_delta` alike.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Counts {
    input_tokens: Count,
    output_tokens: Count,
    cache_read_input_tokens: Count,
    cache_creation_input_tokens: Count,
    cache_creation: Option<CacheCreation>,
    output_tokens_details: Option<OutputDetails>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct CacheCreation {
    ephemeral_5m_input_tokens: Count,
    ephemeral_1h_input_tokens: Count,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct OutputDetails {
    thinking_tokens: Count,
}

impl Counts {
    /// Reads `usage`; `None` where it is no object.
    pub(super) fn read(raw: &RawValue) -> Option<Usage> {
        serde_json::from_str::<Counts>(raw.get()).ok().map(Usage::from)
    }
}

impl From<Counts> for Usage {
    fn from(counts: Counts) -> Self {
        let parts = counts.cache_creation.unwrap_or_default();
        let written = match (parts.ephemeral_5m_input_tokens.0, parts.ephemeral_1h_input_tokens.0) {
            (None, None) => None,
            (short, long) => Some(short.unwrap_or(0).saturating_add(long.unwrap_or(0))),
        };
        Usage {
            input: counts.input_tokens.0,
            cache_read: counts.cache_read_input_tokens.0,
            cache_write: counts.cache_creation_input_tokens.0.or(written),
            output: counts.output_tokens.0,
            reasoning: counts.output_tokens_details.and_then(|details| details.thinking_tokens.0),
        }
    }
}
