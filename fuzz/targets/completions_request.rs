//! `cargo fuzz run completions_request`: see [`entry::request`].
#![cfg_attr(fuzzing, no_main)]

#[macro_use]
#[path = "../entry.rs"]
mod entry;

fn run(input: &[u8]) {
    entry::request(switchyard::dialect::Ask::Completions, input);
}

target!(run);
