//! The fields of a Responses request, and which of them a request uses.
//!
//! Source: openai 3.54.0, `ResponseCreateParams` and the types of its items, parts and tools.

use crate::dialect::{chat, fields::fields};

fields! {
    Model "model" "always",
    Input "input" "when not null",
    Instructions "instructions" "when not null",
    Stream "stream" "when true",
    StreamOptions "stream_options" "when not null",
    MaxOutputTokens "max_output_tokens" "when not null",
    Temperature "temperature" "when not null",
    TopP "top_p" "when not null",
    TopLogprobs "top_logprobs" "when above 0",
    Logprobs "include[].message.output_text.logprobs" "when it is there",
    Include "include" "when not empty",
    Tools "tools" "when there is a function, a custom tool or a namespace, in `additional_tools` and `tool_search_output` too",
    CustomTools "tools[].custom" "when there is such a tool, or a call of one",
    Namespaces "tools[].namespace" "when there is such a tool, or a call with a `namespace`",
    HostedTools "tools[].web_search" "when there is a tool `web_search`, `web_search_preview`, `code_interpreter`, `image_generation`, `tool_search` or `programmatic_tool_calling`",
    DataTools "tools[].file_search" "when there is a tool `file_search` or `mcp`",
    ClientTools "tools[].computer" "when there is a tool `computer`, `computer_use_preview`, `local_shell`, `shell` or `apply_patch`",
    ToolUnknown "tools[].type" "when a tool is of no type named here",
    ToolChoice "tool_choice" "when not null",
    ForcedTool "tool_choice.required" "when a function or a custom tool must be called",
    ForcedHosted "tool_choice.type" "when another tool must be called",
    ParallelToolCalls "parallel_tool_calls" "when not null",
    TextFormat "text.format" "when its type is not `text`",
    JsonSchema "text.format.schema" "when its type is `json_schema`",
    Verbosity "text.verbosity" "when not null",
    ReasoningEffort "reasoning.effort" "when not null",
    ReasoningSummary "reasoning.summary" "when not null, or `reasoning.generate_summary` is not",
    ReasoningContext "reasoning.context" "when there is a member of `reasoning` that is not named above",
    Store "store" "when true",
    PreviousResponse "previous_response_id" "when not null",
    Conversation "conversation" "when not null",
    Background "background" "when true",
    Prompt "prompt" "when not null",
    Moderation "moderation" "when not null",
    Service "(settings of the service)" "when `access_programs`, `background_options`, `context_management`, `image`, `max_tool_calls`, `prompt_cache_options` or `truncation` is there",
    Metadata "metadata" "when not empty",
    PromptCacheKey "prompt_cache_key" "when not null",
    PromptCacheRetention "prompt_cache_retention" "when not null",
    SafetyIdentifier "safety_identifier" "when not null",
    User "user" "when not null",
    ServiceTier "service_tier" "when not null",
    PartText "input[].content[].input_text" "when text is there: in `output_text` and the output of a tool too",
    PartImage "input[].content[].input_image" "when such a part is there",
    PartLink "input[].content[].image_url" "when a picture or a file is an http or https URL",
    ImageId "input[].content[].file_id" "when a picture is named by its id",
    PartFile "input[].content[].input_file" "when such a part is there",
    PartAudio "input[].content[].input_audio" "when such a part is there",
    PartRefusal "input[].content[].refusal" "when such a part is there",
    PartUnknown "input[].content[].type" "when a part is of no type named here",
    CacheControl "input[].content[].prompt_cache_breakpoint" "when not null",
    Annotations "input[].content[].annotations" "when not empty",
    Phase "input[].phase" "when not null",
    Thoughts "input[].summary" "when an item of reasoning has a summary or a content",
    Encrypted "input[].encrypted_content" "when an item of reasoning has one",
    HostedItems "input[].web_search_call" "when there is an item `web_search_call`, `file_search_call`, `code_interpreter_call`, `mcp_call`, `mcp_list_tools`, `tool_search_call` or `tool_search_output`",
    ClientItems "input[].computer_call" "when there is an item `computer_call`, `local_shell_call`, `shell_call`, `apply_patch_call`, `program` or the output of one, `image_generation_call`, `mcp_approval_request` or `mcp_approval_response`",
    ItemReference "input[].item_reference" "when there is such an item",
    Compaction "input[].compaction" "when there is an item `compaction`, `compaction_trigger` or `configuration_update`",
    ItemUnknown "input[].type" "when an item is of no type named here",
    Unknown "(any other field)" "when there is one",
}

