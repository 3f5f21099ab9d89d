//! What a message says: one text is a string, all else a list of blocks.

use std::borrow::Cow;

use crate::{
    ir::{ApiError, Media, Part},
    provider::media::{image_type, is_web_url},
};

use super::{
    super::json::{Array, Object, value},
    misplaced,
};

/// A block of `content`.
#[derive(Debug)]
pub(super) enum Block<'p> {
    /// Text; not empty.
    Text(Cow<'p, str>),
    /// Reasoning; not empty.
    Thinking(&'p str),
    /// A picture.
    Image(Picture<'p>, Option<&'p str>),
}

/// Where a picture is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Picture<'p> {
    /// At a URL of the web.
    Url(&'p str),
    /// Here: its type, and base64.
    Data(&'static str, &'p str),
}

/// The block of a part of a user's message; `None` for one that says nothing there.
///
/// # Errors
///
/// For what Cohere does not take, naming it by its place.
pub(super) fn of_user<'p>(part: &'p Part<'_>, place: (usize, usize)) -> Result<Option<Block<'p>>, ApiError> {
    Ok(match part {
        Part::Text { text, .. } | Part::Refusal(text) => of_text(text),
        Part::Image { source, detail, .. } => {
            // What is another level of detail to OpenAI is Cohere's own choice.
            let detail = detail.as_deref().filter(|detail| matches!(*detail, "auto" | "low" | "high"));
            Some(Block::Image(picture(source, place)?, detail))
        }
        Part::File { .. } => return Err(misplaced(place, "Cohere's chat takes no files")),
        Part::Audio { .. } => return Err(misplaced(place, "Cohere models take no audio")),
        Part::ToolCall { .. } => {
            return Err(misplaced(place, "only an assistant message holds tool calls"));
        }
        Part::Thinking { .. } | Part::RedactedThinking(_) | Part::ToolResult { .. } => None,
    })
}

/// A block of text, unless it is empty.
pub(super) fn of_text(text: &str) -> Option<Block<'_>> {
    (!text.is_empty()).then_some(Block::Text(Cow::Borrowed(text)))
}

fn picture<'p>(source: &'p Media<'_>, place: (usize, usize)) -> Result<Picture<'p>, ApiError> {
    let why = match source {
        Media::Base64 { media_type, data } => match image_type(media_type) {
            Some(media_type) => return Ok(Picture::Data(media_type, data)),
            None => "it takes JPEG, PNG, GIF and WebP pictures",
        },
        Media::Url(url) if is_web_url(url) => return Ok(Picture::Url(url)),
        Media::Url(_) => "it takes http and https URLs, and base64 data URLs",
        Media::FileId(_) | Media::Text(_) => "it takes pictures by URL, and as base64 data URLs",
    };
    Err(misplaced(place, why))
}

/// Appends `content`.
pub(super) fn write(blocks: &[Block<'_>], out: &mut Vec<u8>) {
    if let [Block::Text(text)] = blocks {
        return value(out, text.as_ref());
    }
    let mut array = Array::begin(out);
    for block in blocks {
        let mut object = Object::begin(array.item());
        match block {
            Block::Text(text) => {
                object.text("type", "text");
                object.text("text", text);
            }
            Block::Thinking(text) => {
                object.text("type", "thinking");
                object.text("thinking", text);
            }
            Block::Image(picture, detail) => {
                object.text("type", "image_url");
                let mut image = Object::begin(object.key("image_url"));
                write_url(*picture, image.key("url"));
                if let Some(detail) = detail {
                    image.text("detail", detail);
                }
                image.end();
            }
        }
        object.end();
    }
    array.end();
}

fn write_url(picture: Picture<'_>, out: &mut Vec<u8>) {
    match picture {
        Picture::Url(url) => value(out, url),
        // Neither needs escapes.
        Picture::Data(media_type, data) => {
            for piece in ["\"data:", media_type, ";base64,", data, "\""] {
                out.extend_from_slice(piece.as_bytes());
            }
        }
    }
}

/// Appends what a tool gave. An error, and nothing at all, which a message must not be, are documents: what a tool's
/// result is to Cohere anyway (guide "Tool Use").
///
/// # Errors
///
/// For anything but text and pictures, naming it.
pub(super) fn write_result(
    parts: &[Part<'_>],
    is_error: bool,
    index: usize,
    out: &mut Vec<u8>,
) -> Result<(), ApiError> {
    let mut blocks = Vec::new();
    for (at, part) in parts.iter().enumerate() {
        match part {
            Part::Text { text, .. } => blocks.extend(of_text(text)),
            // The caller has a place for it.
            Part::Image { .. } => {}
            _ => return Err(misplaced((index, at), "text and pictures alone can stand in a tool's result")),
        }
    }
    if !is_error && !blocks.is_empty() {
        write(&blocks, out);
        return Ok(());
    }
    let text: String =
        blocks.iter().map(|block| if let Block::Text(text) = block { text } else { "" }).collect();
    let mut array = Array::begin(out);
    let mut block = Object::begin(array.item());
    block.text("type", "document");
    let mut document = Object::begin(block.key("document"));
    let mut data = Object::begin(document.key("data"));
    data.text(if is_error { "error" } else { "output" }, &text);
    data.end();
    document.end();
    block.end();
    array.end();
    Ok(())
}
