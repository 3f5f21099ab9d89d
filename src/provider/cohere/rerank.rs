//! Rerank: `POST /v2/rerank`.
//!
//! Source: the API reference, "Rerank (v2)", and the types of the official SDK (cohere 7.3.1).

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    ir::{ApiError, ErrorKind, Ranked, RerankReply, RerankRequest},
    provider::{
        Upstream,
        embeddings::{self, Meta},
        json::{MaybeText, Object, value},
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
    let unreadable =
        || ApiError::new(ErrorKind::Server, "the provider's reply has no results").with_upstream_status(200);
    let reply: Reply<'_> = serde_json::from_slice(body).map_err(|_| unreadable())?;
    let results = reply.results.into_iter().map(|item| {
        let is_number = |raw: &&RawValue| serde_json::from_str::<f64>(raw.get()).is_ok();
        Some(Ranked { index: item.index, score: item.relevance_score.filter(is_number)? })
    });
    let meta = reply.meta.filter(|raw| raw.get().starts_with('{'));
    let told = meta.and_then(|raw| serde_json::from_str::<Meta<'_>>(raw.get()).ok());
    Ok(RerankReply {
        id: reply.id.0.filter(|id| !id.is_empty()),
        results: results.collect::<Option<_>>().ok_or_else(unreadable)?,
        meta,
        tokens: told.and_then(|meta| meta.input_tokens()),
    })
}

#[derive(Deserialize)]
struct Reply<'a> {
    #[serde(borrow, default)]
    id: MaybeText<'a>,
    #[serde(borrow)]
    results: Vec<Item<'a>>,
    #[serde(borrow)]
    meta: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Item<'a> {
    index: usize,
    #[serde(borrow)]
    relevance_score: Option<&'a RawValue>,
}
