//! A whole reply of Mistral: as OpenAI's, but that content may be a list, with reasoning in it.
//!
//! Chunks of kinds that a client has no place for (references to documents, pictures, and whatever comes next) are
//! passed over: the text speaks for itself.

pub use crate::provider::openai::response::parse as read;
