//! What becomes of a chat request's fields at Cohere.
//!
//! What would change the meaning of the answer if it were left out is refused; what only hints, labels or speeds up
//! is left out.

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
            "`messages`, in their order: the leading system and developer messages are one system message; a later one \
             stays in place as marked text of the user; what the model said beside its calls is their `tool_plan`; \
             empty text is left out, and a result of a tool without any is a document",
        ),
        F::Stream => Forwarded,
        F::StreamOptions => {
            dropped("Cohere always reports usage; the gateway shows it where it was asked for")
        }
        F::MaxTokens | F::MaxCompletionTokens => mapped("`max_tokens`, at most what the model can"),
        F::Temperature => mapped("`temperature`, at most 1"),
        F::TopP => mapped("`p`, from 0.01 to 0.99"),
        F::TopK => mapped("`k`, at most 500"),
        F::N => Refused("Cohere gives one answer a request"),
        F::Stop => {
            mapped("`stop_sequences`, without empty ones; refused with a 400 where there are more than 5")
        }
        F::Tools => mapped(
            "`tools`; a tool without `parameters` takes none; `strict` on any of them as `strict_tools`, which is for \
             all",
        ),
        F::CustomTools => Refused("tools of Cohere models take JSON"),
        F::ToolChoice => mapped(
            "`tool_choice`: `required` as `REQUIRED`, `none` as `NONE`, a name as `REQUIRED` with that tool alone, \
             `allowed_tools` by leaving the others out; `auto` is what is so anyway",
        ),
        F::ForcedTool => mapped("`REQUIRED`"),
        F::ParallelToolCalls => dropped("Cohere has no such switch: an answer may hold several calls"),
        F::ResponseFormat => mapped(
            "`response_format` of type `json_object`, for `json_schema` with `json_schema`; its `name` and `strict` are \
             left out; refused with a 400 beside `tools`, which Cohere does not take together, and left out where one of them \
             must be called",
        ),
        F::JsonSchema => {
            mapped("`response_format.json_schema`, as it came; refused with a 400 beside `tools`")
        }
        F::ReasoningEffort => mapped(
            "`thinking`: `none` as `disabled`, from `high` on `enabled` without a limit, less with a budget of tokens; \
             left out for models that do not reason",
        ),
        F::Thinking => {
            mapped("`thinking`, with the budget as `token_budget`; left out for models that do not reason")
        }
        F::Verbosity => dropped("a hint of style without a counterpart"),
        F::Logprobs | F::TopLogprobs => {
            Refused("the gateway does not pass on probabilities of tokens from Cohere")
        }
        F::LogitBias => Refused("Cohere does not take token biases"),
        F::Seed => mapped("`seed`, without its sign"),
        F::PresencePenalty => mapped("`presence_penalty`, at most 1; left out below 0"),
        F::FrequencyPenalty => mapped("`frequency_penalty`, at most 1; left out below 0"),
        F::Modalities => Refused("Cohere models answer in text"),
        F::AudioOut => Refused("Cohere models give no audio"),
        F::Prediction => dropped("it only makes the answer faster"),
        F::ServiceTier => dropped("tiers are bought apart at each provider; Cohere's default applies"),
        F::Store => dropped("Cohere stores no answers for later use"),
        F::Metadata => dropped("labels of answers that OpenAI stores"),
        F::User | F::SafetyIdentifier => dropped("Cohere's chat has no place for an end user's id"),
        F::PromptCacheKey | F::PromptCacheRetention => {
            dropped("a hint for OpenAI's cache; Cohere caches by itself")
        }
        F::WebSearchOptions => Refused("the answer would lack its search"),
        F::Functions => mapped("`tools`, the field's successor"),
        F::FunctionCall => mapped("`tool_choice`, the field's successor"),
        F::MessageName => dropped("Cohere's messages have no names"),
        F::PartText => Forwarded,
        F::PartImage => mapped(
            "`image_url` (JPEG, PNG, GIF, WebP; others are refused), with `detail`; from results of tools, a message of the user behind them",
        ),
        F::PartLink => mapped("`image_url.url`, http or https"),
        F::PartAudio => Refused("Cohere models take no audio"),
        F::MessageAudio => Refused("Cohere models take no audio, and an id of OpenAI's stands for no other"),
        F::PartFile => Refused("Cohere's chat takes no files"),
        F::PartRefusal => mapped("text"),
        F::PartUnknown => Refused("what is not known cannot be translated"),
        F::CacheControl => dropped("Cohere caches prompts by itself"),
        F::ReasoningContent => mapped(
            "the `tool_plan` of a turn with calls; else a `thinking` block, for models that reason and are not told \
             not to, and left out for others",
        ),
        F::ThinkingBlocks => dropped(
            "signed reasoning is another provider's; blocks without a signature, as Cohere's are, count as \
             `reasoning_content`",
        ),
        F::CallSignature => dropped("Google's signatures mean nothing to Cohere"),
        F::MessageExtra => dropped("what a reply told beside its text; Cohere takes none of it back"),
        F::Annotations => dropped("what a reply cited is not part of the conversation"),
        F::Unknown => dropped("Cohere refuses requests with keys that it does not know"),
    }
}

/// What only some of the models take: nothing that is known.
pub fn by_model(_facts: &ModelFacts, _field: Field) -> Option<&'static str> {
    None
}
