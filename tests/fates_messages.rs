//! Holds the converters of Messages requests to the tables of fates, as `fates.rs` does for chat.

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
    dialect::{Ask, Head, messages::field::Field},
    ir::ApiError,
    provider::{
        Format, Upstream,
        anthropic::beta,
        fate::{self, Fate},
        model::{ModelFacts, Thinking},
        path,
        quirks::Quirks,
    },
    translate::{self, Outcome},
};

fn is_anthropics(format: Format) -> bool {
    matches!(format, Format::Anthropic | Format::VertexAnthropic | Format::BedrockAnthropic)
}

/// A request that uses only what every request uses, and the same with `field`.
///
/// Fields that only make sense beside another have that one in both.
fn pair(format: Format, field: Field) -> (Value, Value) {
    let nothing = || json!({});
    let user = |blocks: Value| json!({"messages": [{"role": "user", "content": blocks}]});
    let hi = json!({"type": "text", "text": "Hi"});
    let block = |block: Value| (nothing(), user(json!([hi, block])));
    let said = |blocks: Value| {
        json!({"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": blocks},
            {"role": "user", "content": "Hi"}]})
    };
    let called = |blocks: Value, result: Value| {
        json!({"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": blocks},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "a", "content": result}]}]})
    };
    let call = json!({"type": "tool_use", "id": "a", "name": "now", "input": {}});
    let closed = json!({"type": "object", "properties": {}, "additionalProperties": false});
    let tool = json!({"name": "now", "input_schema": closed});
    let tools = |tools: Value| json!({"tools": tools});
    let more = |with: Value| (tools(json!([tool])), tools(json!([tool, with])));
    let tool_with = |name: &str, value: Value| {
        let mut with = tool.clone();
        with[name] = value;
        (tools(json!([tool])), tools(json!([with])))
    };
    let chosen = |others: Value, choice: Value| {
        (json!({"tools": others}), json!({"tools": others, "tool_choice": choice}))
    };
    let search = json!({"type": "web_search_20250305", "name": "web_search"});
    let code = json!({"type": "code_execution_20250825", "name": "code_execution"});
    let both = |base: Value, with: Value| (base, with);
    let top = |name: &str, value: Value| (nothing(), json!({name: value}));
    let text_document =
        json!({"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "x"}});
    let document_with = |name: &str, value: Value| {
        let mut with = text_document.clone();
        with[name] = value;
        (user(json!([text_document])), user(json!([with])))
    };
    let png = json!({"type": "base64", "media_type": "image/png", "data": "AAAA"});
    let image = |source: &Value| user(json!([hi, {"type": "image", "source": source}]));
    let thinking = |signature: &str| json!({"type": "thinking", "thinking": "hm", "signature": signature});
    match field {
        Field::Model => top("model", json!("other")),
        Field::Messages => both(nothing(), user(json!("Bye"))),
        Field::MaxTokens => top("max_tokens", json!(9)),
        Field::Stream => top("stream", json!(true)),
        Field::System => top("system", json!("Be brief.")),
        Field::BillingLine => {
            let system = json!([{"type": "text", "text": "Be brief."}]);
            let line = json!({"type": "text", "text": "x-anthropic-billing-header: a=b;"});
            (json!({"system": system}), json!({"system": [line, system[0]]}))
        }
        Field::SystemMessage => {
            let messages = json!([{"role": "user", "content": "Hi"}, {"role": "system", "content": "Now."}]);
            (nothing(), json!({"messages": messages}))
        }
        Field::MessageOutputConfig => {
            let base = json!([{"role": "user", "content": "Hi"}, {"role": "system", "content": "Now."}]);
            let mut with = base.clone();
            with[1]["output_config"] = json!({"effort": "low"});
            (json!({"messages": base}), json!({"messages": with}))
        }
        Field::Temperature => top("temperature", json!(0.5)),
        Field::TopP => top("top_p", json!(0.5)),
        Field::TopK => top("top_k", json!(5)),
        Field::StopSequences => top("stop_sequences", json!(["END"])),
        Field::Tools => (nothing(), tools(json!([tool]))),
        Field::ClientTool => more(json!({"type": "bash_20250124", "name": "bash"})),
        Field::ComputerTool => more(json!({"type": "computer_20250124", "name": "computer"})),
        Field::WebSearchTool => more(search),
        Field::ToolSearchTool => {
            more(json!({"type": "tool_search_tool_regex_20251119", "name": "tool_search_tool_regex"}))
        }
        Field::ServerTool => more(code),
        // That the tool is strict is left out where models cannot be held to it; the tool is there.
        Field::Strict => (nothing(), tool_with("strict", json!(true)).1),
        Field::DeferLoading => tool_with("defer_loading", json!(true)),
        Field::EagerInput => tool_with("eager_input_streaming", json!(true)),
        Field::InputExamples => tool_with("input_examples", json!([{}])),
        Field::AllowedCallers => tool_with("allowed_callers", json!(["direct"])),
        Field::ToolChoice => chosen(json!([tool]), json!({"type": "any"})),
        Field::ForcedTool => chosen(json!([tool]), json!({"type": "tool", "name": "now"})),
        Field::ForcedWebSearch => {
            chosen(json!([tool, search]), json!({"type": "tool", "name": "web_search"}))
        }
        Field::ForcedServerTool => {
            chosen(json!([tool, code]), json!({"type": "tool", "name": "code_execution"}))
        }
        Field::SingleCall => {
            let auto = json!({"type": "auto"});
            let single = json!({"type": "auto", "disable_parallel_tool_use": true});
            (chosen(json!([tool]), auto).1, chosen(json!([tool]), single).1)
        }
        Field::Thinking => top("thinking", json!({"type": "enabled", "budget_tokens": 2000})),
        Field::ThinkingDisplay => (
            json!({"thinking": {"type": "adaptive"}}),
            json!({"thinking": {"type": "adaptive", "display": "omitted"}}),
        ),
        Field::Effort => top("output_config", json!({"effort": "high"})),
        Field::OutputFormat => {
            top("output_config", json!({"format": {"type": "json_schema", "schema": closed}}))
        }
        Field::OldOutputFormat => top("output_format", json!({"type": "json_schema", "schema": closed})),
        Field::UserId => top("metadata", json!({"user_id": "u-1"})),
        Field::LongUserId => top("metadata", json!({"user_id": "u".repeat(65)})),
        Field::ServiceTier => top("service_tier", json!("standard_only")),
        Field::CacheControl => {
            let marked = json!({"type": "text", "text": "Hi", "cache_control": {"type": "ephemeral"}});
            (user(json!([hi])), user(json!([marked])))
        }
        Field::ContextManagement => {
            top("context_management", json!({"edits": [{"type": "clear_tool_uses_20250919"}]}))
        }
        Field::Container => top("container", json!("container_1")),
        Field::McpServers => {
            top("mcp_servers", json!([{"type": "url", "name": "s", "url": "https://a.example/"}]))
        }
        Field::Speed => top("speed", json!("fast")),
        Field::InferenceGeo => top("inference_geo", json!("us")),
        Field::Safeguards => top("safeguards", json!([{"type": "dangerous_tool_use"}])),
        Field::Accounts => top("workspace_id", json!("w")),
        Field::Text => block(json!({"type": "text", "text": "more"})),
        Field::Citations => {
            let text = json!({"type": "text", "text": "Hello."});
            let cited = json!({"type": "char_location", "cited_text": "x", "document_index": 0,
                "document_title": null, "start_char_index": 0, "end_char_index": 1});
            let mut citing = text.clone();
            citing["citations"] = json!([cited]);
            // Away from Anthropic's own platforms, they stay where there is nothing else to leave out.
            (said(json!([text])), said(json!([citing])))
        }
        Field::CitationsAsked => document_with("citations", json!({"enabled": true})),
        Field::Image => (nothing(), image(&png)),
        Field::Transformations => {
            let mut with = image(&png);
            with["messages"][0]["content"][1]["transformations"] = json!({});
            (image(&png), with)
        }
        Field::Link => (image(&png), image(&json!({"type": "url", "url": "https://a.example/b.png"}))),
        Field::UploadedFile => (image(&png), image(&json!({"type": "file", "file_id": "file_1"}))),
        Field::Document => {
            let source = json!({"type": "base64", "media_type": "application/pdf", "data": "AAAA"});
            block(json!({"type": "document", "title": "a.pdf", "source": source}))
        }
        Field::DocumentText => block(text_document),
        Field::DocumentContext => document_with("context", json!("From last year.")),
        Field::SearchResult => block(json!({"type": "search_result", "source": "https://a.example/",
            "title": "A page", "content": [{"type": "text", "text": "So."}]})),
        // Each provider takes back its own.
        Field::Reasoning => {
            let text = json!({"type": "text", "text": "Hello."});
            let with = if is_anthropics(format) {
                json!([thinking("c2ln"), text])
            } else {
                json!([thinking("c2ln"), thinking("openai:v1:rs_1:c2ln"), text])
            };
            (said(json!([text])), said(with))
        }
        Field::ForeignReasoning => {
            let text = json!({"type": "text", "text": "Hello."});
            let base = if is_anthropics(format) { json!([thinking("c2ln"), text]) } else { json!([text]) };
            (said(base), said(json!([thinking("c2ln"), thinking("openai:v1:rs_1:c2ln"), text])))
        }
        Field::Carried => {
            let carried = json!({"type": "redacted_thinking", "data": "switchyard:call:v1:c2ln"});
            (called(json!([call]), json!("x")), called(json!([carried, call]), json!("x")))
        }
        Field::Caller => {
            let mut with = call.clone();
            with["caller"] = json!({"type": "direct"});
            (called(json!([call]), json!("x")), called(json!([with]), json!("x")))
        }
        Field::ToolReference => {
            let text = json!({"type": "text", "text": "x"});
            let reference = json!({"type": "tool_reference", "tool_name": "now"});
            (called(json!([call]), json!([text])), called(json!([call]), json!([text, reference])))
        }
        Field::ServerBlock => {
            let text = json!({"type": "text", "text": "Hello."});
            let asked = json!({"type": "server_tool_use", "id": "s", "name": "tool_search_tool_regex", "input": {"query": "q"}});
            (said(json!([text])), said(json!([asked, text])))
        }
        Field::ContainerUpload => block(json!({"type": "container_upload", "file_id": "file_1"})),
        Field::UnknownBlock => block(json!({"type": "video"})),
        Field::Unknown => top("client_metadata", json!({"a": 1})),
    }
}

fn whole((base, with): (Value, Value)) -> (Value, Value) {
    let whole = |with: Value| {
        let messages = json!([{"role": "user", "content": "Hi"}]);
        let mut request = json!({"model": "claude", "max_tokens": 4000, "messages": messages});
        request.as_object_mut().unwrap().extend(with.as_object().unwrap().clone());
        request
    };
    (whole(base), whole(with))
}

/// All that a provider of this format is sent: its path, and the body.
fn write(format: Format, request: &Value) -> Result<Vec<u8>, ApiError> {
    let facts = match format {
        // What is known of a model changes more than its table says.
        _ if is_anthropics(format) => ModelFacts::default(),
        Format::Gemini | Format::Vertex => known(Thinking::Budget),
        _ => known(Thinking::Adaptive),
    };
    let body = request.to_string();
    let head = Head::scan(Ask::Messages, body.as_bytes()).unwrap();
    // The gateway's target decides the model, so that here it is the client's.
    let kind = kinds::kind(format.name()).unwrap();
    let path = kind.stream_path.filter(|_| head.stream()).unwrap_or(kind.path);
    let mut out = path::fill(path, head.model(), format)?.into_owned().into_bytes();
    let upstream = Upstream { model: head.model(), facts: &facts, quirks: Quirks::NONE, provider: "p" };
    let betas = "context-management-2025-06-27,dangerous-tool-use-2026-09-03,per-turn-control-2026-07-01,\
                 mid-conversation-output-config-2026-07-01,advanced-tool-use-2025-11-20";
    let mut betas = beta::of_client(format, betas.split(','));
    let outcome = translate::any_request(format, body.as_bytes(), &head, &upstream, &mut betas, &mut out)?;
    if outcome == Outcome::AsIs {
        out.extend_from_slice(body.as_bytes());
    }
    Ok(out)
}

fn known(thinking: Thinking) -> ModelFacts {
    ModelFacts { max_output: Some(32_000), thinking, json_schema: true, ..ModelFacts::default() }
}

#[test]
fn every_format_keeps_to_its_table() {
    for format in Format::ALL {
        for field in Field::ALL {
            keeps(*format, *field);
        }
    }
}

fn keeps(format: Format, field: Field) {
    let (base, with) = whole(pair(format, field));
    let name = format!("{} ({field:?}) at {}", field.name(), format.name());
    let plain = write(format, &base).unwrap_or_else(|error| panic!("{name}: {error:?}"));
    match (fate::messages::of(format, field), write(format, &with)) {
        (Fate::Refused(_), found) => {
            let error = found.err().unwrap_or_else(|| panic!("{name} is not refused"));
            let param = error.param.unwrap_or_else(|| panic!("{name}: the error names no field"));
            let root = field.name().split(['[', '.', ' ']).next().unwrap();
            assert!(param.starts_with(root), "{name} is refused as {param}");
        }
        (Fate::Dropped(_), found) => {
            assert!(value(&found.unwrap()) == value(&plain), "{name} is not dropped")
        }
        (Fate::Mapped(_) | Fate::Forwarded, found) => {
            let found = found.unwrap_or_else(|error| panic!("{name}: {error:?}"));
            assert!(found != plain, "{name} is lost");
        }
    }
}

/// The path, and the body whatever the order of its members.
fn value(sent: &[u8]) -> (&[u8], Value) {
    let (path, body) = sent.split_at(sent.iter().position(|byte| *byte == b'{').unwrap());
    (path, serde_json::from_slice(body).unwrap())
}

#[test]
fn what_anthropic_gets_as_it_came_is_byte_for_byte_the_same() {
    for field in
        Field::ALL.iter().filter(|field| fate::messages::of(Format::Anthropic, **field) == Fate::Forwarded)
    {
        let (_, with) = whole(pair(Format::Anthropic, *field));
        let sent = write(Format::Anthropic, &with).unwrap();
        assert!(sent.ends_with(with.to_string().as_bytes()), "{field:?}");
    }
}

#[test]
fn the_gateway_sees_every_field_that_a_request_uses() {
    for field in Field::ALL {
        let (base, with) = whole(pair(Format::Mistral, *field));
        let fields = |request: &Value| {
            let Head::Messages(head) = Head::scan(Ask::Messages, request.to_string().as_bytes()).unwrap()
            else {
                panic!("another head");
            };
            head.fields
        };
        assert!(fields(&with).contains(*field), "{field:?}");
        let always = matches!(field, Field::Model | Field::Messages | Field::MaxTokens | Field::Text);
        assert!(always || !fields(&base).contains(*field), "{field:?} without it");
    }
}
