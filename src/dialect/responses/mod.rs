//! OpenAI Responses.
//!
//! Source of the rules: the OpenAI API reference, "Responses", and the types of the official SDK (openai 3.54.0).

pub(crate) mod custom;
mod error;
pub mod field;
mod names;
mod output;
pub mod parse;
pub mod reply;
pub mod scan;
pub mod stream;
mod tool;
pub(crate) mod words;

pub use scan::{Asked, Named};
