//! Google's Gemini API as an upstream: `generateContent` and `streamGenerateContent`.
//!
//! Source of the rules: the Gemini API reference ("Generating content", "Caching", "Files") and its guides ("Function
//! calling", "Thinking", "Thought signatures", "Structured output"), and the types of the official SDK (google-genai
//! 3.4.0). The model and whether to stream are told in the path ([`crate::provider::path`]), not in the body.

mod chars;
pub mod embeddings;
pub mod error;
pub mod fate;
pub mod request;
pub mod response;
pub mod stream;
mod told;
mod usage;

use super::json;
