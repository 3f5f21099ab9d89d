//! The content of messages: a string, or blocks.

use std::borrow::Cow;

use super::{super::kinds, media, server};
use crate::{
    dialect::{
        chat::parse::content,
        node::{Node, Object, Path},
    },
    ir::{ApiError, CacheControl, Part},
    provider::json::compact,
    signature::Carried,
};

/// A turn of the model.
#[derive(Debug, Default)]
pub(super) struct Turn<'a> {
    pub(super) parts: Vec<Part<'a>>,
    /// The signature of its text.
    pub(super) signature: Option<Cow<'a, str>>,
}

/// What the user says, and what tools gave.
pub(super) fn user<'a>(value: Node<'a>, path: &Path<'_>) -> Result<Vec<Part<'a>>, ApiError> {
    let mut parts = Vec::new();
    each(value, path, |kind, cache, block, path| {
        match kind {
            "tool_result" => parts.push(result(cache, block, path)?),
            _ if said(kind, cache, block, path, &mut parts)? => {}
            _ => {
                let kinds =
                    "must be text, image, document, search_result or tool_result in a message of the user";
                return Err(path.key("type").error(kinds));
            }
        }
        Ok(())
    })
    .map(|text| text.map_or(parts, |text| vec![text]))
}

/// What a tool gave.
fn result<'a>(
    cache: Option<CacheControl>,
    block: &mut Object<'a>,
    path: &Path<'_>,
) -> Result<Part<'a>, ApiError> {
    let id = block.need("tool_use_id", path, Node::string)?;
    let is_error = block.read("is_error", path, Node::boolean)?.unwrap_or(false);
    let content = block.read("content", path, inner)?.unwrap_or_default();
    Ok(Part::ToolResult { id, content, is_error, cache })
}

/// The content of a block: of a tool's result, and of a document that is given as blocks.
pub(super) fn inner<'a>(value: Node<'a>, path: &Path<'_>) -> Result<Vec<Part<'a>>, ApiError> {
    let mut parts = Vec::new();
    each(value, path, |kind, cache, block, path| match kind {
        "tool_reference" => {
            let mut text = String::from("The tool is there: ");
            text.push_str(&block.need("tool_name", path, Node::string)?);
            parts.push(Part::Text { text: Cow::Owned(text), cache });
            Ok(())
        }
        _ if said(kind, cache, block, path, &mut parts)? => Ok(()),
        _ => {
            let kinds = "must be text, image, document, search_result or tool_reference here";
            Err(path.key("type").error(kinds))
        }
    })
    .map(|text| text.map_or(parts, |text| vec![text]))
}

/// A turn of the model. Encrypted reasoning that this gateway made carries the signature of what follows it.
pub(super) fn assistant<'a>(value: Node<'a>, path: &Path<'_>) -> Result<Turn<'a>, ApiError> {
    let mut turn = Turn::default();
    let mut of_call = None;
    let text = each(value, path, |kind, cache, block, path| {
        let part = match kind {
            "thinking" => Part::Thinking {
                text: block.need("thinking", path, Node::string)?,
                signature: block.string("signature", path)?.filter(|signature| !signature.is_empty()),
            },
            "redacted_thinking" => {
                let data = block.need("data", path, Node::string)?;
                match Carried::of(&data) {
                    None => Part::RedactedThinking(data),
                    Some(Carried::OfCall(signature)) => {
                        of_call = Some(Cow::Owned(signature.to_owned()));
                        return Ok(());
                    }
                    Some(Carried::OfText(signature)) => {
                        turn.signature = Some(Cow::Owned(signature.to_owned()));
                        return Ok(());
                    }
                }
            }
            "tool_use" => Part::ToolCall {
                id: block.need("id", path, Node::string)?,
                name: block.need("name", path, Node::string)?,
                arguments: arguments(block, path)?,
                signature: of_call.take().filter(|signature: &Cow<'_, str>| !signature.is_empty()),
                cache,
            },
            _ if kinds::server_block(kind, None).is_some() => server::part(kind, cache, block, path)?,
            _ if said(kind, cache, block, path, &mut turn.parts)? => return Ok(()),
            _ => {
                let kinds = "must be text, thinking, redacted_thinking, tool_use, or a block of a server tool, in a \
                             message of the assistant";
                return Err(path.key("type").error(kinds));
            }
        };
        turn.parts.push(part);
        Ok(())
    })?;
    turn.parts.extend(text);
    Ok(turn)
}

/// `input`: an object, as it was sent but for the white space between its tokens.
fn arguments<'a>(block: &mut Object<'a>, path: &Path<'_>) -> Result<Cow<'a, str>, ApiError> {
    block.need("input", path, |value, path| match value {
        Node::Raw(raw) if raw.get().starts_with('{') => Ok(compact(raw.get())),
        other => Err(other.wrong("an object", path)),
    })
}

/// Appends what may stand anywhere; false for other blocks.
fn said<'a>(
    kind: &str,
    cache: Option<CacheControl>,
    block: &mut Object<'a>,
    path: &Path<'_>,
    parts: &mut Vec<Part<'a>>,
) -> Result<bool, ApiError> {
    match kind {
        "text" => parts.push(Part::Text { text: block.need("text", path, Node::string)?, cache }),
        "image" => parts.push(media::image(block, cache, path)?),
        "document" => media::document(block, cache, path, parts)?,
        "search_result" => parts.push(media::search_result(block, cache, path)?),
        _ => return Ok(false),
    }
    Ok(true)
}

/// Calls `read` for each block; gives the text where the content is one.
fn each<'a>(
    value: Node<'a>,
    path: &Path<'_>,
    mut read: impl FnMut(&str, Option<CacheControl>, &mut Object<'a>, &Path<'_>) -> Result<(), ApiError>,
) -> Result<Option<Part<'a>>, ApiError> {
    let list = match value {
        Node::String(text) => return Ok(Some(Part::Text { text, cache: None })),
        Node::Array(list) => list,
        other => return Err(other.wrong("a string or an array of blocks", path)),
    };
    for (index, value) in list.into_iter().enumerate() {
        let path = path.index(index);
        let mut block = value.object(&path)?;
        let kind = block.need("type", &path, Node::string)?;
        let cache = block.read("cache_control", &path, content::cache)?;
        read(&kind, cache, &mut block, &path)?;
    }
    Ok(None)
}
