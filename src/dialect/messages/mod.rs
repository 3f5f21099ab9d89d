//! Anthropic Messages.
//!
//! Source of the rules: Anthropic's API reference, "Messages", and the types of the official SDK (anthropic 2.12.0).

pub mod error;
pub mod field;
pub(crate) mod kinds;
pub mod parse;
pub mod reply;
pub mod scan;
pub mod stream;
mod words;

/// What a line of the system prompt begins with that Claude Code has for Anthropic's books ([C], 2.1.330). It changes with
/// every request.
pub(crate) const BILLING: &str = "x-anthropic-billing-header:";

/// The longest id of a user, in bytes, that other formats are told: OpenAI answers 400 to a longer one ("Expected a string
/// with maximum length 64"). Claude Code's has some 150.
pub(crate) const MAX_USER_ID: usize = 64;
