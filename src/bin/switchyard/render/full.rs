//! Surroundings of tests, in which everything is there.

use switchyard::config::file::meaning::Surroundings;

/// Every variable is set, and every file there.
pub(super) struct Full;

impl Surroundings for Full {
    fn has_env(&self, _: &str) -> bool {
        true
    }

    fn has_file(&self, _: &str) -> bool {
        true
    }
}
