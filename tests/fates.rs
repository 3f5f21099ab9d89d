//! Holds the converters to the tables of fates, and the documentation to the tables.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::too_many_lines,
    reason = "a test fails by panicking"
)]

use std::{env, fs, path::PathBuf};

use serde_json::{Value, json};
use switchyard::{
    config::file::kinds,
    dialect::{
        self, Dialect, Operation,
        chat::{field::Field, scan},
        embeddings, rerank, responses,
    },
    ir::ApiError,
    provider::{
        Format, Upstream,
        fate::{self, Fate},
        model::{ModelFacts, Thinking},
        path,
        quirks::Quirks,
    },
    translate::{self, Outcome},
};

/// A request that uses only what every request uses, and the same with `field`.
///
/// Fields that only make sense beside another have that one in both.
fn pair(field: Field) -> (Value, Value) {
    let user = |content: Value| json!([{"role": "user", "content": content}]);
    let said = |extra: Value| {
        let mut turn = json!({"role": "assistant", "content": "Hello."});
        turn.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        json!({"messages": [{"role": "user", "content": "Hi"}, turn, {"role": "user", "content": "Hi"}]})
    };
    let part = |part: Value| json!({"messages": user(json!([{"type": "text", "text": "Hi"}, part]))});
    let tool = json!({"type": "function", "function": {"name": "now", "parameters": {"type": "object"}}});
    let with_tool = json!({"tools": [tool]});
    let nothing = || json!({});
    let (base, with) = match field {
        Field::Model => (nothing(), json!({"model": "other"})),
        Field::Messages => (nothing(), json!({"messages": user(json!("Bye"))})),
        Field::Stream => (nothing(), json!({"stream": true})),
        Field::StreamOptions => {
            (json!({"stream": true}), json!({"stream": true, "stream_options": {"include_usage": true}}))
        }
        Field::MaxTokens => (nothing(), json!({"max_tokens": 9})),
        Field::MaxCompletionTokens => (nothing(), json!({"max_completion_tokens": 9})),
        Field::Temperature => (nothing(), json!({"temperature": 0.5})),
        Field::TopP => (nothing(), json!({"top_p": 0.5})),
        Field::TopK => (nothing(), json!({"top_k": 5})),
        Field::N => (nothing(), json!({"n": 2})),
        Field::Stop => (nothing(), json!({"stop": ["END"]})),
        Field::Tools => (nothing(), with_tool),
        Field::CustomTools => (nothing(), json!({"tools": [{"type": "custom", "custom": {"name": "code"}}]})),
        Field::ToolChoice => (with_tool, json!({"tools": [tool], "tool_choice": "required"})),
        Field::ForcedTool => {
            let named = json!({"type": "function", "function": {"name": "now"}});
            (with_tool, json!({"tools": [tool], "tool_choice": named}))
        }
        Field::JsonSchema => {
            let schema = json!({"name": "a", "schema": {"type": "object", "properties": {}}});
            (nothing(), json!({"response_format": {"type": "json_schema", "json_schema": schema}}))
        }
        Field::ParallelToolCalls => (with_tool, json!({"tools": [tool], "parallel_tool_calls": false})),
        Field::ResponseFormat => (nothing(), json!({"response_format": {"type": "json_object"}})),
        Field::ReasoningEffort => (nothing(), json!({"reasoning_effort": "high"})),
        Field::Thinking => (nothing(), json!({"thinking": {"type": "enabled", "budget_tokens": 2000}})),
        Field::Verbosity => (nothing(), json!({"verbosity": "low"})),
        Field::Logprobs => (nothing(), json!({"logprobs": true})),
        Field::TopLogprobs => (nothing(), json!({"top_logprobs": 2})),
        Field::LogitBias => (nothing(), json!({"logit_bias": {"1": -100}})),
        Field::Seed => (nothing(), json!({"seed": 7})),
        Field::PresencePenalty => (nothing(), json!({"presence_penalty": 0.5})),
        Field::FrequencyPenalty => (nothing(), json!({"frequency_penalty": 0.5})),
        Field::Modalities => (nothing(), json!({"modalities": ["text", "audio"]})),
        Field::AudioOut => (nothing(), json!({"audio": {"voice": "alloy", "format": "wav"}})),
        Field::Prediction => (nothing(), json!({"prediction": {"type": "content", "content": "x"}})),
        Field::ServiceTier => (nothing(), json!({"service_tier": "flex"})),
        Field::Store => (nothing(), json!({"store": true})),
        Field::Metadata => (nothing(), json!({"metadata": {"a": "b"}})),
        Field::User => (nothing(), json!({"user": "u-1"})),
        Field::SafetyIdentifier => (nothing(), json!({"safety_identifier": "s-1"})),
        Field::PromptCacheKey => (nothing(), json!({"prompt_cache_key": "k"})),
        Field::PromptCacheRetention => (nothing(), json!({"prompt_cache_retention": "24h"})),
        Field::WebSearchOptions => (nothing(), json!({"web_search_options": {}})),
        Field::Functions => (nothing(), json!({"functions": [{"name": "now"}]})),
        Field::FunctionCall => {
            let functions = json!([{"name": "now"}]);
            (
                json!({"functions": functions}),
                json!({"functions": functions, "function_call": {"name": "now"}}),
            )
        }
        Field::MessageName => {
            (nothing(), json!({"messages": [{"role": "user", "content": "Hi", "name": "bob"}]}))
        }
        Field::PartText => (nothing(), part(json!({"type": "text", "text": "more"}))),
        Field::PartImage => (
            nothing(),
            part(json!({"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}})),
        ),
        Field::PartLink => {
            let image = |url: &str| part(json!({"type": "image_url", "image_url": {"url": url}}));
            (image("data:image/png;base64,AAAA"), image("https://a.example/b.png"))
        }
        Field::PartAudio => (
            nothing(),
            part(json!({"type": "input_audio", "input_audio": {"data": "AAAA", "format": "mp3"}})),
        ),
        Field::PartFile => (
            nothing(),
            part(json!({"type": "file", "file": {"file_data": "data:application/pdf;base64,AAAA"}})),
        ),
        Field::PartRefusal => {
            (said(nothing()), said(json!({"content": [{"type": "refusal", "refusal": "No."}]})))
        }
        Field::PartUnknown => (nothing(), part(json!({"type": "video_url", "video_url": {}}))),
        Field::CacheControl => {
            let text = json!({"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}});
            (part(json!({"type": "text", "text": "x"})), part(text))
        }
        Field::ReasoningContent => (said(nothing()), said(json!({"reasoning_content": "hm"}))),
        Field::ThinkingBlocks => {
            // Each provider takes back its own.
            let block = |sign: &str| json!({"type": "thinking", "thinking": "hm", "signature": sign});
            let blocks = json!([block("c2ln"), block("openai:v1:rs_1:c2ln")]);
            (said(nothing()), said(json!({"thinking_blocks": blocks})))
        }
        Field::CallSignature => {
            let extra = json!({"google": {"thought_signature": "c2ln"}});
            let function = json!({"name": "now", "arguments": "{}"});
            let called = |call: Value| said(json!({"tool_calls": [call]}));
            (
                called(json!({"id": "a", "type": "function", "function": function})),
                called(json!({"id": "a", "type": "function", "function": function, "extra_content": extra})),
            )
        }
        Field::MessageExtra => {
            let extra = json!({"google": {"thought_signature": "c2ln"}, "anthropic": {"stop_details": {}}});
            (said(nothing()), said(json!({"extra_content": extra})))
        }
        Field::Annotations => {
            let cited = json!({"start_index": 0, "end_index": 6, "title": "", "url": "https://a.example/"});
            let annotation = json!({"type": "url_citation", "url_citation": cited});
            (said(nothing()), said(json!({"annotations": [annotation]})))
        }
        Field::MessageAudio => (said(nothing()), said(json!({"audio": {"id": "audio_1"}}))),
        Field::Unknown => (nothing(), json!({"client_metadata": {"a": 1}})),
    };
    let whole = |with: Value| {
        let mut request = json!({"model": "gpt-4.1", "messages": user(json!("Hi"))});
        request.as_object_mut().unwrap().extend(with.as_object().unwrap().clone());
        request
    };
    (whole(base), whole(with))
}

/// All that a provider of this format is sent: its path, and the body.
fn write(format: Format, request: &Value) -> Result<Vec<u8>, ApiError> {
    let thinking =
        if matches!(format, Format::Gemini | Format::Vertex) { Thinking::Budget } else { Thinking::Adaptive };
    let facts = ModelFacts { max_output: Some(32_000), thinking, json_schema: true, ..ModelFacts::default() };
    let body = request.to_string();
    let head = scan::scan(body.as_bytes()).unwrap();
    // The gateway's target decides the model, so that here it is the client's.
    let kind = kinds::kind(format.name()).unwrap();
    let path = kind.stream_path.filter(|_| head.stream).unwrap_or(kind.path);
    let mut out = path::fill(path, &head.model, format)?.into_owned().into_bytes();
    let upstream = Upstream { model: &head.model, facts: &facts, quirks: Quirks::NONE, provider: "p" };
    let outcome = translate::request(Dialect::Chat, format, body.as_bytes(), &head, &upstream, &mut out)?;
    assert_eq!(outcome, Outcome::Replaced);
    Ok(out)
}

#[test]
fn every_format_keeps_to_its_table() {
    for format in Format::ALL.iter().filter(|format| **format != Format::Openai) {
        for field in Field::ALL {
            keeps(*format, *field);
        }
    }
}

fn keeps(format: Format, field: Field) {
    let (base, with) = pair(field);
    let name = format!("{} at {}", field.name(), format.name());
    let plain = write(format, &base).unwrap_or_else(|error| panic!("{name}: {error:?}"));
    match (fate::of_chat(format, field), write(format, &with)) {
        // The id stands for sound that only OpenAI has, and the rest of the message for nothing: the gateway
        // alone keeps such a request away.
        (Fate::Refused(_), Ok(_)) if field == Field::MessageAudio => {}
        (Fate::Refused(_), found) => {
            let error = found.err().unwrap_or_else(|| panic!("{name} is not refused"));
            let param = error.param.unwrap_or_else(|| panic!("{name}: the error names no field"));
            let root = name.split(['[', '.', ' ']).next().unwrap();
            assert!(param.starts_with(root), "{name} is refused as {param}");
        }
        (Fate::Dropped(_), found) => assert!(found.unwrap() == plain, "{name} is not dropped"),
        (Fate::Mapped(_) | Fate::Forwarded, found) => assert!(found.unwrap() != plain, "{name} is lost"),
    }
}

#[test]
fn the_gateway_sees_every_field_that_a_request_uses() {
    for field in Field::ALL {
        let (base, with) = pair(*field);
        let fields = |request: &Value| scan::scan(request.to_string().as_bytes()).unwrap().fields;
        assert!(fields(&with).contains(*field), "{}", field.name());
        let always = matches!(field, Field::Model | Field::Messages);
        assert!(always || !fields(&base).contains(*field), "{} without it", field.name());
    }
}

#[test]
fn the_documentation_is_the_table() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/fidelity.md");
    let page = fate::markdown();
    if env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == page, "docs/fidelity.md is not what the tables say; UPDATE_GOLDEN=1 writes it");
    let rows = |part: &str| part.lines().filter(|line| line.starts_with("| ")).count();
    let (page, others) = page.split_once("\n## Messages to all others").unwrap();
    let (messages, _) = others.split_once("\nTo `openai`").unwrap();
    assert_eq!(rows(messages), dialect::messages::field::Field::ALL.len() + 1);
    // One table each, for all formats.
    let (responses, completions) =
        others.split_once("\n## Responses").unwrap().1.split_once("\n## Completions").unwrap();
    assert_eq!(rows(responses), responses::field::Field::ALL.len() + 1);
    assert_eq!(rows(completions), dialect::completions::field::Field::ALL.len() + 1);
    let rows = rows(page.split("\n## Messages").next().unwrap());
    let tables =
        |operation| Format::ALL.iter().filter(|format| fate::lacks(**format, operation).is_none()).count();
    let chat = (Format::ALL.len() - 1) * (Field::ALL.len() + 1);
    let embeddings = tables(Operation::Embeddings) * (embeddings::field::Field::ALL.len() + 1);
    let rerank = tables(Operation::Rerank) * (rerank::field::Field::ALL.len() + 1);
    assert_eq!(rows, chat + embeddings + rerank, "a table for each format but OpenAI's own chat");
}
