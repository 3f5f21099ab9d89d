//! Versions of Kong, and what each can do.
//!
//! Sources: Kong's changelogs and the sources of its `kong/runloop/wasm.lua`, `kong/db/schema/entities/filter_chains.lua` and
//! configuration loader; of ngx_wasm_module the shared data and the WASI functions. They were read, not run.

use std::{fmt, str::FromStr};

/// A version, without its last number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version(u32, u32);

impl Version {
    /// Kong 3.5: the configuration of a filter may be an object, which Kong checks by the schema beside the filter and
    /// encodes again. Before, it is a string.
    pub(super) fn takes_objects(self) -> bool {
        self >= Version(3, 5)
    }

    /// Kong 3.7: the variables of nginx's workers can be read (before, ngx_wasm_module wrote them past the end of what it
    /// was given), and which filters are loaded can be said.
    pub(super) fn reads_environment(self) -> bool {
        self >= Version(3, 7)
    }

    /// The key of `kong.conf` for the memory that workers share. A read of shared data without such memory is a trap. Since
    /// 3.7 it may be there for all names; before, for keys that begin with its own name and a slash.
    pub(super) fn shared_data(self) -> &'static str {
        match self {
            Version(3, minor) if minor < 6 => "nginx_wasm_shm_switchyard",
            Version(3, 6) => "nginx_wasm_shm_kv_switchyard",
            _ => "nginx_wasm_shm_kv",
        }
    }

    /// Whether this Kong runs filters at all.
    ///
    /// # Errors
    /// It does not, and what can be done.
    pub(super) fn has_wasm(self) -> Result<(), String> {
        if (Version(3, 4)..=Version(3, 10)).contains(&self) {
            return Ok(());
        }
        let why = match self < Version(3, 4) {
            true => "has no filters of WebAssembly yet; the first that has is 3.4",
            false => "is built without filters of WebAssembly; the last that may have them is 3.10",
        };
        Err(format!("--kong-version: Kong {self} {why}. With --beside, an Envoy runs the filter behind Kong"))
    }
}

impl FromStr for Version {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut numbers = text.split('.').map(str::parse::<u32>);
        let version = match (numbers.next(), numbers.next()) {
            (Some(Ok(major)), Some(Ok(minor))) => Some(Version(major, minor)),
            _ => None,
        };
        let rest = numbers.all(|number| number.is_ok());
        version
            .filter(|version| rest && *version >= Version(3, 0) && version.0 == 3)
            .ok_or_else(|| format!("{text:?} is no version of Kong 3, such as 3.9"))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_and_compared_by_number() {
        let version = |text: &str| text.parse::<Version>().unwrap();
        assert!(version("3.10") > version("3.9.1") && version("3.9").to_string() == "3.9");
        for wrong in ["", "3", "2.8", "4.0", "3.x", "3.9.x", "v3.9"] {
            assert!(wrong.parse::<Version>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn only_the_kongs_with_wasm_run_filters() {
        for (text, has) in [("3.3", false), ("3.4", true), ("3.10", true), ("3.11", false)] {
            let told = text.parse::<Version>().unwrap().has_wasm();
            assert_eq!(told.is_ok(), has, "{text}: {told:?}");
            assert!(told.err().is_none_or(|told| told.contains("--beside")));
        }
    }
}
