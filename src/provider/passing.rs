//! A stream of server-sent events that passes to a client of the same API, and is watched as it does.
//!
//! What passes byte for byte is counted, not copied. Bytes of an event that is not complete are held back until it is:
//! what a stream that is cut leaves of one never reaches the client.

use serde::de::IgnoredAny;

use crate::{
    dialect::Progress,
    ir::ApiError,
    provider::fault::too_long,
    stream::sse::{Segment, SseDeframer, SseEvent},
};

/// What becomes of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It passes byte for byte.
    Pass,
    /// It is left out.
    Hide,
    /// Other whole events, which were written, are sent instead.
    Replace,
}

/// Who watches.
pub(super) trait Watcher {
    /// What was seen so far. Once it has an error, nothing more passes.
    fn progress(&mut self) -> &mut Progress;

    /// The length of the event that `bytes`, which begin a block, begin with, if it is known by one that was read
    /// before: it passes unread.
    fn known(&mut self, bytes: &[u8]) -> Option<usize>;

    /// An event, whose bytes are `raw`. What is sent instead goes to `instead`, which is empty.
    ///
    /// # Errors
    ///
    /// What the event tells of, or is: the client is told in its place.
    fn event(&mut self, raw: &[u8], event: SseEvent<'_>, instead: &mut Vec<u8>) -> Result<Fate, ApiError>;

    /// The body has ended, and the provider's own last event was not seen. Appends what is missing.
    ///
    /// # Errors
    ///
    /// Where the answer is not whole.
    fn ended(&mut self, out: &mut Vec<u8>) -> Result<(), ApiError>;

    /// Appends `error` as the last event of the stream.
    fn tell(&self, error: &ApiError, out: &mut Vec<u8>);
}

/// One stream on its way.
#[derive(Debug, Default)]
pub(super) struct Passing {
    deframer: SseDeframer,
    /// What stands in the place of the last event.
    instead: Vec<u8>,
    /// The last event did not pass, so that the rest of its line end does not either.
    hidden: bool,
}

/// What was sent of the bytes in hand.
struct Sent<'o> {
    /// How many of them pass so far; `None` from the first one on that does not.
    counted: Option<usize>,
    out: &'o mut Vec<u8>,
}

impl Passing {
    /// Takes the next bytes. Returns true where they pass as they are; else what is to be sent instead has been
    /// appended to `out`.
    pub(super) fn push(&mut self, watch: &mut dyn Watcher, bytes: &[u8], out: &mut Vec<u8>) -> bool {
        // While all passes and nothing was held before, what passed is counted, not copied.
        let mut sent = Sent { counted: (!self.deframer.is_holding()).then_some(0), out };
        let Self { deframer, instead, hidden } = self;
        let mut rest = bytes;
        while !rest.is_empty() {
            let known = if deframer.is_between() { watch.known(rest) } else { None };
            let taken = match known {
                Some(length) => {
                    *hidden = false;
                    sent.pass(rest.get(..length).unwrap_or_default());
                    Ok(length)
                }
                None => deframer.segment(rest, &mut |segment| match fate(watch, segment, instead, hidden) {
                    Fate::Pass => sent.pass(raw_of(&segment)),
                    Fate::Hide => sent.replace(bytes, &[]),
                    Fate::Replace => sent.replace(bytes, instead),
                }),
            };
            let Ok(taken) = taken else {
                if watch.progress().error.is_none() {
                    instead.clear();
                    fail(watch, too_long(), instead);
                    sent.replace(bytes, instead);
                }
                sent.replace(bytes, &[]);
                return false;
            };
            rest = rest.get(taken..).unwrap_or_default();
        }
        if sent.counted == Some(bytes.len()) {
            return true;
        }
        sent.replace(bytes, &[]);
        false
    }

    /// The body has ended; appends what is still to be sent.
    pub(super) fn end(&mut self, watch: &mut dyn Watcher, out: &mut Vec<u8>) {
        let Self { deframer, instead, hidden } = self;
        deframer.end_segments(&mut |segment| {
            let Segment::Event { raw, event } = segment else { return };
            // Half an event is as good as none: that the stream was cut is told below.
            if !is_whole(event.data) {
                return;
            }
            match fate(watch, segment, instead, hidden) {
                Fate::Pass => {
                    out.extend_from_slice(raw);
                    let ended = raw.ends_with(b"\n") || raw.ends_with(b"\r");
                    out.extend_from_slice(if ended { b"\n" } else { b"\n\n" });
                }
                Fate::Hide => {}
                Fate::Replace => out.extend_from_slice(instead),
            }
        });
        let progress = watch.progress();
        if progress.done || progress.error.is_some() {
            return;
        }
        match watch.ended(out) {
            Ok(()) => watch.progress().done = true,
            Err(error) => fail(watch, error, out),
        }
    }
}

impl Sent<'_> {
    /// These bytes, which are the next, pass.
    fn pass(&mut self, raw: &[u8]) {
        match &mut self.counted {
            Some(count) => *count += raw.len(),
            None => self.out.extend_from_slice(raw),
        }
    }

    /// These are sent in the place of the next of `bytes`, or nothing is.
    fn replace(&mut self, bytes: &[u8], instead: &[u8]) {
        if let Some(passed) = self.counted.take() {
            self.out.extend_from_slice(bytes.get(..passed).unwrap_or_default());
        }
        self.out.extend_from_slice(instead);
    }
}

fn fate(watch: &mut dyn Watcher, segment: Segment<'_>, instead: &mut Vec<u8>, hidden: &mut bool) -> Fate {
    let fate = match segment {
        Segment::Tail(_) if *hidden => Fate::Hide,
        Segment::Tail(_) => Fate::Pass,
        _ if watch.progress().error.is_some() => Fate::Hide,
        Segment::Filler(_) => Fate::Pass,
        // One that came in pieces.
        Segment::Event { raw, .. } if watch.known(raw) == Some(raw.len()) => Fate::Pass,
        Segment::Event { raw, event } => {
            instead.clear();
            match watch.event(raw, event, instead) {
                Ok(fate) => fate,
                Err(error) => {
                    instead.clear();
                    fail(watch, error, instead);
                    Fate::Replace
                }
            }
        }
    };
    *hidden = fate != Fate::Pass;
    fate
}

/// Ends the stream as failed.
pub(super) fn fail(watch: &mut dyn Watcher, error: ApiError, out: &mut Vec<u8>) {
    watch.progress().error = Some(error.clone());
    watch.tell(&error.for_client(None), out);
}

fn raw_of<'a>(segment: &Segment<'a>) -> &'a [u8] {
    match segment {
        Segment::Event { raw, .. } | Segment::Filler(raw) | Segment::Tail(raw) => raw,
    }
}

/// Whether an event that the end of the body cut short of its blank line is whole.
pub(super) fn is_whole(data: &[u8]) -> bool {
    let data = data.trim_ascii();
    data.is_empty() || data == b"[DONE]" || serde_json::from_slice::<IgnoredAny>(data).is_ok()
}
