//! Pictures, sound and files.
//!
//! Sources: guides "Image understanding", "Audio understanding", "Document understanding" and "Files API".

use crate::{
    ir::{ApiError, AudioFormat, Media, Part},
    provider::{Format, conversation::misplaced},
};

use super::super::json::{Array, Object};

/// Where files that were uploaded to Gemini are.
const FILES: &str = "https://generativelanguage.googleapis.com/v1beta/";

/// Appends a picture, sound or a file; any other part is passed over. `place` is that of the message and of the part
/// in it.
///
/// # Errors
///
/// For a type that Gemini does not take, for another provider's file, and for a URL: the Gemini API does not fetch it,
/// and Vertex AI has to be told its type.
pub(super) fn write(
    part: &Part<'_>,
    place: (usize, usize),
    format: Format,
    parts: &mut Array<'_>,
) -> Result<(), ApiError> {
    let refuse = |why: &str| Err(misplaced(format, place, why));
    let (source, image) = match part {
        Part::Audio { data, format } => {
            let media_type = match format {
                AudioFormat::Wav => "audio/wav",
                AudioFormat::Mp3 => "audio/mp3",
            };
            inline(media_type, data, parts);
            return Ok(());
        }
        Part::Image { source, .. } => (source, true),
        Part::File { source, .. } => (source, false),
        _ => return Ok(()),
    };
    match source {
        Media::Base64 { media_type, data } => {
            if !(is_image(media_type) || media_type == "application/pdf" || (!image && is_other(media_type)))
            {
                return refuse(&format!("it is {media_type}, which Gemini models do not take"));
            }
            inline(media_type, data, parts);
        }
        Media::Url(uri) | Media::FileId(uri) if format == Format::Vertex => match link_type(uri) {
            Some(media_type) => file(uri, Some(media_type), parts),
            None => {
                return refuse(
                    "Vertex AI takes https and gs links whose ending tells their type, as `.png` does; send the bytes as \
                     a base64 data URL",
                );
            }
        },
        Media::FileId(id) => match uploaded(id) {
            Some(uri) => file(&uri, None, parts),
            None => return refuse("its id is not one of a file uploaded to Gemini (`files/…`)"),
        },
        Media::Url(_) => {
            return refuse(
                "the Gemini API does not fetch URLs; send the bytes as a base64 data URL, or the id of a file \
                 uploaded to Gemini",
            );
        }
        Media::Text(text) => super::write_text(text, parts),
    }
    Ok(())
}

fn inline(media_type: &str, data: &str, parts: &mut Array<'_>) {
    let mut part = Object::begin(parts.item());
    let mut blob = Object::begin(part.key("inlineData"));
    blob.text("mimeType", media_type);
    blob.text("data", data);
    blob.end();
    part.end();
}

fn file(uri: &str, media_type: Option<&str>, parts: &mut Array<'_>) {
    let mut part = Object::begin(parts.item());
    let mut file = Object::begin(part.key("fileData"));
    if let Some(media_type) = media_type {
        file.text("mimeType", media_type);
    }
    file.text("fileUri", uri);
    file.end();
    part.end();
}

/// The media type of what a link leads to, by the ending of its path (Vertex AI's guides "Image understanding", "Document
/// understanding", "Audio understanding" and "Video understanding"); `None` where it does not tell, and for links of
/// other schemes.
fn link_type(uri: &str) -> Option<&'static str> {
    let (scheme, rest) = uri.split_once("://")?;
    if !["https", "http", "gs"].iter().any(|legal| scheme.eq_ignore_ascii_case(legal)) {
        return None;
    }
    let (_, path) = rest.split_once('/')?;
    // An object of Cloud Storage may have either in its name.
    let path = if scheme.eq_ignore_ascii_case("gs") { path } else { path.split(['?', '#']).next()? };
    let (_, ending) = path.rsplit('/').next()?.rsplit_once('.')?;
    let known = TYPES.iter().find(|(known, _)| known.eq_ignore_ascii_case(ending));
    known.map(|(_, media_type)| *media_type)
}

const TYPES: &[(&str, &str)] = &[
    ("png", "image/png"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("webp", "image/webp"),
    ("heic", "image/heic"),
    ("heif", "image/heif"),
    ("pdf", "application/pdf"),
    ("txt", "text/plain"),
    ("wav", "audio/wav"),
    ("mp3", "audio/mp3"),
    ("flac", "audio/flac"),
    ("ogg", "audio/ogg"),
    ("m4a", "audio/m4a"),
    ("mp4", "video/mp4"),
    ("mov", "video/mov"),
    ("mpg", "video/mpeg"),
    ("mpeg", "video/mpeg"),
    ("webm", "video/webm"),
];

/// The URI of a file that was uploaded to Gemini, by its name or its URI.
fn uploaded(id: &str) -> Option<String> {
    let name = id.strip_prefix(FILES).unwrap_or(id).strip_prefix("files/")?;
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (!name.is_empty() && name.bytes().all(legal)).then(|| format!("{FILES}files/{name}"))
}

fn is_image(media_type: &str) -> bool {
    matches!(media_type, "image/png" | "image/jpeg" | "image/webp" | "image/heic" | "image/heif")
}

fn is_other(media_type: &str) -> bool {
    let kind = media_type.split_once('/').map_or("", |(kind, _)| kind);
    matches!(kind, "text" | "audio" | "video") || media_type == "application/json"
}
