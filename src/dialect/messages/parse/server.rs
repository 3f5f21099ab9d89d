//! What tools that Anthropic runs were asked and gave in an earlier turn: text, for models that know none of them.

use std::borrow::Cow;

use crate::{
    dialect::node::{Node, Object, Path},
    ir::{ApiError, CacheControl, Part},
    provider::json::compact,
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
    if let Some(tool) = kind.strip_suffix("_tool_result") {
        text.push_str("Result of ");
        text.push_str(tool);
        text.push(':');
        content.iter().for_each(|content| lines(content, &mut text));
    } else {
        text.push_str("Call of ");
        text.push_str(&block.need("name", path, Node::string)?);
        if let Some(Node::Raw(input)) = block.take("input", path)? {
            text.push_str(": ");
            text.push_str(&compact(input.get()));
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
            let silent = |name: &str| name.starts_with("encrypted_") || SILENT.contains(&name);
            // Bytes say what they are; words do too, as text.
            let is_bytes = object
                .0
                .iter()
                .any(|(name, node)| name == "type" && matches!(node, Node::String(kind) if kind == "base64"));
            let told = object.0.iter().filter(|(name, _)| !(silent(name) || (is_bytes && name == "data")));
            told.for_each(|(_, node)| lines(node, text));
        }
        _ => {}
    }
}
