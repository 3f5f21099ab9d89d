//! Anthropic Messages as an upstream: Anthropic's own, and Claude on Vertex AI and on Bedrock, which take and give the
//! same messages in envelopes of their own.
//!
//! Source of the rules: the Anthropic API reference, "Messages", and the types of the official SDK
//! (anthropic 2.12.0).

pub mod beta;
pub mod error;
pub mod fate;
pub mod pass;
pub mod request;
pub mod response;
pub mod stream;
mod told;
mod usage;

use super::json;
