//! A Messages client's request to a provider of Anthropic's formats, and the reply back: the same bytes but for what must
//! change.

use crate::{
    dialect::{Pass, Progress},
    ir::{ApiError, Usage},
    provider::Format,
};

mod request;

pub use request::request;

/// Reads a whole reply for what it reports. True: what the client is to get instead was appended to `out`.
///
/// # Errors
///
/// Where the reply is none.
pub fn reply(_body: &[u8], _out: &mut Vec<u8>) -> Result<(bool, Option<Usage>), ApiError> {
    Err(ApiError::invalid("model", "not yet"))
}

/// A stream of Messages events on its way.
#[derive(Debug)]
pub struct MessagesPass {
    progress: Progress,
}

impl MessagesPass {
    /// A stream that has not begun.
    pub fn new(_format: Format) -> Self {
        Self { progress: Progress::default() }
    }
}

impl Pass for MessagesPass {
    fn push(&mut self, _bytes: &[u8], _out: &mut Vec<u8>) -> bool {
        true
    }

    fn end(&mut self, _out: &mut Vec<u8>) {}

    fn progress(&self) -> &Progress {
        &self.progress
    }
}
