//! Where in a request the pass is, and what the members that stand there are to it.

use super::super::field::Field;

/// A kind of value that is looked into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// The request object.
    Request,
    /// A list of messages.
    Messages,
    /// A message.
    Message,
    /// The content of a message.
    Blocks,
    /// A block of that.
    Block,
    /// The content of a block.
    Inners,
    /// A block of that.
    Inner,
    /// Where a picture or a document is.
    Source,
    /// What a text cites, or whether a document may be cited.
    Citations,
    /// The system prompt.
    System,
    /// A block of that.
    SystemBlock,
    /// The list of tools.
    Tools,
    /// A tool.
    Tool,
    /// `tool_choice`.
    Choice,
    /// `thinking`.
    Thinking,
    /// `output_config` of the request.
    Output,
    /// `metadata`.
    Metadata,
}

/// What a member is to the pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Member {
    /// The model: its bytes are kept.
    Model,
    /// Whether a stream is wanted.
    Stream,
    /// Of no meaning but that it must not be there twice.
    Plain,
    /// Counts where it is not null.
    Noted(Field),
    /// Counts where it is not empty.
    Filled(Field),
    /// Counts where it is true.
    True(Field),
    /// Looked into. It counts where it is not empty.
    Into(Place, Option<Field>),
    /// Its beginning tells what the object is, or whose.
    Kind,
    Name,
    Mark,
    Schema,
    /// Only whether a source says where it is.
    Url,
    FileId,
    /// Only how long it is.
    UserId,
}

impl Place {
    /// What the elements of a list are.
    pub(super) fn element(self) -> Option<Place> {
        Some(match self {
            Place::Messages => Place::Message,
            Place::Blocks => Place::Block,
            Place::Inners => Place::Inner,
            Place::System => Place::SystemBlock,
            Place::Tools => Place::Tool,
            _ => return None,
        })
    }

    /// The members that have a meaning in an object.
    pub(super) fn members(self) -> &'static [(&'static str, Member)] {
        match self {
            Place::Request => REQUEST,
            Place::Message => MESSAGE,
            Place::Block | Place::Inner => BLOCK,
            Place::SystemBlock => SYSTEM_BLOCK,
            Place::Source => SOURCE,
            Place::Citations => &[("enabled", Member::True(Field::CitationsAsked))],
            Place::Tool => TOOL,
            Place::Choice => CHOICE,
            Place::Thinking => &[("type", Member::Plain), ("display", Member::Noted(Field::ThinkingDisplay))],
            Place::Output => OUTPUT,
            Place::Metadata => &[("user_id", Member::UserId)],
            Place::Messages | Place::Blocks | Place::Inners | Place::System | Place::Tools => &[],
        }
    }
}

const REQUEST: &[(&str, Member)] = &[
    ("model", Member::Model),
    ("messages", Member::Into(Place::Messages, None)),
    ("stream", Member::Stream),
    ("max_tokens", Member::Noted(Field::MaxTokens)),
    ("system", Member::Into(Place::System, Some(Field::System))),
    ("temperature", Member::Noted(Field::Temperature)),
    ("top_p", Member::Noted(Field::TopP)),
    ("top_k", Member::Noted(Field::TopK)),
    ("stop_sequences", Member::Filled(Field::StopSequences)),
    ("tools", Member::Into(Place::Tools, Some(Field::Tools))),
    ("tool_choice", Member::Into(Place::Choice, Some(Field::ToolChoice))),
    ("thinking", Member::Into(Place::Thinking, Some(Field::Thinking))),
    ("output_config", Member::Into(Place::Output, None)),
    ("output_format", Member::Noted(Field::OldOutputFormat)),
    ("metadata", Member::Into(Place::Metadata, Some(Field::UserId))),
    ("service_tier", Member::Noted(Field::ServiceTier)),
    ("cache_control", Member::Noted(Field::CacheControl)),
    ("context_management", Member::Noted(Field::ContextManagement)),
    ("container", Member::Noted(Field::Container)),
    ("mcp_servers", Member::Filled(Field::McpServers)),
    ("speed", Member::Noted(Field::Speed)),
    ("inference_geo", Member::Noted(Field::InferenceGeo)),
    ("safeguards", Member::Filled(Field::Safeguards)),
    ("user_profile_id", Member::Noted(Field::Accounts)),
    ("workspace_id", Member::Noted(Field::Accounts)),
    ("diagnostics", Member::Noted(Field::Accounts)),
];

const MESSAGE: &[(&str, Member)] = &[
    // A message has no type; what it is, its role says.
    ("role", Member::Kind),
    ("content", Member::Into(Place::Blocks, None)),
    ("output_config", Member::Noted(Field::MessageOutputConfig)),
    ("cache_control", Member::Noted(Field::CacheControl)),
];

const BLOCK: &[(&str, Member)] = &[
    ("type", Member::Kind),
    ("name", Member::Name),
    ("signature", Member::Mark),
    ("data", Member::Mark),
    ("source", Member::Into(Place::Source, None)),
    ("content", Member::Into(Place::Inners, None)),
    ("citations", Member::Into(Place::Citations, None)),
    ("context", Member::Filled(Field::DocumentContext)),
    ("cache_control", Member::Noted(Field::CacheControl)),
    ("transformations", Member::Noted(Field::Transformations)),
    ("caller", Member::Noted(Field::Caller)),
    ("toolset_name", Member::Noted(Field::Caller)),
];

const SYSTEM_BLOCK: &[(&str, Member)] = &[
    ("type", Member::Kind),
    ("text", Member::Mark),
    ("citations", Member::Into(Place::Citations, None)),
    ("cache_control", Member::Noted(Field::CacheControl)),
];

const SOURCE: &[(&str, Member)] = &[
    ("type", Member::Kind),
    ("url", Member::Url),
    ("file_id", Member::FileId),
    ("content", Member::Into(Place::Inners, None)),
];

const TOOL: &[(&str, Member)] = &[
    ("type", Member::Kind),
    ("name", Member::Name),
    ("input_schema", Member::Schema),
    ("strict", Member::True(Field::Strict)),
    ("defer_loading", Member::True(Field::DeferLoading)),
    ("eager_input_streaming", Member::True(Field::EagerInput)),
    ("input_examples", Member::Filled(Field::InputExamples)),
    ("allowed_callers", Member::Filled(Field::AllowedCallers)),
    ("cache_control", Member::Noted(Field::CacheControl)),
];

const CHOICE: &[(&str, Member)] = &[
    ("type", Member::Kind),
    ("name", Member::Name),
    ("disable_parallel_tool_use", Member::True(Field::SingleCall)),
];

const OUTPUT: &[(&str, Member)] =
    &[("effort", Member::Noted(Field::Effort)), ("format", Member::Noted(Field::OutputFormat))];
