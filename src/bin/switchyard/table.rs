//! What listings share: columns, JSON, and a standard output that may be closed.

use std::io::{ErrorKind, Write};

use serde::Serialize;

/// Prints rows in columns as wide as their widest cell.
///
/// # Errors
/// Standard output cannot be written to.
pub(crate) fn print<const N: usize>(rows: &[[String; N]]) -> Result<(), String> {
    let mut widths = [0; N];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let mut out = String::new();
    for row in rows {
        let cells: Vec<String> =
            row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        out.push_str(cells.join("  ").trim_end());
        out.push('\n');
    }
    write(&out)
}

/// Prints a value as JSON.
///
/// # Errors
/// Standard output cannot be written to.
pub(crate) fn json(value: &impl Serialize) -> Result<(), String> {
    let text = serde_json::to_string_pretty(value).map_err(|error| error.to_string())?;
    write(&(text + "\n"))
}

/// Prints a text. A reader that has gone away, as `head` does, has had what it wanted.
///
/// # Errors
/// Standard output cannot be written to.
pub(crate) fn write(text: &str) -> Result<(), String> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(format!("standard output: {error}")),
        _ => Ok(()),
    }
}
