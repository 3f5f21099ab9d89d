//! OpenAI Responses as an upstream: `POST /v1/responses`.
//!
//! Source of the rules: the OpenAI API reference ("Create a model response", "Streaming events"), its guides
//! ("Migrate to the Responses API", "Function calling", "Reasoning models", "Conversation state"), and the types of the
//! official SDK (openai 3.54.0).
//!
//! Nothing is kept at the provider unless the client asks for it (`store`): every request carries the whole
//! conversation. So that reasoning survives from turn to turn all the same, it is asked for in encrypted form, given to
//! the client with a [signature](crate::signature), and written back from that.

mod beside;
pub mod error;
pub mod fate;
mod item;
pub mod pass;
pub mod request;
pub mod response;
pub mod stream;
mod usage;

use super::json;
