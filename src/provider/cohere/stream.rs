//! A stream of this provider.

use crate::ir::{ApiError, Decoder, ErrorKind, Event};

/// Reads one stream.
#[derive(Debug)]
pub struct CohereDecoder {
    over: bool,
}

impl CohereDecoder {
    /// A stream that has not begun. `id` is what the ids of calls are made of where the provider gives none.
    pub fn new(_id: &str) -> Self {
        Self { over: false }
    }
}

impl Decoder for CohereDecoder {
    fn push(&mut self, _bytes: &[u8], _sink: &mut dyn FnMut(Event<'_>)) {}

    fn end(&mut self, sink: &mut dyn FnMut(Event<'_>)) {
        if !std::mem::replace(&mut self.over, true) {
            sink(Event::Error(ApiError::new(ErrorKind::Server, "This format cannot be read yet.")));
        }
    }
}
