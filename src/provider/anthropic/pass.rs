//! A Messages client's request to a provider of Anthropic's formats, and the reply back: the same bytes but for what must
//! change.

use crate::{
    dialect::{Pass, Progress, messages::scan::Head},
    ir::{ApiError, Usage},
    provider::{Format, Upstream},
};

/// Appends to `out` what a provider is to get instead of a client's `body`; false, with
/// `out` as it was, where that can be sent as it is. `betas` are those that are configured for the provider
/// and those that the client names, and become those that the header of the request is to name.
///
/// # Errors
///
/// Where the request holds what the provider's API has no place for.
pub fn request(
    _body: &[u8],
    _head: &Head,
    _format: Format,
    _upstream: &Upstream<'_>,
    _betas: &mut Vec<&str>,
    _out: &mut Vec<u8>,
) -> Result<bool, ApiError> {
    Err(ApiError::invalid("model", "not yet"))
}

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
