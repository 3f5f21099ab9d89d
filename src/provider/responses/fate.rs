//! What becomes of a chat request's fields at OpenAI's Responses API.
//!
//! The vendor is the same, the API another one: it has no counterpart for some of the fields of chat completions, and
//! answers 400 to any parameter that it does not know. What would change the meaning of the answer if it were left out
//! is refused; what only hints, labels or speeds up is left out.

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
            "`input`, in the client's order: messages, system and developer messages among them in place, then \
             `function_call` and `function_call_output` items; a turn of the model without text or calls is left out",
        ),
        F::Stream => Forwarded,
        F::StreamOptions => {
            dropped("Responses always reports usage; the gateway shows it where it was asked for")
        }
        F::MaxTokens | F::MaxCompletionTokens => mapped(
            "`max_output_tokens`, at least 16, which is the least that the API takes, and at most what the model can",
        ),
        F::Temperature => mapped("`temperature`; left out for models known to refuse it"),
        F::TopP => mapped("`top_p`; left out for models known to refuse it"),
        F::TopK => dropped("OpenAI's models have no such setting"),
        F::N => Refused("Responses gives one answer a request"),
        F::Stop => Refused("Responses takes no stop sequences"),
        F::Tools => mapped(
            "`tools`, flat; `strict` is false where the client says nothing: that is what it means in chat \
             completions, while Responses would make the schema strict",
        ),
        F::CustomTools => Refused("the gateway passes on functions alone"),
        F::ToolChoice => mapped("`tool_choice`, flat; left out where there are no tools"),
        F::ForcedTool => mapped("`required`, or the name of the function"),
        F::ParallelToolCalls => Forwarded,
        F::ResponseFormat => mapped("`text.format`"),
        F::JsonSchema => mapped("`text.format`, flat; `name` is `answer` where there is none"),
        F::ReasoningEffort => mapped(
            "`reasoning.effort`, with `reasoning.summary` so that reasoning is shown; words that the model is known \
             not to take become the nearest",
        ),
        F::Thinking => mapped("as `reasoning_effort`, whose nearest word stands for a budget"),
        F::Verbosity => mapped("`text.verbosity`"),
        F::Logprobs | F::TopLogprobs => {
            Refused("the gateway does not pass on probabilities of tokens from Responses")
        }
        F::LogitBias => Refused("Responses takes no token biases"),
        F::Seed => dropped("best effort in chat completions too; Responses has no counterpart"),
        F::PresencePenalty | F::FrequencyPenalty => {
            dropped("a nudge against repetition without a counterpart")
        }
        F::Modalities => Refused("Responses answers in text"),
        F::AudioOut => Refused("Responses gives no audio"),
        F::Prediction => dropped("it only makes the answer faster"),
        F::ServiceTier | F::Metadata | F::PromptCacheKey | F::PromptCacheRetention => Forwarded,
        F::Store => mapped("`store`, which is false where the client says nothing, as in chat completions"),
        F::User => mapped(
            "`safety_identifier`, its successor, which takes 64 characters; `user` where the request has both",
        ),
        F::SafetyIdentifier => Forwarded,
        F::WebSearchOptions => Refused(
            "in Responses the search is a tool that the model may use or not, and the answer might lack it",
        ),
        F::Functions => mapped("`tools`, the field's successor"),
        F::FunctionCall => mapped("`tool_choice`, the field's successor"),
        F::MessageName => dropped("messages of Responses have no names"),
        F::PartText => mapped("`input_text`, or `output_text` in a turn of the model"),
        F::PartImage => mapped("`input_image`; a PDF is an `input_file`"),
        F::PartLink => mapped("`image_url` or `file_url`"),
        F::PartAudio => Refused("Responses takes no audio"),
        F::MessageAudio => Refused("Responses takes no audio, and would not know the id"),
        F::PartFile => mapped("`input_file`; one without a name gets `document` with the end of its type"),
        F::PartRefusal => mapped("`refusal`"),
        F::PartUnknown => Refused("what is not known cannot be translated"),
        F::CacheControl => dropped("OpenAI caches prompts by itself"),
        F::ReasoningContent => {
            dropped("OpenAI takes reasoning back only in encrypted form (`thinking_blocks`)")
        }
        F::ThinkingBlocks => mapped(
            "`reasoning` items, where the signature is one that the gateway made of OpenAI's encrypted reasoning; \
             those of others mean nothing to it and are left out, as are all for models not known to reason",
        ),
        F::CallSignature => dropped("Google's signatures mean nothing to OpenAI"),
        F::MessageExtra => dropped("what a reply told beside its text; the API takes none of it back"),
        F::Annotations => dropped("what a reply cited is not part of the conversation"),
        F::Unknown => dropped("Responses refuses parameters that it does not know"),
    }
}

/// Why a model of these capabilities has to refuse `field`; `None` where the format's own fate holds.
pub fn by_model(_facts: &ModelFacts, _field: Field) -> Option<&'static str> {
    None
}
