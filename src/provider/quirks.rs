//! In what a provider differs from the vendor of the format that it speaks: data of its row, not code.

use serde::{Deserialize, Deserializer, Serialize, Serializer, ser};
use serde_json::value::RawValue;

use crate::dialect::chat::field::{Field, Fields};

/// The differences of one provider of [`super::Format::Openai`]. The default has none.
///
/// Members are named as OpenAI's clients name them ([`Field::name`]), whatever the provider calls them: what a quirk
/// says is done in the order of the members here but for `rename`, which comes last.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Quirks {
    /// What it refuses, or takes and passes over in silence. [`lacking`] says what becomes of a request that uses it:
    /// a hint is left out; what would change the answer makes the provider unable to serve the request.
    ///
    /// Besides the names of fields: any other member of the request, and any other member of its messages as
    /// `messages[].annotations`; these are left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub refuses: Vec<String>,
    /// What it takes beside OpenAI's own members: names of fields (`cache_control`, `top_k`,
    /// `messages[].reasoning_content`, `messages[].tool_calls[].extra_content`), and other members of the request. A chat
    /// client's own body has them in any case; requests that are written for clients of other APIs have those of these
    /// alone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub takes: Vec<String>,
    /// It refuses members of the request that are none of [`Field`]: they are left out.
    #[serde(skip_serializing_if = "is_false")]
    pub known_only: bool,
    /// The least and the most that it takes of a number: a member of the request, and the range, ends included.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub clamp: Vec<(String, f64, f64)>,
    /// Words that it calls by another name: a member of the request whose value is a string, OpenAI's word, its own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<(String, String, String)>,
    /// Messages of the role `developer` are sent as `system`.
    #[serde(skip_serializing_if = "is_false")]
    pub developer_as_system: bool,
    /// It takes content of text as a string alone: a list of parts that are all text becomes their texts joined.
    #[serde(skip_serializing_if = "is_false")]
    pub flat_content: bool,
    /// What each request carries, whatever the client says: a member by the provider's own name, and its value.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fixed: Vec<(String, Json)>,
    /// Members of the request that have another name there: ours, theirs. Where a request has both names, ours is sent
    /// (`max_completion_tokens`, and not the older `max_tokens`).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rename: Vec<(String, String)>,
}

/// A value of JSON, as its text.
#[derive(Clone, Debug, PartialEq)]
pub struct Json(String);

impl Json {
    /// The text of a value.
    pub fn new(raw: &RawValue) -> Self {
        Self(raw.get().to_owned())
    }

    /// The text.
    pub fn get(&self) -> &str {
        &self.0
    }
}

impl From<serde_json::Value> for Json {
    fn from(value: serde_json::Value) -> Self {
        Self(value.to_string())
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serde_json::from_str::<&RawValue>(&self.0).map_err(ser::Error::custom)?.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Box::<RawValue>::deserialize(deserializer).map(|raw| Self::new(&raw))
    }
}

impl Quirks {
    /// No differences.
    pub const NONE: &'static Quirks = &Quirks {
        refuses: Vec::new(),
        takes: Vec::new(),
        known_only: false,
        clamp: Vec::new(),
        values: Vec::new(),
        developer_as_system: false,
        flat_content: false,
        fixed: Vec::new(),
        rename: Vec::new(),
    };

    /// Whether there are none.
    pub fn is_none(&self) -> bool {
        self == Self::NONE
    }

    /// The fields that a request must not use to be served: those of `refuses` that are more than hints.
    pub fn lacks(&self) -> Fields {
        let mut lacks = Fields::default();
        let refused = |field: &&Field| self.refuses.iter().any(|name| name == field.name());
        for field in Field::ALL.iter().filter(refused).filter(|field| lacking(**field).is_some()) {
            lacks.insert(*field);
        }
        if self.refuses("messages[].refusal") {
            lacks.insert(Field::PartRefusal);
        }
        lacks
    }

    /// Whether it takes the member of this name, which is none of OpenAI's.
    pub fn takes(&self, name: &str) -> bool {
        self.takes.iter().any(|taken| taken == name) && !self.refuses(name)
    }

    /// Whether it refuses the member of this name.
    pub fn refuses(&self, name: &str) -> bool {
        self.refuses.iter().any(|refused| refused == name)
    }
}

