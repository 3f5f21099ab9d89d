//! OpenAI Chat Completions as an upstream, and the providers compatible with it.
//!
//! A chat client's request passes through: only the spans that must change are spliced, and the reply is watched; what
//! is rewritten of it is only what would break a client of OpenAI's. What others tell beside OpenAI's members
//! (`reasoning`, `citations`, `x_groq`, content filter results) passes as it is and under its own name.

pub(in crate::provider) mod calls;
pub(in crate::provider) mod edits;
pub(in crate::provider) mod effort;
pub mod embeddings;
pub mod error;
pub(in crate::provider) mod finish;
pub mod request;
pub mod rerank;
pub mod response;
pub mod stream;
pub mod tail;
pub(in crate::provider) mod usage;
