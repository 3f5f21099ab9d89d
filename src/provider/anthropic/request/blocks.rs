//! Content blocks that are not media.

use crate::{
    ir::{ApiError, CacheControl, Part},
    provider::conversation::no_result,
    signature::is_checkable,
};

use super::{
    super::json::{Array, Object},
    media,
};

/// Appends a text block.
pub(super) fn write_text(text: &str, cache: Option<CacheControl>, out: &mut Vec<u8>) {
    let mut block = Object::begin(out);
    block.text("type", "text");
    block.text("text", text);
    write_cache(cache, &mut block);
    block.end();
}

/// Appends `cache_control`. Five minutes are the default and need no `ttl`.
pub(super) fn write_cache(cache: Option<CacheControl>, block: &mut Object<'_>) {
    match cache {
        None => {}
        Some(CacheControl::Minutes5) => block.raw("cache_control", r#"{"type":"ephemeral"}"#),
        Some(CacheControl::Hour1) => block.raw("cache_control", r#"{"type":"ephemeral","ttl":"1h"}"#),
    }
}

/// Appends reasoning that Anthropic can check. Any other part is passed over.
pub(super) fn write_thinking(part: &Part<'_>, content: &mut Array<'_>) {
    if !is_checkable(part) {
        return;
    }
    match part {
        Part::Thinking { text, signature: Some(signature) } => {
            let mut block = Object::begin(content.item());
            block.text("type", "thinking");
            block.text("thinking", text);
            block.text("signature", signature);
            block.end();
        }
        Part::RedactedThinking(data) => {
            let mut block = Object::begin(content.item());
            block.text("type", "redacted_thinking");
            block.text("data", data);
            block.end();
        }
        _ => {}
    }
}

/// What a tool call gave, on its way into a `tool_result` block.
#[derive(Debug)]
pub(super) struct ToolResult<'r> {
    /// The id that the call was given.
    pub(super) id: &'r str,
    /// Text, images, documents.
    pub(super) parts: &'r [Part<'r>],
    /// The call failed.
    pub(super) is_error: bool,
    /// Cache the prompt up to here.
    pub(super) cache: Option<CacheControl>,
}

impl ToolResult<'_> {
    /// Appends the block; `index` is the message's place in the client's list.
    ///
    /// # Errors
    ///
    /// For a part that has no place in a result, naming it.
    pub(super) fn write(&self, index: usize, out: &mut Vec<u8>) -> Result<(), ApiError> {
        let mut block = Object::begin(out);
        block.text("type", "tool_result");
        block.text("tool_use_id", self.id);
        match self.parts {
            [] => {}
            [Part::Text { text, .. }] if text.trim().is_empty() => {}
            [Part::Text { text, cache: None }] => block.text("content", text),
            parts => write_parts(parts, index, &mut block)?,
        }
        if self.is_error {
            block.raw("is_error", "true");
        }
        write_cache(self.cache, &mut block);
        block.end();
        Ok(())
    }
}

fn write_parts(parts: &[Part<'_>], index: usize, block: &mut Object<'_>) -> Result<(), ApiError> {
    let mut content = Array::begin(block.key("content"));
    for (at, part) in parts.iter().enumerate() {
        let param = || format!("messages[{index}].content[{at}]");
        match part {
            Part::Text { text, .. } if text.trim().is_empty() => {}
            Part::Text { text, cache } => write_text(text, *cache, content.item()),
            Part::Image { source, cache, .. } => media::write_image(source, *cache, param, content.item())?,
            Part::File { source, filename, cache } => {
                media::write_file(source, filename.as_deref(), *cache, param, content.item())?;
            }
            _ => return Err(no_result((index, at))),
        }
    }
    content.end();
    Ok(())
}
