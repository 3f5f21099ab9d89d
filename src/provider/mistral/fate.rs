//! What becomes of a chat request's fields at Mistral.
//!
//! What would change the meaning of the answer if it were left out is refused; what only hints, labels or speeds up
//! is left out. Mistral answers 422 to any key that it does not know, so nothing passes unasked.

use crate::{
    dialect::chat::field::Field,
    provider::{
        fate::{
            Fate::{self, Forwarded, Refused},
            dropped, mapped,
        },
        model::ModelFacts,
    },
};

/// The fate of `field`.
#[expect(clippy::too_many_lines, reason = "a table, one row a field")]
pub fn of_chat(field: Field) -> Fate {
    use Field as F;
    match field {
        F::Model => mapped("`model`: the target's own name"),
        F::Messages => mapped(
            "`messages`: developer messages as system ones; a system message behind one of the assistant or of a tool \
             is marked text of the user; a short turn of the assistant stands between the result of a tool and the \
             user; empty turns of the assistant are left out, one that comes last has `prefix`; ids of calls other \
             than nine letters and digits are replaced by their hash",
        ),
        F::Stream => Forwarded,
        F::StreamOptions => {
            dropped("Mistral always reports usage; the gateway shows it where it was asked for")
        }
        F::MaxTokens | F::MaxCompletionTokens => mapped("`max_tokens`, at most what the model can"),
        F::Temperature => mapped("`temperature`, at most 1.5"),
        F::TopP | F::TopK => Forwarded,
        F::N => Refused("the gateway passes on one answer a request"),
        F::Stop => mapped("`stop`, a list without empty texts"),
        F::Tools => mapped("`tools`; without `parameters` they take none"),
        F::CustomTools => Refused("functions of Mistral models take JSON"),
        F::ToolChoice => mapped(
            "`tool_choice`: `required` as `any`, `allowed_tools` by leaving the others out; left out where there are \
             no tools",
        ),
        F::ForcedTool => mapped("`any`, or the name"),
        F::ParallelToolCalls => Forwarded,
        F::ResponseFormat => mapped("`response_format`; `text`, which is the default, is left out"),
        F::JsonSchema => mapped("`response_format.json_schema`, with a name where it has none"),
        F::ReasoningEffort => mapped(
            "`reasoning_effort`, the nearest that the model knows; left out for models that are not known to take one",
        ),
        F::Thinking => mapped("as `reasoning_effort`, the nearest of a budget"),
        F::Verbosity => dropped("a hint of style without a counterpart"),
        F::Logprobs | F::TopLogprobs => {
            Refused("the gateway does not pass on probabilities of tokens from Mistral")
        }
        F::LogitBias => Refused("Mistral does not take token biases"),
        F::Seed => mapped("`random_seed`, without its sign"),
        F::PresencePenalty | F::FrequencyPenalty => Forwarded,
        F::Modalities => Refused("the gateway passes on text alone from Mistral"),
        F::AudioOut => Refused("the gateway passes on no audio from Mistral"),
        F::Prediction => mapped("`prediction`, its texts joined"),
        F::ServiceTier => dropped("tiers are bought apart at each provider; Mistral's default applies"),
        F::Store => dropped("Mistral stores no answers for later use"),
        F::Metadata => Forwarded,
        F::User | F::SafetyIdentifier => dropped("Mistral has no place for an end user's id"),
        F::PromptCacheKey => Forwarded,
        F::PromptCacheRetention => dropped("Mistral keeps its cache as long as it will"),
        F::WebSearchOptions => Refused("the answer would lack its search"),
        F::Functions => mapped("`tools`, the field's successor"),
        F::FunctionCall => mapped("`tool_choice`, the field's successor"),
        F::MessageName => dropped("only messages of tools have names there, and keep them"),
        F::PartText => Forwarded,
        F::PartImage => mapped("an `image_url` chunk with `detail`; a PDF is a document"),
        F::PartLink => Forwarded,
        F::PartAudio => mapped("an `input_audio` chunk, its base64 alone"),
        F::MessageAudio => Refused("an id of OpenAI's stands for no sound elsewhere"),
        F::PartFile => mapped(
            "a `document_url` chunk with its name, by URL or data URL; an image is an `image_url` chunk; a `file_id` \
             must be one of Mistral's own",
        ),
        F::PartRefusal => mapped("a text chunk"),
        F::PartUnknown => Refused("what is not known cannot be translated"),
        F::CacheControl => dropped("Mistral caches by `prompt_cache_key`"),
        F::ReasoningContent => {
            mapped("a `thinking` chunk; left out for models that are not known to reason, which refuse it")
        }
        F::ThinkingBlocks => mapped(
            "`thinking` chunks without their signatures; left out for models that are not known to reason",
        ),
        F::CallSignature => dropped("Google's signatures mean nothing to Mistral"),
        F::MessageExtra => dropped("what a reply told beside its text; Mistral takes none of it back"),
        F::Annotations => dropped("what a reply cited is not part of the conversation"),
        F::Unknown => dropped(
            "Mistral refuses requests with keys that it does not know; its own `min_tokens`, `repetition_penalty`, \
             `random_seed`, `prompt_mode`, `safe_prompt` and `guardrails` are forwarded",
        ),
    }
}

/// Why a model of these capabilities has to refuse `field`; `None` where the format's own fate holds.
pub fn by_model(_facts: &ModelFacts, _field: Field) -> Option<&'static str> {
    None
}
