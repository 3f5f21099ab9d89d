//! AWS Bedrock as an upstream: `Converse` and `ConverseStream`.

pub mod error;
pub mod fate;
pub mod request;
pub mod response;
pub mod stream;
