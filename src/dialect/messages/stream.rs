//! A streamed reply in the form of Messages events.

use crate::{
    dialect::ReplyContext,
    ir::{Encoder, Event},
};

/// Writes one stream.
#[derive(Debug)]
pub struct MessagesEncoder {
    _context: ReplyContext,
}

impl MessagesEncoder {
    /// A stream that has not begun.
    pub fn new(context: ReplyContext) -> Self {
        Self { _context: context }
    }
}

impl Encoder for MessagesEncoder {
    fn encode(&mut self, _event: Event<'_>, _out: &mut Vec<u8>) {}
}
