//! `cargo fuzz run reply_cohere`: see [`entry::reply`].
#![cfg_attr(fuzzing, no_main)]

#[macro_use]
#[path = "../entry.rs"]
mod entry;

target!((|data: &[u8]| entry::reply(switchyard::provider::Format::Cohere, data)));
