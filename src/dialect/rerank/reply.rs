//! A rerank reply in the form that Cohere's v1 and Jina's APIs share.

use super::scan::Head;
use crate::{
    dialect::{ReplyContext, chat::json},
    ir::{ApiError, ErrorKind, RerankReply},
};

/// Appends `reply` to `out` as one JSON object, with the documents where the client wants them told again.
///
/// # Errors
///
/// [`ErrorKind::Server`] where it ranks a document that is none of the request's; `out` is then as it was.
pub fn write(
    reply: &RerankReply<'_>,
    head: &Head,
    context: &ReplyContext,
    out: &mut Vec<u8>,
) -> Result<(), ApiError> {
    if let Some(strange) = reply.results.iter().find(|ranked| ranked.index >= head.documents) {
        let message = format!("The provider ranked a document {} that there is not.", strange.index);
        return Err(ApiError::new(ErrorKind::Server, message).with_upstream_status(200));
    }
    out.extend_from_slice(b"{\"id\":\"");
    match &reply.id {
        Some(id) => json::escaped(id, out),
        None => {
            out.extend_from_slice(b"rerank-");
            json::escaped(&context.id, out);
        }
    }
    out.extend_from_slice(b"\",\"model\":");
    json::string(&context.model, out);
    out.extend_from_slice(b",\"results\":[");
    for (place, ranked) in reply.results.iter().enumerate() {
        out.extend_from_slice(if place == 0 { b"{\"index\":" } else { b",{\"index\":" });
        json::number(ranked.index as u64, out);
        out.extend_from_slice(b",\"relevance_score\":");
        out.extend_from_slice(ranked.score.get().as_bytes());
        if let Some(text) = head.echo.as_ref().and_then(|texts| texts.get(ranked.index)) {
            out.extend_from_slice(b",\"document\":{\"text\":");
            out.extend_from_slice(text.as_bytes());
            out.push(b'}');
        }
        out.push(b'}');
    }
    out.push(b']');
    if let Some(meta) = reply.meta {
        out.extend_from_slice(b",\"meta\":");
        out.extend_from_slice(meta.get().as_bytes());
    }
    if let Some(tokens) = reply.tokens {
        out.extend_from_slice(b",\"usage\":{\"total_tokens\":");
        json::number(tokens, out);
        out.push(b'}');
    }
    out.push(b'}');
    Ok(())
}
