//! Bytes that pass but for some spans.

use std::ops::Range;

/// Spans of a text and what stands there instead. They must not overlap.
#[derive(Debug, Default)]
pub(in crate::provider) struct Edits {
    /// In the order of the text; those at one place in the order they came.
    list: Vec<(Range<usize>, Vec<u8>)>,
}

impl Edits {
    /// Puts `text` in the place of `span`; an empty span is a place to insert at.
    pub(in crate::provider) fn add(&mut self, span: Range<usize>, text: impl Into<Vec<u8>>) {
        // They mostly come in order. (The library's sort is larger than all of this file.)
        let behind = self.list.iter().rposition(|(before, _)| before.start <= span.start);
        self.list.insert(behind.map_or(0, |at| at + 1), (span, text.into()));
    }

    /// As [`add`](Self::add), in the place of `part`, which must be a slice of `whole`.
    pub(super) fn replace(&mut self, whole: &[u8], part: &str, text: impl Into<Vec<u8>>) {
        let start = part.as_ptr().addr().wrapping_sub(whole.as_ptr().addr());
        self.add(start..start.saturating_add(part.len()), text);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Copies `body` to the end of `out` once, with the edits. Returns false, with `out` as it was, where there are
    /// none.
    pub(in crate::provider) fn apply(self, body: &[u8], out: &mut Vec<u8>) -> bool {
        if self.list.is_empty() {
            return false;
        }
        let added: usize = self.list.iter().map(|(_, text)| text.len()).sum();
        out.reserve(body.len() + added);
        let mut from = 0;
        for (span, text) in &self.list {
            out.extend_from_slice(body.get(from..span.start).unwrap_or_default());
            out.extend_from_slice(text);
            from = span.end;
        }
        out.extend_from_slice(body.get(from..).unwrap_or_default());
        true
    }
}
