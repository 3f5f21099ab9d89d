//! Recorded traffic of OpenAI's Responses and of servers that copied it, read by the converters and by a plain reader
//! of JSON trees: both must see the same.
//!
//! The recordings are not part of the repository; without them the tests say that they were skipped.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "recordings/seen.rs"]
mod seen;

use seen::{Seen, counts, finish_word, recordings};
use serde_json::{Value, json};
use switchyard::{
    ir::{ErrorKind, ReplyPart},
    provider::responses::{error, response, stream::ResponsesDecoder},
};

const FOLDERS: [&str; 4] =
    ["vercel-ai/openai", "vercel-ai/azure", "vercel-ai/open-responses", "vercel-ai/xai"];

/// Recordings whose makers took out some of the deltas.
const SHORTENED: [&str; 2] = ["openai-phase.1", "openai-shell-container.1"];

fn deltas(events: &[Value]) -> String {
    let deltas = events.iter().filter(|event| event["type"] == "response.output_text.delta");
    deltas.map(|event| event["delta"].as_str().unwrap()).collect()
}

fn decoder() -> ResponsesDecoder {
    ResponsesDecoder::new("x", "p")
}

/// The streams of a recording, which may hold those of several turns; each begins with `response.created`.
fn streams_of(chunks: &str) -> Vec<Vec<Value>> {
    let mut streams: Vec<Vec<Value>> = Vec::new();
    for line in chunks.lines().filter(|line| !line.trim().is_empty()) {
        let event: Value = serde_json::from_str(line).unwrap();
        if event["type"] == "response.created" {
            streams.push(Vec::new());
        }
        streams.last_mut().unwrap().push(event);
    }
    streams
}

/// Framed as OpenAI does.
fn frame(events: &[Value]) -> Vec<u8> {
    let frame = |event: &Value| format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap());
    events.iter().flat_map(|event| frame(event).into_bytes()).collect()
}

/// The plain reader, over a whole response.
fn plain(response: &Value) -> Seen {
    let mut seen = Seen { done: true, ..Seen::default() };
    for item in response["output"].as_array().unwrap() {
        match item["type"].as_str().unwrap() {
            "message" => {
                for part in item["content"].as_array().unwrap() {
                    seen.text.push_str(part["text"].as_str().unwrap());
                }
            }
            "function_call" => {
                let text = |name: &str| item[name].as_str().map(str::to_owned);
                let id = text("call_id").or(text("id")).unwrap();
                let args = serde_json::from_str(item["arguments"].as_str().unwrap()).unwrap();
                seen.calls.push((id, text("name").unwrap(), args));
            }
            // A function with one string, as which it was offered.
            "custom_tool_call" => {
                let text = |name: &str| item[name].as_str().unwrap().to_owned();
                seen.calls.push((text("call_id"), text("name"), json!({"input": text("input")})));
            }
            "reasoning" => {
                let parts =
                    ["summary", "content"].into_iter().filter_map(|name| item[name].as_array()).flatten();
                for text in parts.map(|part| part["text"].as_str().unwrap()).filter(|text| !text.is_empty()) {
                    if !seen.thinking.is_empty() {
                        seen.thinking.push_str("\n\n");
                    }
                    seen.thinking.push_str(text);
                }
                if let Some(encrypted) = item["encrypted_content"].as_str().filter(|text| !text.is_empty()) {
                    seen.signatures.push(format!("openai:v2:p:{}:{encrypted}", item["id"].as_str().unwrap()));
                }
            }
            _ => {}
        }
    }
    let finish = match response["status"].as_str() {
        Some("completed") | None => "stop",
        Some(other) => panic!("a recording ends with {other}: say here what it means"),
    };
    seen.finish = if seen.calls.is_empty() { finish } else { "calls" }.to_owned();
    let usage = &response["usage"];
    let count = |value: &Value| value.as_u64();
    let cached = count(&usage["input_tokens_details"]["cached_tokens"]);
    let written = count(&usage["input_tokens_details"]["cache_write_tokens"]);
    let fresh = count(&usage["input_tokens"]).map(|all| all - cached.unwrap_or(0) - written.unwrap_or(0));
    let reasoning = count(&usage["output_tokens_details"]["reasoning_tokens"]);
    seen.usage = [fresh, cached, written, count(&usage["output_tokens"]), reasoning];
    seen
}

/// The response that a stream ends with, with its items as their own events told: some recordings left them out of it,
/// and OpenAI encrypts reasoning anew each time.
fn whole(events: &[Value]) -> Value {
    let of = |kind: &'static str| events.iter().filter(move |event| event["type"] == kind);
    let mut response = of("response.completed").next().unwrap()["response"].clone();
    let done: Vec<Value> = of("response.output_item.done").map(|event| event["item"].clone()).collect();
    let count = |output: &Value| output.as_array().map_or(0, Vec::len);
    assert!(count(&response["output"]) == 0 || count(&response["output"]) == done.len());
    response["output"] = done.into();
    response
}

