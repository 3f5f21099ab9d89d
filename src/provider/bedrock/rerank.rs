//! Rerank on Bedrock: `POST /model/{model}/invoke`. Amazon's model takes what Cohere's takes, and answers alike.
//!
//! Source: Amazon Bedrock user guide, "Cohere Rerank", and the reranking tutorial of OpenSearch.

use crate::{
    ir::RerankRequest,
    provider::{cohere, json::Object},
};

pub use crate::provider::cohere::rerank::read;

/// Whether a model is known to rank.
pub(in crate::provider) fn ranks(model: &str) -> bool {
    model.contains("cohere.rerank") || model.contains("amazon.rerank")
}

/// Appends `request` to `out` as one JSON object. The model is not in it but in the path.
pub fn write(request: &RerankRequest<'_>, model: &str, out: &mut Vec<u8>) {
    let mut object = Object::begin(out);
    cohere::rerank::write_members(request, &mut object);
    if model.contains("cohere.") {
        object.raw("api_version", "2");
    }
    object.end();
}
