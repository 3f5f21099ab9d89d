use serde_json::{Value, json};

use super::*;
use crate::{
    dialect::{Ask, Head as Any},
    provider::{model::ModelFacts, quirks::Quirks},
    signature::{Carried, Encrypted},
};

fn sent_by(ask: Ask, body: &str, refuses: &[&str]) -> Option<String> {
    let Any::Responses(head) = Any::scan(ask, body.as_bytes()).unwrap() else { panic!("another head") };
    let refuses = refuses.iter().map(|name| (*name).to_owned()).collect();
    let quirks = Quirks { refuses, ..Quirks::default() };
    let upstream = Upstream { model: "up", facts: &ModelFacts::default(), quirks: &quirks, provider: "p" };
    let mut out = Vec::new();
    let replaced = request(body.as_bytes(), &head, &upstream, &mut out).unwrap();
    assert!(replaced || out.is_empty());
    replaced.then(|| String::from_utf8(out).unwrap())
}

fn sent(body: &str) -> Option<String> {
    sent_by(Ask::Responses, body, &[])
}

fn reasoning(id: &str, content: &str) -> Value {
    json!({"type": "reasoning", "id": id, "summary": [], "encrypted_content": content})
}

/// The items that a provider gets of these.
fn passed(input: &Value) -> Value {
    let body = json!({"model": "up", "input": input}).to_string();
    let sent = sent(&body).unwrap_or(body);
    serde_json::from_str::<Value>(&sent).unwrap()["input"].clone()
}

#[test]
fn nothing_else_is_changed() {
    assert_eq!(sent(r#"{"model":"up", "input" : "Hi","x":[1 ,2]}"#), None);
    assert_eq!(
        sent(r#"{ "input" : "Hi", "model" : "m", "previous_response_id":"r" }"#).unwrap(),
        r#"{ "input" : "Hi", "model" : "up", "previous_response_id":"r" }"#
    );
}

#[test]
fn reasoning_goes_back_to_its_own_provider_alone() {
    let own = Encrypted::At { provider: "p", content: "gAAA\u{e9}" }.content();
    let other = Encrypted::At { provider: "other", content: "gBBB" }.content();
    let call = json!({"type": "function_call", "id": "fc_1", "call_id": "a", "name": "f", "arguments": "{}"});
    let custom = json!({"type": "custom_tool_call", "id": "ctc_1", "call_id": "b", "name": "g", "input": ""});
    let said =
        json!({"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": []});
    let user = json!({"role": "user", "id": "msg_2", "content": "Hi"});
    let untagged = reasoning("rs_3", "gCCC");
    let input = json!([
        reasoning("rs_1", &own),
        call,
        user,
        reasoning("rs_2", &other),
        call,
        custom,
        said,
        user,
        call,
        untagged,
        call
    ]);
    let expected = json!([reasoning("rs_1", "gAAA\u{e9}"), call, user,
        {"type": "function_call", "id": "fc_4", "call_id": "a", "name": "f", "arguments": "{}"},
        {"type": "custom_tool_call", "id": "ctc_5", "call_id": "b", "name": "g", "input": ""},
        {"type": "message", "id": "msg_6", "role": "assistant", "status": "completed", "content": []},
        user, call, untagged, call]);
    assert_eq!(passed(&input), expected);
}

#[test]
fn what_other_formats_gave_is_left_out_wherever_it_stands() {
    let foreign = [
        Encrypted::Thinking("c2ln").content(),
        Encrypted::Redacted("x").content(),
        Encrypted::Carried(Carried::OfCall("x")).content(),
        Encrypted::Carried(Carried::OfText("x")).content(),
    ];
    let user = json!({"role": "user", "content": "Hi"});
    for foreign in foreign {
        let gone = reasoning("rs_1", &foreign);
        for (input, left) in [
            (json!([gone]), json!([])),
            (json!([gone, gone]), json!([])),
            (json!([gone, user]), json!([user])),
            (json!([user, gone]), json!([user])),
            (json!([user, gone, gone]), json!([user])),
            (json!([gone, gone, user, gone, user, gone]), json!([user, user])),
        ] {
            assert_eq!(passed(&input), left, "{input}");
        }
    }
}

#[test]
fn what_a_provider_refuses_is_left_out() {
    let own = Encrypted::At { provider: "p", content: "x" }.content();
    let body = json!({"model": "m", "include": ["a"], "reasoning": {"effort": "low", "summary": "auto"},
        "input": [reasoning("rs_1", &own)]});
    let sent = sent_by(Ask::Responses, &body.to_string(), &["include", "reasoning.summary"]).unwrap();
    let sent: Value = serde_json::from_str(&sent).unwrap();
    assert_eq!(
        sent,
        json!({"model": "up", "reasoning": {"effort": "low"}, "input": [reasoning("rs_1", "x")]})
    );
}

#[test]
fn a_mixture_is_put_into_the_words_of_responses() {
    let schema = json!({"type": "object"});
    let body = json!({
        "model": "m", "input": "Hi", "stream": true, "stream_options": {"include_usage": true}, "max_tokens": 5,
        "max_completion_tokens": 9, "reasoning": {"effort": "low"},
        "tools": [
            {"type": "function", "name": "flat", "parameters": schema, "strict": true},
            {"type": "function", "function": {"name": "nested", "parameters": schema}},
            {"name": "anthropic", "description": "d", "input_schema": schema, "cache_control": {"type": "ephemeral"}},
            {"type": "custom", "custom": {"name": "c", "format":
                {"type": "grammar", "grammar": {"syntax": "lark", "definition": "x"}}}},
            {"type": "web_search"}
        ],
        "tool_choice": {"type": "function", "function": {"name": "nested"}}
    });
    let sent = sent_by(Ask::Chat, &body.to_string(), &[]).unwrap();
    let expected = json!({
        "model": "up", "input": "Hi", "stream": true, "max_output_tokens": 9, "reasoning": {"effort": "low"},
        "tools": [
            {"type": "function", "name": "flat", "parameters": schema, "strict": true},
            {"type": "function", "name": "nested", "parameters": schema, "strict": false},
            {"type": "function", "name": "anthropic", "description": "d", "parameters": schema, "strict": false},
            {"type": "custom", "name": "c", "format": {"type": "grammar", "syntax": "lark", "definition": "x"}},
            {"type": "web_search"}
        ],
        "tool_choice": {"type": "function", "name": "nested"}, "store": false
    });
    assert_eq!(serde_json::from_str::<Value>(&sent).unwrap(), expected);
}
