use std::borrow::Cow;

use serde_json::value::RawValue;

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The operator's instructions.
    System,
    /// The operator's instructions, as newer OpenAI models call them.
    Developer,
    /// The user.
    User,
    /// The model.
    Assistant,
    /// Results of tool calls; its parts are all [`Part::ToolResult`].
    Tool,
}

/// A point up to which the client wants the prompt cached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheControl {
    /// Five minutes, the default.
    Minutes5,
    /// One hour.
    Hour1,
}

/// Bytes that are not text, by value or by reference.
#[derive(Clone, Debug, PartialEq)]
pub enum Media<'a> {
    /// A URL that the provider is to fetch.
    Url(Cow<'a, str>),
    /// Bytes in base64 with their media type (`image/png`).
    Base64 {
        /// Without parameters, lower case.
        media_type: Cow<'a, str>,
        /// Standard alphabet, no white space.
        data: Cow<'a, str>,
    },
    /// A file the client uploaded to the provider before.
    FileId(Cow<'a, str>),
    /// Plain text that stands for a document.
    Text(Cow<'a, str>),
}

/// Encoding of an audio part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AudioFormat {
    /// RIFF WAVE.
    Wav,
    /// MPEG layer 3.
    Mp3,
}

/// One piece of a message.
#[derive(Clone, Debug)]
pub enum Part<'a> {
    /// Text.
    Text {
        /// May be empty; a writer drops it where the provider refuses empty text.
        text: Cow<'a, str>,
        /// Cache the prompt up to here.
        cache: Option<CacheControl>,
    },
    /// A picture.
    Image {
        /// Where it is.
        source: Media<'a>,
        /// `auto`, `low` or `high`.
        detail: Option<Cow<'a, str>>,
        /// Cache the prompt up to here.
        cache: Option<CacheControl>,
    },
    /// A document: PDF or text.
    File {
        /// Where it is.
        source: Media<'a>,
        /// Its name, for the model.
        filename: Option<Cow<'a, str>>,
        /// Cache the prompt up to here.
        cache: Option<CacheControl>,
    },
    /// Sound.
    Audio {
        /// Base64.
        data: Cow<'a, str>,
        /// How it is encoded.
        format: AudioFormat,
    },
    /// Text with which the model declined to answer, in an earlier turn.
    Refusal(Cow<'a, str>),
    /// The model's reasoning in an earlier turn.
    Thinking {
        /// The reasoning.
        text: Cow<'a, str>,
        /// Without one, only providers that do not check take it back.
        signature: Option<Cow<'a, str>>,
    },
    /// The model's reasoning in an earlier turn, encrypted.
    RedactedThinking(Cow<'a, str>),
    /// A call that the model made in an earlier turn.
    ToolCall {
        /// As the model's turn had it.
        id: Cow<'a, str>,
        /// The tool.
        name: Cow<'a, str>,
        /// JSON text as the client sent it; may be empty for a call without arguments.
        arguments: Cow<'a, str>,
        /// The reasoning behind the call, as its provider signed it; opaque.
        signature: Option<Cow<'a, str>>,
        /// Cache the prompt up to here.
        cache: Option<CacheControl>,
    },
    /// What a tool call gave.
    ToolResult {
        /// The call it answers.
        id: Cow<'a, str>,
        /// Text, images, files.
        content: Vec<Part<'a>>,
        /// The call failed.
        is_error: bool,
        /// Cache the prompt up to here.
        cache: Option<CacheControl>,
    },
}

/// One turn, or a piece of one: turns are not merged here.
#[derive(Clone, Debug)]
pub struct Message<'a> {
    /// Who speaks.
    pub role: Role,
    /// What is said.
    pub parts: Vec<Part<'a>>,
    /// The speaker's name, where the client gave one.
    pub name: Option<Cow<'a, str>>,
    /// The reasoning behind the text of the model's turn, as its provider signed it; opaque.
    pub signature: Option<Cow<'a, str>>,
}

/// A function that the model may call.
#[derive(Clone, Debug)]
pub struct Tool<'a> {
    /// Its name.
    pub name: Cow<'a, str>,
    /// What it is for.
    pub description: Option<Cow<'a, str>>,
    /// JSON Schema of its arguments.
    pub parameters: Option<&'a RawValue>,
    /// Arguments must match the schema exactly.
    pub strict: Option<bool>,
    /// Cache the prompt up to here.
    pub cache: Option<CacheControl>,
}

