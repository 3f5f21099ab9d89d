//! A reply with embeddings in OpenAI's form.

use super::{scan::Encoding, vector};
use crate::{
    dialect::chat::json,
    ir::{ApiError, EmbeddingsReply, ErrorKind},
};

/// Appends `reply` to `out` as one JSON object. `model` is named where the provider names none.
///
/// OpenAI's type requires `usage`: where the provider does not tell how many tokens there were, its counts are 0.
///
/// # Errors
///
/// [`ErrorKind::Server`] where an embedding cannot be read; `out` is then as it was.
pub fn write(
    reply: &EmbeddingsReply<'_>,
    encoding: Encoding,
    model: &str,
    out: &mut Vec<u8>,
) -> Result<(), ApiError> {
    let start = out.len();
    out.extend_from_slice(b"{\"object\":\"list\",\"data\":[");
    for (index, embedding) in reply.vectors.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        out.extend_from_slice(b"{\"object\":\"embedding\",\"index\":");
        json::number(index as u64, out);
        out.extend_from_slice(b",\"embedding\":");
        if vector::write(embedding, encoding, out).is_none() {
            out.truncate(start);
            return Err(unreadable(index));
        }
        out.push(b'}');
    }
    out.extend_from_slice(b"],\"model\":");
    json::string(reply.model.as_deref().filter(|model| !model.is_empty()).unwrap_or(model), out);
    out.extend_from_slice(b",\"usage\":{\"prompt_tokens\":");
    json::number(reply.tokens.unwrap_or(0), out);
    out.extend_from_slice(b",\"total_tokens\":");
    json::number(reply.tokens.unwrap_or(0), out);
    out.extend_from_slice(b"}}");
    Ok(())
}

/// The error for an embedding that is none.
pub(crate) fn unreadable(index: usize) -> ApiError {
    let message = format!("The provider's embedding {index} cannot be read.");
    ApiError::new(ErrorKind::Server, message).with_upstream_status(200)
}

/// The error for a reply with more or fewer embeddings than there are texts.
pub(crate) fn miscounted(found: usize) -> ApiError {
    let message = format!("The provider sent {found} embeddings, which is not the number of the texts.");
    ApiError::new(ErrorKind::Server, message).with_upstream_status(200)
}
