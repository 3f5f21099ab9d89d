//! A streamed reply in the form of Responses events.

use crate::{
    dialect::ReplyContext,
    ir::{Encoder, Event},
};

/// Writes one stream.
#[derive(Debug)]
pub struct ResponsesEncoder {
    _context: ReplyContext,
}

impl ResponsesEncoder {
    /// A stream that has not begun.
    pub fn new(context: ReplyContext) -> Self {
        Self { _context: context }
    }
}

impl Encoder for ResponsesEncoder {
    fn encode(&mut self, _event: Event<'_>, _out: &mut Vec<u8>) {}
}
