use std::borrow::Cow;

use serde_json::{Value, json};

use super::*;
use crate::{
    dialect::chat::parse::parse,
    ir::{CacheControl, Media, Message, Part, Role},
    provider::{
        model::{ModelFacts, Thinking},
        quirks::Quirks,
    },
};

fn compose_with(request: &Request<'_>, facts: &ModelFacts, quirks: &Quirks) -> Result<Value, ApiError> {
    let mut out = b"x".to_vec();
    let written = compose(request, &Upstream { model: "up", facts, quirks, provider: "p" }, &mut out);
    written.inspect_err(|_| assert_eq!(out, b"x")).map(|()| serde_json::from_slice(&out[1..]).unwrap())
}

/// What is written for a chat request with these members.
fn sent(members: &Value, quirks: &Quirks) -> Result<Value, ApiError> {
    let mut request = json!({"model": "m", "messages": [{"role": "user", "content": "hi"}]});
    request.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    let body = request.to_string();
    compose_with(&parse(body.as_bytes()).unwrap(), &ModelFacts::default(), quirks)
}

fn quirks(row: Value) -> Quirks {
    serde_json::from_value(row).unwrap()
}

/// What is written for these messages.
fn said<'a>(
    messages: impl IntoIterator<Item = (Role, Vec<Part<'a>>)>,
    quirks: &Quirks,
) -> Result<Value, ApiError> {
    let mut request = parse(br#"{"model":"m","messages":[{"role":"user","content":"hi"}]}"#).unwrap();
    let message = |(role, parts)| Message { role, parts, name: None, signature: None };
    request.messages = messages.into_iter().map(message).collect();
    compose_with(&request, &ModelFacts::default(), quirks).map(|mut body| body["messages"].take())
}

fn text(text: &str) -> Part<'_> {
    Part::Text { text: text.into(), cache: None }
}

fn thought(text: &str) -> Part<'_> {
    Part::Thinking { text: text.into(), signature: Some("c2ln".into()) }
}

fn tool_call<'a>(id: &'a str, arguments: &'a str) -> Part<'a> {
    let signature = Some(Cow::Borrowed("c2ln"));
    Part::ToolCall { id: id.into(), name: "f".into(), arguments: arguments.into(), signature, cache: None }
}

fn result<'a>(id: &'a str, is_error: bool, content: Vec<Part<'a>>) -> Part<'a> {
    Part::ToolResult { id: id.into(), content, is_error, cache: None }
}

fn image<'a>() -> Part<'a> {
    let source = Media::Base64 { media_type: "image/png".into(), data: "AAAA".into() };
    Part::Image { source, detail: None, cache: None }
}

fn called(id: &str, arguments: &str) -> Value {
    json!({"id": id, "type": "function", "function": {"name": "f", "arguments": arguments}})
}

