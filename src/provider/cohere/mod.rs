//! Cohere as an upstream: `POST /v2/chat`.
//!
//! Source of the rules: the Cohere API reference ("Chat", "Chat with Streaming", "Errors"), its guides ("Streaming",
//! "Tool Use", "Structured Outputs", "Reasoning", "Image Inputs") and the types of the official SDK (cohere 7.3.1).

pub mod embeddings;
pub mod error;
pub mod fate;
pub mod request;
pub mod rerank;
pub mod response;
pub mod stream;
mod usage;

use super::json;
