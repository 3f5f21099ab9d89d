use serde_json::{Value, json};

use super::*;
use crate::dialect::{Ask, Head as Any};

fn head(body: &Value) -> Head {
    scan(body.to_string().as_bytes()).unwrap()
}

fn names(body: &Value) -> Vec<&'static str> {
    head(body).fields.iter().map(Field::name).collect()
}

fn param(body: &str) -> Option<String> {
    scan(body.as_bytes()).unwrap_err().param
}

#[test]
fn the_smallest_request() {
    let head = head(&json!({"model": "m", "input": "Hi"}));
    assert_eq!((head.model.as_str(), head.model_span.clone()), ("m", 22..25));
    assert_eq!((head.stream, head.counts, head.answer), (false, false, Dialect::Responses));
    assert_eq!(names(&json!({"input": "Hi", "model": "m"})), ["model", "input", PART]);
}

const PART: &str = "input[].content[].input_text";

#[test]
fn what_needs_state_is_seen() {
    for (name, value) in [
        ("previous_response_id", json!("resp_1")),
        ("conversation", json!({"id": "conv_1"})),
        ("background", json!(true)),
        ("store", json!(true)),
        ("prompt", json!({"id": "p"})),
        ("moderation", json!({"model": "m"})),
    ] {
        assert_eq!(names(&json!({"model": "m", name: value})), ["model", name]);
        assert_eq!(names(&json!({"model": "m", name: null})), ["model"]);
    }
    assert_eq!(names(&json!({"model": "m", "store": false, "background": false})), ["model"]);
    // In either form.
    for item in
        [json!({"type": "item_reference", "id": "x"}), json!({"id": "x"}), json!({"type": null, "id": "x"})]
    {
        assert_eq!(
            names(&json!({"model": "m", "input": [item]})),
            ["model", "input", "input[].item_reference"]
        );
    }
}

#[test]
fn tools_are_named_as_providers_know_them() {
    let tools = json!([
        {"type": "function", "name": "now", "parameters": null},
        {"type": "namespace", "name": "clock", "tools": [{"type": "function", "name": "sleep"}]},
        {"type": "web_search", "external_web_access": true}
    ]);
    let more =
        json!([{"type": "namespace", "name": "functions", "tools": [{"type": "custom", "name": "exec"}]}]);
    // The type may come behind the tools.
    let item = json!({"tools": more, "role": "developer", "type": "additional_tools"});
    let body = json!({"model": "m", "input": [item], "tools": tools});
    let head = head(&body);
    let named: Vec<_> = head.asked.tools.iter().map(|tool| (tool.flat.as_str(), tool.custom)).collect();
    assert_eq!(named, [("clock__sleep", false), ("functions__exec", true)]);
    assert_eq!(head.asked.named("functions__exec").unwrap().namespace.as_deref(), Some("functions"));
    for field in [Field::Tools, Field::CustomTools, Field::Namespaces, Field::HostedTools] {
        assert!(head.fields.contains(field), "{}", field.name());
    }
}

#[test]
fn a_forced_tool_is_told_from_one_that_cannot_be_called() {
    let chosen = |tools: Value, choice: Value| {
        let fields = head(&json!({"model": "m", "tools": tools, "tool_choice": choice})).fields;
        (fields.contains(Field::ForcedTool), fields.contains(Field::ForcedHosted))
    };
    let (function, search) = (json!([{"type": "function", "name": "f"}]), json!([{"type": "web_search"}]));
    assert_eq!(chosen(function.clone(), json!("auto")), (false, false));
    assert_eq!(chosen(function.clone(), json!("required")), (true, false));
    assert_eq!(chosen(function.clone(), json!({"type": "function", "name": "f"})), (true, false));
    assert_eq!(chosen(search.clone(), json!("auto")), (false, false));
    assert_eq!(chosen(search.clone(), json!({"type": "web_search"})), (false, true));
    assert_eq!(chosen(search, json!("required")), (true, true));
    for (mode, forced) in [("auto", false), ("required", true)] {
        let choice = json!({"type": "allowed_tools", "mode": mode, "tools": function});
        assert_eq!(chosen(function.clone(), choice), (forced, false));
    }
}