#[test]
fn results_come_first_and_what_they_cannot_hold_behind_them() {
    let found = said(
        [
            (Role::Assistant, vec![text("a"), tool_call("1", ""), text("b"), tool_call("2", "{\"x\":1}")]),
            (Role::Tool, vec![result("1", false, vec![text("one"), image(), text("two")])]),
            (
                Role::User,
                vec![
                    text("and"),
                    result("2", true, vec![text("no")]),
                    Part::File {
                        source: Media::Base64 { media_type: "application/pdf".into(), data: "AAAA".into() },
                        filename: None,
                        cache: None,
                    },
                ],
            ),
            (Role::System, vec![text("s")]),
        ],
        Quirks::NONE,
    );
    let picture = json!({"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}});
    let file = json!({"filename": "document.pdf", "file_data": "data:application/pdf;base64,AAAA"});
    let expected = json!([
        {"role": "assistant", "content": "ab", "tool_calls": [called("1", "{}"), called("2", "{\"x\":1}")]},
        {"role": "tool", "tool_call_id": "1",
            "content": "one\ntwo\n(What else it gave follows in the next message of the user.)"},
        {"role": "tool", "tool_call_id": "2", "content": "The call failed:\nno"},
        {"role": "user", "content": [
            {"type": "text", "text": "From the result of the tool call `1`:"}, picture]},
        {"role": "user", "content": [{"type": "text", "text": "and"}, {"type": "file", "file": file}]},
        {"role": "system", "content": "s"},
    ]);
    assert_eq!(found, Ok(expected));
    // At the end too, and of a result without a text.
    let found = said(
        [(Role::Tool, vec![result("1", false, vec![image()]), result("2", false, vec![])])],
        Quirks::NONE,
    );
    let roles: Vec<Value> =
        found.unwrap().as_array().unwrap().iter().map(|message| message["role"].clone()).collect();
    assert_eq!(roles, ["tool", "tool", "user"]);
}

#[test]
fn a_turn_in_several_messages_is_one_where_it_calls_tools() {
    let turns = |quirks: &Quirks| {
        said(
            [
                (Role::User, vec![text("q")]),
                (Role::Assistant, vec![thought("t")]),
                (Role::Assistant, vec![text("a")]),
                (Role::Assistant, vec![tool_call("1", "{}")]),
                (Role::Assistant, vec![thought("u"), tool_call("2", "{}")]),
                (Role::Tool, vec![result("1", false, vec![text("x")])]),
                (Role::Assistant, vec![text("b")]),
                (Role::Assistant, vec![Part::RedactedThinking("r".into()), text("")]),
                (Role::Assistant, vec![text("c"), Part::Refusal("n".into())]),
            ],
            quirks,
        )
        .unwrap()
    };
    let found = turns(Quirks::NONE);
    let calls = json!([called("1", "{}"), called("2", "{}")]);
    let first = json!({"role": "assistant", "content": "a", "tool_calls": calls});
    assert_eq!(found[1], first);
    let rest =
        json!([{"role": "assistant", "content": "b"}, {"role": "assistant", "content": "c", "refusal": "n"}]);
    assert_eq!((&found[3], &found[4], found.as_array().unwrap().len()), (&rest[0], &rest[1], 5));

    let takes = json!({"takes": ["messages[].reasoning_content", "messages[].tool_calls[].extra_content"]});
    let found = turns(&quirks(takes));
    assert_eq!(found[1]["reasoning_content"], "t\n\nu");
    assert_eq!(found[1]["tool_calls"][0]["extra_content"]["google"]["thought_signature"], "c2ln");
    // What a provider refuses it does not take.
    let both =
        json!({"takes": ["messages[].reasoning_content"], "refuses": ["messages[].reasoning_content"]});
    assert_eq!(turns(&quirks(both))[1], first);
}

#[test]
fn calls_alone_have_no_content_and_empty_turns_are_left_out() {
    let found = said(
        [
            (Role::Assistant, vec![thought("t")]),
            (Role::Assistant, vec![]),
            (Role::User, vec![text("q")]),
            (Role::Assistant, vec![text(""), tool_call("1", " ")]),
        ],
        Quirks::NONE,
    );
    let expected = json!([{"role": "user", "content": "q"}, {"role": "assistant", "content": null, "tool_calls": [called("1", "{}")]}]);
    assert_eq!(found, Ok(expected));
    let nothing = said([(Role::Assistant, vec![text("")])], Quirks::NONE).unwrap_err();
    assert_eq!(nothing.param.as_deref(), Some("messages"));
}

#[test]
fn long_ids_are_cut_and_calls_meet_their_results() {
    let (one, other) = ("a".repeat(41), "a".repeat(50));
    let found = said(
        [
            (
                Role::Assistant,
                vec![tool_call(&one, "{}"), tool_call(&other, "{}"), tool_call("toolu_x.y:1", "{}")],
            ),
            (
                Role::Tool,
                vec![
                    result(&other, false, vec![]),
                    result("toolu_x.y:1", false, vec![]),
                    result(&one, false, vec![]),
                ],
            ),
        ],
        Quirks::NONE,
    )
    .unwrap();
    let ids: Vec<&str> =
        found[0]["tool_calls"].as_array().unwrap().iter().map(|call| call["id"].as_str().unwrap()).collect();
    assert!(ids.iter().all(|id| id.len() <= 40) && ids[0] != ids[1], "{ids:?}");
    assert_eq!(ids[2], "toolu_x.y:1");
    let answered: Vec<&str> = (1..4).map(|at| found[at]["tool_call_id"].as_str().unwrap()).collect();
    assert_eq!(answered, [ids[1], ids[2], ids[0]]);
}

#[test]
fn marks_go_where_they_are_known() {
    let marked = |text: &'static str| Part::Text { text: text.into(), cache: Some(CacheControl::Hour1) };
    let messages = || {
        [
            (Role::System, vec![marked("s")]),
            (Role::Assistant, vec![marked("a"), text("b")]),
            (
                Role::Tool,
                vec![Part::ToolResult {
                    id: "1".into(),
                    content: vec![marked("r")],
                    is_error: false,
                    cache: None,
                }],
            ),
        ]
    };
    let plain = said(messages(), Quirks::NONE).unwrap();
    assert!(!plain.to_string().contains("cache_control"), "{plain}");
    assert_eq!(plain[0]["content"], "s");
    let kept = said(messages(), &quirks(json!({"takes": ["cache_control"]}))).unwrap();
    let mark = |text: &str| json!({"type": "text", "text": text, "cache_control": {"type": "ephemeral", "ttl": "1h"}});
    assert_eq!(kept[0]["content"], json!([mark("s")]));
    assert_eq!(kept[1]["content"], json!([mark("a"), {"type": "text", "text": "b"}]));
    assert_eq!(kept[2]["content"], json!([mark("r")]));
}

#[test]
fn the_quirks_of_a_provider_hold_here_too() {
    let row = json!({
        "refuses": ["stop", "stream_options", "user"], "rename": [["max_completion_tokens", "max_tokens"]],
        "clamp": [["temperature", 0, 1]], "developer_as_system": true, "flat_content": true, "fixed": [["store", false]]
    });
    let request = json!({
        "max_tokens": 9, "temperature": 2, "stream": true, "user": "u", "store": true,
        "messages": [
            {"role": "developer", "content": "d"},
            {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}
        ]
    });
    let expected = json!({
        "model": "up", "max_tokens": 9, "temperature": 1, "stream": true, "store": false,
        "messages": [{"role": "system", "content": "d"}, {"role": "user", "content": "a\nb"}]
    });
    assert_eq!(sent(&request, &quirks(row.clone())), Ok(expected));
    let refused = sent(&json!({"stop": "x"}), &quirks(row)).unwrap_err();
    assert_eq!(refused.param.as_deref(), Some("stop"));
}

#[test]
fn settings_are_openais() {
    let long = "u".repeat(65);
    let request = json!({
        "max_tokens": 9, "top_k": 3, "stop": ["a", "b", "c", "d", "e"], "user": long, "reasoning_effort": "none",
        "stream": true, "n": 1, "logprobs": false, "service_tier": "standard_only", "client_metadata": {"a": 1},
        "verbosity": "low", "metadata": {"a": "b"}, "modalities": ["text"]
    });
    let mut found = sent(&request, Quirks::NONE).unwrap();
    let user = found["user"].take();
    assert!(user.as_str().is_some_and(|user| user.starts_with("user_") && user.len() == 21), "{user}");
    let expected = json!({
        "model": "up", "messages": [{"role": "user", "content": "hi"}], "max_completion_tokens": 9,
        "stop": ["a", "b", "c", "d", "e"], "user": null, "reasoning_effort": "none", "stream": true,
        "stream_options": {"include_usage": true}, "verbosity": "low", "metadata": {"a": "b"}
    });
    assert_eq!(found, expected);
    let takes = quirks(json!({"takes": ["top_k", "client_metadata"]}));
    let found = sent(&request, &takes).unwrap();
    assert_eq!((&found["top_k"], &found["client_metadata"]), (&json!(3), &json!({"a": 1})));
    let tier = sent(&json!({"service_tier": "flex", "user": "é".repeat(64)}), Quirks::NONE).unwrap();
    assert_eq!((&tier["service_tier"], &tier["user"]), (&json!("flex"), &json!("é".repeat(64))));
}

#[test]
fn what_a_reply_could_not_tell_is_refused() {
    for (field, value) in [
        ("n", json!(2)),
        ("logprobs", json!(true)),
        ("top_logprobs", json!(3)),
        ("modalities", json!(["text", "audio"])),
        ("audio", json!({"voice": "alloy", "format": "wav"})),
    ] {
        let error = sent(&json!({field: value}), Quirks::NONE).unwrap_err();
        assert_eq!(error.param.as_deref(), Some(field));
    }
}

#[test]
fn facts_of_the_model_hold() {
    let facts = ModelFacts {
        max_output: Some(100),
        no_sampling: true,
        thinking: Thinking::Adaptive,
        ..ModelFacts::default()
    };
    let body =
        br#"{"model":"m","messages":[{"role":"user","content":"hi"}],"max_tokens":128000,"temperature":1,
        "top_p":0.5,"thinking":{"type":"enabled","budget_tokens":100},"seed":-3}"#;
    let found = compose_with(&parse(body).unwrap(), &facts, Quirks::NONE).unwrap();
    let expected = json!({
        "model": "up", "messages": [{"role": "user", "content": "hi"}], "max_completion_tokens": 100, "seed": -3,
        "reasoning_effort": "low"
    });
    assert_eq!(found, expected);
}

#[test]
fn tools_and_the_choice_among_them() {
    let tool = |name: &str| json!({"type": "function", "function": {"name": name, "strict": true}});
    let named = |name: &str| json!({"type": "function", "function": {"name": name}});
    let allowed = json!({"mode": "required", "tools": [named("b")]});
    let request = json!({
        "tools": [tool("a"), tool("b")], "parallel_tool_calls": false,
        "tool_choice": {"type": "allowed_tools", "allowed_tools": allowed}
    });
    let found = sent(&request, Quirks::NONE).unwrap();
    assert_eq!(found["tools"], json!([tool("b")]));
    assert_eq!((&found["tool_choice"], &found["parallel_tool_calls"]), (&json!("required"), &json!(false)));
    let found = sent(&json!({"tools": [tool("a")], "tool_choice": named("a")}), Quirks::NONE).unwrap();
    assert_eq!(found["tool_choice"], named("a"));
    // OpenAI refuses both without tools.
    let found = sent(&json!({"tool_choice": "none", "parallel_tool_calls": true}), Quirks::NONE).unwrap();
    assert!(found["tool_choice"].is_null() && found["parallel_tool_calls"].is_null());
}

#[test]
fn what_has_no_place_is_named() {
    for (messages, param) in [
        ([(Role::Assistant, vec![text("a"), image()])], "messages[0].content[1]"),
        ([(Role::System, vec![text("a"), image()])], "messages[0].content[1]"),
        ([(Role::User, vec![text("a"), tool_call("1", "{}")])], "messages[0].content[1]"),
        ([(Role::Tool, vec![result("1", false, vec![tool_call("1", "{}")])])], "messages[0].content[0]"),
    ] {
        assert_eq!(said(messages, Quirks::NONE).unwrap_err().param.as_deref(), Some(param));
    }
}
