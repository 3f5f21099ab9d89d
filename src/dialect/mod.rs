//! What clients speak.

use std::rc::Rc;

use crate::ir::Usage;

pub mod chat;
pub mod completions;
pub mod embeddings;
pub mod endpoint;
pub(crate) mod fields;
mod flat;
mod head;
pub mod messages;
pub mod models;
pub(crate) mod node;
mod operation;
pub mod pass;
pub mod rerank;
pub mod responses;

pub use head::{Head, Used};
pub use operation::{Ask, Operation};

/// In whose words a client is answered and told of errors. What it asks for is an [`Operation`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    /// OpenAI's Chat Completions, and OpenAI's errors for all its endpoints but Responses.
    #[default]
    Chat,
    /// OpenAI's Completions, the API before Chat Completions.
    Completions,
    /// Anthropic's Messages.
    Messages,
    /// OpenAI's Responses.
    Responses,
}

/// What a writer of replies needs to know besides the reply.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReplyContext {
    /// The id to use where the provider gave none, without its prefix: 24 characters of `[0-9a-z]`.
    pub id: String,
    /// Unix time in seconds, for providers that do not tell.
    pub created: u64,
    /// The upstream model, for providers that do not name it in the reply.
    pub model: String,
    /// The client asked for usage in its stream. Replies without a stream always carry it.
    pub include_usage: bool,
    /// The provider's name in the configuration: reasoning that only it can read is marked with it.
    pub provider: String,
    /// A whole answer that declines and says nothing is to be an error: another target may be asked.
    pub declined_is_error: bool,
    /// What a reply repeats of a Responses request.
    pub asked: Option<Rc<responses::Asked>>,
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

/// A stream that passes as it is, but for what must change.
pub trait Pass: std::fmt::Debug {
    /// Takes the next bytes. True: they pass as they are; else what is to be sent instead was appended to `out`.
    fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> bool;

    /// The body has ended; appends what is still to be sent.
    fn end(&mut self, out: &mut Vec<u8>);

    /// What was seen so far.
    fn progress(&self) -> &Progress;
}
