//! What becomes of the fields of a request for embeddings.

use super::{
    Fate::{self, Forwarded, Refused},
    dropped, mapped,
};
use crate::{
    dialect::embeddings::field::Field,
    provider::{Format, bedrock::embeddings::Family},
};

/// Why a format has no embeddings; `None` where it has.
pub fn lacks(format: Format) -> Option<&'static str> {
    match format {
        Format::Anthropic | Format::VertexAnthropic | Format::BedrockAnthropic => {
            Some("Anthropic's models make no embeddings")
        }
        _ => None,
    }
}

/// The fate of `field` at a provider of this format.
pub fn of(format: Format, field: Field) -> Fate {
    use Field as F;
    if matches!(format, Format::Openai | Format::Responses) {
        return openai(field);
    }
    if let Some(why) = lacks(format) {
        return Refused(why);
    }
    match field {
        F::Model if matches!(format, Format::Gemini | Format::Vertex | Format::Bedrock) => {
            mapped("the path: the target's own name")
        }
        F::Model => mapped("`model`: the target's own name"),
        F::Input => input(format),
        F::InputMany if format == Format::Bedrock => {
            mapped("`texts` of Cohere's models; refused for the others, which take one text a request")
        }
        F::InputMany => mapped("as `input`"),
        F::InputOver96 if matches!(format, Format::Cohere | Format::Bedrock) => {
            Refused("Cohere's models take at most 96 texts a request")
        }
        F::InputOver100 if format == Format::Gemini => Refused("Gemini takes at most 100 texts a request"),
        F::InputOver100 if matches!(format, Format::Cohere | Format::Bedrock) => {
            Refused("Cohere's models take at most 96 texts a request")
        }
        F::InputOver250 => over_250(format),
        F::InputOver96 | F::InputOver100 => mapped("as `input`"),
        F::InputTokens => Refused("tokens mean nothing to another model's tokenizer"),
        F::InputOther => Refused("what is not known cannot be translated"),
        F::Dimensions => dimensions(format),
        F::EncodingFormat => mapped(
            "the provider is asked for numbers; the gateway makes base64 of 32-bit floats of them where wanted",
        ),
        F::EncodingOther => Refused("the gateway knows `float` and `base64`"),
        F::InputType => input_type(format),
        F::User => dropped("a label for OpenAI's own watch against abuse"),
        F::Unknown => dropped("the provider refuses requests with keys that it does not know"),
    }
}

fn openai(field: Field) -> Fate {
    match field {
        Field::Model => mapped("`model`: the target's own name"),
        Field::EncodingFormat => mapped(
            "forwarded; where the provider answers in the other form all the same, the gateway turns it",
        ),
        _ => Forwarded,
    }
}

fn input(format: Format) -> Fate {
    mapped(match format {
        Format::Gemini => "`requests[].content`",
        Format::Vertex => "`requests[].content` for Gemini's models, `instances[].content` for the others",
        Format::Bedrock => "`inputText` (Titan), `singleEmbeddingParams.text.value` (Nova), `texts` (Cohere)",
        Format::Cohere => "`texts`",
        _ => "`input`",
    })
}

fn over_250(format: Format) -> Fate {
    match format {
        Format::Vertex => Refused("Vertex AI takes at most 250 texts a request"),
        Format::Gemini => Refused("Gemini takes at most 100 texts a request"),
        Format::Cohere | Format::Bedrock => Refused("Cohere's models take at most 96 texts a request"),
        _ => mapped("as `input`"),
    }
}

fn dimensions(format: Format) -> Fate {
    mapped(match format {
        Format::Gemini => "`outputDimensionality`",
        Format::Vertex => "`outputDimensionality`, of `embedContentConfig` or `parameters`",
        Format::Bedrock => {
            "`dimensions` (Titan V2), `embeddingConfig.outputEmbeddingLength` (Titan Multimodal), `embeddingDimension` \
             (Nova), `output_dimension` (Cohere); refused for Titan G1, which has one size"
        }
        _ => "`output_dimension`",
    })
}

fn input_type(format: Format) -> Fate {
    match format {
        Format::Gemini | Format::Vertex => {
            mapped("the task type: `RETRIEVAL_DOCUMENT`, `RETRIEVAL_QUERY`, …")
        }
        Format::Bedrock => mapped(
            "`input_type` (Cohere) or `embeddingPurpose` (Nova); without it `search_document` and `GENERIC_INDEX`; \
             left out for Titan, which has one embedding for all uses",
        ),
        Format::Cohere => mapped("`input_type`, which Cohere requires; without it `search_document`"),
        _ => dropped("Mistral's models have one embedding for all uses"),
    }
}

/// Why a model of this name has to refuse `field`, where its format does not.
pub fn by_model(format: Format, model: &str, field: Field) -> Option<&'static str> {
    if format != Format::Bedrock {
        return None;
    }
    let family = Family::of(model);
    match field {
        Field::Model => family.is_none().then_some("this model on Bedrock is not known to make embeddings"),
        Field::InputMany => family
            .is_some_and(|family| family != Family::Cohere)
            .then_some("the model takes one text a request"),
        Field::Dimensions => (family == Some(Family::Titan)).then_some("the model has one size"),
        _ => None,
    }
}
