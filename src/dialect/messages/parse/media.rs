//! Pictures, documents and search results.
//!
//! Source: API reference, "Create a Message" (`ImageBlockParam`, `DocumentBlockParam`, `SearchResultBlockParam`).

use std::borrow::Cow;

use super::blocks;
use crate::{
    dialect::{
        chat::parse::media::{PDF, base64},
        node::{Node, Object, Path},
    },
    ir::{ApiError, CacheControl, Media, Part},
};

/// Where a block's bytes or words are.
enum Source<'a> {
    Media(Media<'a>),
    Text(Cow<'a, str>),
    Parts(Vec<Part<'a>>),
}

/// An `image` block.
pub(super) fn image<'a>(
    block: &mut Object<'a>,
    cache: Option<CacheControl>,
    path: &Path<'_>,
) -> Result<Part<'a>, ApiError> {
    block.need("source", path, |value, path| match source(value, path)? {
        Source::Media(source) => Ok(Part::Image { source, detail: None, cache }),
        Source::Text(_) | Source::Parts(_) => Err(path.key("type").error("must be base64, url or file")),
    })
}

/// A `document` block. Words are text behind what is told of them; for a file, its title is its name.
pub(super) fn document<'a>(
    block: &mut Object<'a>,
    cache: Option<CacheControl>,
    path: &Path<'_>,
    parts: &mut Vec<Part<'a>>,
) -> Result<(), ApiError> {
    let title = block.string("title", path)?.filter(|title| !title.is_empty());
    let context = block.string("context", path)?.filter(|context| !context.is_empty());
    let source = block.need("source", path, source)?;
    if let Source::Media(source) = source {
        parts.extend(context.map(|text| Part::Text { text, cache: None }));
        parts.push(Part::File { source, filename: title, cache });
        return Ok(());
    }
    let mut head = String::new();
    for told in [title, context].into_iter().flatten() {
        head.push_str(&told);
        head.push('\n');
    }
    match source {
        Source::Text(text) if head.is_empty() => parts.push(Part::Text { text, cache }),
        Source::Text(text) => {
            head.push('\n');
            head.push_str(&text);
            parts.push(Part::Text { text: Cow::Owned(head), cache });
        }
        Source::Parts(inner) => {
            if !head.is_empty() {
                parts.push(Part::Text { text: Cow::Owned(head), cache: None });
            }
            let first = parts.len();
            parts.extend(inner);
            if let (Some(mark), Some(inner)) = (cache, parts.get_mut(first..)) {
                crate::dialect::chat::parse::content::mark(inner, mark);
            }
        }
        Source::Media(_) => {}
    }
    Ok(())
}

/// A `search_result` block: its title, where it is from, and its texts.
pub(super) fn search_result<'a>(
    block: &mut Object<'a>,
    cache: Option<CacheControl>,
    path: &Path<'_>,
) -> Result<Part<'a>, ApiError> {
    let mut text = String::new();
    for name in ["title", "source"] {
        text.push_str(&block.need(name, path, Node::string)?);
        text.push('\n');
    }
    for part in block.need("content", path, blocks::inner)? {
        if let Part::Text { text: said, .. } = part {
            text.push('\n');
            text.push_str(&said);
        }
    }
    Ok(Part::Text { text: Cow::Owned(text), cache })
}

fn source<'a>(value: Node<'a>, path: &Path<'_>) -> Result<Source<'a>, ApiError> {
    let mut source = value.object(path)?;
    let kind = source.need("type", path, Node::string)?;
    Ok(match kind.as_ref() {
        "base64" => {
            let media_type = source.need("media_type", path, Node::string)?;
            let data = source.need("data", path, |value, path| base64(value.string(path)?, path))?;
            Source::Media(Media::Base64 { media_type: plain(media_type), data })
        }
        "url" => Source::Media(Media::Url(source.need("url", path, Node::string)?)),
        "file" => Source::Media(Media::FileId(source.need("file_id", path, Node::string)?)),
        "text" => Source::Text(source.need("data", path, Node::string)?),
        "content" => match source.need("content", path, |value, path| match value {
            Node::String(text) => Ok(vec![Part::Text { text, cache: None }]),
            other => blocks::inner(other, path),
        })? {
            parts if parts.is_empty() => Source::Text(Cow::Borrowed("")),
            parts => Source::Parts(parts),
        },
        _ => return Err(path.key("type").error("must be base64, url, file, text or content")),
    })
}

/// A media type without parameters, in lower case.
fn plain(media_type: Cow<'_, str>) -> Cow<'_, str> {
    match media_type.as_ref() {
        PDF => Cow::Borrowed(PDF),
        // A common misspelling that providers refuse.
        "image/jpg" => Cow::Borrowed("image/jpeg"),
        other if other.bytes().any(|byte| byte.is_ascii_uppercase() || byte == b';') => {
            let plain = other.split(';').next().unwrap_or_default().trim();
            Cow::Owned(plain.to_ascii_lowercase())
        }
        _ => media_type,
    }
}
