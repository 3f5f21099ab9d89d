//! Recognises an event that differs from an earlier one in its texts alone.
//!
//! All but a few events of a streamed answer are the same bytes around another piece of text. Once one has been
//! parsed, the next is compared with it: the bytes around the texts must be the same, and the texts must be proper
//! JSON strings. Then its parse would give the same tree with other texts in it, and need not be made. Anything else
//! is no match and is parsed: nothing that a parse would detect goes by undetected.

use std::ops::Range;

use super::text;

#[cfg(test)]
mod tests;

/// The longest event that is learnt; longer ones are rare, and one would weigh on a stream that lasts for an hour.
const LONGEST: usize = 4096;

/// How far a match is looked for. An event that is longer is left to the deframer, which has a limit of its own.
const REACH: usize = 64 * 1024;

/// The most texts that may differ. Those behind must be the same, as all else.
const MOST: usize = 8;

/// One event, its texts left out. Matches nothing until it has learnt one.
#[derive(Debug, Default)]
pub(crate) struct Template {
    /// The event's bytes, from its first line to its blank line, without the texts.
    fixed: Vec<u8>,
    /// Where in `fixed` the texts stood, in order.
    gaps: Vec<usize>,
    /// Where the line ends that the last text stood in, counted from behind that text, if nothing but its quotation
    /// mark and brackets stand between: there spaces mean nothing, and Anthropic pads its events with them.
    closing: Option<usize>,
}

/// An event that matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Match<'b> {
    /// The event's length on the wire.
    pub(crate) length: usize,
    /// Its last text as a JSON string, quotation marks included; not known to be UTF-8.
    pub(crate) quoted: &'b [u8],
}

impl Template {
    /// Learns the event `raw`, whose `texts` may be others. They are positions in `raw`, in order, each the inside of
    /// a string. Returns false for an event that is no good as a template, and stays as it was.
    pub(crate) fn learn(&mut self, raw: &[u8], texts: impl IntoIterator<Item = Range<usize>>) -> bool {
        // An LF that would complete a last CR comes later and is no part of the event; and a byte order mark is one
        // only in the first event.
        if raw.len() > LONGEST || !raw.ends_with(b"\n") || raw.starts_with(b"\xEF") {
            return false;
        }
        self.fixed.clear();
        self.gaps.clear();
        let mut from = 0;
        for text in texts.into_iter().take(MOST) {
            self.fixed.extend_from_slice(raw.get(from..text.start).unwrap_or_default());
            self.gaps.push(self.fixed.len());
            from = text.end;
        }
        let tail = raw.get(from..).unwrap_or_default();
        self.fixed.extend_from_slice(tail);
        let line = tail.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
        let closes = |line: &usize| {
            let closing = tail.get(1..*line).unwrap_or_default();
            tail.starts_with(b"\"") && closing.iter().all(|byte| matches!(byte, b'}' | b']' | b' '))
        };
        self.closing = line.filter(closes);
        true
    }

    /// The event that `bytes` begin with, if it is like the one that was learnt. `bytes` must be the beginning of a
    /// block; what follows the event does not matter.
    pub(crate) fn find<'b>(&self, bytes: &'b [u8]) -> Option<Match<'b>> {
        if self.fixed.is_empty() {
            return None;
        }
        let bytes = bytes.get(..REACH).unwrap_or(bytes);
        let (mut at, mut from) = (0, 0);
        let mut quoted: &[u8] = b"\"\"";
        for gap in &self.gaps {
            let piece = self.fixed.get(from..*gap)?;
            let start = at + piece.len();
            if !same(piece, bytes.get(at..start)?) {
                return None;
            }
            at = start + text::length(bytes.get(start..)?)?;
            quoted = bytes.get(start.checked_sub(1)?..=at)?;
            from = *gap;
        }
        let (tail, rest) = (self.fixed.get(from..)?, bytes.get(at..)?);
        let length = match rest.get(..tail.len()) {
            Some(begin) if same(tail, begin) => tail.len(),
            _ => padded(tail, self.closing?, rest)?,
        };
        Some(Match { length: at + length, quoted })
    }
}

/// The length of what `bytes` begin with, if that is `tail` but for spaces before its line ends at `closing`.
fn padded(tail: &[u8], closing: usize, bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    let spaces = |at: usize| bytes.iter().skip(at).take_while(|byte| **byte == b' ').count();
    for byte in tail.get(..closing)?.iter().filter(|byte| **byte != b' ') {
        at += spaces(at);
        if bytes.get(at)? != byte {
            return None;
        }
        at += 1;
    }
    at += spaces(at);
    let end = tail.get(closing..)?;
    bytes.get(at..)?.starts_with(end).then_some(at + end.len())
}

/// Whether both are the same bytes. In WebAssembly the library's own comparison goes byte by byte.
fn same(one: &[u8], other: &[u8]) -> bool {
    let ((words, rest), (others, other_rest)) = (one.as_chunks::<8>(), other.as_chunks::<8>());
    let pairs = words.iter().zip(others);
    // To the end even where the first differs: most are the same, and a loop without exits is quick.
    let differ = pairs
        .fold(0, |differ, (one, other)| differ | (u64::from_le_bytes(*one) ^ u64::from_le_bytes(*other)));
    differ == 0 && one.len() == other.len() && rest.iter().zip(other_rest).all(|(one, other)| one == other)
}

/// Gives each string in `json` that is the value of a member to `each`: how many objects and lists it stands in, the
/// member's name, and where its text is. Both as they are written, escapes and all. `json` must be JSON.
pub(crate) fn texts(json: &[u8], mut each: impl FnMut(usize, &[u8], Range<usize>)) {
    let (mut at, mut depth) = (0, 0_usize);
    let mut key = None;
    while let Some(byte) = json.get(at) {
        at += 1;
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'"' => {
                let Some(length) = text::length(json.get(at..).unwrap_or_default()) else { return };
                let text = at..at + length;
                at = text.end + 1;
                let rest = json.get(at..).unwrap_or_default().trim_ascii_start();
                match (rest.strip_prefix(b":"), key.take()) {
                    (Some(value), _) => {
                        at = json.len() - value.trim_ascii_start().len();
                        key = json.get(at).filter(|byte| **byte == b'"').and(Some(text));
                    }
                    (None, Some(key)) => each(depth, json.get(key).unwrap_or_default(), text),
                    (None, None) => {}
                }
            }
            _ => {}
        }
    }
}

/// Where in `whole` its slice `part` begins; `None` where `part` is no slice of it but has other memory.
pub(crate) fn position(whole: &[u8], part: &[u8]) -> Option<usize> {
    let start = part.as_ptr().addr().checked_sub(whole.as_ptr().addr())?;
    (whole.get(start..start.checked_add(part.len())?)? == part).then_some(start)
}
