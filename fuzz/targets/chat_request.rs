//! `cargo fuzz run chat_request`: see [`entry::chat_request`].
#![cfg_attr(fuzzing, no_main)]

#[macro_use]
#[path = "../entry.rs"]
mod entry;

target!(entry::chat_request);
