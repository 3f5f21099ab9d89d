//! What becomes of the fields of a rerank request.

use super::{
    Fate::{self, Forwarded, Refused},
    dropped, mapped,
};
use crate::{
    dialect::rerank::field::Field,
    provider::{Format, bedrock},
};

/// Why a format cannot rank documents; `None` where it can.
pub fn lacks(format: Format) -> Option<&'static str> {
    match format {
        Format::Openai | Format::Cohere | Format::Bedrock => None,
        Format::Anthropic | Format::VertexAnthropic | Format::BedrockAnthropic => {
            Some("Anthropic has no models that rank documents")
        }
        Format::Gemini => Some("the Gemini API has no models that rank documents"),
        Format::Vertex => Some("Google ranks documents by another service, Vertex AI Search"),
        Format::Mistral => Some("Mistral has no models that rank documents"),
        Format::Responses => Some("OpenAI has no models that rank documents"),
    }
}

/// The fate of `field` at a provider of this format.
pub fn of(format: Format, field: Field) -> Fate {
    use Field as F;
    if let Some(why) = lacks(format) {
        return Refused(why);
    }
    match (format, field) {
        (Format::Openai, F::Model) => mapped("`model`: the target's own name"),
        (Format::Openai, _) => Forwarded,
        (Format::Bedrock, F::Model) => mapped("the path: the target's own name"),
        (_, F::Model) => mapped("`model`: the target's own name"),
        (_, F::Query | F::TopN) => Forwarded,
        (_, F::QueryOther) => Refused("the provider takes text only"),
        (_, F::Documents) => Forwarded,
        (_, F::DocumentObjects) => mapped("the text alone"),
        (_, F::DocumentOther) => Refused("the provider takes text only"),
        (Format::Bedrock, F::MaxTokensPerDoc) => Refused("the models on Bedrock are not known to take it"),
        (_, F::MaxTokensPerDoc) => Forwarded,
        (_, F::ReturnDocuments) => mapped("by the gateway, which puts the documents' texts into the reply"),
        (_, F::ReturnLarge) => Refused("the gateway holds no more of them until the reply comes"),
        (_, F::RankFields) => Refused("the provider ranks by the whole text"),
        (_, F::User) => dropped("a label that the provider does not take"),
        (_, F::Unknown) => dropped("the provider refuses requests with keys that it does not know"),
    }
}

/// Why a model of this name has to refuse `field`, where its format does not.
pub fn by_model(format: Format, model: &str, field: Field) -> Option<&'static str> {
    let lost = format == Format::Bedrock && field == Field::Model && !bedrock::rerank::ranks(model);
    lost.then_some("this model on Bedrock is not known to rank documents")
}
