//! OpenAI Chat Completions as an upstream, and the providers compatible with it.
//!
//! A chat client's request passes through: only the spans that must change are spliced, and the reply is watched,
//! not rewritten.

pub mod error;
pub mod request;
pub mod response;
pub mod stream;
mod usage;
