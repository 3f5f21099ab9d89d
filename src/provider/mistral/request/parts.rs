//! Content: a string, or a list of chunks.

use super::misplaced;
use crate::{
    ir::{ApiError, Media, Part},
    provider::{
        json::{Array, Object},
        openai::request::compose::parts::{self, Content, url_of},
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
    parts: &mut dyn Iterator<Item = &'p Part<'p>>,
    takes: Takes,
    note: &str,
    index: usize,
    out: &mut Vec<u8>,
) -> Result<(), ApiError> {
    let content = Content { note, marks: false, index };
    parts::write(parts, content, &|part, place, array| write_part(part, takes, place, array), out)
}

fn write_part(
    part: &Part<'_>,
    takes: Takes,
    place: (usize, usize),
    array: &mut Array<'_>,
) -> Result<(), ApiError> {
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
        _ => return Err(misplaced(place, "a message of this role holds text only")),
    }
    Ok(())
}

fn thought(text: &str, array: &mut Array<'_>) {
    let mut chunk = Object::begin(array.item());
    chunk.text("type", "thinking");
    let mut inside = Array::begin(chunk.key("thinking"));
    parts::text(text, None, &mut inside);
    inside.end();
    chunk.end();
}

fn image(source: &Media<'_>, detail: Option<&str>, array: &mut Array<'_>) {
    match url_of(source) {
        Some(url) => parts::image(&url, detail, None, array),
        None => other(source, None, array),
    }
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
            Media::Text(text) => parts::text(text, None, array),
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
