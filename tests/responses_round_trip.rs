//! What a provider told a Responses client comes back with the next turn: the same bytes to who signed or encrypted them,
//! and to no one else.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use serde_json::{Value, json};
use switchyard::{
    dialect::{Ask, Dialect, Head, ReplyContext},
    provider::{
        Format, Upstream,
        model::{ModelFacts, Thinking},
        quirks::Quirks,
    },
    translate::{self, Outcome, ReplyStream},
};

/// One provider's answer, whole and as a stream, and what of it must come back.
struct Case {
    format: Format,
    reply: Value,
    stream: Vec<u8>,
    kept: &'static [&'static str],
}

const SIGNATURE: &str = "c2lnbmF0dXJl";
const REDACTED: &str = "cmVkYWN0ZWQ=";
const ENCRYPTED: &str = "gAAAencrypted==";

fn sse(events: &[Value]) -> Vec<u8> {
    let frame =
        |event: &Value| format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap_or("x"));
    events.iter().flat_map(|event| frame(event).into_bytes()).collect()
}

fn anthropic() -> Case {
    let content = json!([
        {"type": "thinking", "thinking": "Hm. \n", "signature": SIGNATURE},
        {"type": "redacted_thinking", "data": REDACTED},
        {"type": "text", "text": "I look."},
        {"type": "tool_use", "id": "toolu_1", "name": "n__now", "input": {"x": 1}},
    ]);
    let message = |content: &Value| {
        json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": content,
        "stop_reason": "tool_use", "stop_sequence": null, "usage": {"input_tokens": 1, "output_tokens": 1}})
    };
    let delta = |at: usize, delta: Value| json!({"type": "content_block_delta", "index": at, "delta": delta});
    let mut events = vec![json!({"type": "message_start", "message": message(&json!([]))})];
    for (at, block) in content.as_array().unwrap().iter().enumerate() {
        let mut start = block.clone();
        let deltas = match block["type"].as_str().unwrap() {
            "thinking" => {
                (start["thinking"], start["signature"]) = (json!(""), json!(""));
                vec![
                    json!({"type": "thinking_delta", "thinking": "Hm"}),
                    json!({"type": "thinking_delta", "thinking": ". \n"}),
                    json!({"type": "signature_delta", "signature": SIGNATURE}),
                ]
            }
            "text" => {
                start["text"] = json!("");
                vec![json!({"type": "text_delta", "text": "I look."})]
            }
            "tool_use" => {
                start["input"] = json!({});
                vec![json!({"type": "input_json_delta", "partial_json": "{\"x\":1}"})]
            }
            _ => Vec::new(),
        };
        events.push(json!({"type": "content_block_start", "index": at, "content_block": start}));
        events.extend(deltas.into_iter().map(|one| delta(at, one)));
        events.push(json!({"type": "content_block_stop", "index": at}));
    }
    events.push(
        json!({"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 1}}),
    );
    events.push(json!({"type": "message_stop"}));
    let kept = &[r#""thinking":"Hm. \n""#, SIGNATURE, REDACTED, r#""name":"n__now","input":{"x":1}"#];
    Case { format: Format::Anthropic, reply: message(&content), stream: sse(&events), kept }
}

fn gemini() -> Case {
    let reply = json!({"candidates": [{"content": {"role": "model", "parts": [
        {"text": "I look.", "thoughtSignature": "dGV4dA=="},
        {"functionCall": {"name": "n__now", "args": {"x": 1}}, "thoughtSignature": SIGNATURE},
        {"functionCall": {"name": "n__now", "args": {}}},
    ]}, "finishReason": "STOP"}], "responseId": "r", "modelVersion": "m"});
    let stream = format!("data: {reply}\r\n\r\n").into_bytes();
    Case { format: Format::Gemini, reply, stream, kept: &[SIGNATURE, "dGV4dA=="] }
}

fn responses() -> Case {
    let output = json!([
        {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "Hm."}], "encrypted_content": ENCRYPTED},
        {"type": "function_call", "id": "fc_1", "status": "completed", "call_id": "call_1", "name": "now", "namespace": "n", "arguments": "{\"x\":1}"},
    ]);
    let reply = json!({"id": "resp_1", "object": "response", "status": "completed", "output": output});
    let mut events = vec![json!({"type": "response.created", "response": {"id": "resp_1"}})];
    for (at, item) in output.as_array().unwrap().iter().enumerate() {
        for kind in ["added", "done"] {
            events.push(
                json!({"type": format!("response.output_item.{kind}"), "output_index": at, "item": item}),
            );
        }
    }
    events.push(json!({"type": "response.completed", "response": reply}));
    let kept = &[r#""encrypted_content":"gAAAencrypted==""#, "Hm."];
    Case { format: Format::Responses, reply, stream: sse(&events), kept }
}

fn request(input: &[Value]) -> Value {
    let function = |name: &str| json!({"type": "function", "name": name, "parameters": {"type": "object"}});
    json!({"model": "m", "input": input, "store": false, "reasoning": {"effort": "low"},
        "include": ["reasoning.encrypted_content"],
        "tools": [{"type": "namespace", "name": "n", "description": "", "tools": [function("now")]}]})
}

fn head(request: &Value) -> Head {
    Head::scan(Ask::Responses, request.to_string().as_bytes()).unwrap()
}

/// What the client keeps of an answer of the provider `p`.
fn outputs(case: &Case) -> [Vec<Value>; 2] {
    let Head::Responses(asked) = head(&request(&[user("Hi")])) else { panic!("it is one") };
    let context = ReplyContext {
        id: "0123".into(),
        created: 1,
        model: "m".into(),
        provider: "p".into(),
        asked: Some(asked.asked),
        ..ReplyContext::default()
    };
    let mut out = Vec::new();
    let body = case.reply.to_string();
    translate::reply(Dialect::Responses, case.format, body.as_bytes(), &context, &mut out).unwrap();
    let whole: Value = serde_json::from_slice(&out).unwrap();
    let mut stream = ReplyStream::new(Dialect::Responses, case.format, context);
    let mut out = Vec::new();
    if stream.push(&case.stream, &mut out) == Outcome::AsIs {
        out.extend_from_slice(&case.stream);
    }
    stream.end(&mut out);
    // As Codex keeps them: each item when it has ended.
    let events = str::from_utf8(&out).unwrap().lines().filter_map(|line| line.strip_prefix("data: "));
    let events = events.map(|data| serde_json::from_str::<Value>(data).unwrap());
    let done: Vec<Value> = events
        .filter(|event| event["type"] == "response.output_item.done")
        .map(|event| event["item"].clone())
        .collect();
    [whole["output"].as_array().unwrap().clone(), done]
}

fn user(text: &str) -> Value {
    json!({"role": "user", "content": text})
}

/// What `provider` is sent with the next turn.
fn next(format: Format, provider: &str, output: &[Value]) -> String {
    let mut input = vec![user("Hi")];
    input.extend_from_slice(output);
    for call in output.iter().filter(|item| item["type"] == "function_call") {
        input.push(json!({"type": "function_call_output", "call_id": call["call_id"], "output": "noon"}));
    }
    let request = request(&input);
    let thinking = match format {
        Format::Gemini => Thinking::Level,
        _ => Thinking::Adaptive,
    };
    let facts = ModelFacts { thinking, max_output: Some(9000), ..ModelFacts::default() };
    let upstream = Upstream { model: "m", facts: &facts, quirks: Quirks::NONE, provider };
    let body = request.to_string();
    let mut out = Vec::new();
    let outcome = translate::any_request(
        format,
        body.as_bytes(),
        &head(&request),
        &upstream,
        &mut Vec::new(),
        &mut out,
    )
    .unwrap_or_else(|error| panic!("{}: {error:?}", format.name()));
    if outcome == Outcome::AsIs { body } else { String::from_utf8(out).unwrap() }
}

#[test]
fn who_gave_it_gets_it_back() {
    for case in [anthropic(), gemini(), responses()] {
        for output in outputs(&case) {
            let sent = next(case.format, "p", &output);
            for kept in case.kept {
                assert!(sent.contains(kept), "{}: {kept} is not in {sent}\n{output:?}", case.format.name());
            }
            assert!(!sent.contains("switchyard"), "{sent}");
        }
    }
}

#[test]
fn no_one_else_is_sent_it() {
    for case in [anthropic(), gemini(), responses()] {
        for output in outputs(&case) {
            let others = [
                (Format::Openai, "p"),
                (Format::Anthropic, "other"),
                (Format::Gemini, "other"),
                (Format::Responses, "other"),
                (Format::Bedrock, "other"),
                (Format::Mistral, "other"),
                (Format::Cohere, "other"),
            ];
            // One vendor's signatures are good with its other providers, and nothing tells those of two vendors apart
            // that have the same form: only what is OpenAI's, and what goes to OpenAI, is held apart.
            let others = others.into_iter().filter(|(format, _)| {
                case.format == Format::Responses || matches!(format, Format::Openai | Format::Responses)
            });
            for (format, provider) in others {
                let sent = next(format, provider, &output);
                for secret in [SIGNATURE, REDACTED, ENCRYPTED, "dGV4dA==", "switchyard"] {
                    assert!(!sent.contains(secret), "{} of {}: {sent}", format.name(), case.format.name());
                }
                // The call itself goes to all.
                assert!(sent.contains("noon"), "{sent}");
            }
        }
    }
}
