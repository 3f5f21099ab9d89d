//! A Responses client's request to a provider of Responses, and the reply back: the same bytes but for what must change.

use crate::{
    dialect::{Pass, Progress, ReplyContext, responses::scan::Head},
    ir::{ApiError, Usage},
    provider::Upstream,
};

/// Appends to `out` what a provider is to get instead of a client's `body`; false, with
/// `out` as it was, where that can be sent as it is.
///
/// # Errors
///
/// Where the request holds what the provider has no place for.
pub fn request(
    _body: &[u8],
    _head: &Head,
    _upstream: &Upstream<'_>,
    _out: &mut Vec<u8>,
) -> Result<bool, ApiError> {
    Err(ApiError::invalid("model", "not yet"))
}

/// Reads a whole reply for what it reports. True: what the client is to get instead was appended to `out`.
///
/// # Errors
///
/// Where the reply is none.
pub fn reply(
    _body: &[u8],
    _context: &ReplyContext,
    _out: &mut Vec<u8>,
) -> Result<(bool, Option<Usage>), ApiError> {
    Err(ApiError::invalid("model", "not yet"))
}

/// A stream of Responses events on its way.
#[derive(Debug)]
pub struct ResponsesPass {
    progress: Progress,
}

impl ResponsesPass {
    /// A stream that has not begun.
    pub fn new(_context: ReplyContext) -> Self {
        Self { progress: Progress::default() }
    }
}

impl Pass for ResponsesPass {
    fn push(&mut self, _bytes: &[u8], _out: &mut Vec<u8>) -> bool {
        true
    }

    fn end(&mut self, _out: &mut Vec<u8>) {}

    fn progress(&self) -> &Progress {
        &self.progress
    }
}