/// What [`Field::Service`] stands for.
pub(super) const SERVICE: &[&str] = &[
    "access_programs",
    "background_options",
    "context_management",
    "image",
    "max_tool_calls",
    "prompt_cache_options",
    "truncation",
];

impl Field {
    /// The field that is told of a member of the request object: the first one, where it has several.
    pub(super) fn top_level(name: &str) -> Option<Field> {
        match name {
            "text" => Some(Field::TextFormat),
            "reasoning" => Some(Field::ReasoningEffort),
            _ if name.contains(['.', '[', '(']) => None,
            _ => Field::ALL.iter().copied().find(|field| field.name() == name),
        }
    }

    /// The member that is to blame where this is refused: of kinds of items and tools, their type.
    pub fn param(self) -> &'static str {
        match self {
            Field::DataTools | Field::ClientTools | Field::ToolUnknown => "tools[].type",
            Field::ClientItems | Field::Compaction | Field::ItemReference | Field::ItemUnknown => {
                "input[].type"
            }
            Field::Logprobs => "include",
            _ => self.name(),
        }
    }

    /// The field of a chat request that means the same, and so has the same fate at formats other than Responses;
    /// `None` for what only Responses knows.
    pub fn as_chat(self) -> Option<chat::field::Field> {
        use chat::field::Field as Chat;
        Some(match self {
            Field::Model => Chat::Model,
            Field::Input | Field::Instructions => Chat::Messages,
            Field::Stream => Chat::Stream,
            Field::MaxOutputTokens => Chat::MaxCompletionTokens,
            Field::Temperature => Chat::Temperature,
            Field::TopP => Chat::TopP,
            Field::Tools => Chat::Tools,
            Field::ToolChoice => Chat::ToolChoice,
            Field::ForcedTool => Chat::ForcedTool,
            Field::ParallelToolCalls => Chat::ParallelToolCalls,
            Field::TextFormat => Chat::ResponseFormat,
            Field::JsonSchema => Chat::JsonSchema,
            Field::Verbosity => Chat::Verbosity,
            Field::ReasoningEffort => Chat::ReasoningEffort,
            Field::Metadata => Chat::Metadata,
            Field::PromptCacheKey => Chat::PromptCacheKey,
            Field::PromptCacheRetention => Chat::PromptCacheRetention,
            Field::SafetyIdentifier => Chat::SafetyIdentifier,
            Field::User => Chat::User,
            Field::ServiceTier => Chat::ServiceTier,
            Field::PartText => Chat::PartText,
            Field::PartImage => Chat::PartImage,
            Field::PartLink => Chat::PartLink,
            Field::PartFile => Chat::PartFile,
            Field::PartAudio => Chat::PartAudio,
            Field::PartRefusal => Chat::PartRefusal,
            Field::PartUnknown => Chat::PartUnknown,
            Field::CacheControl => Chat::CacheControl,
            Field::Annotations => Chat::Annotations,
            Field::Thoughts => Chat::ReasoningContent,
            Field::Encrypted => Chat::ThinkingBlocks,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_of_the_request_are_told_from_kinds_of_what_is_in_it() {
        assert_eq!(Field::top_level("store"), Some(Field::Store));
        assert_eq!(Field::top_level("text"), Some(Field::TextFormat));
        for name in ["text.format", "(any other field)", "image", "none"] {
            assert_eq!(Field::top_level(name), None, "{name}");
        }
    }
}
