//! `docs/security.md` names the test of each claim: all of them must be there, and each threat must have one.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn document() -> String {
    std::fs::read_to_string(root().join("docs/security.md")).unwrap()
}

/// The tests that a text names: `file::function`, in backquotes.
fn named(text: &str) -> Vec<(&str, &str)> {
    let quoted = text.split('`').skip(1).step_by(2);
    quoted.filter_map(|quoted| quoted.split_once("::")).filter(|(file, _)| file.contains('.')).collect()
}

/// Whether the file has a test of this name: a function that is marked as one, or that pytest takes for one.
fn has(file: &str, function: &str) -> bool {
    let short = !file.contains('/');
    let path: PathBuf = root().join(if short { "tests/e2e" } else { "" }).join(file);
    let Ok(source) = std::fs::read_to_string(&path) else { return false };
    let mut marked = false;
    for line in source.lines().map(str::trim) {
        let python = function.starts_with("test_") && line.starts_with(&format!("def {function}("));
        if python || (marked && line.starts_with(&format!("fn {function}("))) {
            return true;
        }
        marked = line == "#[test]" || (marked && line.starts_with(['#', '/']));
    }
    false
}

#[test]
fn every_test_that_is_named_is_there() {
    let document = document();
    let tests = named(&document);
    assert!(tests.len() > 60, "only {} tests are named", tests.len());
    let missing: Vec<_> = tests.iter().filter(|(file, function)| !has(file, function)).collect();
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn every_threat_names_a_test() {
    let document = document();
    let mut rows = 0;
    for part in document.split("| threat | defence | tests |").skip(1) {
        for row in part.lines().skip(2).take_while(|line| line.starts_with('|')) {
            rows += 1;
            assert!(!named(row).is_empty(), "{row}");
        }
    }
    assert!(rows > 20, "only {rows} threats");
}

#[test]
fn what_is_not_there_is_missed() {
    assert!(has("test_keys.py", "test_a_right_key_is_served"));
    assert!(!has("test_keys.py", "test_a_right_key_is"));
    assert!(!has("test_keys.py", "bearer"));
    assert!(!has("src/signature.rs", "openai"));
    assert!(!has("src/none.rs", "there_and_back"));
}
