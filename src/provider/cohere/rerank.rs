//! Rerank: `POST /v2/rerank`.
//!
//! Source: the API reference, "Rerank (v2)", and the types of the official SDK (cohere 7.3.1).

use serde_json::value::RawValue;

use crate::{
    ir::{ApiError, ErrorKind, Ranked, RerankReply, RerankRequest},
    provider::{
        Upstream, embeddings,
        json::{self, Object, value},
    },
};

/// Appends `request` to `out` as one JSON object.
pub fn write(request: &RerankRequest<'_>, upstream: &Upstream<'_>, out: &mut Vec<u8>) {
    let mut object = Object::begin(out);
    value(object.key("model"), upstream.model);
    write_members(request, &mut object);
    if let Some(most) = request.max_tokens_per_doc {
        object.raw("max_tokens_per_doc", most.get());
    }
    object.end();
}

/// Appends what Cohere's models take anywhere.
pub(in crate::provider) fn write_members(request: &RerankRequest<'_>, object: &mut Object<'_>) {
    object.raw("query", request.query.get());
    embeddings::write_list(&request.documents, object.key("documents"));
    if let Some(top_n) = request.top_n {
        object.raw("top_n", top_n.get());
    }
}

/// Reads a reply with status 200.
///
/// # Errors
///
/// Where the bytes are no ranking.
pub fn read(body: &[u8]) -> Result<RerankReply<'_>, ApiError> {
    let found = json::document(body).and_then(|raw| json::pick_in(Some(raw), ["id", "results", "meta"]));
    let [id, results, meta] = found.ok_or_else(unreadable)?;
    let results = results.and_then(json::elements);
    let results = results.and_then(|results| results.into_iter().map(ranked).collect());
    let meta = meta.filter(|raw| raw.get().starts_with('{'));
    Ok(RerankReply {
        id: json::text(id).filter(|id| !id.is_empty()),
        results: results.ok_or_else(unreadable)?,
        meta,
        tokens: meta.and_then(embeddings::tokens_of_meta),
    })
}

fn ranked(raw: &RawValue) -> Option<Ranked<'_>> {
    let [index, score] = json::pick_in(Some(raw), ["index", "relevance_score"])?;
    let is_number = |raw: &&RawValue| raw.get().starts_with(|c: char| c == '-' || c.is_ascii_digit());
    Some(Ranked { index: usize::try_from(json::count(index)?).ok()?, score: score.filter(is_number)? })
}

/// The error for a reply that ranks nothing.
pub(in crate::provider) fn unreadable() -> ApiError {
    ApiError::new(ErrorKind::Server, "the provider's reply has no results").with_upstream_status(200)
}
