//! Content blocks that are not media. Each is an object with one member, which says what it is.

use crate::{
    base64,
    ir::{ApiError, CacheControl, Part},
    provider::{
        conversation::no_result,
        ids::{PLAIN, Rule},
    },
    signature::is_checkable,
};

use super::{
    super::json::{Array, Object},
    Family, media,
};

/// Ids of calls of Claude's: its own API takes these alone.
pub(super) const CLAUDE_IDS: Rule = Rule { longest: 64, ..PLAIN };

/// Ids of calls (service model, `ToolUseId`). Some models mean something by the marks.
pub(super) const IDS: Rule = Rule { marks: "_.:-", longest: 64 };

/// Appends a block of text, and behind it where the prompt is to be cached.
pub(super) fn write_text(text: &str, cache: Option<CacheControl>, family: Family, content: &mut Array<'_>) {
    let mut block = Object::begin(content.item());
    block.text("text", text);
    block.end();
    write_cache(cache, family, content);
}

/// Appends a block that says that the prompt is to be cached up to here. Five minutes are the default, and all that
/// Nova knows.
pub(super) fn write_cache(cache: Option<CacheControl>, family: Family, content: &mut Array<'_>) {
    let point = match cache {
        Some(CacheControl::Hour1) if family == Family::Claude => {
            r#"{"cachePoint":{"type":"default","ttl":"1h"}}"#
        }
        Some(_) if family.caches() => r#"{"cachePoint":{"type":"default"}}"#,
        _ => return,
    };
    content.item().extend_from_slice(point.as_bytes());
}

/// Appends reasoning that its model can check: signed, and not by OpenAI, or encrypted. Any other part is passed over.
pub(super) fn write_reasoning(part: &Part<'_>, content: &mut Array<'_>) {
    match part {
        Part::Thinking { text, signature: Some(signature) } if is_checkable(part) => {
            let mut block = Object::begin(content.item());
            let mut reasoning = Object::begin(block.key("reasoningContent"));
            let mut inner = Object::begin(reasoning.key("reasoningText"));
            inner.text("text", text);
            inner.text("signature", signature);
            inner.end();
            reasoning.end();
            block.end();
        }
        // The API takes its bytes.
        Part::RedactedThinking(data) if base64::decode(data).is_some() => {
            let mut block = Object::begin(content.item());
            let mut reasoning = Object::begin(block.key("reasoningContent"));
            reasoning.text("redactedContent", data);
            reasoning.end();
            block.end();
        }
        _ => {}
    }
}

/// What a tool call gave.
#[derive(Debug)]
pub(super) struct ToolResult<'r> {
    /// The id that the call was given.
    pub(super) id: &'r str,
    /// Text, pictures, documents.
    pub(super) parts: &'r [Part<'r>],
    /// The call failed.
    pub(super) is_error: bool,
}

impl ToolResult<'_> {
    /// Appends the block; `index` is the message's place in the client's list.
    ///
    /// # Errors
    ///
    /// For a part that has no place in a result, naming it.
    pub(super) fn write(
        &self,
        index: usize,
        family: Family,
        names: &mut media::Names,
        content: &mut Array<'_>,
    ) -> Result<(), ApiError> {
        let mut block = Object::begin(content.item());
        let mut result = Object::begin(block.key("toolResult"));
        result.text("toolUseId", self.id);
        let mut inside = Array::begin(result.key("content"));
        for (at, part) in self.parts.iter().enumerate() {
            match part {
                Part::Text { text, .. } if text.trim().is_empty() => {}
                // A point of the cache has no place within a result: it stands behind it.
                Part::Text { text, .. } => write_text(text, None, family, &mut inside),
                Part::Image { .. } | Part::File { .. } => {
                    media::write(part, (index, at), names, &mut inside)?;
                }
                _ => return Err(no_result((index, at))),
            }
        }
        inside.end();
        // Others refuse the field (service model, `ToolResultBlock`).
        if self.is_error && family.caches() {
            result.text("status", "error");
        }
        result.end();
        block.end();
        Ok(())
    }
}
