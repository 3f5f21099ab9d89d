//! In what a provider differs from the vendor of the format that it speaks: data of its row, not code.

use serde::{Deserialize, Serialize};

/// The differences of one provider. The default has none.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Quirks {
    /// Fields of the request that have another name there: ours, theirs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rename: Vec<(String, String)>,
    /// Fields of the request that it refuses.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub refuses: Vec<String>,
    /// The least and the most that it takes of a number.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub clamp: Vec<(String, f64, f64)>,
}

impl Quirks {
    /// No differences.
    pub const NONE: &'static Quirks = &Quirks { rename: Vec::new(), refuses: Vec::new(), clamp: Vec::new() };

    /// Whether there are none.
    pub fn is_none(&self) -> bool {
        self == Self::NONE
    }
}
