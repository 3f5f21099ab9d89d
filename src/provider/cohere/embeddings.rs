//! Embeddings: `POST /v2/embed`.
//!
//! Source: the API reference, "Embed (v2)", and the types of the official SDK (cohere 7.3.1).

use serde_json::value::RawValue;

use crate::{
    ir::{ApiError, EmbeddingsReply, EmbeddingsRequest, Purpose},
    provider::{
        Upstream, embeddings,
        json::{self, Object, value},
    },
};

/// What texts are embedded for where the client does not say: most are, and it is what a query is compared with.
const USUAL: Purpose = Purpose::Document;

/// Appends `request` to `out` as one JSON object.
///
/// # Errors
///
/// For an input that is not text; it names `input`.
pub fn write(
    request: &EmbeddingsRequest<'_>,
    upstream: &Upstream<'_>,
    out: &mut Vec<u8>,
) -> Result<(), ApiError> {
    let texts = embeddings::texts(request, "a Cohere model")?;
    let mut object = Object::begin(out);
    value(object.key("model"), upstream.model);
    write_members(request, texts, &mut object);
    object.end();
    Ok(())
}

/// Appends all but the model, which Bedrock is told in the path.
pub(in crate::provider) fn write_members(
    request: &EmbeddingsRequest<'_>,
    texts: &[&RawValue],
    object: &mut Object<'_>,
) {
    let words = ["search_document", "search_query", "classification", "clustering"];
    object.text("input_type", embeddings::word(request.purpose.unwrap_or(USUAL), words));
    embeddings::write_list(texts, object.key("texts"));
    object.raw("embedding_types", r#"["float"]"#);
    if let Some(dimensions) = request.dimensions {
        object.raw("output_dimension", dimensions.get());
    }
    // By default a text that is too long is cut, and its embedding stands for a part of it.
    object.text("truncate", "NONE");
}

/// Reads a reply with status 200.
///
/// # Errors
///
/// Where the bytes are no embeddings.
pub fn read(body: &[u8]) -> Result<EmbeddingsReply<'_>, ApiError> {
    let found = json::document(body).and_then(|raw| json::pick_in(Some(raw), ["embeddings", "meta"]));
    let [list, meta] = found.ok_or_else(embeddings::unreadable)?;
    let vectors = list.and_then(floats).and_then(embeddings::read_list);
    Ok(EmbeddingsReply {
        vectors: vectors.ok_or_else(embeddings::unreadable)?,
        model: None,
        tokens: meta.and_then(embeddings::tokens_of_meta),
    })
}

/// By type, as they were asked for; alone, as older models on Bedrock may give them.
fn floats(raw: &RawValue) -> Option<&RawValue> {
    if raw.get().starts_with('[') {
        return Some(raw);
    }
    let [float] = json::pick_in(Some(raw), ["float"])?;
    float
}
