//! `cargo fuzz run reply_responses`: see [`entry::reply`].
#![cfg_attr(fuzzing, no_main)]

#[macro_use]
#[path = "../entry.rs"]
mod entry;

target!((|data: &[u8]| entry::reply(switchyard::provider::Format::Responses, data)));
