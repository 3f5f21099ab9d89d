//! Embeddings: Gemini's `batchEmbedContents`; on Vertex the same for Gemini's models, and `predict` for the others.
//!
//! Sources: the Gemini API reference, "Embeddings"; Vertex AI, "Text embeddings API"; the official SDK (google-genai
//! 3.4.0), for which model is asked how on Vertex.

use serde_json::value::RawValue;

use crate::{
    ir::{ApiError, EmbeddingsReply, EmbeddingsRequest, Vector},
    provider::{
        Format, Upstream, embeddings,
        json::{self, Array, Object, value},
    },
};

/// Whether a model on Vertex is asked by `batchEmbedContents`.
pub(in crate::provider) fn is_batch(format: Format, model: &str) -> bool {
    format != Format::Vertex || model.contains("gemini")
}

/// Appends `request` to `out` as one JSON object.
///
/// # Errors
///
/// For an input that is not text; it names `input`.
pub fn write(
    request: &EmbeddingsRequest<'_>,
    format: Format,
    upstream: &Upstream<'_>,
    out: &mut Vec<u8>,
) -> Result<(), ApiError> {
    let texts = embeddings::texts(request, format.whose_model())?;
    let mut object = Object::begin(out);
    if is_batch(format, upstream.model) {
        let mut requests = Array::begin(object.key("requests"));
        for text in texts {
            write_one(request, format, upstream.model, text, requests.item());
        }
        requests.end();
    } else {
        write_predict(request, texts, &mut object);
    }
    object.end();
    Ok(())
}

/// One element of `requests`. Vertex has the settings in an object of their own, and the model in the path alone.
fn write_one(
    request: &EmbeddingsRequest<'_>,
    format: Format,
    model: &str,
    text: &RawValue,
    out: &mut Vec<u8>,
) {
    let mut one = Object::begin(out);
    if format != Format::Vertex {
        value(one.key("model"), &format!("models/{model}"));
    }
    let mut content = Object::begin(one.key("content"));
    if format == Format::Vertex {
        content.text("role", "user");
    }
    let mut parts = Array::begin(content.key("parts"));
    let mut part = Object::begin(parts.item());
    part.raw("text", text.get());
    part.end();
    parts.end();
    content.end();
    if format == Format::Vertex {
        let mut config = Object::begin(one.key("embedContentConfig"));
        config.raw("autoTruncate", "false");
        settings(request, &mut config);
        config.end();
    } else {
        settings(request, &mut one);
    }
    one.end();
}

fn settings(request: &EmbeddingsRequest<'_>, object: &mut Object<'_>) {
    if let Some(task) = task(request) {
        object.text("taskType", task);
    }
    if let Some(dimensions) = request.dimensions {
        object.raw("outputDimensionality", dimensions.get());
    }
}

fn task(request: &EmbeddingsRequest<'_>) -> Option<&'static str> {
    let words = ["RETRIEVAL_DOCUMENT", "RETRIEVAL_QUERY", "CLASSIFICATION", "CLUSTERING"];
    request.purpose.map(|purpose| embeddings::word(purpose, words))
}

fn write_predict(request: &EmbeddingsRequest<'_>, texts: &[&RawValue], object: &mut Object<'_>) {
    let mut instances = Array::begin(object.key("instances"));
    for text in texts {
        let mut instance = Object::begin(instances.item());
        instance.raw("content", text.get());
        if let Some(task) = task(request) {
            instance.text("task_type", task);
        }
        instance.end();
    }
    instances.end();
    let mut parameters = Object::begin(object.key("parameters"));
    // By default a text that is too long is cut, and its embedding stands for a part of it.
    parameters.raw("autoTruncate", "false");
    if let Some(dimensions) = request.dimensions {
        parameters.raw("outputDimensionality", dimensions.get());
    }
    parameters.end();
}

/// Reads a reply with status 200.
///
/// # Errors
///
/// Where the bytes are no embeddings.
pub fn read(body: &[u8]) -> Result<EmbeddingsReply<'_>, ApiError> {
    let read = || {
        let [list, predictions, usage] =
            json::pick_in(json::document(body), ["embeddings", "predictions", "usageMetadata"])?;
        let embeddings = match (list, predictions) {
            (Some(list), _) => json::elements(list)?,
            (None, Some(list)) => json::elements(list)?.into_iter().map(prediction).collect::<Option<_>>()?,
            (None, None) => return None,
        };
        let read = embeddings.into_iter().map(one).collect::<Option<Vec<_>>>()?;
        let told = usage.and_then(|usage| json::count(json::pick_in(Some(usage), ["promptTokenCount"])?[0]));
        // The sum of what is told of each, where it is told of all.
        let counted =
            || read.iter().map(|(_, tokens)| *tokens).sum::<Option<u64>>().filter(|_| !read.is_empty());
        let tokens = told.or_else(counted);
        let vectors = read.into_iter().map(|(vector, _)| vector).collect();
        Some(EmbeddingsReply { vectors, model: None, tokens })
    };
    read().ok_or_else(embeddings::unreadable)
}

fn prediction(raw: &RawValue) -> Option<&RawValue> {
    let [embeddings] = json::pick_in(Some(raw), ["embeddings"])?;
    embeddings
}

/// One embedding, and the tokens of its text where they are told: `predict` counts in snake case, and may write floats.
fn one(raw: &RawValue) -> Option<(Vector<'_>, Option<u64>)> {
    let [values, statistics] = json::pick_in(Some(raw), ["values", "statistics"])?;
    let tokens = statistics.and_then(|raw| json::pick_in(Some(raw), ["token_count", "tokenCount"]));
    let tokens =
        tokens.and_then(|counts| counts.into_iter().flatten().find_map(|raw| json::count(Some(raw))));
    Some((embeddings::numbers(values?)?, tokens))
}
