//! The content of a message, and what a tool gave: a string, or parts.

use std::borrow::Cow;

use crate::{
    dialect::{
        chat::parse::content::{self, Takes},
        node::{Node, Object, Path},
    },
    ir::{ApiError, CacheControl, Media, Part},
};

/// Reads `content` or `output`.
pub(super) fn content<'a>(takes: Takes, value: Node<'a>, path: &Path<'_>) -> Result<Vec<Part<'a>>, ApiError> {
    content::parts(value, path, |value, path| part(takes, value, path))
}

fn part<'a>(takes: Takes, value: Node<'a>, path: &Path<'_>) -> Result<Part<'a>, ApiError> {
    let mut part = value.object(path)?;
    let kind = part.need("type", path, Node::string)?;
    let cache = match part.read("prompt_cache_breakpoint", path, breakpoint)? {
        Some(mark) => Some(mark),
        None => part.read("cache_control", path, content::cache)?,
    };
    match (kind.as_ref(), takes) {
        // Clients write the other word for it in either place, and that of chat.
        ("input_text" | "output_text" | "text", _) => {
            Ok(Part::Text { text: part.need("text", path, Node::string)?, cache })
        }
        ("refusal", Takes::Answer) => Ok(Part::Refusal(part.need("refusal", path, Node::string)?)),
        ("input_image" | "image_url", Takes::Media) => image(&mut part, cache, path),
        ("input_file", Takes::Media) => file(part, cache, path),
        ("input_audio", Takes::Media) => part.need("input_audio", path, content::audio),
        _ => {
            let allowed = match takes {
                Takes::Text => "input_text",
                Takes::Answer => "output_text or refusal",
                Takes::Media => "input_text, input_image, input_file or input_audio",
            };
            Err(path.key("type").error(format_args!("must be {allowed} here")))
        }
    }
}

/// A point up to which the prompt is to be cached, for one of OpenAI's two times, of which each is nearest to one of the
/// intermediate form.
fn breakpoint(value: Node<'_>, path: &Path<'_>) -> Result<CacheControl, ApiError> {
    let ttl = value.object(path)?.string("ttl", path)?;
    Ok(if ttl.is_some() { CacheControl::Hour1 } else { CacheControl::Minutes5 })
}

fn image<'a>(
    part: &mut Object<'a>,
    cache: Option<CacheControl>,
    path: &Path<'_>,
) -> Result<Part<'a>, ApiError> {
    // `original` is OpenAI's alone: more than `high` by nothing that others have.
    let told = part.string("detail", path)?.map(|word| match word.as_ref() {
        "original" => Cow::Borrowed("high"),
        _ => word,
    });
    if let Some(id) = part.string("file_id", path)? {
        return Ok(Part::Image { source: Media::FileId(id), detail: told, cache });
    }
    let mut read = content::image(part, cache, path)?;
    if let Part::Image { detail, .. } = &mut read
        && told.is_some()
    {
        *detail = told;
    }
    Ok(read)
}

fn file<'a>(
    mut part: Object<'a>,
    cache: Option<CacheControl>,
    path: &Path<'_>,
) -> Result<Part<'a>, ApiError> {
    match part.string("file_url", path)? {
        Some(url) if url.is_empty() => Err(path.key("file_url").error("must not be empty")),
        Some(url) => {
            Ok(Part::File { source: Media::Url(url), filename: part.string("filename", path)?, cache })
        }
        None => content::file(Node::Object(part), cache, path),
    }
}
