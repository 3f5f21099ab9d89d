//! What golden cases do not show.

use serde_json::{Value, json};

use super::*;
use crate::{
    dialect::chat,
    ir::{Message, Part, Role},
    provider::{
        model::{ModelFacts, Thinking},
        quirks::Quirks,
    },
};

fn sent(request: &Value, quirks: &Quirks) -> Value {
    let body = request.to_string();
    let request = chat::parse::parse(body.as_bytes()).unwrap();
    let facts = ModelFacts { thinking: Thinking::Adaptive, ..ModelFacts::default() };
    let mut out = Vec::new();
    write(&request, &Upstream { model: "m", facts: &facts, quirks, provider: "p" }, &mut out).unwrap();
    serde_json::from_slice(&out).unwrap()
}

#[test]
fn an_account_without_summaries_need_not_ask_for_them() {
    let request =
        json!({"model": "m", "messages": [{"role": "user", "content": "Hi"}], "reasoning_effort": "low"});
    let refuses = |names: &[&str]| Quirks {
        refuses: names.iter().map(|name| (*name).to_owned()).collect(),
        ..Quirks::default()
    };
    let plain = sent(&request, Quirks::NONE);
    assert_eq!(plain["reasoning"], json!({"effort": "low", "summary": "auto"}));
    assert_eq!(plain["include"], json!(["reasoning.encrypted_content"]));
    let bare = sent(&request, &refuses(&["reasoning.summary", "include"]));
    assert_eq!((&bare["reasoning"], &bare["include"]), (&json!({"effort": "low"}), &Value::Null));
}

#[test]
fn what_failed_says_so() {
    let body = json!({"model": "m", "messages": [{"role": "user", "content": "Hi"}]}).to_string();
    let mut request = chat::parse::parse(body.as_bytes()).unwrap();
    let text = Part::Text { text: "no such file".into(), cache: None };
    let result = Part::ToolResult { id: "c".into(), content: vec![text], is_error: true, cache: None };
    request.messages.push(Message { role: Role::Tool, parts: vec![result], name: None, signature: None });
    let facts = ModelFacts::default();
    let mut out = Vec::new();
    write(&request, &Upstream { model: "m", facts: &facts, quirks: Quirks::NONE, provider: "p" }, &mut out)
        .unwrap();
    let sent: Value = serde_json::from_slice(&out).unwrap();
    let output = json!([{"type": "input_text", "text": "The call failed:"}, {"type": "input_text", "text": "no such file"}]);
    assert_eq!(sent["input"][1], json!({"type": "function_call_output", "call_id": "c", "output": output}));
}

#[test]
fn a_refused_request_leaves_nothing_behind() {
    let audio = json!({"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}});
    let body = json!({"model": "m", "messages": [{"role": "user", "content": [audio]}]}).to_string();
    let request = chat::parse::parse(body.as_bytes()).unwrap();
    let mut out = b"before".to_vec();
    let upstream =
        Upstream { model: "m", facts: &ModelFacts::default(), quirks: Quirks::NONE, provider: "p" };
    let error = write(&request, &upstream, &mut out).unwrap_err();
    assert_eq!((error.param.as_deref(), out.as_slice()), (Some("messages[0].content[0]"), &b"before"[..]));
}
