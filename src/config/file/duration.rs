//! Durations as people write them: `500ms`, `5s`, `2m`, `1h`.

use std::{borrow::Cow, fmt, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// A duration of at least one millisecond and at most a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Duration {
    millis: u64,
}

/// The longest that a file may ask for.
const DAY_MILLIS: u64 = 24 * 60 * 60 * 1000;

impl Duration {
    /// So many seconds.
    pub const fn seconds(seconds: u64) -> Self {
        Duration { millis: seconds * 1000 }
    }

    /// So many milliseconds.
    pub const fn of_millis(millis: u64) -> Self {
        Duration { millis }
    }

    /// In milliseconds.
    pub fn millis(self) -> u64 {
        self.millis
    }

    /// So many times as long.
    pub fn times(self, factor: u32) -> Self {
        Duration { millis: self.millis.saturating_mul(u64::from(factor)) }
    }

    /// The two together.
    pub fn plus(self, other: Duration) -> Self {
        Duration { millis: self.millis.saturating_add(other.millis) }
    }

    /// As protobuf's JSON writes it: `5s`, `0.500s`.
    pub fn protobuf(self) -> String {
        match (self.millis / 1000, self.millis % 1000) {
            (seconds, 0) => format!("{seconds}s"),
            (seconds, millis) => format!("{seconds}.{millis:03}s"),
        }
    }
}

impl FromStr for Duration {
    type Err = String;

    /// Reads a whole number and its unit.
    ///
    /// # Errors
    /// What is wrong with the text, and an example of what is right.
    fn from_str(text: &str) -> Result<Self, String> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at_checked(digits).unwrap_or(("", text));
        let factor = match unit {
            "ms" => 1,
            "s" => 1000,
            "m" => 60 * 1000,
            "h" => 60 * 60 * 1000,
            _ => {
                return Err(format!(
                    "{text:?} is no duration: write a whole number and ms, s, m or h, as in 30s"
                ));
            }
        };
        let millis = number.parse::<u64>().ok().and_then(|number| number.checked_mul(factor));
        match millis {
            Some(millis) if (1..=DAY_MILLIS).contains(&millis) => Ok(Duration { millis }),
            _ => Err(format!("{text:?} is out of range: from 1ms to 24h")),
        }
    }
}

impl TryFrom<String> for Duration {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Duration> for String {
    fn from(duration: Duration) -> String {
        duration.to_string()
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.millis {
            millis if millis % 1000 == 0 => write!(f, "{}s", millis / 1000),
            millis => write!(f, "{millis}ms"),
        }
    }
}

impl JsonSchema for Duration {
    fn schema_name() -> Cow<'static, str> {
        "Duration".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A whole number and its unit, from 1ms to 24h: 500ms, 5s, 2m, 1h.",
            "pattern": "^[0-9]+(ms|s|m|h)$"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_is_read() {
        for (text, millis) in [("500ms", 500), ("5s", 5000), ("2m", 120_000), ("24h", DAY_MILLIS)] {
            assert_eq!(text.parse::<Duration>().unwrap().millis(), millis, "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_is_told() {
        for text in ["", "5", "s", "5 s", "5.5s", "-1s", "5d", "٣s"] {
            assert!(text.parse::<Duration>().is_err(), "{text}");
        }
        for text in ["0s", "25h", "99999999999999999999h"] {
            assert!(text.parse::<Duration>().unwrap_err().contains("out of range"), "{text}");
        }
    }

    #[test]
    fn protobuf_writes_seconds() {
        assert_eq!(Duration::seconds(5).protobuf(), "5s");
        assert_eq!("1500ms".parse::<Duration>().unwrap().protobuf(), "1.500s");
        assert_eq!("5ms".parse::<Duration>().unwrap().protobuf(), "0.005s");
    }
}
