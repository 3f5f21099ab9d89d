//! How a cell behaves, as the control API takes it.

use serde::Deserialize;
use serde_json::Value;

use crate::{faults::Fault, formats::Format, keys};

/// A cell's settings. Members that are not known are refused.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Whose API it speaks.
    pub format: Format,
    /// The credential that its requests must show.
    pub key: String,
    /// What goes wrong.
    #[serde(default)]
    pub fault: Fault,
    /// Only each n-th request fails.
    #[serde(default = "one")]
    pub every: u64,
    /// Deltas of text in a stream.
    #[serde(default = "five")]
    pub events: usize,
    /// Pause between the events of a stream.
    #[serde(default)]
    pub gap_ms: u64,
    /// Pause before a reply.
    #[serde(default)]
    pub delay_ms: u64,
    /// Further headers of a reply that has the fault.
    #[serde(default)]
    pub headers: Vec<(String, String)>,
    /// Whether ids are kept; without them only numbers are.
    #[serde(default = "yes")]
    pub record: bool,
    /// A listener of its own, which can go down.
    #[serde(default)]
    pub own_port: bool,
    /// What the header `host` must be, where that is not the address of the listener.
    #[serde(default)]
    pub host: Option<String>,
}

fn one() -> u64 {
    1
}

fn five() -> usize {
    5
}

fn yes() -> bool {
    true
}

impl Settings {
    /// Reads them.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn read(value: &Value) -> Result<Settings, String> {
        let settings = Settings::deserialize(value).map_err(|error| error.to_string())?;
        if settings.key.len() < keys::SHORTEST {
            return Err(format!("key: at least {} characters", keys::SHORTEST));
        }
        if settings.every == 0 || settings.events == 0 {
            return Err("every and events: at least 1".into());
        }
        if settings.fault.only_bedrock() && settings.format != Format::Bedrock {
            return Err("this fault is one of bedrock's streams".into());
        }
        Ok(settings)
    }
}
