//! Cohere as an upstream: `POST /v2/chat`.

pub mod embeddings;
pub mod error;
pub mod fate;
pub mod request;
pub mod rerank;
pub mod response;
pub mod stream;
