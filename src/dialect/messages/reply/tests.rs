use serde_json::{Value, json};

use super::*;
use crate::ir::{Citation, Extra, Finish, Usage};

fn context() -> ReplyContext {
    ReplyContext { id: "0123".into(), model: "asked".into(), ..ReplyContext::default() }
}

fn written(parts: Vec<ReplyPart<'_>>, finish: Finish<'_>, usage: Option<Usage>) -> Value {
    let reply = Reply { id: Some("chatcmpl-1".into()), model: None, created: Some(1), parts, finish, usage };
    let mut out = Vec::new();
    write(&reply, &context(), &mut out);
    serde_json::from_slice(&out).unwrap()
}

fn content(parts: Vec<ReplyPart<'_>>) -> Value {
    written(parts, Finish::Stop, None)["content"].take()
}

fn call(arguments: &'static str, signature: Option<&'static str>) -> ReplyPart<'static> {
    let signature = signature.map(Into::into);
    ReplyPart::ToolCall { id: "c1".into(), name: "f".into(), arguments: arguments.into(), signature }
}

fn source(url: &'static str) -> ReplyPart<'static> {
    ReplyPart::Citation(Citation { url: url.into(), title: "".into(), span: Some((0, 3)) })
}

#[test]
fn a_whole_message() {
    let usage =
        Usage { input: Some(7), cache_read: Some(3), cache_write: None, output: Some(5), reasoning: Some(2) };
    let told = written(vec![ReplyPart::Text("Hi".into())], Finish::Length, Some(usage));
    let wanted = json!({
        "id": "msg_0123", "type": "message", "role": "assistant", "model": "asked",
        "content": [{"type": "text", "text": "Hi"}],
        "stop_reason": "max_tokens", "stop_sequence": null,
        "usage": {
            "input_tokens": 7, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 3,
            "output_tokens": 5, "output_tokens_details": {"thinking_tokens": 2},
            "cache_creation": null, "server_tool_use": null, "service_tier": null,
        },
    });
    assert_eq!(told, wanted);
}

#[test]
fn an_id_of_anthropics_form_is_kept() {
    for (id, told) in [("msg_01", "msg_01"), ("msg_", "msg_0123"), ("", "msg_0123")] {
        let mut out = Vec::new();
        words::head(Some(id), Some("m"), &context(), &mut out);
        out.push(b'}');
        assert_eq!(serde_json::from_slice::<Value>(&out).unwrap()["id"], told);
    }
}

#[test]
fn blocks_in_their_order() {
    let told = content(vec![
        ReplyPart::Thinking { text: "hm".into(), signature: None },
        ReplyPart::Thinking { text: "".into(), signature: Some("s".into()) },
        ReplyPart::RedactedThinking("r".into()),
        ReplyPart::Text("".into()),
        ReplyPart::Text("a".into()),
        ReplyPart::Text("b".into()),
        call("{\"a\":1}", Some("g")),
        ReplyPart::Text("c".into()),
    ]);
    let wanted = json!([
        {"type": "thinking", "thinking": "hm", "signature": ""},
        {"type": "thinking", "thinking": "", "signature": "s"},
        {"type": "redacted_thinking", "data": "r"},
        {"type": "text", "text": "ab"},
        {"type": "redacted_thinking", "data": "switchyard:call:v1:g"},
        {"type": "tool_use", "id": "c1", "name": "f", "input": {"a": 1}},
        {"type": "text", "text": "c"},
    ]);
    assert_eq!(told, wanted);
}

#[test]
fn an_empty_text_only_where_there_is_nothing_else() {
    let empty = json!([{"type": "text", "text": ""}]);
    assert_eq!(content(vec![]), empty);
    assert_eq!(content(vec![ReplyPart::Text("".into())]), empty);
    assert_eq!(content(vec![ReplyPart::Text("".into()), call("{}", None)]).as_array().unwrap().len(), 1);
}

#[test]
fn arguments_that_are_no_object_are_told_as_such() {
    for arguments in ["", "{\"a\":", "[1]", "\"x\"", "{} {}"] {
        assert_eq!(content(vec![call(arguments, None)])[0]["input"], json!({"INVALID_JSON": arguments}));
    }
}

#[test]
fn sources_are_those_of_a_text() {
    let text = |text: &'static str| ReplyPart::Text(text.into());
    let urls = |told: &Value| -> Vec<Vec<String>> {
        let of = |block: &Value| block["citations"].as_array().cloned().unwrap_or_default();
        let url = |source: &Value| source["url"].as_str().unwrap().to_owned();
        told.as_array().unwrap().iter().map(|block| of(block).iter().map(url).collect()).collect()
    };
    let told =
        content(vec![text("a"), source("u1"), text("b"), source("u2"), call("{}", None), source("u3")]);
    assert_eq!(urls(&told), [vec!["u1", "u2", "u3"], vec![]]);
    assert_eq!(
        told[0]["citations"][0],
        json!({"type": "web_search_result_location", "url": "u1", "title": null, "cited_text": "",
            "encrypted_index": ""})
    );
    let told =
        content(vec![source("u0"), text("a"), source("u1"), call("{}", None), source("u2"), text("b")]);
    assert_eq!(urls(&told), [vec!["u0", "u1"], vec![], vec!["u2"]]);
}

#[test]
fn the_signature_of_a_text_stands_before_it() {
    let extra = |name: &'static str, json: &'static str| {
        ReplyPart::Extra(Extra { vendor: "google", name, json: json.into() })
    };
    let parts = |json| {
        let call = call("{}", None);
        vec![
            call,
            ReplyPart::Text("a".into()),
            extra("safety_ratings", "[]"),
            extra("thought_signature", json),
        ]
    };
    let told = content(parts("\"c2ln\""));
    assert_eq!(told[1], json!({"type": "redacted_thinking", "data": "switchyard:text:v1:c2ln"}));
    assert_eq!(told[2], json!({"type": "text", "text": "a"}));
    assert_eq!(content(parts("7")).as_array().unwrap().len(), 2);
}

#[test]
fn why_it_stopped() {
    let call = || vec![call("{}", None)];
    let text = || vec![ReplyPart::Text("a".into())];
    let refusal = || vec![ReplyPart::Refusal("no".into())];
    for (parts, finish, reason, sequence) in [
        (text(), Finish::Stop, "end_turn", None),
        (call(), Finish::Stop, "tool_use", None),
        (call(), Finish::ToolCalls, "tool_use", None),
        (text(), Finish::ToolCalls, "end_turn", None),
        (call(), Finish::Length, "max_tokens", None),
        (text(), Finish::StopSequence(Some("END".into())), "stop_sequence", Some("END")),
        (text(), Finish::StopSequence(None), "stop_sequence", None),
        (text(), Finish::ContentFilter, "refusal", None),
        (text(), Finish::Refusal, "refusal", None),
        (refusal(), Finish::Stop, "refusal", None),
    ] {
        let told = written(parts, finish, None);
        assert_eq!((told["stop_reason"].as_str(), told["stop_sequence"].as_str()), (Some(reason), sequence));
        let details = json!({"type": "refusal", "category": null, "explanation": null});
        assert_eq!(told.get("stop_details"), (reason == "refusal").then_some(&details));
    }
}
