//! `switchyard check`, and the reading that other commands begin with.

use std::{io::Read, path::Path};

use switchyard::config::file::{
    self, Reading,
    finding::{Finding, Weight},
    meaning::Surroundings,
    types::Gateway,
};

/// The largest `gateway.yaml`: nobody writes a larger one, and a wrong path may name anything.
const FILE_BYTES: u64 = 4 << 20;

/// As much of a file of secrets is read; one that is larger is none.
const SECRET_BYTES: u64 = 128 << 10;

/// The machine that this runs on.
pub(crate) struct Here;

impl Surroundings for Here {
    fn has_env(&self, name: &str) -> bool {
        std::env::var_os(name).is_some_and(|value| !value.is_empty())
    }

    fn has_file(&self, path: &str) -> bool {
        Path::new(path).is_file()
    }

    fn env_text(&self, name: &str) -> Option<String> {
        std::env::var(name).ok().filter(|value| !value.is_empty())
    }

    fn file_text(&self, path: &str) -> Option<String> {
        let file = std::fs::File::open(path).ok()?;
        let mut text = String::new();
        // A wrong path may name anything, also what never ends.
        file.take(SECRET_BYTES).read_to_string(&mut text).ok()?;
        Some(text)
    }
}

/// Checks a file and prints what was found, and a verdict.
///
/// # Errors
/// The number of mistakes, or why the file cannot be read.
pub(crate) fn run(path: &Path) -> Result<(), String> {
    let reading = read(path)?;
    print(path, &reading.findings);
    let warnings = reading.findings.iter().filter(|finding| finding.weight == Weight::Warning).count();
    match reading.gateway {
        Some(gateway) => {
            let (providers, models) = (gateway.providers.len(), gateway.models.len());
            println!(
                "{}: right: {}, {}, {}",
                path.display(),
                count(providers, "provider"),
                count(models, "model"),
                count(warnings, "warning")
            );
            Ok(())
        }
        None => Err(mistakes(path, &reading.findings)),
    }
}

/// Reads a file that must be right; what was found goes to standard error.
///
/// # Errors
/// The number of mistakes, or why the file cannot be read.
pub(crate) fn load(path: &Path) -> Result<Gateway, String> {
    let reading = read(path)?;
    print(path, &reading.findings);
    let told = mistakes(path, &reading.findings);
    reading.gateway.ok_or(told)
}

/// Reads a file.
///
/// # Errors
/// Why it cannot be read.
pub(crate) fn read(path: &Path) -> Result<Reading, String> {
    let name = path.display();
    let size = std::fs::metadata(path).map_err(|error| format!("{name}: {error}"))?;
    if size.is_file() && size.len() > FILE_BYTES {
        return Err(format!("{name}: is larger than {FILE_BYTES} bytes"));
    }
    let bytes = std::fs::read(path).map_err(|error| format!("{name}: {error}"))?;
    let text = String::from_utf8(bytes).map_err(|_| format!("{name}: is not UTF-8 text"))?;
    Ok(file::read(&text, &Here))
}

/// Prints findings to standard error.
pub(crate) fn print(path: &Path, findings: &[Finding]) {
    for finding in findings {
        eprintln!("{}:{finding}", path.display());
    }
}

fn mistakes(path: &Path, findings: &[Finding]) -> String {
    let mistakes = findings.iter().filter(|finding| finding.weight == Weight::Mistake).count();
    format!("{}: {}", path.display(), count(mistakes, "mistake"))
}

fn count(number: usize, thing: &str) -> String {
    if number == 1 { format!("1 {thing}") } else { format!("{number} {thing}s") }
}
