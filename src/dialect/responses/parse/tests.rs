use serde_json::{Value, json};

use super::*;
use crate::{
    ir::{CacheControl, Effort, Media, Reasoning, ResponseFormat, ToolChoice},
    signature::{Carried, Encrypted},
};

fn body(with: Value) -> String {
    let mut body = json!({"model": "m", "input": "Hi"});
    body.as_object_mut().unwrap().extend(with.as_object().unwrap().clone());
    body.to_string()
}

/// The messages of an input, in short.
fn said(input: Value) -> Vec<String> {
    let body = body(json!({"input": input}));
    parse(body.as_bytes()).unwrap().messages.iter().map(short).collect()
}

fn short(message: &Message<'_>) -> String {
    let parts: Vec<String> = message.parts.iter().map(part).collect();
    let signed =
        message.signature.as_deref().map(|signature| format!(" signed {signature}")).unwrap_or_default();
    format!("{:?}: {}{signed}", message.role, parts.join(" | "))
}

fn part(part: &Part<'_>) -> String {
    match part {
        Part::Text { text, .. } => text.to_string(),
        Part::Refusal(text) => format!("refusal {text}"),
        Part::Thinking { text, signature } => {
            format!("thought {text} {}", signature.as_deref().unwrap_or("-"))
        }
        Part::RedactedThinking(data) => format!("redacted {data}"),
        Part::ToolCall { id, name, arguments, signature, .. } => {
            format!("call {id} {name} {arguments} {}", signature.as_deref().unwrap_or("-"))
        }
        Part::ToolResult { id, content, .. } => {
            let content: Vec<String> = content.iter().map(self::part).collect();
            format!("result {id} {}", content.join(" + "))
        }
        Part::Image { source, detail, .. } => format!("image {source:?} {detail:?}"),
        Part::File { source, filename, .. } => format!("file {source:?} {filename:?}"),
        Part::Audio { .. } => "audio".into(),
    }
}

fn fails(with: Value) -> String {
    parse(body(with).as_bytes()).unwrap_err().param.unwrap()
}

#[test]
fn a_text_is_what_the_user_says() {
    assert_eq!(said(json!("Hi")), ["User: Hi"]);
    let body = body(json!({"instructions": "Be short."}));
    let messages = parse(body.as_bytes()).unwrap().messages;
    assert_eq!(messages.iter().map(short).collect::<Vec<_>>(), ["System: Be short.", "User: Hi"]);
}

#[test]
fn what_the_model_gave_in_a_row_is_one_turn() {
    let items = json!([
        {"role": "developer", "content": "Be short."},
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Go"}]},
        {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "Hm."}], "content": null,
            "encrypted_content": "gAAA"},
        {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed",
            "content": [{"type": "output_text", "text": "First.", "annotations": []}]},
        {"type": "function_call", "call_id": "a", "name": "f", "arguments": "{}"},
        {"type": "function_call", "call_id": "b", "name": "g", "arguments": ""},
        {"type": "function_call_output", "call_id": "a", "output": "1"},
        {"type": "function_call_output", "call_id": "b", "output": [{"type": "input_text", "text": "2"}]},
        {"role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]}
    ]);
    assert_eq!(
        said(items),
        [
            "Developer: Be short.",
            "User: Go",
            "Assistant: thought Hm. - | First. | call a f {} - | call b g  -",
            "Tool: result a 1",
            "Tool: result b 2",
            "Assistant: refusal No.",
        ]
    );
}

