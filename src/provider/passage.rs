//! Streams of server-sent events that pass as they are, but for some events.

use crate::{
    ir::ApiError,
    stream::sse::{Segment, SseDeframer, SseEvent},
};

use super::fault::too_long;

/// What becomes of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It passes as it came.
    Pass,
    /// Most of it passes, with its own line ends; it was written anew.
    Mended,
    /// What was written stands in its place, which may be nothing.
    Instead,
}

/// What looks at the events of a stream as they pass.
pub(super) trait Watch {
    /// Looks at an event, whose bytes are `raw`; what is to be sent instead is appended to `out`.
    fn event(&mut self, raw: &[u8], event: SseEvent<'_>, out: &mut Vec<u8>) -> Fate;

    /// Whether nothing of the stream passes any longer.
    fn is_shut(&self) -> bool;

    /// Shuts the stream, and appends what tells the client of it.
    fn fail(&mut self, error: ApiError, out: &mut Vec<u8>);

    /// The body has ended; appends what is still to be sent.
    fn ended(&mut self, out: &mut Vec<u8>);
}

/// Cuts a stream into events for a [`Watch`]. Bytes of an event that is not complete are held back until it is.
#[derive(Debug, Default)]
pub(super) struct Passage {
    deframer: SseDeframer,
    /// The last segment did not pass, so that the rest of its line end does not either.
    hidden: bool,
    instead: Vec<u8>,
}

impl Passage {
    /// Takes the next bytes. True: they pass as they are; else what is to be sent instead was appended to `out`.
    pub(super) fn push(&mut self, watch: &mut dyn Watch, bytes: &[u8], out: &mut Vec<u8>) -> bool {
        if watch.is_shut() {
            return bytes.is_empty();
        }
        // While all passes and nothing was held before, what passed is counted, not copied.
        let mut counted = (!self.deframer.is_holding()).then_some(0);
        let Self { deframer, hidden, instead } = self;
        let cut = deframer.segments(bytes, &mut |segment| {
            instead.clear();
            let (raw, fate) = fate(watch, segment, *hidden, instead);
            *hidden = fate == Fate::Instead;
            match (&mut counted, fate) {
                (Some(count), Fate::Pass) => *count += raw.len(),
                (None, Fate::Pass) => out.extend_from_slice(raw),
                (counted, _) => {
                    out.extend_from_slice(bytes.get(..counted.take().unwrap_or(0)).unwrap_or_default());
                    out.extend_from_slice(instead);
                }
            }
        });
        if cut.is_ok() && counted == Some(bytes.len()) {
            return true;
        }
        out.extend_from_slice(bytes.get(..counted.unwrap_or(0)).unwrap_or_default());
        if cut.is_err() && !watch.is_shut() {
            watch.fail(too_long(), out);
        }
        false
    }

    /// The body has ended; appends what is still to be sent.
    pub(super) fn end(&mut self, watch: &mut dyn Watch, out: &mut Vec<u8>) {
        let instead = &mut self.instead;
        self.deframer.end_segments(&mut |segment| {
            // Half an event is as good as none: that the stream was cut is told below.
            let whole = |data| serde_json::from_slice::<serde::de::IgnoredAny>(data).is_ok();
            if !matches!(segment, Segment::Event { event, .. } if whole(event.data)) {
                return;
            }
            instead.clear();
            let (raw, fate) = fate(watch, segment, true, instead);
            let sent = if fate == Fate::Pass { raw } else { instead.as_slice() };
            out.extend_from_slice(sent);
            if fate != Fate::Instead {
                let ended = sent.ends_with(b"\n") || sent.ends_with(b"\r");
                out.extend_from_slice(if ended { b"\n" } else { b"\n\n" });
            }
        });
        if !watch.is_shut() {
            watch.ended(out);
        }
    }
}

/// The bytes of a segment, and what becomes of it.
fn fate<'s>(
    watch: &mut dyn Watch,
    segment: Segment<'s>,
    hidden: bool,
    instead: &mut Vec<u8>,
) -> (&'s [u8], Fate) {
    match segment {
        Segment::Event { raw, .. } | Segment::Filler(raw) | Segment::Tail(raw) if watch.is_shut() => {
            (raw, Fate::Instead)
        }
        Segment::Tail(raw) if hidden => (raw, Fate::Instead),
        Segment::Tail(raw) | Segment::Filler(raw) => (raw, Fate::Pass),
        Segment::Event { raw, event } => (raw, watch.event(raw, event, instead)),
    }
}
