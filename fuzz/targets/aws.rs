//! `cargo fuzz run aws`: see [`entry::aws`].
#![cfg_attr(fuzzing, no_main)]

#[macro_use]
#[path = "../entry.rs"]
mod entry;

target!(entry::aws);
