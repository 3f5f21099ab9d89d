//! OpenAI Responses as an upstream: `POST /v1/responses`.

pub mod error;
pub mod fate;
pub mod request;
pub mod response;
pub mod stream;
