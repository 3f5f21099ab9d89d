//! OpenAI Completions, the API before Chat Completions.
//!
//! Source of the rules: the OpenAI API reference, "Completions", and the types of the official SDK (openai 3.54.0).

pub mod field;
pub mod parse;
pub mod reply;
pub mod scan;
pub mod stream;