/// Whether the model must call a tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ToolChoice<'a> {
    /// It may.
    Auto,
    /// It must not.
    None,
    /// It must call one.
    Required,
    /// It must call this one.
    Named(Cow<'a, str>),
    /// Only these are allowed; `required` says that one must be called.
    Allowed {
        /// Names of tools.
        names: Vec<Cow<'a, str>>,
        /// One of them must be called.
        required: bool,
    },
}

/// The form of the answer.
#[derive(Clone, Debug)]
pub enum ResponseFormat<'a> {
    /// Free text.
    Text,
    /// Some JSON object.
    JsonObject,
    /// JSON that matches a schema.
    JsonSchema {
        /// A name for the schema.
        name: Option<Cow<'a, str>>,
        /// What it is for.
        description: Option<Cow<'a, str>>,
        /// The JSON Schema.
        schema: &'a RawValue,
        /// Must match exactly.
        strict: Option<bool>,
    },
}

/// How much to think before answering: OpenAI's `reasoning_effort`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effort {
    /// The least that is thinking at all.
    Minimal,
    /// A little.
    Low,
    /// The usual.
    Medium,
    /// Much.
    High,
    /// Very much.
    Xhigh,
    /// All that the model can.
    Max,
}

impl Effort {
    /// The nearest effort, where a budget of tokens is asked for of a model that knows efforts. The bounds are
    /// LiteLLM's, so that a move from it changes nothing.
    pub fn of_budget(tokens: u64) -> Self {
        match tokens {
            0..1024 => Self::Minimal,
            1024..2048 => Self::Low,
            2048..4096 => Self::Medium,
            _ => Self::High,
        }
    }

    /// The budget of tokens that stands for an effort, for models that know budgets. The budgets are LiteLLM's too.
    pub fn budget(self) -> u64 {
        match self {
            Self::Minimal | Self::Low => 1024,
            Self::Medium => 2048,
            Self::High => 4096,
            Self::Xhigh => 8192,
            Self::Max => 16384,
        }
    }
}

/// Whether and how the model is to reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reasoning {
    /// Not at all.
    Off,
    /// With this effort.
    Effort(Effort),
    /// With at most this many tokens.
    Budget(u64),
}

/// A chat request.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// As the client named it.
    pub model: Cow<'a, str>,
    /// The conversation, in the client's order.
    pub messages: Vec<Message<'a>>,
    /// Functions that the model may call.
    pub tools: Vec<Tool<'a>>,
    /// Whether it must.
    pub tool_choice: Option<ToolChoice<'a>>,
    /// Whether it may make several calls in one turn.
    pub parallel_tool_calls: Option<bool>,
    /// The most tokens to answer with.
    pub max_tokens: Option<u64>,
    /// 0 to 2, as OpenAI counts.
    pub temperature: Option<f64>,
    /// Nucleus sampling, 0 to 1.
    pub top_p: Option<f64>,
    /// Sample from the k likeliest tokens.
    pub top_k: Option<u64>,
    /// -2 to 2.
    pub frequency_penalty: Option<f64>,
    /// -2 to 2.
    pub presence_penalty: Option<f64>,
    /// For repeatable sampling.
    pub seed: Option<i64>,
    /// How many answers.
    pub n: Option<u64>,
    /// Sequences that end the answer.
    pub stop: Vec<Cow<'a, str>>,
    /// The form of the answer.
    pub response_format: Option<ResponseFormat<'a>>,
    /// How to reason; `None` leaves it to the model.
    pub reasoning: Option<Reasoning>,
    /// An opaque id of the end user.
    pub user: Option<Cow<'a, str>>,
    /// The client wants a stream.
    pub stream: bool,
    /// The client wants usage in the stream.
    pub include_usage: bool,
    /// Fields of the client's dialect that have no place above, as they were sent.
    pub extra: Vec<(Cow<'a, str>, &'a RawValue)>,
}