#[test]
fn streams() {
    let mut read = 0;
    for (name, chunks) in FOLDERS.into_iter().flat_map(|folder| recordings(folder, ".chunks.txt")) {
        // The others are of other APIs; the first line of one is cut short.
        let first: Value =
            chunks.lines().next().and_then(|line| serde_json::from_str(line).ok()).unwrap_or_default();
        if first["type"] != "response.created" {
            continue;
        }
        for (turn, events) in streams_of(&chunks).into_iter().enumerate() {
            read += 1;
            let name = format!("{name} {turn}");
            let stream = frame(&events);
            let found = seen::decode(decoder(), &stream, &[]);
            seen::splits(decoder, &name, &stream, &found);
            if events.iter().any(|event| event["type"] == "response.failed") {
                assert_eq!((found.errors, found.done), (1, false), "{name}");
                continue;
            }
            let mut expected = plain(&whole(&events));
            if SHORTENED.iter().any(|part| name.contains(part)) {
                expected.text = deltas(&events);
            }
            assert_eq!(found, expected, "{name}");
        }
    }
    println!("{read} streams were read");
}

#[test]
fn streams_of_a_proxy_that_left_out_most_events() {
    for (name, stream) in recordings("apisix-quirks/openai", ".sse") {
        if !name.starts_with("responses-") {
            continue;
        }
        let found = seen::decode(decoder(), stream.as_bytes(), &[]);
        seen::splits(decoder, &name, stream.as_bytes(), &found);
        let text = if name.contains("cache") { "Hello" } else { "Hello world" };
        match name.as_str() {
            "responses-streaming-with-tool-call.sse" => {
                assert_eq!(found.calls, [("call_1".into(), "get_weather".into(), json!({}))]);
                assert_eq!(found.finish, "calls");
            }
            _ => assert_eq!((found.text.as_str(), found.finish.as_str()), (text, "stop"), "{name}"),
        }
        assert!(found.done && found.usage[3] == Some(5), "{name}");
    }
}

#[test]
fn whole_replies() {
    let mut read = 0;
    let replies = FOLDERS.into_iter().flat_map(|folder| recordings(folder, ".json"));
    for (name, body) in replies.chain(recordings("apisix-quirks/openai", ".json")) {
        let tree: Value = serde_json::from_str(&body).unwrap();
        if name.starts_with("responses-") && tree.get("error").is_some_and(Value::is_object) {
            let error = error::read(400, body.as_bytes());
            let expected =
                if name.contains("temperature") { ErrorKind::InvalidRequest } else { ErrorKind::Billing };
            assert_eq!((error.kind, error.upstream_status), (expected, Some(400)), "{name}");
            continue;
        }
        if tree.get("output").is_none() {
            // Of other APIs.
            assert!(response::read(body.as_bytes(), "x", "p").is_err(), "{name}");
            continue;
        }
        read += 1;
        let reply = response::read(body.as_bytes(), "x", "p").unwrap();
        let mut found = Seen { finish: finish_word(&reply.finish), done: true, ..Seen::default() };
        found.usage = counts(reply.usage.unwrap());
        let mut beside = 0;
        for part in &reply.parts {
            match part {
                ReplyPart::Text(text) => found.text.push_str(text),
                ReplyPart::Thinking { text, signature } => {
                    found.thinking.push_str(text);
                    found.signatures.extend(signature.as_deref().map(str::to_owned));
                }
                ReplyPart::ToolCall { id, name, arguments, .. } => {
                    let args = serde_json::from_str(arguments).unwrap();
                    found.calls.push((id.to_string(), name.to_string(), args));
                }
                ReplyPart::Extra(extra) if extra.name == "server_tools" => {
                    beside = serde_json::from_str::<Vec<Value>>(&extra.json).unwrap().len();
                }
                ReplyPart::Citation(_) | ReplyPart::Extra(_) => {}
                ReplyPart::Refusal(_) | ReplyPart::RedactedThinking(_) => panic!("{name}: {part:?}"),
            }
        }
        assert_eq!(reply.id.as_deref(), tree["id"].as_str(), "{name}");
        assert_eq!(reply.model.as_deref(), tree["model"].as_str(), "{name}");
        let ours = |item: &&Value| {
            !["message", "function_call", "custom_tool_call", "reasoning"]
                .contains(&item["type"].as_str().unwrap())
        };
        assert_eq!(beside, tree["output"].as_array().unwrap().iter().filter(ours).count(), "{name}");
        assert_eq!(found, plain(&tree), "{name}");
    }
    println!("{read} replies were read");
}
