//! A stream of an OpenAI-compatible provider that passes through to a chat client.
//!
//! Every event passes byte for byte but for these: the usage chunk that the gateway asked for and the client did not; an
//! error, which is told in OpenAI's words whatever the provider's are; what follows the end; and where a provider only
//! means what OpenAI's would say (`stream/mend.rs`), the spans that say it otherwise.

use super::{error, usage};
use crate::{
    dialect::{Pass, Progress, chat},
    ir::{ApiError, ErrorKind},
    stream::{
        sse::{Segment, SseDeframer, SseEvent},
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
    deframer: SseDeframer,
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
    /// What stands in the place of the last segment: [`Fate::Replace`].
    instead: Vec<u8>,
    /// The last segment was left out, so that the rest of its line end is too.
    hidden: bool,
    /// The last chunk that told nothing: those like it tell nothing either.
    quiet: Template,
    /// Chunks that told nothing since one was like the one before it.
    unlike: u32,
}

impl Passthrough {
    /// A stream that has not begun; `include_usage` says whether the client is to see the usage chunk.
    pub fn new(include_usage: bool) -> Self {
        let watch = Box::new(Watch { mend: Mend::new(include_usage), ..Watch::default() });
        Self { deframer: SseDeframer::default(), watch }
    }

    /// Takes the next bytes. Returns true where they pass as they are; else what is to be sent instead has been
    /// appended to `out`.
    ///
    /// Bytes of an event that is not complete are held back until it is.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> bool {
        if self.watch.progress.error.is_some() {
            return bytes.is_empty();
        }
        // While all passes and nothing was held before, what passed is counted, not copied.
        let mut counted = (!self.deframer.is_holding()).then_some(0);
        let Self { deframer, watch } = self;
        let mut rest = bytes;
        while !rest.is_empty() {
            let known = if deframer.is_between() { watch.known(rest) } else { None };
            let taken = match (known, &mut counted) {
                (Some(length), Some(count)) => {
                    *count += length;
                    Ok(length)
                }
                (Some(length), None) => {
                    out.extend_from_slice(rest.get(..length).unwrap_or_default());
                    Ok(length)
                }
                (None, _) => deframer.segment(rest, &mut |segment| {
                    watch.take(segment, bytes, &mut counted, out);
                }),
            };
            let Ok(taken) = taken else {
                return self.too_long(bytes, counted, out);
            };
            rest = rest.get(taken..).unwrap_or_default();
        }
        if counted == Some(bytes.len()) {
            return true;
        }
        out.extend_from_slice(bytes.get(..counted.unwrap_or(0)).unwrap_or_default());
        false
    }

    /// An event was too long; `counted` of `bytes` pass before the error.
    fn too_long(&mut self, bytes: &[u8], counted: Option<usize>, out: &mut Vec<u8>) -> bool {
        out.extend_from_slice(bytes.get(..counted.unwrap_or(0)).unwrap_or_default());
        if self.watch.progress.error.is_none() {
            let fate = self.watch.fail(server_error("the provider sent an event that is too long"));
            self.watch.tell(fate, out);
        }
        false
    }

    /// The body has ended; appends what is still to be sent (an error event, where `[DONE]` was not seen).
    ///
    /// A provider that ends its body without `[DONE]` after every choice has finished has said all: the client gets
    /// the `[DONE]` that is missing.
    pub fn end(&mut self, out: &mut Vec<u8>) {
        if self.watch.progress.error.is_some() {
            return;
        }
        let watch = &mut self.watch;
        self.deframer.end_segments(&mut |segment| {
            let Segment::Event { raw, event } = segment else { return };
            // Half an event is as good as none: that the stream was cut is told below.
            if !chunk::is_whole(event.data) {
                return;
            }
            match watch.fate(segment) {
                Fate::Pass => {
                    out.extend_from_slice(raw);
                    let ended = raw.ends_with(b"\n") || raw.ends_with(b"\r");
                    out.extend_from_slice(if ended { b"\n" } else { b"\n\n" });
                }
                fate => watch.tell(fate, out),
            }
        });
        if watch.progress.done || watch.progress.error.is_some() {
            return;
        }
        if watch.mend.finished.all() {
            watch.mend.end(out);
            out.extend_from_slice(b"data: [DONE]\n\n");
            watch.progress.done = true;
        } else {
            let fate = watch.fail(server_error("the provider's stream ended before its answer was complete"));
            watch.tell(fate, out);
        }
    }

    /// What was seen so far.
    pub fn progress(&self) -> &Progress {
        &self.watch.progress
    }
}

