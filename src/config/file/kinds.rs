//! The types of providers: what `type:` in `gateway.yaml` stands for.

use crate::provider::Format;

/// What a type of provider stands for. Every part but the name can be overridden in `gateway.yaml`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// As `type:` names it.
    pub name: &'static str,
    /// Where it is; `None`: `base_url` is required.
    pub base_url: Option<&'static str>,
    /// Its wire format.
    pub format: Format,
    /// The path of its chat endpoint, after the path of the base URL.
    pub path: &'static str,
    /// The same for requests of streams, where it is another one.
    pub stream_path: Option<&'static str>,
    /// The header of its credential.
    pub auth_header: &'static str,
    /// What stands before the credential.
    pub auth_prefix: &'static str,
    /// Further headers of each request.
    pub headers: &'static [(&'static str, &'static str)],
    /// Whether it refuses requests without a credential.
    pub needs_key: bool,
}

/// All types, in the order of the documentation.
///
/// Sources: OpenAI API reference, "Authentication" and "Create chat completion"; Anthropic API reference, "Overview"
/// and "Versions"; Gemini API reference, "All methods" and "API keys"; Ollama's page on OpenAI compatibility.
pub const KINDS: &[Kind] = &[
    Kind { name: "openai", base_url: Some("https://api.openai.com/v1"), needs_key: true, ..OPENAI },
    Kind {
        name: "anthropic",
        base_url: Some("https://api.anthropic.com"),
        format: Format::Anthropic,
        path: "/v1/messages",
        stream_path: None,
        auth_header: "x-api-key",
        auth_prefix: "",
        headers: &[("anthropic-version", "2023-06-01")],
        needs_key: true,
    },
    Kind {
        name: "gemini",
        base_url: Some("https://generativelanguage.googleapis.com"),
        format: Format::Gemini,
        path: "/v1beta/models/{model}:generateContent",
        stream_path: Some("/v1beta/models/{model}:streamGenerateContent?alt=sse"),
        auth_header: "x-goog-api-key",
        auth_prefix: "",
        headers: &[],
        needs_key: true,
    },
    Kind {
        name: "vertex",
        format: Format::Vertex,
        path: "/models/{model}:generateContent",
        stream_path: Some("/models/{model}:streamGenerateContent?alt=sse"),
        needs_key: true,
        ..OPENAI
    },
    Kind {
        name: "vertex-anthropic",
        format: Format::VertexAnthropic,
        path: "/models/{model}:rawPredict",
        stream_path: Some("/models/{model}:streamRawPredict"),
        needs_key: true,
        ..OPENAI
    },
    Kind {
        name: "bedrock",
        format: Format::Bedrock,
        path: "/model/{model}/converse",
        stream_path: Some("/model/{model}/converse-stream"),
        ..OPENAI
    },
    Kind {
        name: "bedrock-anthropic",
        format: Format::BedrockAnthropic,
        path: "/model/{model}/invoke",
        stream_path: Some("/model/{model}/invoke-with-response-stream"),
        ..OPENAI
    },
    Kind {
        name: "cohere",
        base_url: Some("https://api.cohere.com"),
        format: Format::Cohere,
        path: "/v2/chat",
        needs_key: true,
        ..OPENAI
    },
    Kind {
        name: "mistral",
        base_url: Some("https://api.mistral.ai/v1"),
        format: Format::Mistral,
        needs_key: true,
        ..OPENAI
    },
    Kind {
        name: "openai-responses",
        base_url: Some("https://api.openai.com/v1"),
        format: Format::Responses,
        path: "/responses",
        needs_key: true,
        ..OPENAI
    },
    Kind { name: "openai-compatible", ..OPENAI },
    Kind { name: "ollama", base_url: Some("http://127.0.0.1:11434/v1"), ..OPENAI },
];

const OPENAI: Kind = Kind {
    name: "",
    base_url: None,
    format: Format::Openai,
    path: "/chat/completions",
    stream_path: None,
    auth_header: "authorization",
    auth_prefix: "Bearer ",
    headers: &[],
    needs_key: false,
};

/// The type of this name.
pub fn kind(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name)
}

/// The names of all types.
pub fn names() -> impl Iterator<Item = &'static str> {
    KINDS.iter().map(|kind| kind.name)
}
