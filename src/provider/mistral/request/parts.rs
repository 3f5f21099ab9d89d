//! Content: a string, or a list of chunks.

use super::misplaced;
use crate::{
    ir::{ApiError, Media, Part},
    provider::{
        json::{Array, Object, value},
        media::data_url,
    },
};

/// What a message takes besides text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Takes {
    /// Nothing.
    Text,
    /// Pictures, sound, files: users, and results of tools.
    Media,
    /// Its own reasoning, where the model is known to reason.
    Thoughts(bool),
}

/// Appends the content of `parts`, those of message `index` that stand in its content: a string where it is one text,
/// else chunks. Empty texts are left out beside others.
///
/// # Errors
///
/// For a part that has no place in such a message, naming it.
pub(super) fn write<'p>(
    parts: impl IntoIterator<Item = &'p Part<'p>>,
    takes: Takes,
    note: &str,
    index: usize,
    out: &mut Vec<u8>,
) -> Result<(), ApiError> {
    // The client does not count reasoning among the parts.
    let mut count = 0;
    let place = |part: &'p Part<'p>| {
        let at = count;
        count += usize::from(!matches!(part, Part::Thinking { .. } | Part::RedactedThinking(_)));
        (at, part)
    };
    let parts = parts.into_iter().map(place).filter(|(_, part)| text_of(part) != Some(""));
    let parts: Vec<(usize, &Part<'_>)> = parts.collect();
    if let [] | [(_, Part::Text { .. } | Part::Refusal(_))] = parts.as_slice() {
        let text = parts.first().and_then(|(_, part)| text_of(part)).unwrap_or_default();
        value(out, &format!("{note}{text}"));
        return Ok(());
    }
    let mut array = Array::begin(out);
    for (at, part) in parts {
        write_part(part, takes, note, (index, at), &mut array)?;
    }
    array.end();
    Ok(())
}

fn text_of<'p>(part: &'p Part<'_>) -> Option<&'p str> {
    match part {
        Part::Text { text, .. } | Part::Refusal(text) => Some(text),
        _ => None,
    }
}

fn write_part(
    part: &Part<'_>,
    takes: Takes,
    note: &str,
    (index, at): (usize, usize),
    array: &mut Array<'_>,
) -> Result<(), ApiError> {
    if let Some(text) = text_of(part) {
        text_chunk(&format!("{note}{text}"), array);
        return Ok(());
    }
    match part {
        Part::Thinking { text, .. } if takes == Takes::Thoughts(true) && !text.is_empty() => {
            thought(text, array)
        }
        // Signed or encrypted by other providers, or of a model that does not take it back.
        Part::Thinking { .. } | Part::RedactedThinking(_) => {}
        Part::Image { source, detail, .. } if takes == Takes::Media => {
            image(source, detail.as_deref(), array)
        }
        Part::File { source, filename, .. } if takes == Takes::Media => {
            file(source, filename.as_deref(), array)
        }
        Part::Audio { data, .. } if takes == Takes::Media => {
            let mut chunk = Object::begin(array.item());
            chunk.text("type", "input_audio");
            chunk.text("input_audio", data);
            chunk.end();
        }
        _ => return Err(misplaced((index, at), "a message of this role holds text only")),
    }
    Ok(())
}

fn text_chunk(text: &str, array: &mut Array<'_>) {
    let mut chunk = Object::begin(array.item());
    chunk.text("type", "text");
    chunk.text("text", text);
    chunk.end();
}

fn thought(text: &str, array: &mut Array<'_>) {
    let mut chunk = Object::begin(array.item());
    chunk.text("type", "thinking");
    let mut inside = Array::begin(chunk.key("thinking"));
    text_chunk(text, &mut inside);
    inside.end();
    chunk.end();
}

fn image(source: &Media<'_>, detail: Option<&str>, array: &mut Array<'_>) {
    let Some(url) = url_of(source) else { return other(source, None, array) };
    let mut chunk = Object::begin(array.item());
    chunk.text("type", "image_url");
    let mut image = Object::begin(chunk.key("image_url"));
    image.text("url", &url);
    if let Some(detail) = detail {
        image.text("detail", detail);
    }
    image.end();
    chunk.end();
}

fn file(source: &Media<'_>, name: Option<&str>, array: &mut Array<'_>) {
    match source {
        Media::Base64 { media_type, .. } if media_type.starts_with("image/") => image(source, None, array),
        _ => other(source, name, array),
    }
}

/// A document, by what is known of it.
fn other(source: &Media<'_>, name: Option<&str>, array: &mut Array<'_>) {
    let Some(url) = url_of(source) else {
        match source {
            Media::FileId(id) => {
                let mut chunk = Object::begin(array.item());
                chunk.text("type", "file");
                chunk.text("file_id", id);
                chunk.end();
            }
            Media::Text(text) => text_chunk(text, array),
            Media::Url(_) | Media::Base64 { .. } => {}
        }
        return;
    };
    let mut chunk = Object::begin(array.item());
    chunk.text("type", "document_url");
    chunk.text("document_url", &url);
    if let Some(name) = name {
        chunk.text("document_name", name);
    }
    chunk.end();
}

/// The URL of what has one, or can be one.
fn url_of(source: &Media<'_>) -> Option<String> {
    match source {
        Media::Url(url) => Some(url.to_string()),
        Media::Base64 { media_type, data } => Some(data_url(media_type, data)),
        Media::FileId(_) | Media::Text(_) => None,
    }
}
