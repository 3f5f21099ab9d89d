//! Content of messages: a string, or a list of parts. What OpenAI and Mistral write in the same way is here.

use crate::{
    ir::{ApiError, AudioFormat, CacheControl, Media, Part},
    provider::{
        json::{Array, Object, value},
        media::{data_url, name_of},
    },
};

use super::misplaced;

/// How the content of one message is written.
#[derive(Clone, Copy, Debug)]
pub(in crate::provider) struct Content<'c> {
    /// Stands before each text.
    pub(in crate::provider) note: &'c str,
    /// Whether marks of prompt caches are kept.
    pub(in crate::provider) marks: bool,
    /// Which message of the client's it is, for errors.
    pub(in crate::provider) index: usize,
}

/// Appends a part that is no text, or refuses it; the place is that of the message and of the part in it.
pub(in crate::provider) type Other<'o> =
    &'o dyn Fn(&Part<'_>, (usize, usize), &mut Array<'_>) -> Result<(), ApiError>;

/// Appends content: a string where it is one text without a mark, else parts. Empty texts are left out beside others.
///
/// # Errors
///
/// Those of `other`.
pub(in crate::provider) fn write<'p>(
    parts: &mut dyn Iterator<Item = &'p Part<'p>>,
    content: Content<'_>,
    other: Other<'_>,
    out: &mut Vec<u8>,
) -> Result<(), ApiError> {
    // The client does not count reasoning among the parts.
    let mut count = 0;
    let place = |part: &'p Part<'p>| {
        let at = count;
        count += usize::from(!matches!(part, Part::Thinking { .. } | Part::RedactedThinking(_)));
        (at, part)
    };
    let parts = parts.map(place).filter(|(_, part)| text_of(part) != Some(""));
    let parts: Vec<(usize, &Part<'_>)> = parts.collect();
    let single = match parts.as_slice() {
        [] => Some(""),
        [(_, part)] if !(content.marks && mark_of(part).is_some()) => text_of(part),
        _ => None,
    };
    if let Some(text) = single {
        value(out, &[content.note, text].concat());
        return Ok(());
    }
    let mut array = Array::begin(out);
    for (at, part) in parts {
        match text_of(part) {
            Some(said) => {
                let mark = mark_of(part).filter(|_| content.marks);
                text(&[content.note, said].concat(), mark, &mut array);
            }
            None => other(part, (content.index, at), &mut array)?,
        }
    }
    array.end();
    Ok(())
}

/// The text of a part that is text.
pub(in crate::provider) fn text_of<'p>(part: &'p Part<'_>) -> Option<&'p str> {
    match part {
        Part::Text { text, .. } | Part::Refusal(text) => Some(text),
        _ => None,
    }
}

/// The mark of a part.
pub(super) fn mark_of(part: &Part<'_>) -> Option<CacheControl> {
    match part {
        Part::Text { cache, .. }
        | Part::Image { cache, .. }
        | Part::File { cache, .. }
        | Part::ToolCall { cache, .. }
        | Part::ToolResult { cache, .. } => *cache,
        _ => None,
    }
}

/// Appends a part of text.
pub(in crate::provider) fn text(text: &str, cache: Option<CacheControl>, array: &mut Array<'_>) {
    let mut part = Object::begin(array.item());
    part.text("type", "text");
    part.text("text", text);
    mark(cache, &mut part);
    part.end();
}

/// Appends a picture by its URL.
pub(in crate::provider) fn image(
    url: &str,
    detail: Option<&str>,
    cache: Option<CacheControl>,
    array: &mut Array<'_>,
) {
    let mut part = Object::begin(array.item());
    part.text("type", "image_url");
    let mut image = Object::begin(part.key("image_url"));
    image.text("url", url);
    if let Some(detail) = detail {
        image.text("detail", detail);
    }
    image.end();
    mark(cache, &mut part);
    part.end();
}

/// Appends `cache_control`, in Anthropic's form, which others took over. Five minutes are the default.
pub(in crate::provider) fn mark(cache: Option<CacheControl>, part: &mut Object<'_>) {
    match cache {
        None => {}
        Some(CacheControl::Minutes5) => part.raw("cache_control", r#"{"type":"ephemeral"}"#),
        Some(CacheControl::Hour1) => part.raw("cache_control", r#"{"type":"ephemeral","ttl":"1h"}"#),
    }
}

/// The URL of what has one, or can be one.
pub(in crate::provider) fn url_of(source: &Media<'_>) -> Option<String> {
    match source {
        Media::Url(url) => Some(url.to_string()),
        Media::Base64 { media_type, data } => Some(data_url(media_type, data)),
        Media::FileId(_) | Media::Text(_) => None,
    }
}

/// Appends a part of a user's that is no text.
///
/// # Errors
///
/// For calls and results, which have messages of their own.
pub(super) fn media(
    part: &Part<'_>,
    place: (usize, usize),
    marks: bool,
    array: &mut Array<'_>,
) -> Result<(), ApiError> {
    let cache = mark_of(part).filter(|_| marks);
    match part {
        Part::Image { source, detail, .. } => match url_of(source) {
            Some(url) => image(&url, detail.as_deref(), cache, array),
            None => file(source, None, cache, array),
        },
        Part::File { source: Media::Base64 { media_type, data }, .. } if media_type.starts_with("image/") => {
            image(&data_url(media_type, data), None, cache, array);
        }
        Part::File { source, filename, .. } => file(source, filename.as_deref(), cache, array),
        Part::Audio { data, format } => audio(data, *format, array),
        // Reasoning is no part of what a user says.
        Part::Thinking { .. } | Part::RedactedThinking(_) | Part::Text { .. } | Part::Refusal(_) => {}
        Part::ToolCall { .. } | Part::ToolResult { .. } => {
            return Err(misplaced(place, "only an assistant message holds tool calls"));
        }
    }
    Ok(())
}

/// A document. OpenAI takes those it is given by value or by the id of an upload; a link stands where some who are
/// compatible take one (OpenRouter), and OpenAI says itself that it does not.
fn file(source: &Media<'_>, filename: Option<&str>, cache: Option<CacheControl>, array: &mut Array<'_>) {
    if let Media::Text(plain) = source {
        return text(plain, cache, array);
    }
    let mut part = Object::begin(array.item());
    part.text("type", "file");
    let mut file = Object::begin(part.key("file"));
    match source {
        Media::FileId(id) => file.text("file_id", id),
        Media::Base64 { media_type, data } => {
            // It is required, and its end says what the file is.
            file.text("filename", filename.unwrap_or_else(|| name_of(media_type)));
            file.text("file_data", &data_url(media_type, data));
        }
        Media::Url(url) => {
            if let Some(name) = filename {
                file.text("filename", name);
            }
            file.text("file_data", url);
        }
        Media::Text(_) => {}
    }
    file.end();
    mark(cache, &mut part);
    part.end();
}

fn audio(data: &str, format: AudioFormat, array: &mut Array<'_>) {
    let mut part = Object::begin(array.item());
    part.text("type", "input_audio");
    let mut audio = Object::begin(part.key("input_audio"));
    audio.text("data", data);
    audio.text(
        "format",
        match format {
            AudioFormat::Wav => "wav",
            AudioFormat::Mp3 => "mp3",
        },
    );
    audio.end();
    part.end();
}
