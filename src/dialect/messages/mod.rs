//! Anthropic Messages.
//!
//! Source of the rules: Anthropic's API reference, "Messages", and the types of the official SDK (anthropic 2.12.0).

pub mod error;
pub mod field;
pub mod parse;
pub mod reply;
pub mod scan;
pub mod stream;
mod words;
