//! Mistral as an upstream: `POST /v1/chat/completions`, which is close to OpenAI's, and strict: it answers 422 to any
//! member that it does not know. So a request goes through the intermediate form, of which only what has a place is
//! written; replies are read by it too, since reasoning comes as parts of the content.
//!
//! Sources: Mistral API reference, "Chat Completion", and the types of the official SDK (mistralai 3.7.0).

pub mod embeddings;
pub mod error;
pub mod fate;
pub mod request;
pub mod response;
pub mod stream;