/// What leaving `field` out would do to the answer; `None` for a hint, which is left out without harm.
///
/// The one table of what may be left out for a provider that refuses it. The formats' own tables of fates follow the
/// same rule.
pub fn lacking(field: Field) -> Option<&'static str> {
    use Field as F;
    Some(match field {
        F::Model | F::Messages | F::PartText => "no request is without it",
        F::Stream => "the provider does not stream",
        F::MaxTokens | F::MaxCompletionTokens => "the answer would be longer than asked for",
        F::N => "the provider gives one answer a request",
        F::Stop => "the answer would not end where asked for",
        F::Tools | F::Functions => "the provider's models call no tools",
        F::CustomTools => "the provider's models call functions only",
        F::ToolChoice | F::FunctionCall => "the provider does not let choose whether tools are called",
        F::ForcedTool => "the provider's models cannot be made to call a tool",
        F::ResponseFormat => "the provider's models answer in free text only",
        F::JsonSchema => "the provider takes no JSON Schema for its answer",
        F::Logprobs | F::TopLogprobs => "the provider does not tell probabilities of tokens",
        F::LogitBias => "the provider takes no token biases",
        F::Modalities => "the provider's models answer in text",
        F::AudioOut => "the provider's models give no audio",
        F::WebSearchOptions => "the answer would lack its search",
        F::PartImage => "the provider's models take no pictures",
        F::PartLink => "the provider does not fetch URLs",
        F::PartAudio | F::MessageAudio => "the provider's models take no audio",
        F::PartFile => "the provider's models take no files",
        F::PartRefusal => "the provider takes no refusals back, and the conversation would lack one",
        F::PartUnknown => "what is not known cannot be left out without harm",
        // How answers are sampled, made and kept, whose they are, what was thought behind them.
        F::StreamOptions
        | F::Temperature
        | F::TopP
        | F::TopK
        | F::ParallelToolCalls
        | F::ReasoningEffort
        | F::Thinking
        | F::Verbosity
        | F::Seed
        | F::PresencePenalty
        | F::FrequencyPenalty
        | F::Prediction
        | F::ServiceTier
        | F::Store
        | F::Metadata
        | F::User
        | F::SafetyIdentifier
        | F::PromptCacheKey
        | F::PromptCacheRetention
        | F::MessageName
        | F::CacheControl
        | F::ReasoningContent
        | F::ThinkingBlocks
        | F::CallSignature
        | F::MessageExtra
        | F::Annotations
        | F::Unknown => return None,
    })
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_false(value: &bool) -> bool {
    !value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_read_and_written_as_it_stands() {
        let json = r#"{"refuses":["n","seed","messages[].name"],"takes":["top_k"],"known_only":true,"clamp":[["temperature",0.0,1.0]],"values":[["tool_choice","required","any"]],"developer_as_system":true,"flat_content":true,"fixed":[["store",false]],"rename":[["max_completion_tokens","max_tokens"]]}"#;
        let quirks: Quirks = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::to_string(&quirks).unwrap(), json);
        assert!(!quirks.is_none());
        let none: Quirks = serde_json::from_str("{}").unwrap();
        assert!(none.is_none() && serde_json::to_string(&none).unwrap() == "{}");
        assert!(serde_json::from_str::<Quirks>(r#"{"refuse":[]}"#).is_err());
    }

    #[test]
    fn only_what_changes_the_answer_is_lacking() {
        let names = ["n", "seed", "messages[].name", "tool_choice.required", "annotations"];
        let quirks = Quirks { refuses: names.map(String::from).to_vec(), ..Quirks::default() };
        let lacks: Vec<_> = quirks.lacks().iter().collect();
        assert_eq!(lacks, [Field::N, Field::ForcedTool]);
    }
}
