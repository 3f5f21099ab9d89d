//! OpenAI Responses.
//!
//! Source of the rules: the OpenAI API reference, "Responses", and the types of the official SDK (openai 3.54.0).

pub mod field;
pub mod parse;
pub mod reply;
pub mod scan;
pub mod stream;

pub use scan::{Asked, Named};
