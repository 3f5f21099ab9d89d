//! What clients speak.

use crate::ir::Usage;

pub mod chat;
pub mod embeddings;
pub mod endpoint;
pub(crate) mod fields;
mod flat;
pub mod models;
mod operation;
pub mod rerank;

pub use operation::{Head, Operation, Used};

/// In whose words a client speaks of chat and is told of errors. What it asks for is its [`Operation`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// OpenAI's: Chat Completions, and the errors of all its endpoints.
    Chat,
}

/// What a writer of replies needs to know besides the reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplyContext {
    /// The id to use where the provider gave none, without its prefix: 24 characters of `[0-9a-z]`.
    pub id: String,
    /// Unix time in seconds, for providers that do not tell.
    pub created: u64,
    /// The upstream model, for providers that do not name it in the reply.
    pub model: String,
    /// The client asked for usage in its stream. Replies without a stream always carry it.
    pub include_usage: bool,
}

/// What a stream showed so far; the filter decides by it when to let the headers go.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Progress {
    /// At least one event that is not an error was read.
    pub started: bool,
    /// The stream failed; nothing more will be written.
    pub error: Option<crate::ir::ApiError>,
    /// The provider's own last event was seen.
    pub done: bool,
    /// Tokens reported so far.
    pub usage: Option<Usage>,
}
