//! What providers speak: one folder a wire format.

use serde::{Deserialize, Serialize};

pub mod anthropic;
#[cfg(not(target_arch = "wasm32"))]
pub mod catalogue;
mod extra;
pub mod fate;
pub mod gemini;
mod json;
pub mod model;
pub mod openai;
pub mod path;
mod status;

/// The wire format of a provider's chat endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// OpenAI Chat Completions, and whatever is compatible with it.
    Openai,
    /// Anthropic Messages.
    Anthropic,
    /// Google's Gemini API, `generateContent` and `streamGenerateContent`.
    Gemini,
}

impl Format {
    /// As the configuration and the documentation name it.
    pub fn name(self) -> &'static str {
        match self {
            Format::Openai => "openai",
            Format::Anthropic => "anthropic",
            Format::Gemini => "gemini",
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
}
