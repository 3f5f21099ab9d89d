//! Pictures and documents that stand elsewhere: links, and files that were uploaded before.
//!
//! Sources: Anthropic's guides "Vision", "Files API" and "Claude on Vertex AI", and AWS's page "Anthropic Claude Messages
//! API": Google and AWS take bytes alone.

use crate::{
    ir::{ApiError, Media, Part, Request},
    provider::{
        Format,
        conversation::{content_of, misplaced},
    },
};

/// Whether a file that was uploaded before is part of the request.
///
/// # Errors
///
/// For a link or a file's id where the platform takes bytes alone, naming it.
pub(super) fn check(request: &Request<'_>, format: Format) -> Result<bool, ApiError> {
    let mut uploaded = false;
    for (index, message) in request.messages.iter().enumerate() {
        for (at, part) in content_of(message) {
            let parts = match part {
                Part::ToolResult { content, .. } => content.as_slice(),
                other => std::slice::from_ref(other),
            };
            for (inner, part) in parts.iter().enumerate() {
                let (Part::Image { source, .. } | Part::File { source, .. }) = part else { continue };
                let is_link = matches!(source, Media::Url(_));
                let is_file = matches!(source, Media::FileId(_));
                if (is_link || is_file) && format != Format::Anthropic {
                    return Err(refuse(format, is_link, (index, at + inner)));
                }
                uploaded |= is_file;
            }
        }
    }
    Ok(uploaded)
}

fn refuse(format: Format, is_link: bool, place: (usize, usize)) -> ApiError {
    let what = if is_link { "links" } else { "ids of files" };
    misplaced(format, place, &format!("it takes no {what}; send a base64 data URL"))
}
