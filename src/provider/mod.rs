//! What providers speak: one folder a wire format.

use serde::{Deserialize, Serialize};

pub mod anthropic;
pub mod bedrock;
mod beside;
#[cfg(not(target_arch = "wasm32"))]
pub mod catalogue;
pub mod cohere;
mod conversation;
pub mod count;
mod course;
mod embeddings;
mod extra;
pub mod fate;
mod fault;
pub mod gemini;
mod ids;
pub(crate) mod json;
mod media;
pub mod mistral;
pub mod model;
pub mod openai;
mod passing;
pub mod path;
pub mod quirks;
pub mod responses;
mod schema;
mod status;
mod tools;
mod turns;
pub mod wait;

/// The wire format of a provider's chat endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// OpenAI Chat Completions, and whatever is compatible with it.
    Openai,
    /// Anthropic Messages.
    Anthropic,
    /// Google's Gemini API, `generateContent` and `streamGenerateContent`.
    Gemini,
    /// Gemini models on Google's Vertex AI: the same messages at other paths, and links to pictures are taken.
    Vertex,
    /// Claude on Vertex AI: Anthropic Messages through `rawPredict` and `streamRawPredict`.
    VertexAnthropic,
    /// Any model on AWS Bedrock: `Converse` and `ConverseStream`.
    Bedrock,
    /// Claude on AWS Bedrock: Anthropic Messages through `InvokeModel`, whose streams are AWS event streams.
    BedrockAnthropic,
    /// Cohere's v2 API.
    Cohere,
    /// Mistral's API: close to OpenAI's, and strict.
    Mistral,
    /// OpenAI Responses, for models that speak nothing else.
    #[serde(rename = "openai-responses")]
    Responses,
}

impl Format {
    /// All of them, in the order of the documentation.
    pub const ALL: &'static [Format] = &[
        Format::Openai,
        Format::Anthropic,
        Format::Gemini,
        Format::Vertex,
        Format::VertexAnthropic,
        Format::Bedrock,
        Format::BedrockAnthropic,
        Format::Cohere,
        Format::Mistral,
        Format::Responses,
    ];

    /// As the configuration and the documentation name it.
    pub fn name(self) -> &'static str {
        match self {
            Format::Openai => "openai",
            Format::Anthropic => "anthropic",
            Format::Gemini => "gemini",
            Format::Vertex => "vertex",
            Format::VertexAnthropic => "vertex-anthropic",
            Format::Bedrock => "bedrock",
            Format::BedrockAnthropic => "bedrock-anthropic",
            Format::Cohere => "cohere",
            Format::Mistral => "mistral",
            Format::Responses => "openai-responses",
        }
    }

    /// Whose models it reaches, for messages to a person: "cannot be sent to {}".
    pub fn whose_model(self) -> &'static str {
        match self {
            Format::Openai => "an OpenAI model",
            Format::Responses => "an OpenAI model through Responses",
            Format::Anthropic => "an Anthropic model",
            Format::Gemini => "a Gemini model",
            Format::Vertex => "a Gemini model on Vertex AI",
            Format::VertexAnthropic => "an Anthropic model on Vertex AI",
            Format::Bedrock => "a model on Bedrock",
            Format::BedrockAnthropic => "an Anthropic model on Bedrock",
            Format::Cohere => "a Cohere model",
            Format::Mistral => "a Mistral model",
        }
    }

    /// The media type of its streams, without parameters.
    pub fn stream_type(self) -> &'static str {
        match self {
            Format::Bedrock | Format::BedrockAnthropic => "application/vnd.amazon.eventstream",
            _ => "text/event-stream",
        }
    }
}

/// Who an attempt is for: what a writer of provider requests needs to know besides the request.
#[derive(Clone, Copy, Debug)]
pub struct Upstream<'a> {
    /// The provider's own name of the model.
    pub model: &'a str,
    /// What is known of that model.
    pub facts: &'a model::ModelFacts,
    /// In what its provider differs from the format's own vendor.
    pub quirks: &'a quirks::Quirks,
    /// The provider's name in the configuration: reasoning that only it can read is marked with it.
    pub provider: &'a str,
}
