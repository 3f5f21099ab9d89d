//! What passed, what failed, what was passed over and why.

use std::collections::BTreeMap;

/// The counts of a run.
#[derive(Default)]
pub struct Report {
    passed: usize,
    failed: usize,
    skipped: BTreeMap<String, String>,
}

impl Report {
    /// Counts one check.
    pub fn check(&mut self, name: &str, result: Result<(), String>) {
        match result {
            Ok(()) => self.passed += 1,
            Err(why) => self.fail(name, &why),
        }
    }

    /// Counts a failure, and tells it.
    pub fn fail(&mut self, name: &str, why: &str) {
        self.failed += 1;
        println!("FAILED {name}: {why}");
    }

    /// Passes something over. One reason a name is enough.
    pub fn skip(&mut self, name: &str, why: &str) {
        self.skipped.insert(name.to_owned(), why.to_owned());
    }

    /// Takes over what another counted.
    pub fn join(&mut self, other: Report) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped.extend(other.skipped);
    }

    /// Tells the reasons and the verdict, and whether all is well.
    pub fn verdict(&self) -> bool {
        for (name, why) in &self.skipped {
            println!("skipped {name}: {why}");
        }
        println!(
            "conformance: {} passed, {} failed, {} skipped",
            self.passed,
            self.failed,
            self.skipped.len()
        );
        self.failed == 0 && (self.passed > 0 || !self.skipped.is_empty())
    }
}