#[test]
fn a_reply_repeats_what_was_asked() {
    let body = "{\"model\":\"m\",\"instructions\":\"Be\\nshort\",\"input\":\"Hi\",\"metadata\":{\n\"a\":\r\n\"b\"},\
        \"tools\":[{\"type\":\"function\",\"name\":\"f\"},{\"type\":\"function\",\"name\":\"g\",\"parameters\":{},\
        \"strict\":true},{\"type\":\"web_search\"}],\"temperature\":null}";
    let echo = scan(body.as_bytes()).unwrap().asked.echo.clone();
    assert!(!echo.contains(['\n', '\r']), "{echo}");
    let echo: Value = serde_json::from_str(&format!("{{{echo}}}")).unwrap();
    assert_eq!(echo["instructions"], "Be\nshort");
    assert_eq!(echo["metadata"], json!({"a": "b"}));
    assert_eq!(
        echo["tools"],
        json!([{"type": "function", "name": "f", "parameters": null, "strict": null},
            {"type": "function", "name": "g", "parameters": {}, "strict": true}, {"type": "web_search"}])
    );
    assert_eq!(
        (&echo["temperature"], &echo["store"], &echo["tool_choice"]),
        (&json!(1.0), &json!(false), &json!("auto"))
    );
    assert_eq!(echo.as_object().unwrap().len(), echo::COUNT);
}

#[test]
fn what_is_wrong_is_named() {
    for (body, name) in [
        (r#"{"input":"Hi"}"#, "model"),
        (r#"{"model":7,"input":"Hi"}"#, "model"),
        (r#"{"model":"m","model":"n"}"#, "model"),
        (r#"{"model":"m","text":{},"text":{}}"#, "text"),
        (r#"{"model":"m","Input":"Hi"}"#, "input"),
        (r#"{"model":"m","input":7}"#, "input"),
        (r#"{"model":"m","input":["Hi"]}"#, "input[0]"),
        (r#"{"model":"m","input":[{"role":"user","content":"a","content":"b"}]}"#, "input[0].content"),
        (r#"{"model":"m","stream":1}"#, "stream"),
        (r#"{"model":"m","store":"yes"}"#, "store"),
    ] {
        assert_eq!(param(body).as_deref(), Some(name), "{body}");
    }
}

#[test]
fn the_whole_body_is_checked() {
    for inside in [
        r#""tools":[{"a":"\ud800"}]"#,
        r#""input":[{"type":"x","y":[1e999]}]"#,
        r#""other":{"a":01}"#,
        r#""input":"Hi"} x"#,
    ] {
        let error = scan(format!("{{\"model\":\"m\",{inside}}}").as_bytes()).unwrap_err();
        assert!(error.message.contains("not valid JSON"), "{inside}: {}", error.message);
    }
}

#[test]
fn a_mixture_is_told_from_chat() {
    let scanned = |body: &Value| Any::scan(Ask::Chat, body.to_string().as_bytes());
    let mixture =
        json!({"model": "m", "input": "Hi", "stream": true, "stream_options": {"include_usage": true}});
    let found = scanned(&mixture).unwrap();
    assert_eq!((found.dialect(), found.include_usage(), found.stream()), (Dialect::Chat, true, true));
    assert!(matches!(&found, Any::Responses(head) if head.asked.echo.is_empty()));
    let chat = json!({"model": "m", "input": "Hi", "messages": [{"role": "user", "content": "Hi"}]});
    assert!(matches!(scanned(&chat), Ok(Any::Chat(_))));
    // What is neither is told what chat lacks.
    assert_eq!(scanned(&json!({"model": "m"})).unwrap_err().param.as_deref(), Some("messages"));
    assert_eq!(
        scanned(&json!({"model": "m", "input": null})).unwrap_err().param.as_deref(),
        Some("messages")
    );
}
