//! Pictures, documents and sound. Bedrock takes their bytes, or a place in S3; it fetches nothing from the web.
//!
//! Source: service model, `ImageBlock`, `DocumentBlock`, `AudioBlock`.

use hashbrown::{HashMap, HashSet};

use crate::{
    ir::{ApiError, AudioFormat, Media, Part},
    provider::{
        Format,
        conversation::misplaced,
        media::{image_type, is_text},
    },
};

use super::super::json::{Array, Object};

/// The most characters of a document's name (service model, `DocumentBlockNameString`: 200), without a number that
/// tells it from another.
const NAME_CHARS: usize = 190;

/// Names of a request's documents: each may be used once.
#[derive(Debug, Default)]
pub(super) struct Names {
    taken: HashSet<String>,
    /// How often a name came again, so that the search for a free one goes on where it ended.
    repeats: HashMap<String, u32>,
}

impl Names {
    /// A name for the model in what is legal there: letters, digits, single spaces, `-`, `(`, `)`, `[`, `]`. The
    /// filename's extension is told by the format.
    fn of(&mut self, filename: Option<&str>) -> String {
        let filename = filename.unwrap_or_default();
        let stem = filename.rsplit_once('.').map_or(filename, |(stem, _)| stem);
        let legal = |c: char| c.is_ascii_alphanumeric() || "-()[]".contains(c);
        let spaced: String = stem.chars().take(NAME_CHARS).map(|c| if legal(c) { c } else { ' ' }).collect();
        let words: Vec<&str> = spaced.split_ascii_whitespace().collect();
        let name = if words.is_empty() { "document".to_owned() } else { words.join(" ") };
        let mut unique = name.clone();
        if self.taken.contains(&unique) {
            let count = self.repeats.entry(name.clone()).or_insert(1);
            while self.taken.contains(&unique) {
                *count = count.saturating_add(1);
                unique = format!("{name} {count}");
            }
        }
        self.taken.insert(unique.clone());
        unique
    }
}

/// Appends a picture, a document or sound; any other part is passed over. Returns whether it became a document, beside
/// which the API wants text. `place` is that of the message and of the part in it.
///
/// # Errors
///
/// For a type that Bedrock does not take, for a URL of the web, and for another provider's file, naming the part.
pub(super) fn write(
    part: &Part<'_>,
    place: (usize, usize),
    names: &mut Names,
    content: &mut Array<'_>,
) -> Result<bool, ApiError> {
    let refuse = |why: &str| Err(misplaced(Format::Bedrock, place, why));
    let (source, filename, is_image) = match part {
        Part::Audio { data, format } => {
            let format = match format {
                AudioFormat::Wav => "wav",
                AudioFormat::Mp3 => "mp3",
            };
            block("audio", format, None, Source::Bytes(data), content);
            return Ok(false);
        }
        Part::Image { source, .. } => (source, None, true),
        Part::File { source, filename, .. } => (source, filename.as_deref(), false),
        _ => return Ok(false),
    };
    match source {
        Media::Base64 { media_type, data } => {
            if let Some(format) = image_format(media_type) {
                block("image", format, None, Source::Bytes(data), content);
                return Ok(false);
            }
            match document_format(media_type).filter(|format| !is_image || *format == "pdf") {
                Some(format) => {
                    block("document", format, Some(&names.of(filename)), Source::Bytes(data), content);
                    Ok(true)
                }
                None if is_image => {
                    refuse(&format!("it is {media_type}; PNG, JPEG, GIF and WebP can be sent"))
                }
                None => refuse(&format!(
                    "it is {media_type}; PDF, text, Markdown, HTML, CSV, Word, Excel and images can be sent"
                )),
            }
        }
        Media::Text(text) => {
            block("document", "txt", Some(&names.of(filename)), Source::Text(text), content);
            Ok(true)
        }
        Media::Url(_) => refuse("Bedrock does not fetch URLs; send the bytes as a base64 data URL"),
        Media::FileId(_) => refuse("Bedrock keeps no files; send the bytes as a base64 data URL"),
    }
}

/// Where a block's bytes are.
enum Source<'s> {
    /// In base64.
    Bytes(&'s str),
    Text(&'s str),
}

fn block(kind: &str, format: &str, name: Option<&str>, source: Source<'_>, content: &mut Array<'_>) {
    let mut block = Object::begin(content.item());
    let mut inner = Object::begin(block.key(kind));
    inner.text("format", format);
    if let Some(name) = name {
        inner.text("name", name);
    }
    let mut place = Object::begin(inner.key("source"));
    match source {
        Source::Bytes(data) => place.text("bytes", data),
        Source::Text(text) => place.text("text", text),
    }
    place.end();
    inner.end();
    block.end();
}

fn image_format(media_type: &str) -> Option<&'static str> {
    image_type(media_type)?.strip_prefix("image/")
}

fn document_format(media_type: &str) -> Option<&'static str> {
    Some(match media_type {
        "application/pdf" => "pdf",
        "text/csv" => "csv",
        "application/msword" => "doc",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document" => "docx",
        "application/vnd.ms-excel" => "xls",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" => "xlsx",
        "text/html" => "html",
        "text/markdown" | "text/x-markdown" => "md",
        _ if is_text(media_type) => "txt",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_legal_and_used_once() {
        let mut names = Names::default();
        for (filename, name) in [
            (Some("Q3 report (final).pdf"), "Q3 report (final)"),
            (Some("Q3 report (final).docx"), "Q3 report (final) 2"),
            (Some("../etc/passwd"), "document"),
            (Some("a_b\t\tc\u{e9}.txt"), "a b c"),
            (Some("résumé"), "r sum"),
            (Some("ü.pdf"), "document 2"),
            (None, "document 3"),
            (Some(".pdf"), "document 4"),
        ] {
            assert_eq!(names.of(filename), name, "{filename:?}");
        }
        assert_eq!(names.of(Some(&"x".repeat(500))).len(), NAME_CHARS);
        assert!(names.of(Some(&"x".repeat(500))).len() <= 200);
    }
}
