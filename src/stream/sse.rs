//! Server-sent events, as the WHATWG HTML standard frames them (section 9.2.6, "Interpreting an event stream").
//!
//! The deframer is resumable: it takes a stream in any pieces and gives the same events. What it departs from the
//! standard in: an event that the end of the body cuts short of its blank line is given, not discarded (providers
//! end without one, and a reader of meaning can tell a whole event from half of one better than a framer can), and
//! an event with a name but without data is given too.

use std::ops::Range;

use memchr::memchr2;

#[cfg(test)]
mod tests;

/// The most bytes that one event may take on the wire.
///
/// Chunks are a few hundred bytes, but a picture or a whole reply can arrive as one event of several megabytes.
/// More than this is no event but a peer that never ends one, and is not held in memory.
pub const MAX_EVENT: usize = 16 * 1024 * 1024;

/// What a buffer may keep allocated between events; more is given back, so that one picture does not weigh on a
/// stream that lasts for an hour.
const KEEP: usize = 64 * 1024;

const BOM: &[u8] = b"\xEF\xBB\xBF";

/// One event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SseEvent<'a> {
    /// The `event:` field; empty where there was none.
    pub name: &'a [u8],
    /// The `data:` lines, joined by LF.
    pub data: &'a [u8],
}

/// A run of the stream's bytes. The segments of a stream joined are the stream, byte for byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Segment<'a> {
    /// A whole event.
    Event {
        /// All its lines and the blank line that ended it, as they came.
        raw: &'a [u8],
        /// What they say.
        event: SseEvent<'a>,
    },
    /// What is no event: comments, blank lines, a block of nothing but `id:` and `retry:`.
    Filler(&'a [u8]),
    /// The LF of a CR LF that was cut: it belongs to the segment before and shares its fate. Giving it late lets an
    /// event that ends in CR out at once.
    Tail(&'a [u8]),
}

/// An event grew over [`MAX_EVENT`]. The deframer gives nothing more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong;

/// Cuts a stream of bytes into events.
#[derive(Debug, Default)]
pub struct SseDeframer {
    /// Bytes of a block that is not complete; empty between blocks. At most [`MAX_EVENT`] long.
    held: Vec<u8>,
    /// What the lines of the current block said.
    block: Block,
    /// The last byte taken was a CR, so that an LF that follows is the rest of the same line end.
    after_cr: bool,
    /// A line has been read, so that a byte order mark is no longer one.
    begun: bool,
    /// An event was too long.
    failed: bool,
}

impl SseDeframer {
    /// Takes the next bytes, however they were cut, and gives each event that they complete to `each`.
    ///
    /// # Errors
    ///
    /// [`TooLong`], now and on every later call, once an event is longer than [`MAX_EVENT`].
    pub fn push(&mut self, bytes: &[u8], each: &mut dyn FnMut(SseEvent<'_>)) -> Result<(), TooLong> {
        self.segments(bytes, &mut |segment| {
            if let Segment::Event { event, .. } = segment {
                each(event);
            }
        })
    }

    /// The body has ended: gives the last event although its blank line is missing.
    pub fn end(&mut self, each: &mut dyn FnMut(SseEvent<'_>)) {
        self.end_segments(&mut |segment| {
            if let Segment::Event { event, .. } = segment {
                each(event);
            }
        });
    }

    /// As [`push`](Self::push), and gives what is between the events too. Bytes of a block that is not complete are
    /// held back.
    ///
    /// # Errors
    ///
    /// As [`push`](Self::push).
    pub fn segments(&mut self, bytes: &[u8], each: &mut dyn FnMut(Segment<'_>)) -> Result<(), TooLong> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let taken = self.segment(rest, each)?;
            rest = rest.get(taken..).unwrap_or_default();
        }
        if self.failed { Err(TooLong) } else { Ok(()) }
    }

    /// As [`segments`](Self::segments), but takes no more than a block: returns how many bytes it took, which is
    /// none only where there are none. The caller comes again with the rest.
    ///
    /// # Errors
    ///
    /// As [`push`](Self::push).
    pub fn segment(&mut self, bytes: &[u8], each: &mut dyn FnMut(Segment<'_>)) -> Result<usize, TooLong> {
        if self.failed {
            return Err(TooLong);
        }
        let rest = self.rest_of_line_end(bytes, each);
        let begun = bytes.len() - rest.len();
        if rest.is_empty() {
            return Ok(begun);
        }
        let taken = if self.held.is_empty() { self.direct(rest, each) } else { self.resume(rest, each) };
        if taken.is_err() {
            self.fail();
        }
        Ok(begun + taken?)
    }

    /// Whether the next byte begins a block like any other: the caller may take whole events, blank lines included,
    /// that it recognises by itself.
    pub fn is_between(&self) -> bool {
        self.begun && self.held.is_empty() && !self.after_cr && !self.failed
    }

    /// As [`end`](Self::end), and gives what is no event too.
    pub fn end_segments(&mut self, each: &mut dyn FnMut(Segment<'_>)) {
        let mut held = std::mem::take(&mut self.held);
        if !held.is_empty() {
            let line = self.block.line_start..held.len();
            if !line.is_empty() {
                self.line(&held, line);
            }
            self.block.give(&held, each);
        }
        self.block.clear();
        held.clear();
        self.held = held;
    }

    /// Whether bytes are held back: the last bytes taken ended inside a block.
    pub fn is_holding(&self) -> bool {
        !self.held.is_empty()
    }

    /// Takes the LF of a cut CR LF.
    fn rest_of_line_end<'b>(&mut self, bytes: &'b [u8], each: &mut dyn FnMut(Segment<'_>)) -> &'b [u8] {
        let Some(first) = bytes.get(..1) else { return bytes };
        if !std::mem::take(&mut self.after_cr) || first != b"\n" {
            return bytes;
        }
        if self.held.is_empty() {
            each(Segment::Tail(first));
        } else {
            self.held.extend_from_slice(first);
            self.block.line_start = self.held.len();
        }
        bytes.get(1..).unwrap_or_default()
    }

    /// Takes one block of `bytes` where it lies, nothing being held. Returns how many bytes it took; the bytes of a
    /// block that is not complete are held.
    fn direct(&mut self, bytes: &[u8], each: &mut dyn FnMut(Segment<'_>)) -> Result<usize, TooLong> {
        loop {
            let start = self.block.line_start;
            let Some(length) = memchr2(b'\n', b'\r', bytes.get(start..).unwrap_or_default()) else {
                if bytes.len() > MAX_EVENT {
                    return Err(TooLong);
                }
                self.held.extend_from_slice(bytes);
                return Ok(bytes.len());
            };
            let stop = start + length;
            if stop >= MAX_EVENT {
                return Err(TooLong);
            }
            let next = stop + self.line_end(bytes.get(stop..).unwrap_or_default());
            let complete = self.line(bytes, start..stop);
            self.block.line_start = next;
            if complete {
                self.block.give(bytes.get(..next).unwrap_or_default(), each);
                self.block.clear();
                return Ok(next);
            }
        }
    }

    /// Takes one line of `bytes` behind what is held. Returns how many bytes it took.
    fn resume(&mut self, bytes: &[u8], each: &mut dyn FnMut(Segment<'_>)) -> Result<usize, TooLong> {
        let length = memchr2(b'\n', b'\r', bytes);
        // Up to the first byte of the line end, so that the limit does not depend on where CR LF was cut.
        if self.held.len() + length.map_or(bytes.len(), |length| length + 1) > MAX_EVENT {
            return Err(TooLong);
        }
        let Some(length) = length else {
            self.held.extend_from_slice(bytes);
            return Ok(bytes.len());
        };
        let taken = length + self.line_end(bytes.get(length..).unwrap_or_default());
        let line = self.block.line_start..self.held.len() + length;
        self.held.extend_from_slice(bytes.get(..taken).unwrap_or_default());
        let mut held = std::mem::take(&mut self.held);
        let complete = self.line(&held, line);
        self.block.line_start = held.len();
        if complete {
            self.block.give(&held, each);
            self.block.clear();
            held.clear();
            held.shrink_to(KEEP);
        }
        self.held = held;
        Ok(taken)
    }

    /// The length of the line end that `bytes` begins with: LF, CR LF, or a CR whose LF may come with the next bytes.
    fn line_end(&mut self, bytes: &[u8]) -> usize {
        if bytes.starts_with(b"\r\n") {
            return 2;
        }
        self.after_cr = bytes == b"\r";
        1
    }

    /// Reads one line of the current block, without its line end. Returns whether it ends the block: a blank line
    /// does, and a comment that nothing stands before, so that a comment that keeps the connection alive is not held.
    fn line(&mut self, block: &[u8], mut line: Range<usize>) -> bool {
        let mut text = block.get(line.clone()).unwrap_or_default();
        if !std::mem::replace(&mut self.begun, true)
            && let Some(rest) = text.strip_prefix(BOM)
        {
            text = rest;
            line.start += BOM.len();
        }
        if text.is_empty() || (text.starts_with(b":") && self.block.is_empty()) {
            return true;
        }
        self.block.field(block, text, line);
        false
    }

    fn fail(&mut self) {
        *self = Self { failed: true, ..Self::default() };
    }
}

/// What the lines of one block said; positions count from the block's first byte.
#[derive(Debug, Default)]
struct Block {
    /// Where the line begins that is not read yet; all before it is.
    line_start: usize,
    /// A line other than a comment was read.
    any: bool,
    /// The value of the last `event:`.
    name: Option<Range<usize>>,
    /// The value of the first `data:`.
    data: Option<Range<usize>>,
    /// All values of `data:` joined, where there are several; else empty and without meaning.
    joined: Vec<u8>,
    /// There are several.
    several: bool,
}

impl Block {
    fn is_empty(&self) -> bool {
        !self.any
    }

    /// Reads `text`, which is the bytes `at` of `block`: a field and its value.
    fn field(&mut self, block: &[u8], text: &[u8], at: Range<usize>) {
        self.any = true;
        if let Some(start) = value_of(b"data", text) {
            self.add_data(block, at.start + start..at.end);
        } else if let Some(start) = value_of(b"event", text) {
            self.name = Some(at.start + start..at.end);
        }
    }

    fn add_data(&mut self, block: &[u8], value: Range<usize>) {
        let Some(first) = &self.data else {
            self.data = Some(value);
            return;
        };
        if !std::mem::replace(&mut self.several, true) {
            self.joined.clear();
            self.joined.extend_from_slice(block.get(first.clone()).unwrap_or_default());
        }
        self.joined.push(b'\n');
        self.joined.extend_from_slice(block.get(value).unwrap_or_default());
    }

    /// Gives the block, whose bytes are `raw`, as the segment that it is.
    fn give(&self, raw: &[u8], each: &mut dyn FnMut(Segment<'_>)) {
        if self.name.is_none() && self.data.is_none() {
            return each(Segment::Filler(raw));
        }
        let slice =
            |range: &Option<Range<usize>>| raw.get(range.clone().unwrap_or_default()).unwrap_or_default();
        let data = if self.several { self.joined.as_slice() } else { slice(&self.data) };
        each(Segment::Event { raw, event: SseEvent { name: slice(&self.name), data } });
    }

    fn clear(&mut self) {
        if self.several {
            self.joined.clear();
            self.joined.shrink_to(KEEP);
        }
        (self.line_start, self.any, self.several) = (0, false, false);
        (self.name, self.data) = (None, None);
    }
}

/// Where the value begins in `line` if its field is `name`: behind the colon and one space. A line that is nothing
/// but the name has an empty value.
fn value_of(name: &[u8], line: &[u8]) -> Option<usize> {
    match line.strip_prefix(name)? {
        [b':', b' ', ..] => Some(name.len() + 2),
        [b':', ..] => Some(name.len() + 1),
        [] => Some(name.len()),
        _ => None,
    }
}
