//! Deframers: bytes of a stream in, whole events out. They know framing, not meaning.

pub mod aws;
pub mod sse;
pub(crate) mod template;
pub(crate) mod text;
