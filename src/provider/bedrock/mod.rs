//! AWS Bedrock as an upstream: `Converse` and `ConverseStream`, which speak with any model in one form, and the streams
//! of Claude through `InvokeModelWithResponseStream`.
//!
//! Source of the rules: Amazon Bedrock API reference and user guide, and the service model `bedrock-runtime` of botocore
//! 1.44.5.

mod citation;
pub mod embeddings;
pub mod error;
pub mod fate;
pub mod invoke;
pub mod request;
pub mod rerank;
pub mod response;
pub mod stream;
mod usage;

use super::json;
