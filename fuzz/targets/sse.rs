//! `cargo fuzz run sse`: see [`entry::sse`].
#![cfg_attr(fuzzing, no_main)]

#[path = "../entry.rs"]
mod entry;

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| entry::sse(data));

/// Without cargo-fuzz: each file that is named is one input, as to see again what a fuzzer found.
#[cfg(not(fuzzing))]
fn main() {
    for path in std::env::args_os().skip(1) {
        entry::sse(&std::fs::read(&path).expect("a file that can be read"));
    }
}
