//! Cohere as an upstream: `POST /v2/chat`.

pub mod error;
pub mod fate;
pub mod request;
pub mod response;
pub mod stream;