#[test]
fn reasoning_comes_back_as_it_was_signed() {
    let reasoning = |content: String, text: &str| {
        let summary =
            if text.is_empty() { json!([]) } else { json!([{"type": "summary_text", "text": text}]) };
        json!({"type": "reasoning", "id": "rs_1", "summary": summary, "encrypted_content": content})
    };
    let call = json!({"type": "function_call", "call_id": "a", "name": "f", "arguments": "{}"});
    let at = Encrypted::At { provider: "p", content: "gAAA" }.content();
    assert_eq!(
        said(json!([
            reasoning(Encrypted::Thinking("c2ln").content(), "Hm."),
            reasoning(Encrypted::Redacted("data").content(), ""),
            reasoning(at.clone(), "Well."),
            reasoning(at, ""),
            reasoning(Encrypted::Carried(Carried::OfText("dGV4dA")).content(), ""),
            reasoning(Encrypted::Carried(Carried::OfCall("Y2FsbA")).content(), ""),
            call,
            call,
        ])),
        [
            "Assistant: thought Hm. c2ln | redacted data | thought Well. - | call a f {} Y2FsbA | call a f {} - signed dGV4dA"
        ]
    );
    // The signature of a text that did not come is no turn, and that of a call is not for another turn.
    assert_eq!(
        said(json!([
            reasoning(Encrypted::Carried(Carried::OfText("x")).content(), ""),
            reasoning(Encrypted::Carried(Carried::OfCall("x")).content(), ""),
            {"role": "user", "content": "Hi"},
            call
        ])),
        ["User: Hi", "Assistant: call a f {} -"]
    );
}

#[test]
fn custom_tools_and_namespaces_become_functions() {
    let grammar = json!({"type": "grammar", "syntax": "lark", "definition": "start: /a/"});
    let tools = json!([
        {"type": "custom", "name": "patch", "description": "Edits.", "format": grammar},
        {"type": "namespace", "name": "clock", "description": "Of time.", "tools": [
            {"type": "function", "name": "sleep", "description": "Waits.", "parameters": {"type": "object"}, "strict": false},
            {"type": "function", "name": "now"}
        ]},
        {"type": "web_search"},
        {"type": "tool_search", "execution": "client", "parameters": {}}
    ]);
    let items = json!([
        {"type": "additional_tools", "role": "developer", "tools": [
            {"type": "namespace", "name": "functions", "tools": [{"type": "custom", "name": "exec"}]},
            {"type": "custom", "name": "patch"}
        ]},
        {"type": "custom_tool_call", "call_id": "a", "name": "exec", "namespace": "functions", "input": "say \"x\"\n"},
        {"type": "custom_tool_call_output", "call_id": "a", "output": "done"},
        {"type": "function_call", "call_id": "b", "name": "sleep", "namespace": "clock", "arguments": "{\"s\":1}"},
        {"type": "function_call", "call_id": "c", "name": "patch", "arguments": "*** Begin"}
    ]);
    let choice = json!({"type": "custom", "name": "patch"});
    let body = body(json!({"tools": tools, "input": items, "tool_choice": choice}));
    let request = parse(body.as_bytes()).unwrap();
    let told: Vec<_> =
        request.tools.iter().map(|tool| (tool.name.as_ref(), tool.description.as_deref())).collect();
    assert_eq!(
        told,
        [
            ("patch", Some("Edits.\n\nThe text of `input` must match this grammar (lark):\nstart: /a/")),
            ("clock__sleep", Some("(All tools whose names begin with `clock`: Of time.)\n\nWaits.")),
            ("clock__now", None),
            ("functions__exec", None),
        ]
    );
    assert_eq!(request.tools[0].parameters.unwrap().get(), tools::CUSTOM);
    assert_eq!(request.tools[1].strict, Some(false));
    assert_eq!(request.tool_choice, Some(ToolChoice::Named("patch".into())));
    let messages: Vec<_> = request.messages.iter().map(short).collect();
    assert_eq!(
        messages,
        [
            r#"Assistant: call a functions__exec {"input":"say \"x\"\n"} -"#,
            "Tool: result a done",
            r#"Assistant: call b clock__sleep {"s":1} - | call c patch {"input":"*** Begin"} -"#,
        ]
    );
}

