//! Mistral as an upstream: `POST /v1/chat/completions`, which is close to OpenAI's.

pub mod error;
pub mod fate;
pub mod request;
pub mod response;
pub mod stream;
