//! A stream of Mistral: chunks as OpenAI's, but that content may be a list, calls come whole or in pieces with or without
//! an index, and usage comes with the reason to finish. `[DONE]` alone does not make it whole: Mistral always tells its
//! reason.

use crate::{
    ir::{Decoder, Event},
    provider::openai::stream::ChatDecoder,
};

/// Reads one stream.
#[derive(Debug)]
pub struct MistralDecoder(ChatDecoder);

impl MistralDecoder {
    /// A stream that has not begun; `id` as for [`ChatDecoder::new`].
    pub fn new(id: &str) -> Self {
        Self(ChatDecoder::new(id).with_a_reason())
    }
}

impl Decoder for MistralDecoder {
    fn push(&mut self, bytes: &[u8], sink: &mut dyn FnMut(Event<'_>)) {
        self.0.push(bytes, sink);
    }

    fn end(&mut self, sink: &mut dyn FnMut(Event<'_>)) {
        self.0.end(sink);
    }
}
