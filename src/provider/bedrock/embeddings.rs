//! Embeddings on Bedrock: `POST /model/{model}/invoke`, whose body is the model's own.
//!
//! Source: Amazon Bedrock user guide, "Amazon Titan Text Embeddings", "Amazon Titan Multimodal Embeddings" and "Cohere
//! Embed"; Amazon Nova user guide, "Complete embeddings request and response schema".

use serde_json::value::RawValue;

use crate::{
    ir::{ApiError, EmbeddingsReply, EmbeddingsRequest, Purpose, Vector},
    provider::{
        Upstream, cohere, embeddings,
        json::{self, Object},
    },
};

/// Models whose requests are alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::provider) enum Family {
    /// Titan Text Embeddings G1: a text and nothing else.
    Titan,
    /// Titan Text Embeddings V2.
    Titan2,
    /// Titan Multimodal Embeddings G1.
    TitanImage,
    /// Nova Multimodal Embeddings.
    Nova,
    /// Cohere Embed.
    Cohere,
}

impl Family {
    /// By the model's id, which may be an inference profile's (`us.cohere.embed-v4:0`); `None` for a model that is not
    /// known to embed.
    pub(in crate::provider) fn of(model: &str) -> Option<Family> {
        let families = [
            ("amazon.titan-embed-image", Family::TitanImage),
            ("amazon.titan-embed-text-v1", Family::Titan),
            ("amazon.titan-embed-g1", Family::Titan),
            ("amazon.titan-embed", Family::Titan2),
            ("cohere.embed", Family::Cohere),
        ];
        let known = families.iter().find(|(name, _)| model.contains(name)).map(|(_, family)| *family);
        known.or_else(|| (model.contains("amazon.nova") && model.contains("embed")).then_some(Family::Nova))
    }
}

/// Appends `request` to `out` as one JSON object.
///
/// # Errors
///
/// For a model that is not known to embed, an input that is not text, and several texts for a model that takes one.
pub fn write(
    request: &EmbeddingsRequest<'_>,
    upstream: &Upstream<'_>,
    out: &mut Vec<u8>,
) -> Result<(), ApiError> {
    let whose = "this model on Bedrock";
    let family = Family::of(upstream.model).ok_or_else(|| {
        let message = format!("The model `{}` on Bedrock is not known to make embeddings.", upstream.model);
        ApiError::invalid("model", message)
    })?;
    if family == Family::Cohere {
        let texts = embeddings::texts(request, whose)?;
        let mut object = Object::begin(out);
        cohere::embeddings::write_members(request, texts, &mut object);
        object.end();
        return Ok(());
    }
    let text = embeddings::one_text(request, whose)?;
    if family == Family::Titan && request.dimensions.is_some() {
        let message = "`dimensions` cannot be sent to this model on Bedrock: it has one size.";
        return Err(ApiError::invalid("dimensions", message));
    }
    let mut object = Object::begin(out);
    if family == Family::Nova {
        write_nova(request, text, &mut object);
    } else {
        object.raw("inputText", text.get());
        match request.dimensions {
            Some(dimensions) if family == Family::TitanImage => {
                let mut config = Object::begin(object.key("embeddingConfig"));
                config.raw("outputEmbeddingLength", dimensions.get());
                config.end();
            }
            Some(dimensions) => object.raw("dimensions", dimensions.get()),
            None => {}
        }
    }
    object.end();
    Ok(())
}

fn write_nova(request: &EmbeddingsRequest<'_>, text: &RawValue, object: &mut Object<'_>) {
    let words = ["GENERIC_INDEX", "TEXT_RETRIEVAL", "CLASSIFICATION", "CLUSTERING"];
    object.text("schemaVersion", "nova-multimodal-embed-v1");
    object.text("taskType", "SINGLE_EMBEDDING");
    let mut params = Object::begin(object.key("singleEmbeddingParams"));
    params.text("embeddingPurpose", embeddings::word(request.purpose.unwrap_or(Purpose::Document), words));
    if let Some(dimensions) = request.dimensions {
        params.raw("embeddingDimension", dimensions.get());
    }
    let mut inner = Object::begin(params.key("text"));
    inner.text("truncationMode", "NONE");
    inner.raw("value", text.get());
    inner.end();
    params.end();
}

/// Reads a reply with status 200. `tokens` is what its headers tell.
///
/// # Errors
///
/// Where the bytes are no embeddings.
pub fn read(body: &[u8], tokens: Option<u64>) -> Result<EmbeddingsReply<'_>, ApiError> {
    let names = ["embedding", "inputTextTokenCount", "embeddings"];
    let found = json::document(body).and_then(|raw| json::pick_in(Some(raw), names));
    let [one, counted, several] = found.ok_or_else(embeddings::unreadable)?;
    if let Some(one) = one {
        let vector = embeddings::numbers(one).ok_or_else(embeddings::unreadable)?;
        let tokens = json::count(counted).or(tokens);
        return Ok(EmbeddingsReply { vectors: vec![vector], model: None, tokens });
    }
    if let Some(vectors) = several.and_then(read_nova) {
        return Ok(EmbeddingsReply { vectors, model: None, tokens });
    }
    let mut reply = cohere::embeddings::read(body)?;
    reply.tokens = reply.tokens.or(tokens);
    Ok(reply)
}

/// Objects of which each holds an embedding.
fn read_nova(raw: &RawValue) -> Option<Vec<Vector<'_>>> {
    let embedding = |raw| {
        let [embedding] = json::pick_in(Some(raw), ["embedding"])?;
        embeddings::numbers(embedding?)
    };
    json::elements(raw)?.into_iter().map(embedding).collect()
}
