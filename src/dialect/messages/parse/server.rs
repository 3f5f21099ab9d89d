//! What tools that Anthropic runs were asked and gave in an earlier turn: text, for models that know none of them.

use std::borrow::Cow;

use crate::{
    dialect::node::{Node, Object, Path},
    ir::{ApiError, CacheControl, Part},
};

/// Members whose strings say nothing to another model.
const SILENT: &[&str] = &["type", "media_type", "tool_use_id", "id", "file_id", "signature", "page_age"];

/// A call, what a call gave, or the summary that stands for the turns before it.
pub(super) fn part<'a>(
    kind: &str,
    cache: Option<CacheControl>,
    block: &mut Object<'a>,
    path: &Path<'_>,
) -> Result<Part<'a>, ApiError> {
    let content = block.take("content", path)?;
    if kind == "compaction" {
        let text = match content {
            Some(Node::String(text)) => text,
            _ => Cow::Borrowed(""),
        };
        return Ok(Part::Text { text, cache });
    }
    let mut text = String::from("[");
    if let Some(tool) = kind.strip_suffix("_result") {
        text.push_str("Result of ");
        text.push_str(tool);
        text.push(':');
        content.iter().for_each(|content| lines(content, &mut text));
    } else {
        text.push_str("Call of ");
        text.push_str(&block.need("name", path, Node::string)?);
        if let Some(Node::Raw(input)) = block.take("input", path)? {
            text.push_str(": ");
            text.push_str(input.get());
        }
    }
    text.push(']');
    Ok(Part::Text { text: Cow::Owned(text), cache })
}

/// Appends every string that says something, each on a line. The depth is bounded by that of the request.
fn lines(node: &Node<'_>, text: &mut String) {
    match node {
        Node::String(line) if !line.is_empty() => {
            text.push('\n');
            text.push_str(line);
        }
        Node::Array(list) => list.iter().for_each(|node| lines(node, text)),
        Node::Object(object) => {
            for (name, node) in &object.0 {
                let base64 = name == "data" && object.0.iter().any(|(name, _)| name == "media_type")
                    && !object.0.iter().any(|(name, kind)| name == "type" && matches!(kind, Node::String(kind) if kind == "text"));
                if !base64 && !name.starts_with("encrypted_") && !SILENT.contains(&name.as_ref()) {
                    lines(node, text);
                }
            }
        }
        _ => {}
    }
}
