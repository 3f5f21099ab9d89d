//! Anthropic Messages as an upstream.
//!
//! Source of the rules: the Anthropic API reference, "Messages", and the types of the official SDK
//! (anthropic 2.12.0).

mod base64;
pub mod error;
pub mod fate;
pub mod request;
pub mod response;
pub mod stream;
mod usage;

use super::json;
