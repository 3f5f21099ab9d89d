//! What becomes of a chat request's fields at Anthropic.
//!
//! What would change the meaning of the answer if it were left out is refused; what only hints, labels or speeds up
//! is left out. Anthropic itself answers 400 to any key that it does not know, so nothing passes unasked.

use crate::{
    dialect::chat::field::Field,
    provider::{
        Format,
        fate::{
            Fate::{self, Forwarded, Refused},
            dropped, mapped,
        },
        model::ModelFacts,
    },
};

/// The fate of `field`.
pub fn of_chat(format: Format, field: Field) -> Fate {
    match format {
        Format::Anthropic => of_anthropic(field),
        _ => by_platform(format, field).unwrap_or_else(|| of_anthropic(field)),
    }
}

/// In what Vertex AI and Bedrock differ.
fn by_platform(format: Format, field: Field) -> Option<Fate> {
    let bedrock = format == Format::BedrockAnthropic;
    Some(match field {
        Field::Model => mapped("the path: the target's own name"),
        Field::Stream if bedrock => mapped("the path: `invoke-with-response-stream`"),
        Field::Stream => mapped("the path: `streamRawPredict`, and `stream`"),
        Field::PartImage => mapped(
            "an image block, by base64 (JPEG, PNG, GIF, WebP; others are refused); `detail` is left out; a PDF is a \
             document block",
        ),
        Field::PartLink if bedrock => Refused("Claude on Bedrock takes bytes, no links"),
        Field::PartLink => Refused("Claude on Vertex AI takes bytes, no links"),
        Field::PartFile => mapped(
            "a document block: PDF as it is, text decoded; an image is an image block; other types are refused, and so \
             is a `file_id`: there are no uploaded files there",
        ),
        _ => return None,
    })
}

