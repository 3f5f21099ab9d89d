//! What becomes of a chat request's fields at Gemini.
//!
//! What would change the meaning of the answer if it were left out is refused; what only hints, labels or speeds up
//! is left out. Gemini itself answers 400 to any key that it does not know, so nothing passes unasked.

use crate::{
    dialect::chat::field::Field,
    provider::{
        Format,
        fate::{
            Fate::{self, Forwarded, Refused},
            dropped, mapped,
        },
    },
};

/// The fate of `field`.
pub fn of_chat(format: Format, field: Field) -> Fate {
    match format {
        Format::Vertex => on_vertex(field).unwrap_or_else(|| of_gemini(field)),
        _ => of_gemini(field),
    }
}

/// In what Vertex AI differs.
fn on_vertex(field: Field) -> Option<Fate> {
    Some(match field {
        Field::Metadata => mapped(
            "`labels`, for the bill: those whose names and values are letters in lower case, digits, `_` and `-`, at \
             most 63 characters, the name beginning with a letter; others are left out",
        ),
        Field::User | Field::SafetyIdentifier => dropped("Vertex AI has no place for an end user's id"),
        Field::PartLink => mapped(
            "`fileData`, with the media type that the ending of the URL's path tells; a link with another ending, or \
             none, is refused",
        ),
        Field::PartFile => mapped(
            "`inlineData` of PDF, text, images, sound, video; other types are refused; a `file_id` is `fileData`, and \
             must be an https or `gs://` URI whose ending tells its type; `filename` is left out",
        ),
        _ => return None,
    })
}

#[expect(clippy::too_many_lines, reason = "a table, one row a field")]
fn of_gemini(field: Field) -> Fate {
    use Field as F;
    match field {
        F::Model => mapped("the path: the target's own name"),
        F::Messages => mapped(
            "`systemInstruction` and `contents`: the leading system and developer messages are the instruction; a \
             later one stays in place as marked text of the user; consecutive messages of one side are one turn, \
             results of tools first; empty text is left out",
        ),
        F::Stream => mapped("the path: `streamGenerateContent`"),
        F::StreamOptions => {
            dropped("Gemini always reports usage; the gateway shows it where it was asked for")
        }
        F::MaxTokens | F::MaxCompletionTokens => {
            mapped("`generationConfig.maxOutputTokens`, at most what the model can")
        }
        F::Temperature => mapped("`generationConfig.temperature`"),
        F::TopP => mapped("`generationConfig.topP`"),
        F::TopK => mapped("`generationConfig.topK`"),
        F::N => Refused("the gateway passes on one answer a request"),
        F::Stop => mapped("`generationConfig.stopSequences`, without empty ones"),
        F::Tools => mapped(
            "`tools[].functionDeclarations`: `parameters` as `parametersJsonSchema`; `strict` is left out",
        ),
        F::CustomTools => Refused("functions of Gemini models take JSON"),
        F::ToolChoice => mapped(
            "`toolConfig.functionCallingConfig`: `required` as `ANY`, a name as `ANY` with that name alone, \
             `allowed_tools` as `ANY` with those names, or by leaving the others out",
        ),
        F::ForcedTool => mapped("`ANY`"),
        F::ParallelToolCalls => dropped("Gemini has no such switch: an answer may hold several calls"),
        F::ResponseFormat => mapped(
            "`generationConfig.responseMimeType` of `application/json`, for `json_schema` with `responseJsonSchema`; \
             its `name` and `strict` are left out",
        ),
        F::JsonSchema => mapped("`generationConfig.responseJsonSchema`, as it came"),
        F::ReasoningEffort => mapped(
            "`generationConfig.thinkingConfig`: a level for models from 3 on, where the lowest stands for `none`; a \
             budget of tokens for 2.5; left out for models that do not reason",
        ),
        F::Thinking => {
            mapped("as `reasoning_effort`, whose nearest level stands for a budget on models from 3 on")
        }
        F::Verbosity => dropped("a hint of style without a counterpart"),
        F::Logprobs | F::TopLogprobs => {
            Refused("the gateway does not pass on probabilities of tokens from Gemini")
        }
        F::LogitBias => Refused("Gemini does not take token biases"),
        F::Seed => mapped("`generationConfig.seed`, its low 32 bits"),
        F::PresencePenalty => {
            mapped("`generationConfig.presencePenalty`; left out for models from 3 on, which refuse it")
        }
        F::FrequencyPenalty => {
            mapped("`generationConfig.frequencyPenalty`; left out for models from 3 on, which refuse it")
        }
        F::Modalities => Refused("the gateway passes on text alone from Gemini"),
        F::AudioOut => Refused("the gateway passes on no audio from Gemini"),
        F::Prediction => dropped("it only makes the answer faster"),
        F::ServiceTier => dropped("tiers are bought apart at each provider; Gemini's default applies"),
        F::Store => dropped("Gemini stores no answers for later use"),
        F::Metadata => dropped("labels of answers that OpenAI stores"),
        F::User | F::SafetyIdentifier => dropped("the Gemini API has no place for an end user's id"),
        F::PromptCacheKey | F::PromptCacheRetention => {
            dropped("a hint for OpenAI's cache; Gemini caches by itself")
        }
        F::WebSearchOptions => Refused("the answer would lack its search"),
        F::Functions => mapped("`tools`, the field's successor"),
        F::FunctionCall => mapped("`tool_choice`, the field's successor"),
        F::MessageName => dropped("Gemini's turns have no names"),
        F::PartText => Forwarded,
        F::PartImage => mapped(
            "`inlineData` (PNG, JPEG, WebP, HEIC, HEIF; others are refused); `detail` is left out; a PDF is one too",
        ),
        F::PartLink => Refused("the Gemini API does not fetch URLs: it takes bytes, or files uploaded to it"),
        F::PartAudio => mapped("`inlineData` of `audio/wav` or `audio/mp3`"),
        F::MessageAudio => Refused("an id of OpenAI's stands for no sound elsewhere"),
        F::PartFile => mapped(
            "`inlineData` of PDF, text, images, sound, video; other types are refused; a `file_id` is `fileData`, and \
             must be the name or the URI of a file uploaded to Gemini; `filename` is left out",
        ),
        F::PartRefusal => mapped("a part of text"),
        F::PartUnknown => Refused("what is not known cannot be translated"),
        F::CacheControl => dropped("Gemini caches prompts by itself"),
        F::ReasoningContent => {
            dropped("Gemini takes no thoughts back, only their signatures (`extra_content`)")
        }
        F::ThinkingBlocks => {
            dropped("Gemini takes no thoughts back, and other providers' signatures mean nothing to it")
        }
        F::CallSignature => mapped(
            "`google.thought_signature` as `thoughtSignature`; for models from 3 on, Gemini's placeholder stands for \
             one that is missing on a turn's first call",
        ),
        F::MessageExtra => mapped(
            "`google.thought_signature` as `thoughtSignature` of the turn's last text; all else in it is left out: what \
             a reply told beside its text",
        ),
        F::Annotations => dropped("what a reply cited is not part of the conversation"),
        F::Unknown => dropped("Gemini refuses requests with keys that it does not know"),
    }
}
