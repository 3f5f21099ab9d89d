//! Versions of Envoy.

use std::{fmt, str::FromStr};

/// A minor release: `1.37`. Patches bring no configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version(pub(crate) u32, pub(crate) u32);

impl Version {
    /// The newest that was tried, and the one that is meant where none is told.
    pub(crate) const NEWEST: Version = Version(1, 40);
    /// The oldest that anything is rendered for.
    pub(crate) const OLDEST: Version = Version(1, 31);
}

impl fmt::Display for Version {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}.{}", self.0, self.1)
    }
}

impl FromStr for Version {
    type Err = String;

    /// Takes `1.37` and `1.37.2`, also with what a build adds (`1.38.0-dev`).
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut numbers = text.split(['.', '-']).map(str::parse::<u32>);
        match (numbers.next(), numbers.next()) {
            (Some(Ok(major)), Some(Ok(minor))) => Ok(Version(major, minor)),
            _ => Err(format!("{text:?} is no version of Envoy: write it as 1.37")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        for (text, version) in
            [("1.9", Version(1, 9)), ("1.40.0", Version(1, 40)), ("2.0.0-dev", Version(2, 0))]
        {
            assert_eq!(text.parse(), Ok(version), "{text}");
        }
        assert!(Version(1, 9) < Version(1, 31) && Version(1, 40) < Version(2, 0));
        for text in ["", "1", "v1.37", "1.x", "latest"] {
            assert!(text.parse::<Version>().is_err(), "{text}");
        }
        assert_eq!(Version(1, 37).to_string(), "1.37");
    }
}
