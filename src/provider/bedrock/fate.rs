//! What becomes of a chat request's fields at Bedrock.
//!
//! What would change the meaning of the answer if it were left out is refused; what only hints, labels or speeds up
//! is left out. Bedrock itself answers 400 to any key that it does not know, so nothing passes unasked.

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
        F::Model => mapped("the path: the target's own id or ARN, percent-encoded"),
        F::Messages => mapped(
            "`system` and `messages`: the leading system and developer messages are the system prompt; a later one \
             stays in place, as a system message where the model takes it there, else as marked text of the user; \
             consecutive messages of the user and of tools are one turn, results first; blank text is left out; before \
             a conversation that begins with the model's turn the user says `Begin.`, since the API wants the user's \
             turn first",
        ),
        F::Stream => mapped("the path: `converse-stream`"),
        F::StreamOptions => {
            dropped("Bedrock always reports usage; the gateway shows it where it was asked for")
        }
        F::MaxTokens | F::MaxCompletionTokens => {
            mapped("`inferenceConfig.maxTokens`, at most what the model can")
        }
        F::Temperature => mapped(
            "`inferenceConfig.temperature`, at most 1; left out for Claude while it thinks and where the model refuses \
             it, and for Nova 2 at its highest effort",
        ),
        F::TopP => mapped(
            "`inferenceConfig.topP`; left out for Claude where a `temperature` below 1 is sent (models from 4.5 on \
             refuse both), while it thinks if below 0.95, and where the model refuses it; for Nova 2 at its highest \
             effort",
        ),
        F::TopK => mapped(
            "`additionalModelRequestFields`: `top_k` of Claude, `inferenceConfig.topK` of Nova; left out for other \
             models, whose own name for it is not known",
        ),
        F::N => Refused("Bedrock gives one answer a request"),
        F::Stop => mapped(
            "`inferenceConfig.stopSequences`, without empty ones, and for Claude without those of white space only",
        ),
        F::Tools => mapped(
            "`toolConfig.tools`: `parameters` as `inputSchema.json`; names of at most 64 characters; `strict` where \
             the model takes schemas; a stand-in where the conversation holds calls but the request no tools",
        ),
        F::CustomTools => Refused("tools on Bedrock take JSON"),
        F::ToolChoice => mapped(
            "`toolConfig.toolChoice`: `required` as `any`, a name as `tool`, `allowed_tools` by leaving the others \
             out; for `none`, which Bedrock does not know, the tools are left out, or, where the conversation holds \
             calls, declared without a choice",
        ),
        F::ForcedTool => mapped("`any` or `tool`; refused for models that cannot be forced to call one"),
        F::ParallelToolCalls => mapped(
            "when false, for Claude as `tool_choice.disable_parallel_tool_use` in `additionalModelRequestFields`; left \
             out for other models, which have no such setting",
        ),
        F::ResponseFormat => mapped(
            "`json_schema` as `outputConfig.textFormat`, every object closed, keywords that are not enforced moved to \
             descriptions; refused with a 400 for models not known to take one; `json_object` as an instruction at \
             the end of the system prompt",
        ),
        F::JsonSchema => mapped("`outputConfig.textFormat`; refused for models not known to take one"),
        F::ReasoningEffort => mapped(
            "by the model's family: Claude's `thinking` and `outputConfig.effort` as at Anthropic; Nova 2's \
             `reasoningConfig`, where `high` is `medium` beside a limit of tokens, which it takes only then; \
             gpt-oss's `reasoning_effort`, whose least is `low`; left out for models that are not told how to reason",
        ),
        F::Thinking => mapped("as `reasoning_effort`; a budget of tokens only for Claude up to 4.5"),
        F::Verbosity => dropped("a hint of style without a counterpart"),
        F::Logprobs | F::TopLogprobs => Refused("Bedrock does not tell probabilities of tokens"),
        F::LogitBias => Refused("Bedrock does not take token biases"),
        F::Seed => dropped("best effort at OpenAI too; Bedrock has no counterpart"),
        F::PresencePenalty | F::FrequencyPenalty => {
            dropped("a nudge against repetition without a counterpart")
        }
        F::Modalities => Refused("models on Bedrock answer in text"),
        F::AudioOut => Refused("models on Bedrock give no audio"),
        F::Prediction => dropped("it only makes the answer faster"),
        F::ServiceTier => mapped(
            "`serviceTier`: `flex`, `priority` and `reserved`; others are left out, and Bedrock's default applies",
        ),
        F::Store => dropped("Bedrock stores no answers for later use"),
        F::Metadata => mapped(
            "`requestMetadata`, by which the account's invocation logs can be filtered; labels that are not legal there \
             are left out",
        ),
        F::User | F::SafetyIdentifier => {
            mapped("`requestMetadata.user`; left out where it is not legal there")
        }
        F::PromptCacheKey | F::PromptCacheRetention => {
            dropped("a hint for OpenAI's cache; Bedrock's is steered by `cache_control`")
        }
        F::WebSearchOptions => Refused("the answer would lack its search"),
        F::Functions => mapped("`toolConfig.tools`, the field's successor"),
        F::FunctionCall => mapped("`toolConfig.toolChoice`, the field's successor"),
        F::MessageName => dropped("Bedrock's messages have no names"),
        F::PartText => Forwarded,
        F::PartImage => mapped(
            "an image block with the bytes (JPEG, PNG, GIF, WebP; others are refused); `detail` is left out; a PDF is \
             a document block",
        ),
        F::PartLink => Refused("Bedrock does not fetch URLs"),
        F::PartAudio => mapped("an audio block; Bedrock refuses it for models that take no audio"),
        F::MessageAudio => Refused("an id of OpenAI's stands for no other provider's sound"),
        F::PartFile => mapped(
            "a document block with the bytes (PDF, text, Markdown, HTML, CSV, Word, Excel; others are refused) and a \
             name made of the filename, beside which a turn without text says `The document is attached.`; an image is \
             an image block; a `file_id` is refused",
        ),
        F::PartRefusal => mapped("a text block"),
        F::PartUnknown => Refused("what is not known cannot be translated"),
        F::CacheControl => mapped(
            "a `cachePoint` behind the block, for Claude and Nova (of Nova's not behind tools, and always five \
             minutes); left out for other models, which refuse it",
        ),
        F::ReasoningContent => {
            dropped("models on Bedrock take reasoning back only with its signature (`thinking_blocks`)")
        }
        F::ThinkingBlocks => mapped(
            "`reasoningContent` blocks; those without a signature, or encrypted and not in base64, are left out",
        ),
        F::CallSignature => dropped("Google's signatures mean nothing on Bedrock"),
        F::MessageExtra => dropped("what a reply told beside its text; Bedrock takes none of it back"),
        F::Annotations => dropped("what a reply cited is not part of the conversation"),
        F::Unknown => dropped("Bedrock refuses requests with keys that it does not know"),
    }
}

/// What only some of the models take: the writer refuses these too.
pub fn by_model(facts: &ModelFacts, field: Field) -> Option<&'static str> {
    crate::provider::anthropic::fate::by_model(facts, field)
}
