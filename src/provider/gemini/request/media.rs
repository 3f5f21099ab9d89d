//! Pictures, sound and files.
//!
//! Sources: guides "Image understanding", "Audio understanding", "Document understanding" and "Files API".

use crate::ir::{ApiError, AudioFormat, Media, Part};

use super::super::json::{Array, Object};

/// Where files that were uploaded to Gemini are.
const FILES: &str = "https://generativelanguage.googleapis.com/v1beta/";

/// Appends a picture, sound or a file; any other part is passed over. `place` is that of the message and of the part
/// in it.
///
/// # Errors
///
/// For a type that Gemini does not take, for a URL, which it does not fetch, and for another provider's file.
pub(super) fn write(part: &Part<'_>, place: (usize, usize), parts: &mut Array<'_>) -> Result<(), ApiError> {
    let refuse = |why: &str| {
        let param = format!("messages[{}].content[{}]", place.0, place.1);
        let message = format!("`{param}` cannot be sent to a Gemini model: {why}.");
        Err(ApiError::invalid(param, message))
    };
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
        Media::FileId(id) => match uploaded(id) {
            Some(uri) => file(&uri, parts),
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

fn file(uri: &str, parts: &mut Array<'_>) {
    let mut part = Object::begin(parts.item());
    let mut file = Object::begin(part.key("fileData"));
    file.text("fileUri", uri);
    file.end();
    part.end();
}

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
