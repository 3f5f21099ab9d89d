//! OpenAI Chat Completions.
//!
//! Source of the rules: the OpenAI API reference, "Chat", and the types of the official SDK (openai 3.54.0).

pub mod error;
pub mod field;
pub(crate) mod json;
pub(crate) use super::node;
pub mod parse;
pub mod reply;
pub mod scan;
pub mod stream;
pub(crate) mod words;