#[test]
fn functions_come_in_three_shapes() {
    let schema = json!({"type": "object", "properties": {"a": {"type": "string"}}});
    let tools = json!([
        {"type": "function", "name": "flat", "parameters": schema},
        {"type": "function", "function": {"name": "nested", "parameters": schema, "strict": true}},
        {"name": "anthropic", "description": "Does.", "input_schema": schema, "cache_control": {"type": "ephemeral"}},
        {"type": "custom", "name": "typed", "input_schema": schema}
    ]);
    let body =
        body(json!({"tools": tools, "tool_choice": {"type": "function", "function": {"name": "nested"}}}));
    let request = parse(body.as_bytes()).unwrap();
    for tool in &request.tools {
        let parameters: Value = serde_json::from_str(tool.parameters.unwrap().get()).unwrap();
        assert_eq!(parameters, schema, "{}", tool.name);
    }
    let names: Vec<_> = request.tools.iter().map(|tool| tool.name.as_ref()).collect();
    assert_eq!(names, ["flat", "nested", "anthropic", "typed"]);
    assert_eq!(request.tools[2].cache, Some(CacheControl::Minutes5));
    assert_eq!(request.tool_choice, Some(ToolChoice::Named("nested".into())));
}

#[test]
fn choices_among_tools() {
    let choice = |choice: Value| {
        let body = body(json!({"tool_choice": choice}));
        parse(body.as_bytes()).unwrap().tool_choice.map(|choice| format!("{choice:?}")).unwrap()
    };
    assert_eq!(choice(json!("required")), "Required");
    assert_eq!(choice(json!({"type": "auto"})), "Auto");
    let tools =
        json!([{"type": "function", "name": "f"}, {"type": "web_search"}, {"type": "custom", "name": "g"}]);
    let allowed = json!({"type": "allowed_tools", "mode": "required", "tools": tools});
    assert_eq!(choice(allowed), r#"Allowed { names: ["f", "g"], required: true }"#);
}

#[test]
fn pictures_files_and_sound() {
    let parts = json!([
        {"type": "input_image", "image_url": "data:image/png;base64,AAAA", "detail": "original"},
        {"type": "input_image", "file_id": "file-1"},
        {"type": "input_file", "file_url": "https://a.example/b.pdf", "filename": "b.pdf"},
        {"type": "input_file", "file_data": "data:application/pdf;base64,AAAA", "filename": "c.pdf"},
        {"type": "input_file", "file_id": "file-2"},
        {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}},
        {"type": "input_text", "text": "x", "prompt_cache_breakpoint": {"mode": "explicit", "ttl": "30m"}}
    ]);
    let body = body(json!({"input": [{"role": "user", "content": parts}]}));
    let request = parse(body.as_bytes()).unwrap();
    let parts = &request.messages[0].parts;
    let png = Media::Base64 { media_type: "image/png".into(), data: "AAAA".into() };
    assert!(
        matches!(&parts[0], Part::Image { source, detail: Some(detail), .. } if *source == png && detail == "high")
    );
    assert!(matches!(&parts[1], Part::Image { source: Media::FileId(id), .. } if id == "file-1"));
    assert!(
        matches!(&parts[2], Part::File { source: Media::Url(_), filename: Some(name), .. } if name == "b.pdf")
    );
    assert!(
        matches!(&parts[3], Part::File { source: Media::Base64 { .. }, filename: Some(name), .. } if name == "c.pdf")
    );
    assert!(matches!(&parts[4], Part::File { source: Media::FileId(id), .. } if id == "file-2"));
    assert!(matches!(&parts[5], Part::Audio { .. }));
    assert!(matches!(&parts[6], Part::Text { cache: Some(CacheControl::Hour1), .. }));
    let image = json!([{"type": "input_image", "image_url": "data:image/png;base64,AAAA", "detail": "high"}]);
    let output = json!([{"type": "function_call_output", "call_id": "a", "output": image}]);
    assert!(said(output)[0].starts_with("Tool: result a image Base64"));
}

