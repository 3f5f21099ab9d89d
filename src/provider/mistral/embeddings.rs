//! Embeddings: `POST /v1/embeddings`.
//!
//! Source: the API reference, "Embeddings", and the types of the official SDK (mistralai 3.7.0), which name
//! `output_dimension` what OpenAI's name `dimensions`. Replies are OpenAI's. Keys that are not known are refused.

use crate::{
    ir::{ApiError, EmbeddingsReply, EmbeddingsRequest},
    provider::{
        Upstream, embeddings,
        json::{Object, value},
        openai,
    },
};

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
    let texts = embeddings::texts(request, "a Mistral model")?;
    let mut object = Object::begin(out);
    value(object.key("model"), upstream.model);
    embeddings::write_list(texts, object.key("input"));
    if let Some(dimensions) = request.dimensions {
        object.raw("output_dimension", dimensions.get());
    }
    object.end();
    Ok(())
}

/// Reads a reply with status 200.
///
/// # Errors
///
/// Where the bytes are no list of embeddings: what they say instead.
pub fn read(body: &[u8]) -> Result<EmbeddingsReply<'_>, ApiError> {
    openai::embeddings::read(body)
}