#[expect(clippy::too_many_lines, reason = "a table, one row a field")]
fn of_anthropic(field: Field) -> Fate {
    use Field as F;
    match field {
        F::Model => mapped("`model`: the target's own name"),
        F::Messages => mapped(
            "`system` and `messages`: the leading system and developer messages are the system prompt; a later one \
             stays in place, as a system message where the model takes it there, else as marked text of the user; \
             consecutive messages of the user and of tools are one turn, results first; empty text is left out",
        ),
        F::Stream => Forwarded,
        F::StreamOptions => {
            dropped("Anthropic always reports usage; the gateway shows it where it was asked for")
        }
        F::MaxTokens | F::MaxCompletionTokens => mapped(
            "`max_tokens`, at most what the model can; without it what the model can, or 4096 where that is not known",
        ),
        F::Temperature => mapped(
            "`temperature`, at most 1; left out while thinking is on and for models that refuse it (from Opus 4.7 on)",
        ),
        F::TopP => mapped(
            "`top_p`; left out where a `temperature` below 1 is sent (models from 4.5 on refuse both), while thinking \
             is on if below 0.95, and for models that refuse it",
        ),
        F::TopK => mapped("`top_k`; left out while thinking is on and for models that refuse it"),
        F::N => Refused("Anthropic gives one answer a request"),
        F::Stop => mapped("`stop_sequences`, without those of white space only, which Anthropic refuses"),
        F::Tools => mapped(
            "`tools`: `parameters` as `input_schema`; `strict` where the model takes schemas; a stand-in where the \
             conversation holds calls but the request no tools",
        ),
        F::CustomTools => Refused("tools of Anthropic models take JSON"),
        F::ToolChoice => mapped(
            "`tool_choice`: `required` as `any`, a name as `tool`, `allowed_tools` by leaving the others out; refused \
             with a 400 by models that cannot be forced to call a tool",
        ),
        F::ForcedTool => mapped("`any` or `tool`; refused for models that cannot be forced to call one"),
        F::ParallelToolCalls => mapped("`tool_choice.disable_parallel_tool_use`, when false"),
        F::ResponseFormat => mapped(
            "`json_schema` as `output_config.format`, every object closed, keywords that are not enforced moved to \
             descriptions, the schema's `name` left out; refused with a 400 for models not known to take one; `json_object` as an instruction at \
             the end of the system prompt",
        ),
        F::JsonSchema => mapped("`output_config.format`; refused for models not known to take one"),
        F::ReasoningEffort => mapped(
            "`thinking` and `output_config.effort`, or a budget of tokens for models up to 4.5; left out for models \
             that do not reason, and `thinking` where a tool is forced or the reasoning behind the calls that were \
             just answered was not sent back",
        ),
        F::Thinking => {
            mapped("as `reasoning_effort`, whose nearest level stands for a budget on models from 4.6 on")
        }
        F::Verbosity => dropped("a hint of style without a counterpart"),
        F::Logprobs | F::TopLogprobs => Refused("Anthropic does not tell probabilities of tokens"),
        F::LogitBias => Refused("Anthropic does not take token biases"),
        F::Seed => dropped("best effort at OpenAI too; Anthropic has no counterpart"),
        F::PresencePenalty | F::FrequencyPenalty => {
            dropped("a nudge against repetition without a counterpart")
        }
        F::Modalities => Refused("Anthropic models answer in text"),
        F::AudioOut => Refused("Anthropic models give no audio"),
        F::Prediction => dropped("it only makes the answer faster"),
        F::ServiceTier => dropped("tiers are bought apart at each provider; Anthropic's default applies"),
        F::Store => dropped("Anthropic stores no answers for later use"),
        F::Metadata => dropped("labels of answers that OpenAI stores"),
        F::User | F::SafetyIdentifier => mapped(
            "`metadata.user_id`; left out where it looks like an e-mail address or a telephone number, which Anthropic \
             refuses, or is longer than 256 characters",
        ),
        F::PromptCacheKey | F::PromptCacheRetention => {
            dropped("a hint for OpenAI's cache; Anthropic's is steered by `cache_control`")
        }
        F::WebSearchOptions => Refused("the answer would lack its search"),
        F::Functions => mapped("`tools`, the field's successor"),
        F::FunctionCall => mapped("`tool_choice`, the field's successor"),
        F::MessageName => dropped("Anthropic's messages have no names"),
        F::PartText => Forwarded,
        F::PartImage => mapped(
            "an image block, by URL or base64 (JPEG, PNG, GIF, WebP; others are refused); `detail` is left out; a PDF \
             is a document block",
        ),
        F::PartLink => mapped("a source of type `url`"),
        F::PartAudio => Refused("Anthropic models take no audio"),
        F::MessageAudio => {
            Refused("Anthropic models take no audio, and an id of OpenAI's stands for no other")
        }
        F::PartFile => mapped(
            "a document block: PDF as it is, text decoded; an image is an image block; other types are refused; a \
             `file_id` must be one of Anthropic's own, and is sent with the beta of its Files API",
        ),
        F::PartRefusal => mapped("a text block"),
        F::PartUnknown => Refused("what is not known cannot be translated"),
        F::CacheControl => Forwarded,
        F::ReasoningContent => {
            dropped("Anthropic takes reasoning back only with its signature (`thinking_blocks`)")
        }
        F::ThinkingBlocks => {
            mapped("`thinking` and `redacted_thinking` blocks; those without a signature are left out")
        }
        F::CallSignature => dropped("Google's signatures mean nothing to Anthropic"),
        F::MessageExtra => dropped("what a reply told beside its text; Anthropic takes none of it back"),
        F::Annotations => dropped("what a reply cited is not part of the conversation"),
        F::Unknown => dropped("Anthropic refuses requests with keys that it does not know"),
    }
}

/// What only some of the models take: the writer refuses these too.
pub fn by_model(facts: &ModelFacts, field: Field) -> Option<&'static str> {
    match field {
        Field::JsonSchema if !facts.json_schema => {
            Some("the model is not known to take a JSON Schema for its answer")
        }
        Field::ForcedTool if facts.no_forced_tool => Some("the model cannot be made to call a tool"),
        _ => None,
    }
}
