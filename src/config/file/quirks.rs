//! `quirks:` of a provider: what differs from the quirks of its type's row.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::provider::quirks;

/// In what a provider differs from OpenAI. Each field that is set replaces that of the type; they act in OpenAI's format.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Quirks {
    /// Fields that it refuses or passes over. Hints among them are left out of requests; a request that uses another
    /// one does not go to this provider.
    pub refuses: Option<Vec<String>>,
    /// What it takes beside OpenAI's fields: `cache_control`, `top_k`, `messages[].reasoning_content`,
    /// `messages[].tool_calls[].extra_content`, other members of a request. It is sent what clients of other APIs than
    /// OpenAI's chat say of these; chat clients' own bodies have them in any case.
    pub takes: Option<Vec<String>>,
    /// It refuses members of a request that OpenAI does not have: they are left out.
    pub known_only: Option<bool>,
    /// The least and the most that it takes of a number.
    pub clamp: Option<BTreeMap<String, Range>>,
    /// Words that it calls by another name: of a field, OpenAI's word and its own.
    pub values: Option<BTreeMap<String, BTreeMap<String, String>>>,
    /// Send messages of the role developer as system.
    pub developer_as_system: Option<bool>,
    /// Send content of text as one string.
    pub flat_content: Option<bool>,
    /// What each request carries, whatever the client says.
    pub fixed: Option<BTreeMap<String, serde_json::Value>>,
    /// Fields that have another name there: OpenAI's name and its own.
    pub rename: Option<BTreeMap<String, String>>,
}

/// The least and the most of a number, ends included.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Range {
    /// The least.
    pub min: f64,
    /// The most.
    pub max: f64,
}

/// The quirks of a row, with those of the file in their places.
pub fn merged(own: Option<&Quirks>, row: &quirks::Quirks) -> quirks::Quirks {
    let mut merged = row.clone();
    let Some(own) = own.cloned() else { return merged };
    let Quirks {
        refuses,
        takes,
        known_only,
        clamp,
        values,
        developer_as_system,
        flat_content,
        fixed,
        rename,
    } = own;
    if let Some(clamp) = clamp {
        merged.clamp = clamp.into_iter().map(|(field, range)| (field, range.min, range.max)).collect();
    }
    if let Some(values) = values {
        let words = values.into_iter().flat_map(|(field, words)| {
            words.into_iter().map(move |(ours, theirs)| (field.clone(), ours, theirs))
        });
        merged.values = words.collect();
    }
    merged.refuses = refuses.unwrap_or(merged.refuses);
    merged.takes = takes.unwrap_or(merged.takes);
    merged.known_only = known_only.unwrap_or(merged.known_only);
    merged.developer_as_system = developer_as_system.unwrap_or(merged.developer_as_system);
    merged.flat_content = flat_content.unwrap_or(merged.flat_content);
    let fixed = fixed.map(|fixed| fixed.into_iter().map(|(name, value)| (name, value.into())).collect());
    merged.fixed = fixed.unwrap_or(merged.fixed);
    merged.rename = rename.map_or(merged.rename, |rename| rename.into_iter().collect());
    merged
}
