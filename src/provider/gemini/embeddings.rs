//! Embeddings: Gemini's `batchEmbedContents`; on Vertex the same for Gemini's models, and `predict` for the others.
//!
//! Sources: the Gemini API reference, "Embeddings"; Vertex AI, "Text embeddings API"; the official SDK (google-genai
//! 3.4.0), for which model is asked how on Vertex.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    ir::{ApiError, EmbeddingsReply, EmbeddingsRequest},
    provider::{
        Format, Upstream, embeddings,
        json::{Array, Count, Object, value},
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
    let reply: Reply<'_> = serde_json::from_slice(body).map_err(|_| embeddings::unreadable())?;
    let list: Vec<Embedding<'_>> = match (reply.embeddings, reply.predictions) {
        (Some(list), _) => list,
        (None, Some(list)) => list.into_iter().map(|prediction| prediction.embeddings).collect(),
        (None, None) => return Err(embeddings::unreadable()),
    };
    let told = reply.usage_metadata.and_then(|usage| usage.prompt_token_count.0);
    // The sum of what is told of each, where it is told of all.
    let counted = || list.iter().map(Embedding::tokens).sum::<Option<u64>>().filter(|_| !list.is_empty());
    let tokens = told.or_else(counted);
    let vectors = list.iter().map(|embedding| embeddings::numbers(embedding.values));
    Ok(EmbeddingsReply {
        vectors: vectors.collect::<Option<_>>().ok_or_else(embeddings::unreadable)?,
        model: None,
        tokens,
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reply<'a> {
    #[serde(borrow)]
    embeddings: Option<Vec<Embedding<'a>>>,
    #[serde(borrow)]
    predictions: Option<Vec<Prediction<'a>>>,
    usage_metadata: Option<Usage>,
}

#[derive(Deserialize)]
struct Prediction<'a> {
    #[serde(borrow)]
    embeddings: Embedding<'a>,
}

#[derive(Deserialize)]
struct Embedding<'a> {
    #[serde(borrow)]
    values: &'a RawValue,
    #[serde(borrow)]
    statistics: Option<&'a RawValue>,
}

impl Embedding<'_> {
    fn tokens(&self) -> Option<u64> {
        /// `predict` counts in snake case, and may write floats.
        #[derive(Deserialize)]
        struct Statistics<'a> {
            #[serde(borrow, alias = "tokenCount")]
            token_count: &'a RawValue,
        }
        let statistics: Statistics<'_> = serde_json::from_str(self.statistics?.get()).ok()?;
        embeddings::count(statistics.token_count)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Usage {
    #[serde(default)]
    prompt_token_count: Count,
}
