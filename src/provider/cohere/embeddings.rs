//! Embeddings: `POST /v2/embed`.
//!
//! Source: the API reference, "Embed (v2)", and the types of the official SDK (cohere 7.3.1).

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    ir::{ApiError, EmbeddingsReply, EmbeddingsRequest, Purpose},
    provider::{
        Upstream,
        embeddings::{self, Meta},
        json::{Object, value},
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
    let reply: Reply<'_> = serde_json::from_slice(body).map_err(|_| embeddings::unreadable())?;
    let list = reply.embeddings.and_then(floats).and_then(embeddings::read_list);
    let meta = reply.meta.and_then(|raw| serde_json::from_str::<Meta<'_>>(raw.get()).ok());
    Ok(EmbeddingsReply {
        vectors: list.ok_or_else(embeddings::unreadable)?,
        model: None::<Cow<'_, str>>,
        tokens: meta.and_then(|meta| meta.input_tokens()),
    })
}

/// By type, as they were asked for; alone, as older models on Bedrock may give them.
fn floats(raw: &RawValue) -> Option<&RawValue> {
    #[derive(Deserialize)]
    struct ByType<'a> {
        #[serde(borrow)]
        float: &'a RawValue,
    }
    if raw.get().starts_with('[') {
        return Some(raw);
    }
    serde_json::from_str::<ByType<'_>>(raw.get()).ok().map(|by_type| by_type.float)
}

#[derive(Deserialize)]
struct Reply<'a> {
    #[serde(borrow)]
    embeddings: Option<&'a RawValue>,
    #[serde(borrow)]
    meta: Option<&'a RawValue>,
}
