//! What becomes of a chat request's fields at Gemini.
//!
//! What would change the meaning of the answer if it were left out is refused; what only hints, labels or speeds up
//! is left out. Gemini itself answers 400 to any key that it does not know, so nothing passes unasked.

use crate::{
    dialect::chat::field::Field,
    provider::{
        Format,
        fate::Fate::{self, Dropped, Forwarded, Mapped, Refused},
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
        Field::Metadata => Mapped(
            "`labels`, for the bill: those whose names and values are letters in lower case, digits, `_` and `-`, at \
             most 63 characters, the name beginning with a letter; others are left out",
        ),
        Field::User | Field::SafetyIdentifier => Dropped("Vertex AI has no place for an end user's id"),
        Field::PartLink => Mapped(
            "`fileData`, with the media type that the ending of the URL's path tells; a link with another ending, or \
             none, is refused",
        ),
        Field::PartFile => Mapped(
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
        F::Model => Mapped("the path: the target's own name"),
        F::Messages => Mapped(
            "`systemInstruction` and `contents`: the leading system and developer messages are the instruction; a \
             later one stays in place as marked text of the user; consecutive messages of one side are one turn, \
             results of tools first; empty text is left out",
        ),
        F::Stream => Mapped("the path: `streamGenerateContent`"),
        F::StreamOptions => {
            Dropped("Gemini always reports usage; the gateway shows it where it was asked for")
        }
        F::MaxTokens | F::MaxCompletionTokens => {
            Mapped("`generationConfig.maxOutputTokens`, at most what the model can")
        }
        F::Temperature => Mapped("`generationConfig.temperature`"),
        F::TopP => Mapped("`generationConfig.topP`"),
        F::TopK => Mapped("`generationConfig.topK`"),
        F::N => Refused("the gateway passes on one answer a request"),
        F::Stop => Mapped("`generationConfig.stopSequences`, without empty ones"),
        F::Tools => Mapped(
            "`tools[].functionDeclarations`: `parameters` as `parametersJsonSchema`; `strict` is left out",
        ),
        F::CustomTools => Refused("functions of Gemini models take JSON"),
        F::ToolChoice => Mapped(
            "`toolConfig.functionCallingConfig`: `required` as `ANY`, a name as `ANY` with that name alone, \
             `allowed_tools` as `ANY` with those names, or by leaving the others out",
        ),
        F::ForcedTool => Mapped("`ANY`"),
        F::ParallelToolCalls => Dropped("Gemini has no such switch: an answer may hold several calls"),
        F::ResponseFormat => Mapped(
            "`generationConfig.responseMimeType` of `application/json`, for `json_schema` with `responseJsonSchema`; \
             its `name` and `strict` are left out",
        ),
        F::JsonSchema => Mapped("`generationConfig.responseJsonSchema`, as it came"),
        F::ReasoningEffort => Mapped(
            "`generationConfig.thinkingConfig`: a level for models from 3 on, where the lowest stands for `none`; a \
             budget of tokens for 2.5; left out for models that do not reason",
        ),
        F::Thinking => {
            Mapped("as `reasoning_effort`, whose nearest level stands for a budget on models from 3 on")
        }
        F::Verbosity => Dropped("a hint of style without a counterpart"),
        F::Logprobs | F::TopLogprobs => {
            Refused("the gateway does not pass on probabilities of tokens from Gemini")
        }
        F::LogitBias => Refused("Gemini does not take token biases"),
        F::Seed => Mapped("`generationConfig.seed`, its low 32 bits"),
        F::PresencePenalty => {
            Mapped("`generationConfig.presencePenalty`; left out for models from 3 on, which refuse it")
        }
        F::FrequencyPenalty => {
            Mapped("`generationConfig.frequencyPenalty`; left out for models from 3 on, which refuse it")
        }
        F::Modalities => Refused("the gateway passes on text alone from Gemini"),
        F::AudioOut => Refused("the gateway passes on no audio from Gemini"),
        F::Prediction => Dropped("it only makes the answer faster"),
        F::ServiceTier => Dropped("tiers are bought apart at each provider; Gemini's default applies"),
        F::Store => Dropped("Gemini stores no answers for later use"),
        F::Metadata => Dropped("labels of answers that OpenAI stores"),
        F::User | F::SafetyIdentifier => Dropped("the Gemini API has no place for an end user's id"),
        F::PromptCacheKey | F::PromptCacheRetention => {
            Dropped("a hint for OpenAI's cache; Gemini caches by itself")
        }
        F::WebSearchOptions => Refused("the answer would lack its search"),
        F::Functions => Mapped("`tools`, the field's successor"),
        F::FunctionCall => Mapped("`tool_choice`, the field's successor"),
        F::MessageName => Dropped("Gemini's turns have no names"),
        F::PartText => Forwarded,
        F::PartImage => Mapped(
            "`inlineData` (PNG, JPEG, WebP, HEIC, HEIF; others are refused); `detail` is left out; a PDF is one too",
        ),
        F::PartLink => Refused("the Gemini API does not fetch URLs: it takes bytes, or files uploaded to it"),
        F::PartAudio => Mapped("`inlineData` of `audio/wav` or `audio/mp3`"),
        F::MessageAudio => Refused("an id of OpenAI's stands for no sound elsewhere"),
        F::PartFile => Mapped(
            "`inlineData` of PDF, text, images, sound, video; other types are refused; a `file_id` is `fileData`, and \
             must be the name or the URI of a file uploaded to Gemini; `filename` is left out",
        ),
        F::PartRefusal => Mapped("a part of text"),
        F::PartUnknown => Refused("what is not known cannot be translated"),
        F::CacheControl => Dropped("Gemini caches prompts by itself"),
        F::ReasoningContent => {
            Dropped("Gemini takes no thoughts back, only their signatures (`extra_content`)")
        }
        F::ThinkingBlocks => {
            Dropped("Gemini takes no thoughts back, and other providers' signatures mean nothing to it")
        }
        F::CallSignature => Mapped(
            "`google.thought_signature` as `thoughtSignature`; for models from 3 on, Gemini's placeholder stands for \
             one that is missing on a turn's first call",
        ),
        F::MessageExtra => Mapped(
            "`google.thought_signature` as `thoughtSignature` of the turn's last text; all else in it is left out: what \
             a reply told beside its text",
        ),
        F::Annotations => Dropped("what a reply cited is not part of the conversation"),
        F::Unknown => Dropped("Gemini refuses requests with keys that it does not know"),
    }
}
