//! The fields of a chat request, and which of them a request uses.
//!
//! Every provider format states a fate for each of them ([`crate::provider::fate`]), so that nothing is lost in
//! silence.

use crate::dialect::fields::fields;

fields! {
    Model "model" "always",
    Messages "messages" "always",
    Stream "stream" "when true",
    StreamOptions "stream_options" "when not null",
    MaxTokens "max_tokens" "when not null",
    MaxCompletionTokens "max_completion_tokens" "when not null",
    Temperature "temperature" "when not null",
    TopP "top_p" "when not null",
    N "n" "when above 1",
    Stop "stop" "when not null",
    Tools "tools" "when not empty",
    CustomTools "tools[].custom" "when the type of a tool, or of a call of one, is not `function`",
    ToolChoice "tool_choice" "when not null",
    ForcedTool "tool_choice.required" "when a tool must be called",
    ParallelToolCalls "parallel_tool_calls" "when not null",
    ResponseFormat "response_format" "when not null",
    JsonSchema "response_format.json_schema" "when its type is `json_schema`",
    ReasoningEffort "reasoning_effort" "when not null",
    Verbosity "verbosity" "when not null",
    Logprobs "logprobs" "when true",
    TopLogprobs "top_logprobs" "when above 0",
    LogitBias "logit_bias" "when not empty",
    Seed "seed" "when not null",
    PresencePenalty "presence_penalty" "when not 0",
    FrequencyPenalty "frequency_penalty" "when not 0",
    Modalities "modalities" "when it asks for more than text",
    AudioOut "audio" "when not null",
    Prediction "prediction" "when not null",
    ServiceTier "service_tier" "when not null",
    Store "store" "when true",
    Metadata "metadata" "when not empty",
    User "user" "when not null",
    SafetyIdentifier "safety_identifier" "when not null",
    PromptCacheKey "prompt_cache_key" "when not null",
    PromptCacheRetention "prompt_cache_retention" "when not null",
    WebSearchOptions "web_search_options" "when not null",
    Functions "functions" "when not empty",
    FunctionCall "function_call" "when not null",
    MessageName "messages[].name" "when not null",
    PartText "messages[].content[].text" "when such a part is there",
    PartImage "messages[].content[].image_url" "when such a part is there",
    PartLink "messages[].content[].image_url.url" "when a picture or a file is an http or https URL",
    PartAudio "messages[].content[].input_audio" "when such a part is there",
    PartFile "messages[].content[].file" "when such a part is there",
    PartRefusal "messages[].content[].refusal" "when such a part is there",
    PartUnknown "messages[].content[].type" "when a part is of no type named here",
    CacheControl "cache_control" "when not null, on a message, a part or a tool",
    ReasoningContent "messages[].reasoning_content" "when not empty",
    ThinkingBlocks "messages[].thinking_blocks" "when not empty",
    CallSignature "messages[].tool_calls[].extra_content" "when not null",
    MessageAudio "messages[].audio" "when not null",
    MessageExtra "messages[].extra_content" "when not null",
    Annotations "messages[].annotations" "when not empty",
    TopK "top_k" "when not null",
    Thinking "thinking" "when not null",
    Unknown "(any other field)" "when there is one",
}

impl Field {
    /// The field of the request object itself that has this name.
    pub fn top_level(name: &str) -> Option<Field> {
        let field = Field::ALL.iter().copied().find(|field| field.name() == name)?;
        // Parts, messages' fields and what stands for several are no members of the request object.
        (!matches!(field, Field::CacheControl) && !name.contains(['[', '(', '.'])).then_some(field)
    }
}
