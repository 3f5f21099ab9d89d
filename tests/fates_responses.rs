//! Holds the converters of Responses requests to the table of fates, as `fates.rs` does for chat.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::too_many_lines,
    reason = "a test fails by panicking"
)]

use serde_json::{Value, json};
use switchyard::{
    config::file::kinds,
    dialect::{
        Ask, Head,
        responses::field::{Field, Fields},
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
    let user = json!({"role": "user", "content": "Hi"});
    let items = |more: Value| {
        let mut items = vec![user.clone()];
        items.extend(more.as_array().unwrap().iter().cloned());
        json!({"input": items})
    };
    let part = |part: Value| {
        items(json!([{"role": "user", "content": [{"type": "input_text", "text": "more"}, part]}]))
    };
    let answer = |with: Value| items(json!([with, {"type": "message", "role": "user", "content": "Go on"}]));
    let said = json!({"type": "message", "id": "msg_1", "role": "assistant", "status": "completed",
        "content": [{"type": "output_text", "text": "Hello.", "annotations": []}]});
    let with = |mut value: Value, name: &str, member: Value| {
        value[name] = member;
        value
    };
    let reasoned = |summary: Value, content: &str| {
        let item =
            json!({"type": "reasoning", "id": "rs_1", "summary": summary, "encrypted_content": content});
        items(json!([item, said, user]))
    };
    let tool = json!({"type": "function", "name": "now", "parameters": {"type": "object", "properties": {}}});
    let tools = |more: Value| json!({"tools": [tool, more]});
    let plain_tools = || json!({"tools": [tool]});
    let nothing = || json!({});
    let text = json!([{"type": "summary_text", "text": "hm"}]);
    match field {
        Field::Model => (nothing(), json!({"model": "other"})),
        Field::Input => (nothing(), json!({"input": "Bye"})),
        Field::Instructions => (nothing(), json!({"instructions": "Be short."})),
        Field::Stream => (nothing(), json!({"stream": true})),
        Field::StreamOptions => (
            json!({"stream": true}),
            json!({"stream": true, "stream_options": {"include_obfuscation": false}}),
        ),
        Field::MaxOutputTokens => (nothing(), json!({"max_output_tokens": 90})),
        Field::Temperature => (nothing(), json!({"temperature": 0.5})),
        Field::TopP => (nothing(), json!({"top_p": 0.5})),
        Field::TopLogprobs => (nothing(), json!({"top_logprobs": 2})),
        Field::Logprobs => (nothing(), json!({"include": ["message.output_text.logprobs"]})),
        Field::Include => (nothing(), json!({"include": ["reasoning.encrypted_content"]})),
        Field::Tools => (nothing(), plain_tools()),
        Field::CustomTools => (plain_tools(), tools(json!({"type": "custom", "name": "code"}))),
        Field::Namespaces => (
            plain_tools(),
            tools(json!({"type": "namespace", "name": "n", "description": "", "tools": [tool]})),
        ),
        Field::HostedTools => (plain_tools(), tools(json!({"type": "web_search"}))),
        Field::DataTools => (plain_tools(), tools(json!({"type": "mcp", "server_label": "x"}))),
        Field::ClientTools => (plain_tools(), tools(json!({"type": "local_shell"}))),
        Field::ToolUnknown => (plain_tools(), tools(json!({"type": "teapot"}))),
        Field::ToolChoice => (plain_tools(), json!({"tools": [tool], "tool_choice": "required"})),
        Field::ForcedTool => {
            (plain_tools(), json!({"tools": [tool], "tool_choice": {"type": "function", "name": "now"}}))
        }
        Field::ForcedHosted => {
            (plain_tools(), json!({"tools": [tool], "tool_choice": {"type": "image_generation"}}))
        }
        Field::ParallelToolCalls => (plain_tools(), json!({"tools": [tool], "parallel_tool_calls": false})),
        Field::TextFormat => (nothing(), json!({"text": {"format": {"type": "json_object"}}})),
        Field::JsonSchema => {
            let schema = json!({"type": "object", "properties": {}});
            (nothing(), json!({"text": {"format": {"type": "json_schema", "name": "a", "schema": schema}}}))
        }
        Field::Verbosity => (nothing(), json!({"text": {"verbosity": "low"}})),
        Field::ReasoningEffort => (nothing(), json!({"reasoning": {"effort": "high"}})),
        Field::ReasoningSummary => (nothing(), json!({"reasoning": {"summary": "auto"}})),
        Field::ReasoningContext => (nothing(), json!({"reasoning": {"context": "all_turns"}})),
        Field::Store => (nothing(), json!({"store": true})),
        Field::PreviousResponse => (nothing(), json!({"previous_response_id": "resp_1"})),
        Field::Conversation => (nothing(), json!({"conversation": "conv_1"})),
        Field::Background => (nothing(), json!({"background": true})),
        Field::Prompt => (nothing(), json!({"prompt": {"id": "p"}})),
        Field::Moderation => (nothing(), json!({"moderation": {"model": "m"}})),
        Field::Service => (nothing(), json!({"truncation": "auto", "max_tool_calls": 3})),
        Field::Metadata => (nothing(), json!({"metadata": {"a": "b"}})),
        Field::PromptCacheKey => (nothing(), json!({"prompt_cache_key": "k"})),
        Field::PromptCacheRetention => (nothing(), json!({"prompt_cache_retention": "24h"})),
        Field::SafetyIdentifier => (nothing(), json!({"safety_identifier": "s-1"})),
        Field::User => (nothing(), json!({"user": "u-1"})),
        Field::ServiceTier => (nothing(), json!({"service_tier": "flex"})),
        Field::PartText => (nothing(), part(json!({"type": "input_text", "text": "x"}))),
        Field::PartImage => {
            (nothing(), part(json!({"type": "input_image", "image_url": "data:image/png;base64,AAAA"})))
        }
        Field::PartLink => {
            let image = |url: &str| part(json!({"type": "input_image", "image_url": url}));
            (image("data:image/png;base64,AAAA"), image("https://a.example/b.png"))
        }
        Field::ImageId => (nothing(), part(json!({"type": "input_image", "file_id": "file-1"}))),
        Field::PartFile => {
            let data = "data:application/pdf;base64,AAAA";
            (nothing(), part(json!({"type": "input_file", "filename": "a.pdf", "file_data": data})))
        }
        Field::PartAudio => {
            let audio = json!({"data": "AAAA", "format": "mp3"});
            (nothing(), part(json!({"type": "input_audio", "input_audio": audio})))
        }
        Field::PartRefusal => {
            let refused = json!([{"type": "refusal", "refusal": "No."}]);
            (answer(said.clone()), answer(with(said.clone(), "content", refused)))
        }
        Field::PartUnknown => (nothing(), part(json!({"type": "input_video"}))),
        Field::CacheControl => {
            let text = json!({"type": "input_text", "text": "x"});
            let marked = with(text.clone(), "prompt_cache_breakpoint", json!({"mode": "explicit"}));
            (part(text), part(marked))
        }
        Field::Annotations => {
            let cited = json!([{"type": "url_citation", "start_index": 0, "end_index": 1, "title": "", "url": "https://a.example/"}]);
            let content = json!([{"type": "output_text", "text": "Hello.", "annotations": cited}]);
            (answer(said.clone()), answer(with(said.clone(), "content", content)))
        }
        Field::Phase => (answer(said.clone()), answer(with(said.clone(), "phase", json!("commentary")))),
        Field::Thoughts => (items(json!([said, user])), reasoned(text, "")),
        Field::Encrypted => {
            // Each provider takes back its own; what it signed is the summary.
            (items(json!([said, user])), reasoned(text, "switchyard:thinking:v1:c2ln"))
        }
        Field::HostedItems => {
            let call = json!({"type": "web_search_call", "id": "ws_1", "status": "completed",
                "action": {"type": "search", "query": "x"}});
            (items(json!([said, user])), items(json!([call, said, user])))
        }
        Field::ClientItems => {
            (nothing(), items(json!([{"type": "local_shell_call_output", "id": "a", "output": "x"}])))
        }
        Field::ItemReference => (nothing(), items(json!([{"type": "item_reference", "id": "msg_1"}]))),
        Field::Compaction => (nothing(), items(json!([{"type": "compaction", "encrypted_content": "x"}]))),
        Field::ItemUnknown => (nothing(), items(json!([{"type": "teapot"}]))),
        Field::Unknown => (nothing(), json!({"client_metadata": {"a": 1}})),
    }
}

fn whole(with: &Value) -> Value {
    let mut request = json!({"model": "gpt-4.1", "input": [{"role": "user", "content": "Hi"}]});
    request.as_object_mut().unwrap().extend(with.as_object().unwrap().clone());
    request
}

fn fields(request: &Value) -> Fields {
    let head = Head::scan(Ask::Responses, request.to_string().as_bytes()).unwrap();
    let Head::Responses(head) = head else { panic!("another head") };
    head.fields
}

/// All that a provider of this format is sent: its path, and the body.
fn write(format: Format, request: &Value) -> Result<Vec<u8>, ApiError> {
    let thinking =
        if matches!(format, Format::Gemini | Format::Vertex) { Thinking::Budget } else { Thinking::Adaptive };
    let facts = ModelFacts { max_output: Some(32_000), thinking, json_schema: true, ..ModelFacts::default() };
    let body = request.to_string();
    let head = Head::scan(Ask::Responses, body.as_bytes()).unwrap();
    // The gateway's target decides the model, so that here it is the client's.
    let kind = kinds::kind(format.name()).unwrap();
    let path = kind.stream_path.filter(|_| head.stream()).unwrap_or(kind.path);
    let mut out = path::fill(path, head.model(), format)?.into_owned().into_bytes();
    let upstream = Upstream { model: head.model(), facts: &facts, quirks: Quirks::NONE, provider: "p" };
    let body = body.as_bytes();
    if translate::any_request(format, body, &head, &upstream, &mut Vec::new(), &mut out)? == Outcome::AsIs {
        out.extend_from_slice(body);
    }
    Ok(out)
}

#[test]
fn every_format_keeps_to_its_table() {
    let mut wrong = Vec::new();
    for format in Format::ALL {
        for field in Field::ALL {
            wrong.extend(keeps(*format, *field));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn keeps(format: Format, field: Field) -> Option<String> {
    let (base, with) = pair(field);
    let name = format!("{} at {}", field.name(), format.name());
    let plain = write(format, &whole(&base)).unwrap_or_else(|error| panic!("{name}: {error:?}"));
    match (fate::responses::of(format, field), write(format, &whole(&with))) {
        (Fate::Refused(_), Ok(_)) => Some(format!("{name} is not refused")),
        (Fate::Refused(_), Err(error)) => {
            let Some(param) = error.param else { return Some(format!("{name}: the error names no field")) };
            let root = field.name().split(['[', '.']).next().unwrap();
            let chat = field.as_chat().map_or(root, |chat| chat.name().split(['[', '.']).next().unwrap());
            let is_named = param.starts_with(root) || param.starts_with(chat);
            (!is_named).then(|| format!("{name} is refused as {param}"))
        }
        (Fate::Dropped(_), Ok(found)) => (found != plain).then(|| format!("{name} is not dropped")),
        (Fate::Mapped(_) | Fate::Forwarded, Ok(found)) => (found == plain).then(|| format!("{name} is lost")),
        (_, Err(error)) => Some(format!("{name} is refused: {error:?}")),
    }
}

#[test]
fn the_gateway_sees_every_field_that_a_request_uses() {
    for field in Field::ALL {
        let (base, with) = pair(*field);
        assert!(fields(&whole(&with)).contains(*field), "{}", field.name());
        let always = matches!(field, Field::Model | Field::Input | Field::PartText);
        assert!(always || !fields(&whole(&base)).contains(*field), "{} without it", field.name());
    }
}
