//! Parts of messages: text, pictures, files.
//!
//! Source: API reference, "Create a model response" (`ResponseInputText`, `ResponseInputImage`, `ResponseInputFile`).

use crate::{
    ir::{ApiError, Media, Part},
    provider::media::{data_url, name_of},
};

use super::{super::json::Object, misplaced};

/// Appends a part; `place` is that of the message and of the part in it.
///
/// # Errors
///
/// For a part that has no place here, naming it.
pub(super) fn write(part: &Part<'_>, place: (usize, usize), out: &mut Vec<u8>) -> Result<(), ApiError> {
    match part {
        Part::Text { text, .. } | Part::Refusal(text) => write_text(text, out),
        Part::Image { source, detail, .. } => image(source, detail.as_deref(), out),
        Part::File { source, filename, .. } => file(source, filename.as_deref(), out),
        Part::Audio { .. } => return Err(misplaced(place, "the Responses API takes no audio")),
        Part::Thinking { .. }
        | Part::RedactedThinking(_)
        | Part::ToolCall { .. }
        | Part::ToolResult { .. } => {
            return Err(misplaced(place, "text, pictures and files can stand here"));
        }
    }
    Ok(())
}

/// Appends a part of text.
pub(super) fn write_text(text: &str, out: &mut Vec<u8>) {
    let mut part = Object::begin(out);
    part.text("type", "input_text");
    part.text("text", text);
    part.end();
}

/// Which types the model takes is the API's matter.
fn image(source: &Media<'_>, detail: Option<&str>, out: &mut Vec<u8>) {
    if let Media::Text(text) = source {
        return write_text(text, out);
    }
    let mut part = Object::begin(out);
    part.text("type", "input_image");
    // Required here, and the default of chat completions.
    part.text("detail", detail.unwrap_or("auto"));
    match source {
        Media::Url(url) => part.text("image_url", url),
        Media::Base64 { media_type, data } => part.text("image_url", &data_url(media_type, data)),
        Media::FileId(id) => part.text("file_id", id),
        Media::Text(_) => {}
    }
    part.end();
}

fn file(source: &Media<'_>, filename: Option<&str>, out: &mut Vec<u8>) {
    if let Media::Text(text) = source {
        return write_text(text, out);
    }
    let mut part = Object::begin(out);
    part.text("type", "input_file");
    match source {
        Media::Url(url) => part.text("file_url", url),
        Media::FileId(id) => part.text("file_id", id),
        Media::Base64 { media_type, data } => {
            // By its end the API knows what the file is.
            part.text("filename", filename.unwrap_or_else(|| name_of(media_type)));
            part.text("file_data", &data_url(media_type, data));
        }
        Media::Text(_) => {}
    }
    part.end();
}
