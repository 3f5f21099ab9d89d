//! The content of a message: a string, or parts.

use std::borrow::Cow;

use super::media;
use crate::{
    dialect::chat::node::{Node, Object, Path},
    ir::{ApiError, AudioFormat, CacheControl, Media, Part},
};

/// Which parts a message takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::dialect) enum Takes {
    /// Text: instructions.
    Text,
    /// Text and refusals: the model's own turns.
    Answer,
    /// All but refusals: users, and results of tools (OpenAI documents text alone for these, but clients of
    /// providers that take pictures there send them).
    Media,
}

/// Reads `content`.
pub(super) fn content<'a>(takes: Takes, value: Node<'a>, path: &Path<'_>) -> Result<Vec<Part<'a>>, ApiError> {
    parts(value, path, |value, path| part(takes, value, path))
}

/// Reads content of either form: a string, or parts, each of which `part` reads.
pub(in crate::dialect) fn parts<'a>(
    value: Node<'a>,
    path: &Path<'_>,
    part: impl Fn(Node<'a>, &Path<'_>) -> Result<Part<'a>, ApiError>,
) -> Result<Vec<Part<'a>>, ApiError> {
    match value {
        Node::String(text) => Ok(vec![Part::Text { text, cache: None }]),
        Node::Array(parts) => {
            let parts = parts.into_iter().enumerate();
            parts.map(|(index, value)| part(value, &path.index(index))).collect()
        }
        other => Err(other.wrong("a string or an array of parts", path)),
    }
}

fn part<'a>(takes: Takes, value: Node<'a>, path: &Path<'_>) -> Result<Part<'a>, ApiError> {
    let mut part = value.object(path)?;
    let kind = part.need("type", path, Node::string)?;
    let cache = part.read("cache_control", path, cache)?;
    match (kind.as_ref(), takes) {
        ("text", _) => Ok(Part::Text { text: part.need("text", path, Node::string)?, cache }),
        ("refusal", Takes::Answer) => Ok(Part::Refusal(part.need("refusal", path, Node::string)?)),
        ("image_url", Takes::Media) => image(&mut part, cache, path),
        ("file", Takes::Media) => part.need("file", path, |value, path| file(value, cache, path)),
        ("input_audio", Takes::Media) => part.need("input_audio", path, audio),
        _ => {
            let allowed = match takes {
                Takes::Text => "text",
                Takes::Answer => "text or refusal",
                Takes::Media => "text, image_url, input_audio or file",
            };
            Err(path.key("type").error(format_args!("must be {allowed} in a message of this role")))
        }
    }
}

/// `image_url`: an object, or, as some clients write it and Responses has it, the URL itself. A PDF in its place is a file.
pub(in crate::dialect) fn image<'a>(
    part: &mut Object<'a>,
    cache: Option<CacheControl>,
    path: &Path<'_>,
) -> Result<Part<'a>, ApiError> {
    let (url, detail) = part.need("image_url", path, |value, path| match value {
        Node::String(url) => Ok((media::url(url, path)?, None)),
        other => {
            let mut image = other.object(path)?;
            let url = image.need("url", path, |value, path| media::url(value.string(path)?, path))?;
            Ok((url, image.string("detail", path)?))
        }
    })?;
    Ok(match url {
        Media::Base64 { ref media_type, .. } if media_type == media::PDF => {
            Part::File { source: url, filename: None, cache }
        }
        source => Part::Image { source, detail, cache },
    })
}

pub(in crate::dialect) fn file<'a>(
    value: Node<'a>,
    cache: Option<CacheControl>,
    path: &Path<'_>,
) -> Result<Part<'a>, ApiError> {
    let mut file = value.object(path)?;
    let filename = file.string("filename", path)?;
    let data = file.read("file_data", path, |value, path| media::file(value.string(path)?, path))?;
    let id = file.string("file_id", path)?;
    let source = match (data, id) {
        (Some(data), None) => data,
        (None, Some(id)) => Media::FileId(id),
        (None, None) => return Err(path.key("file_data").error("is missing, and so is `file_id`")),
        (Some(_), Some(_)) => return Err(path.key("file_id").error("must not stand beside `file_data`")),
    };
    Ok(Part::File { source, filename, cache })
}

pub(in crate::dialect) fn audio<'a>(value: Node<'a>, path: &Path<'_>) -> Result<Part<'a>, ApiError> {
    let mut audio = value.object(path)?;
    let data = audio.need("data", path, |value, path| media::base64(value.string(path)?, path))?;
    let format = match audio.need("format", path, Node::string)?.as_ref() {
        "wav" => AudioFormat::Wav,
        "mp3" => AudioFormat::Mp3,
        _ => return Err(path.key("format").error("must be wav or mp3")),
    };
    Ok(Part::Audio { data, format })
}

/// `cache_control`, an extension in Anthropic's form that OpenRouter and LiteLLM take too.
pub(in crate::dialect) fn cache(value: Node<'_>, path: &Path<'_>) -> Result<CacheControl, ApiError> {
    let mut cache = value.object(path)?;
    if cache.need("type", path, Node::string)? != "ephemeral" {
        return Err(path.key("type").error("must be ephemeral"));
    }
    match cache.string("ttl", path)?.as_deref() {
        None | Some("5m") => Ok(CacheControl::Minutes5),
        Some("1h") => Ok(CacheControl::Hour1),
        Some(_) => Err(path.key("ttl").error("must be 5m or 1h")),
    }
}

/// Marks the last part that can carry it, for a `cache_control` on the message itself.
pub(in crate::dialect) fn mark(parts: &mut [Part<'_>], mark: CacheControl) {
    let slot = parts.iter_mut().rev().find_map(|part| match part {
        Part::Text { cache, .. }
        | Part::Image { cache, .. }
        | Part::File { cache, .. }
        | Part::ToolCall { cache, .. }
        | Part::ToolResult { cache, .. } => Some(cache),
        _ => None,
    });
    if let Some(slot) = slot {
        slot.get_or_insert(mark);
    }
}

/// `reasoning_content` and `thinking_blocks`: the extensions in which reasoning comes back from clients. The blocks
/// hold the same text and its signatures, so that the text is not taken twice.
pub(super) fn thinking<'a>(message: &mut Object<'a>, path: &Path<'_>) -> Result<Vec<Part<'a>>, ApiError> {
    let text = message.string("reasoning_content", path)?;
    let blocks = message.read("thinking_blocks", path, |value, path| {
        let blocks = value.array(path)?.into_iter().enumerate();
        blocks.map(|(index, value)| thinking_block(value, &path.index(index))).collect::<Result<Vec<_>, _>>()
    })?;
    Ok(match (blocks, text) {
        (Some(blocks), _) if !blocks.is_empty() => blocks,
        (_, Some(text)) if !text.is_empty() => vec![Part::Thinking { text, signature: None }],
        _ => Vec::new(),
    })
}

fn thinking_block<'a>(value: Node<'a>, path: &Path<'_>) -> Result<Part<'a>, ApiError> {
    let mut block = value.object(path)?;
    match block.need("type", path, Node::string)?.as_ref() {
        "thinking" => Ok(Part::Thinking {
            text: block.string("thinking", path)?.unwrap_or(Cow::Borrowed("")),
            signature: block.string("signature", path)?.filter(|signature| !signature.is_empty()),
        }),
        "redacted_thinking" => Ok(Part::RedactedThinking(block.need("data", path, Node::string)?)),
        _ => Err(path.key("type").error("must be thinking or redacted_thinking")),
    }
}
