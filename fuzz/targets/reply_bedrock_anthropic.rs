//! `cargo fuzz run reply_bedrock_anthropic`: see [`entry::reply`].
#![cfg_attr(fuzzing, no_main)]

#[macro_use]
#[path = "../entry.rs"]
mod entry;

target!((|data: &[u8]| entry::reply(switchyard::provider::Format::BedrockAnthropic, data)));
