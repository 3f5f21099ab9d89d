//! Reasoning of OpenAI's that a chat client sends back: to OpenAI as it was, and to no one else.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use serde_json::{Value, json};
use switchyard::{
    config::file::kinds,
    dialect::{Dialect, ReplyContext, chat::scan},
    provider::{
        Format, Upstream,
        model::{ModelFacts, Thinking},
        quirks::Quirks,
    },
    translate::{self, ReplyStream},
};

fn context() -> ReplyContext {
    ReplyContext {
        id: "0123".into(),
        created: 1,
        model: "m".into(),
        include_usage: false,
        provider: "p".into(),
        ..ReplyContext::default()
    }
}

fn reasoning(id: &str, summary: &str) -> Value {
    let summary = json!([{"type": "summary_text", "text": summary}]);
    json!({"type": "reasoning", "id": id, "summary": summary, "encrypted_content": format!("gAAA{id}==")})
}

fn call(id: &str) -> Value {
    json!({"type": "function_call", "id": format!("fc_{id}"), "call_id": id, "name": "now", "arguments": "{}"})
}

/// The client's message of a whole reply with these items.
fn message(output: &Value) -> Value {
    let body = json!({"object": "response", "status": "completed", "output": output}).to_string();
    let mut out = Vec::new();
    translate::reply(Dialect::Chat, Format::Responses, body.as_bytes(), &context(), &mut out).unwrap();
    serde_json::from_slice::<Value>(&out).unwrap()["choices"][0]["message"].clone()
}

/// The same of a stream, joined as clients do that know of `thinking_blocks`: text until a signature is one block.
fn streamed(output: &Value) -> Value {
    let mut stream = ReplyStream::new(Dialect::Chat, Format::Responses, context());
    let mut out = Vec::new();
    for (index, item) in output.as_array().unwrap().iter().enumerate() {
        let done = json!({"type": "response.output_item.done", "output_index": index, "item": item});
        stream.push(format!("data: {done}\n\n").as_bytes(), &mut out);
    }
    let last = json!({"type": "response.completed", "response": {"status": "completed", "output": output}});
    stream.push(format!("data: {last}\n\n").as_bytes(), &mut out);
    stream.end(&mut out);
    let (mut text, mut calls, mut blocks) = (String::new(), Vec::new(), vec![String::new()]);
    let mut signatures = Vec::new();
    for line in str::from_utf8(&out).unwrap().lines().filter_map(|line| line.strip_prefix("data: {")) {
        let chunk: Value = serde_json::from_str(&format!("{{{line}")).unwrap();
        let delta = &chunk["choices"][0]["delta"];
        text.push_str(delta["content"].as_str().unwrap_or_default());
        for block in delta["thinking_blocks"].as_array().into_iter().flatten() {
            blocks.last_mut().unwrap().push_str(block["thinking"].as_str().unwrap());
            if let Some(signature) = block["signature"].as_str() {
                signatures.push(signature.to_owned());
                blocks.push(String::new());
            }
        }
        for call in delta["tool_calls"].as_array().into_iter().flatten() {
            match call["id"].as_str() {
                Some(_) => calls.push(call.clone()),
                None => {
                    calls.last_mut().unwrap()["function"]["arguments"] = call["function"]["arguments"].clone()
                }
            }
        }
    }
    let blocks: Vec<Value> = blocks
        .iter()
        .zip(&signatures)
        .map(|(text, signature)| json!({"type": "thinking", "thinking": text, "signature": signature}))
        .collect();
    json!({"role": "assistant", "content": text, "thinking_blocks": blocks, "tool_calls": calls})
}

/// A conversation over two turns with calls, and the beginning of a third.
fn conversation(read: fn(&Value) -> Value) -> Value {
    let one = read(&json!([reasoning("rs_1", "**One**"), reasoning("rs_2", "**Two**"), call("call_1")]));
    let two = read(
        &json!([reasoning("rs_3", ""), {"type": "message", "content": [{"type": "output_text", "text": "Noon."}]}]),
    );
    json!({"model": "m", "reasoning_effort": "low",
        "tools": [{"type": "function", "function": {"name": "now"}}],
        "messages": [{"role": "user", "content": "What time is it?"}, one,
            {"role": "tool", "tool_call_id": "call_1", "content": "12:00"}, two,
            {"role": "user", "content": "Thanks."}]})
}

fn write(format: Format, request: &Value) -> Vec<u8> {
    let body = request.to_string();
    let head = scan::scan(body.as_bytes()).unwrap();
    let thinking = match format {
        Format::Gemini | Format::Vertex => Thinking::Level,
        _ => Thinking::Adaptive,
    };
    let facts = ModelFacts { thinking, max_output: Some(9000), json_schema: true, ..ModelFacts::default() };
    let upstream = Upstream { model: "m", facts: &facts, quirks: Quirks::NONE, provider: "p" };
    let mut out = Vec::new();
    translate::request(Dialect::Chat, format, body.as_bytes(), &head, &upstream, &mut out)
        .unwrap_or_else(|error| panic!("{}: {error:?}", format.name()));
    out
}

#[test]
fn openai_gets_its_reasoning_back_in_every_turn() {
    for read in [message, streamed] {
        let sent: Value = serde_json::from_slice(&write(Format::Responses, &conversation(read))).unwrap();
        let items = sent["input"].as_array().unwrap();
        let kinds: Vec<&str> = items.iter().map(|item| item["type"].as_str().unwrap()).collect();
        let expected = [
            "message",
            "reasoning",
            "reasoning",
            "function_call",
            "function_call_output",
            "reasoning",
            "message",
            "message",
        ];
        assert_eq!(kinds, expected);
        assert_eq!([&items[1], &items[2]], [&reasoning("rs_1", "**One**"), &reasoning("rs_2", "**Two**")]);
        assert_eq!(
            items[5],
            json!({"type": "reasoning", "id": "rs_3", "summary": [], "encrypted_content": "gAAArs_3=="})
        );
    }
}

#[test]
fn no_one_else_is_sent_it() {
    let others = |format: &&Format| !matches!(format, Format::Openai | Format::Responses);
    for format in Format::ALL.iter().filter(others) {
        assert!(kinds::kind(format.name()).is_some());
        for read in [message, streamed] {
            let sent = String::from_utf8(write(*format, &conversation(read))).unwrap();
            assert!(!sent.contains("openai:") && !sent.contains("gAAA"), "{}: {sent}", format.name());
            assert!(sent.contains("Noon."), "{}", format.name());
        }
    }
}