#[test]
fn settings() {
    let format = json!({"type": "json_schema", "name": "n", "schema": {"type": "object"}, "strict": true});
    let body = body(json!({
        "max_output_tokens": 9, "temperature": 0.5, "top_p": 0.25, "parallel_tool_calls": false, "stream": true,
        "reasoning": {"effort": "xhigh", "summary": "auto"}, "text": {"format": format, "verbosity": "low"},
        "metadata": {"a": "b"}, "service_tier": "flex", "prompt_cache_key": "k", "user": "u", "safety_identifier": "s",
        "store": false, "client_metadata": {"x": 1}
    }));
    let request = parse(body.as_bytes()).unwrap();
    assert_eq!((request.max_tokens, request.temperature, request.top_p), (Some(9), Some(0.5), Some(0.25)));
    assert_eq!((request.parallel_tool_calls, request.stream), (Some(false), true));
    assert_eq!(request.reasoning, Some(Reasoning::Effort(Effort::Xhigh)));
    assert!(matches!(
        request.response_format,
        Some(ResponseFormat::JsonSchema { name: Some(name), strict: Some(true), .. }) if name == "n"
    ));
    assert_eq!(request.user.as_deref(), Some("u"));
    let extra: Vec<_> = request.extra.iter().map(|(name, raw)| (name.as_ref(), raw.get())).collect();
    assert_eq!(
        extra,
        [
            ("verbosity", "\"low\""),
            ("metadata", "{\"a\":\"b\"}"),
            ("service_tier", "\"flex\""),
            ("prompt_cache_key", "\"k\""),
            ("safety_identifier", "\"s\""),
        ]
    );
    let none = self::body(json!({"reasoning": {"effort": "none"}, "safety_identifier": "s"}));
    let none = parse(none.as_bytes()).unwrap();
    assert_eq!((none.reasoning, none.user.as_deref()), (Some(Reasoning::Off), Some("s")));
}

#[test]
fn what_is_wrong_is_named_as_the_client_spelled_it() {
    let content = |part: Value| json!({"input": [{"role": "user", "content": [part]}]});
    for (with, name) in [
        (content(json!({"type": "video"})), "input[0].content[0].type"),
        (content(json!({"type": "input_image"})), "input[0].content[0].image_url"),
        (json!({"input": [{"role": "tool", "content": "x"}]}), "input[0].role"),
        (json!({"input": [{"type": "teapot"}]}), "input[0].type"),
        (json!({"input": [{"type": "function_call", "name": "f"}]}), "input[0].call_id"),
        (
            json!({"tools": [{"type": "namespace", "name": "n", "tools": [{"type": "function"}]}]}),
            "tools[0].tools[0].name",
        ),
        (json!({"tool_choice": {"type": "teapot"}}), "tool_choice.type"),
        (json!({"max_output_tokens": 0}), "max_output_tokens"),
        (json!({"text": {"format": {"type": "json_schema"}}}), "text.format.schema"),
        (json!({"reasoning": {"effort": "huge"}}), "reasoning.effort"),
        (json!({"temperature": 3}), "temperature"),
    ] {
        assert_eq!(fails(with.clone()), name, "{with}");
    }
}

#[test]
fn errors_of_writers_are_told_in_the_clients_words() {
    let items = json!([
        {"role": "user", "content": "Hi"},
        {"type": "function_call", "call_id": "a", "name": "f", "arguments": "[]"},
        {"type": "function_call", "call_id": "b", "name": "g", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "a", "output": "x"}
    ]);
    let body = body(json!({"input": items, "instructions": "Be short."}));
    for (param, told) in [
        ("messages[0].content[0]", "instructions"),
        ("messages[1].content[0]", "input[0].content[0]"),
        ("messages[2].tool_calls[1].function.arguments", "input[1]"),
        ("messages[3].content[0]", "input[3].output[0]"),
        ("messages[9]", "input"),
        ("messages", "input"),
        ("max_tokens", "max_output_tokens"),
        ("response_format.json_schema", "text.format"),
        ("tools[3].function.name", "tools"),
        ("tool_choice", "tool_choice"),
    ] {
        let error = place::told(ApiError::invalid(param, format!("`{param}` is wrong")), body.as_bytes());
        assert_eq!((error.param.as_deref(), error.message), (Some(told), format!("`{told}` is wrong")));
    }
}
