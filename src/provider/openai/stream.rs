//! A stream of an OpenAI-compatible provider that passes through to a chat client.
//!
//! Every event passes byte for byte but for these: the usage chunk that the gateway asked for and the client did not; an
//! error, which is told in OpenAI's words whatever the provider's are; what follows the end; and where a provider only
//! means what OpenAI's would say (`stream/mend.rs`), the spans that say it otherwise.

use super::{error, usage};
use crate::{
    dialect::{Pass, Progress, chat},
    ir::{ApiError, ErrorKind},
    provider::passing::{Fate, Passing, Watcher},
    stream::{
        sse::SseEvent,
        template::{self, Template},
    },
};

mod chunk;
mod decode;
mod mend;
#[cfg(test)]
mod tests;

use chunk::Chunk;
pub use decode::ChatDecoder;
use mend::{Mend, Mended};

/// Watches a stream of `chat.completion.chunk` events as it passes.
#[derive(Debug)]
pub struct Passthrough {
    passing: Passing,
    /// In a box: it is large beside the other streams.
    watch: Box<Watch>,
}

impl Pass for Passthrough {
    fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> bool {
        Passthrough::push(self, bytes, out)
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        Passthrough::end(self, out);
    }

    fn progress(&self) -> &Progress {
        Passthrough::progress(self)
    }
}

/// What is kept of the events so far.
#[derive(Debug, Default)]
struct Watch {
    progress: Progress,
    mend: Mend,
    /// The last chunk that told nothing: those like it tell nothing either.
    quiet: Template,
    /// Chunks that told nothing since one was like the one before it.
    unlike: u32,
}

impl Passthrough {
    /// A stream that has not begun; `include_usage` says whether the client is to see the usage chunk.
    pub fn new(include_usage: bool) -> Self {
        let watch = Box::new(Watch { mend: Mend::new(include_usage), ..Watch::default() });
        Self { passing: Passing::default(), watch }
    }

    /// Takes the next bytes. Returns true where they pass as they are; else what is to be sent instead has been
    /// appended to `out`.
    ///
    /// Bytes of an event that is not complete are held back until it is.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> bool {
        self.passing.push(&mut *self.watch, bytes, out)
    }

    /// The body has ended; appends what is still to be sent (an error event, where `[DONE]` was not seen).
    ///
    /// A provider that ends its body without `[DONE]` after every choice has finished has said all: the client gets
    /// the `[DONE]` that is missing.
    pub fn end(&mut self, out: &mut Vec<u8>) {
        self.passing.end(&mut *self.watch, out);
    }

    /// What was seen so far.
    pub fn progress(&self) -> &Progress {
        &self.watch.progress
    }
}

impl Watcher for Watch {
    fn progress(&mut self) -> &mut Progress {
        &mut self.progress
    }

    /// It is like one that told nothing.
    fn known(&mut self, bytes: &[u8]) -> Option<usize> {
        if self.progress.done || self.progress.error.is_some() || self.is_restless() {
            return None;
        }
        let found = self.quiet.find(bytes)?;
        self.unlike = 0;
        Some(found.length)
    }

    fn event(&mut self, raw: &[u8], event: SseEvent<'_>, instead: &mut Vec<u8>) -> Result<Fate, ApiError> {
        match event.data.trim_ascii() {
            _ if self.progress.done => Ok(Fate::Hide),
            b"" => Ok(Fate::Pass),
            b"[DONE]" => {
                self.progress.done = true;
                self.mend.end(instead);
                if instead.is_empty() {
                    return Ok(Fate::Pass);
                }
                instead.extend_from_slice(b"data: [DONE]\n\n");
                Ok(Fate::Replace)
            }
            data if event.name == b"error" => Err(error::read(200, data)),
            data if data.starts_with(b"{") => self.chunk(raw, data, instead),
            // What some send to keep the connection alive.
            _ if !event.name.is_empty() => Ok(Fate::Pass),
            _ => Err(server_error("the provider sent an event that is not JSON")),
        }
    }

    fn ended(&mut self, out: &mut Vec<u8>) -> Result<(), ApiError> {
        if !self.mend.finished.all() {
            return Err(server_error("the provider's stream ended before its answer was complete"));
        }
        self.mend.end(out);
        out.extend_from_slice(b"data: [DONE]\n\n");
        Ok(())
    }

    fn tell(&self, error: &ApiError, out: &mut Vec<u8>) {
        chat::error::write_event(error, out);
    }
}

impl Watch {
    fn chunk(&mut self, raw: &[u8], data: &[u8], instead: &mut Vec<u8>) -> Result<Fate, ApiError> {
        let chunk = Chunk::read(data)
            .ok_or_else(|| server_error("the provider sent an event that cannot be read"))?;
        if let Some(told) = chunk.error(data) {
            return Err(error::read(200, told));
        }
        self.progress.started = true;
        if let Some(usage) = chunk.usage().and_then(usage::read) {
            self.progress.usage.get_or_insert_default().merge(usage);
        }
        Ok(match self.mend.chunk(&chunk, data, instead)? {
            Mended::Quiet if chunk.is_quiet() => {
                self.learn(raw, data);
                Fate::Pass
            }
            Mended::Quiet | Mended::Pass => Fate::Pass,
            Mended::Hide => Fate::Hide,
            Mended::Replace => Fate::Replace,
        })
    }

    /// Those like this chunk, which told nothing, are to pass unparsed. All its strings may be others but for
    /// `object`, which can tell of an error; no other string is looked at in a chunk that tells nothing.
    fn learn(&mut self, raw: &[u8], data: &[u8]) {
        self.unlike = self.unlike.saturating_add(1);
        if self.is_restless() {
            return;
        }
        let Some(start) = template::position(raw, data) else { return };
        let mut texts = Vec::with_capacity(8);
        template::texts(data, |_, key, text| {
            if key != b"object" && !key.contains(&b'\\') {
                texts.push(start + text.start..start + text.end);
            }
        });
        self.quiet.learn(raw, texts);
    }

    /// In a stream whose chunks are never alike (log probabilities), learning and comparing each would be for
    /// nothing: only now and then is one learnt and the next compared with it.
    fn is_restless(&self) -> bool {
        self.unlike > 8 && !self.unlike.is_multiple_of(16)
    }
}

fn server_error(message: &str) -> ApiError {
    ApiError::new(ErrorKind::Server, message)
}
