//! What a check found, and where.

use std::{collections::BTreeMap, fmt};

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// The file cannot be used.
    Mistake,
    /// The file can be used, and does less than it says.
    Warning,
    /// Worth knowing.
    Notice,
}

/// One thing that a check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How much it weighs.
    pub weight: Weight,
    /// Where in the file: `providers[1].api_key.env`; empty for the file as a whole.
    pub path: String,
    /// The line, from 1.
    pub line: usize,
    /// What is the matter, and what would be right.
    pub text: String,
}

impl fmt::Display for Finding {
    /// `12: providers[1].name: …`, to be put after the file's name and a colon.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let weight = match self.weight {
            Weight::Mistake => "",
            Weight::Warning => "warning: ",
            Weight::Notice => "note: ",
        };
        write!(f, "{}: {weight}", self.line)?;
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.text)
    }
}

/// Collects findings, and knows the line of each path.
#[derive(Debug, Default)]
pub struct Findings {
    found: Vec<Finding>,
    lines: BTreeMap<String, usize>,
}

impl Findings {
    /// Remembers the line at which the value of a path begins.
    pub(crate) fn locate(&mut self, path: &str, line: usize) {
        self.lines.insert(path.to_owned(), line);
    }

    /// Adds a mistake, unless one is told of the same place already: the first cause is enough.
    pub fn mistake(&mut self, path: &str, text: impl Into<String>) {
        if !self.is_wrong(path) {
            self.add(Weight::Mistake, path, text.into());
        }
    }

    /// Adds a warning.
    pub fn warning(&mut self, path: &str, text: impl Into<String>) {
        self.add(Weight::Warning, path, text.into());
    }

    /// Adds a notice.
    pub fn notice(&mut self, path: &str, text: impl Into<String>) {
        self.add(Weight::Notice, path, text.into());
    }

    /// Whether a mistake was found at this path, or at one that holds it.
    pub fn is_wrong(&self, path: &str) -> bool {
        self.found.iter().any(|finding| finding.weight == Weight::Mistake && holds(&finding.path, path))
    }

    /// Whether any mistake was found.
    pub fn any_mistake(&self) -> bool {
        self.found.iter().any(|finding| finding.weight == Weight::Mistake)
    }

    /// All findings, by line.
    pub fn into_sorted(mut self) -> Vec<Finding> {
        self.found.sort_by_key(|finding| finding.line);
        self.found
    }

    fn add(&mut self, weight: Weight, path: &str, text: String) {
        let line = self.line(path);
        self.found.push(Finding { weight, path: path.to_owned(), line, text });
    }

    /// The line of a path; of what holds it where the path itself is not in the file.
    fn line(&self, path: &str) -> usize {
        let mut path = path;
        loop {
            if let Some(line) = self.lines.get(path) {
                return *line;
            }
            match path.rfind(['.', '[']).and_then(|end| path.get(..end)) {
                Some(parent) => path = parent,
                None => return self.lines.get("").copied().unwrap_or(1),
            }
        }
    }
}

/// Whether `outer` is `inner` or holds it. The file as a whole holds nothing: its mistakes hide no other.
fn holds(outer: &str, inner: &str) -> bool {
    let Some(rest) = inner.strip_prefix(outer) else { return false };
    !outer.is_empty() && (rest.is_empty() || rest.starts_with(['.', '[']))
}