/// What becomes of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Pass,
    Hide,
    /// Other whole events are sent.
    Replace,
    /// It is replaced by the error that it told of, and nothing follows.
    Fail,
}

impl Watch {
    /// The length of the event that `bytes`, which begin a block, begin with, if it is like one that told nothing
    /// and so passes as that did.
    fn known(&mut self, bytes: &[u8]) -> Option<usize> {
        if self.progress.done || self.progress.error.is_some() || self.is_restless() {
            return None;
        }
        let found = self.quiet.find(bytes)?;
        self.hidden = false;
        self.unlike = 0;
        Some(found.length)
    }

    /// Takes a segment of `bytes`, of which all `counted` before it pass; or appends what becomes of it to `out`.
    fn take(&mut self, segment: Segment<'_>, bytes: &[u8], counted: &mut Option<usize>, out: &mut Vec<u8>) {
        let raw = raw_of(&segment);
        match (self.fate(segment), &mut *counted) {
            (Fate::Pass, Some(count)) => *count += raw.len(),
            (Fate::Pass, None) => out.extend_from_slice(raw),
            (fate, _) => {
                let passed = counted.take().unwrap_or(0);
                out.extend_from_slice(bytes.get(..passed).unwrap_or_default());
                self.tell(fate, out);
            }
        }
    }

    fn fate(&mut self, segment: Segment<'_>) -> Fate {
        let fate = match segment {
            _ if self.progress.error.is_some() => Fate::Hide,
            Segment::Tail(_) if self.hidden => Fate::Hide,
            Segment::Tail(_) | Segment::Filler(_) => Fate::Pass,
            // One that came in pieces.
            Segment::Event { raw, .. } if self.known(raw) == Some(raw.len()) => Fate::Pass,
            Segment::Event { raw, event } => self.event(raw, event),
        };
        self.hidden = fate != Fate::Pass;
        fate
    }

    fn event(&mut self, raw: &[u8], event: SseEvent<'_>) -> Fate {
        match event.data.trim_ascii() {
            _ if self.progress.done => Fate::Hide,
            b"" => Fate::Pass,
            b"[DONE]" => {
                self.progress.done = true;
                self.instead.clear();
                self.mend.end(&mut self.instead);
                if self.instead.is_empty() {
                    return Fate::Pass;
                }
                self.instead.extend_from_slice(b"data: [DONE]\n\n");
                Fate::Replace
            }
            data if event.name == b"error" => self.fail(error::read(200, data)),
            data if data.starts_with(b"{") => self.chunk(raw, data),
            // What some send to keep the connection alive.
            _ if !event.name.is_empty() => Fate::Pass,
            _ => self.fail(server_error("the provider sent an event that is not JSON")),
        }
    }

    fn chunk(&mut self, raw: &[u8], data: &[u8]) -> Fate {
        let Some(chunk) = Chunk::read(data) else {
            return self.fail(server_error("the provider sent an event that cannot be read"));
        };
        if let Some(told) = chunk.error(data) {
            return self.fail(error::read(200, told));
        }
        self.progress.started = true;
        if let Some(usage) = chunk.usage().and_then(usage::read) {
            self.progress.usage.get_or_insert_default().merge(usage);
        }
        self.instead.clear();
        match self.mend.chunk(&chunk, data, &mut self.instead) {
            Ok(Mended::Quiet) if chunk.is_quiet() => {
                self.learn(raw, data);
                Fate::Pass
            }
            Ok(Mended::Quiet | Mended::Pass) => Fate::Pass,
            Ok(Mended::Hide) => Fate::Hide,
            Ok(Mended::Replace) => Fate::Replace,
            Err(error) => self.fail(error),
        }
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

    fn fail(&mut self, error: ApiError) -> Fate {
        self.progress.error = Some(error);
        Fate::Fail
    }

    /// Appends what stands in place of a segment that does not pass.
    fn tell(&self, fate: Fate, out: &mut Vec<u8>) {
        match (fate, &self.progress.error) {
            (Fate::Fail, Some(error)) => chat::error::write_event(&error.clone().for_client(None), out),
            (Fate::Replace, _) => out.extend_from_slice(&self.instead),
            _ => {}
        }
    }
}

fn server_error(message: &str) -> ApiError {
    ApiError::new(ErrorKind::Server, message)
}

fn raw_of<'a>(segment: &Segment<'a>) -> &'a [u8] {
    match segment {
        Segment::Event { raw, .. } | Segment::Filler(raw) | Segment::Tail(raw) => raw,
    }
}
