//! Recorded traffic of Anthropic, read by the converters and by a plain reader of JSON trees: both must see the same.
//!
//! The recordings are not part of the repository; without them the tests say that they were skipped.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "recordings/seen.rs"]
mod seen;

use seen::{Seen, counts, finish_word, recordings};
use serde_json::Value;
use switchyard::{
    ir::ReplyPart,
    provider::anthropic::{response, stream::MessagesDecoder},
};

/// Ours.
fn decode(stream: &[u8]) -> Seen {
    seen::decode(MessagesDecoder::default(), stream, &[])
}

fn frame(chunks: &str) -> Vec<u8> {
    let mut stream = Vec::new();
    for line in chunks.lines().filter(|line| !line.trim().is_empty()) {
        let event: Value = serde_json::from_str(line).unwrap();
        let kind = event["type"].as_str().unwrap();
        stream.extend_from_slice(format!("event: {kind}\ndata: {line}\n\n").as_bytes());
    }
    stream
}

fn plain_finish(reason: &str) -> String {
    match reason {
        "end_turn" | "pause_turn" => "stop".into(),
        "max_tokens" => "length".into(),
        "tool_use" => "calls".into(),
        "refusal" => "refusal".into(),
        other => panic!("a recording ends with {other}: say here what it means"),
    }
}

fn plain_usage(into: &mut [Option<u64>; 5], usage: &Value) {
    let names = ["input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens", "output_tokens"];
    for (at, name) in names.iter().enumerate() {
        into[at] = usage[name].as_u64().or(into[at]);
    }
    into[4] = usage["output_tokens_details"]["thinking_tokens"].as_u64().or(into[4]);
}

/// The plain reader, over whole events.
fn plain(stream: &str) -> Seen {
    let mut seen = Seen::default();
    let mut blocks: Vec<(u64, usize, String)> = Vec::new();
    for block in stream.split("\n\n") {
        let mut name = "";
        let mut data = "";
        for line in block.lines() {
            name = line.strip_prefix("event: ").unwrap_or(name);
            data = line.strip_prefix("data: ").unwrap_or(data);
        }
        let Ok(event) = serde_json::from_str::<Value>(data) else { continue };
        let index = event["index"].as_u64().unwrap_or(0);
        match name {
            "message_start" => plain_usage(&mut seen.usage, &event["message"]["usage"]),
            "content_block_start" if event["content_block"]["type"] == "tool_use" => {
                let block = &event["content_block"];
                let text = |key: &str| block[key].as_str().unwrap().to_owned();
                blocks.push((index, seen.calls.len(), String::new()));
                let input =
                    if block["input"].is_object() { block["input"].clone() } else { serde_json::json!({}) };
                seen.calls.push((text("id"), text("name"), input));
            }
            "content_block_start" => {
                seen.text.push_str(event["content_block"]["text"].as_str().unwrap_or_default());
            }
            "content_block_delta" => {
                let delta = &event["delta"];
                seen.text.push_str(delta["text"].as_str().unwrap_or_default());
                seen.thinking.push_str(delta["thinking"].as_str().unwrap_or_default());
                seen.signatures.extend(delta["signature"].as_str().map(str::to_owned));
                if let Some(open) = blocks.iter_mut().find(|open| open.0 == index) {
                    open.2.push_str(delta["partial_json"].as_str().unwrap_or_default());
                }
            }
            "content_block_stop" => {
                if let Some(at) = blocks.iter().position(|open| open.0 == index) {
                    let (_, call, json) = blocks.remove(at);
                    if !json.is_empty() {
                        seen.calls[call].2 = serde_json::from_str(&json).unwrap();
                    }
                }
            }
            "message_delta" => {
                plain_usage(&mut seen.usage, &event["usage"]);
                seen.finish = plain_finish(event["delta"]["stop_reason"].as_str().unwrap());
            }
            "message_stop" => {
                seen.done = true;
                break;
            }
            _ => {}
        }
    }
    seen
}

fn check(name: &str, stream: &[u8]) {
    let whole = decode(stream);
    assert_eq!(whole, plain(str::from_utf8(stream).unwrap()), "{name}");
    assert!(whole.done && whole.errors == 0, "{name}");
    seen::splits(MessagesDecoder::default, name, stream, &whole);
}

#[test]
fn streams_of_the_ai_sdk() {
    for (name, chunks) in recordings("vercel-ai/anthropic", ".chunks.txt") {
        // Two answers in one stream: what was passed on of the first cannot be taken back.
        if name.starts_with("spliced") {
            let stream = frame(&chunks);
            let whole = decode(&stream);
            assert_eq!((whole.errors, whole.done), (1, false), "{name}");
            seen::splits(MessagesDecoder::default, &name, &stream, &whole);
            continue;
        }
        check(&name, &frame(&chunks));
    }
}

#[test]
fn streams_that_broke_a_gateway() {
    for (name, stream) in recordings("apisix-quirks/anthropic", ".sse") {
        check(&name, stream.as_bytes());
    }
}

#[test]
fn whole_replies() {
    let mut replies = recordings("vercel-ai/anthropic", ".json");
    replies.extend(recordings("apisix-quirks/anthropic", ".json"));
    for (name, body) in replies {
        let tree: Value = serde_json::from_str(&body).unwrap();
        let Some(blocks) = tree["content"].as_array() else {
            // Of the skills API, not messages.
            assert!(response::read(body.as_bytes()).is_err(), "{name}");
            continue;
        };
        let reply = response::read(body.as_bytes()).unwrap();
        let mut texts = Vec::new();
        let mut calls = Vec::new();
        for part in &reply.parts {
            match part {
                ReplyPart::Text(text) => texts.push(text.as_ref()),
                ReplyPart::ToolCall { id, name, arguments, .. } => {
                    let input: Value = serde_json::from_str(arguments).unwrap();
                    calls.push((id.to_string(), name.to_string(), input));
                }
                _ => {}
            }
        }
        let of = |kind: &'static str| blocks.iter().filter(move |block| block["type"] == kind);
        let plain_texts: Vec<&str> = of("text").map(|block| block["text"].as_str().unwrap()).collect();
        assert_eq!(texts, plain_texts, "{name}");
        let plain_calls: Vec<_> = of("tool_use")
            .map(|block| {
                let text = |key: &str| block[key].as_str().unwrap().to_owned();
                (text("id"), text("name"), block["input"].clone())
            })
            .collect();
        assert_eq!(calls, plain_calls, "{name}");
        assert_eq!(finish_word(&reply.finish), plain_finish(tree["stop_reason"].as_str().unwrap()), "{name}");
        let mut usage = [None; 5];
        plain_usage(&mut usage, &tree["usage"]);
        assert_eq!(counts(reply.usage.unwrap()), usage, "{name}");
    }
}
