//! `cargo fuzz run sse`: see [`entry::sse`].
#![cfg_attr(fuzzing, no_main)]

#[macro_use]
#[path = "../entry.rs"]
mod entry;

target!(entry::sse);
