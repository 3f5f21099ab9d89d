//! A streamed reply in the form of `text_completion` chunks.

use crate::{
    dialect::ReplyContext,
    ir::{Encoder, Event},
};

/// Writes one stream.
#[derive(Debug)]
pub struct CompletionsEncoder {
    _context: ReplyContext,
}

impl CompletionsEncoder {
    /// A stream that has not begun.
    pub fn new(context: ReplyContext) -> Self {
        Self { _context: context }
    }
}

impl Encoder for CompletionsEncoder {
    fn encode(&mut self, _event: Event<'_>, _out: &mut Vec<u8>) {}
}
