//! Deltas that differ from an earlier one in their text alone, read without a parse.

use std::borrow::Cow;

use super::Content;
use crate::{
    provider::anthropic::json::{MaybeText, Text},
    stream::template::{self, Template},
};

/// One delta that was parsed. Knows none at first.
#[derive(Debug, Default)]
pub(in crate::provider::anthropic) struct Known {
    event: Template,
    content: Content,
}

impl Known {
    /// Learns from the event `raw` where the text is that its member `delta` adds to `content`.
    pub(in crate::provider::anthropic) fn learn(&mut self, raw: &[u8], delta: &str, content: Content) {
        let member: &[u8] = match content {
            Content::Text => b"text",
            Content::Thinking => b"thinking",
            Content::Arguments { .. } => b"partial_json",
        };
        // Of data that came in several lines nothing is in `raw`.
        let Some(start) = template::position(raw, delta.as_bytes()) else { return };
        let mut found = None;
        template::texts(delta.as_bytes(), |depth, key, text| {
            // A delta with two of the same name would not have been read.
            if depth == 1 && key == member {
                found = Some(start + text.start..start + text.end);
            }
        });
        if let Some(text) = found
            && self.event.learn(raw, [text])
        {
            self.content = content;
        }
    }

    /// The length of the event that `bytes` begin with, if it is like the one that was learnt.
    pub(in crate::provider::anthropic) fn length(&self, bytes: &[u8]) -> Option<usize> {
        self.event.find(bytes).map(|found| found.length)
    }

    /// The event that `bytes` begin with, if it is like the one that was learnt: its length, what it adds to, and
    /// what it adds.
    pub(super) fn find<'b>(&self, bytes: &'b [u8]) -> Option<(usize, Content, MaybeText<'b>)> {
        let found = self.event.find(bytes)?;
        let quoted = str::from_utf8(found.quoted).ok()?;
        let text = if quoted.contains('\\') {
            // As a parse of the whole event would read it: nothing, where half a surrogate pair makes it no text.
            MaybeText(serde_json::from_str::<Text<'_>>(quoted).ok().map(|text| text.0))
        } else {
            MaybeText(quoted.get(1..quoted.len() - 1).map(Cow::Borrowed))
        };
        Some((found.length, self.content, text))
    }
}
