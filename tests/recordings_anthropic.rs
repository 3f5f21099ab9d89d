//! Recorded traffic of Anthropic, read by the converters and by a plain reader of JSON trees: both must see the same.
//!
//! The recordings are not part of the repository; without them the tests say that they were skipped.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "recordings/seen.rs"]
mod seen;
#[path = "recordings/told.rs"]
mod told;

use seen::{Seen, counts, finish_word, recordings};
use serde_json::{Value, json};
use switchyard::{
    ir::ReplyPart,
    provider::anthropic::{response, stream::MessagesDecoder},
};
use told::Told;

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

/// The content of a message as its events tell it, and the message itself.
fn whole(stream: &str) -> (Vec<Value>, Value) {
    let mut blocks: Vec<Value> = Vec::new();
    let mut message = json!({});
    let put = |message: &mut Value, from: &Value| {
        for name in ["container", "stop_details", "context_management"] {
            if !from[name].is_null() {
                message[name] = from[name].clone();
            }
        }
    };
    let mut inputs: Vec<String> = Vec::new();
    for data in stream.lines().filter_map(|line| line.strip_prefix("data: ")) {
        let event: Value = serde_json::from_str(data).unwrap();
        let index = usize::try_from(event["index"].as_u64().unwrap_or(0)).unwrap();
        match event["type"].as_str().unwrap() {
            "message_start" => put(&mut message, &event["message"]),
            "content_block_start" => {
                assert_eq!(index, blocks.len());
                blocks.push(event["content_block"].clone());
                inputs.push(String::new());
            }
            "content_block_delta" => {
                let delta = &event["delta"];
                let block = &mut blocks[index];
                if let Some(text) = delta["text"].as_str() {
                    block["text"] = format!("{}{text}", block["text"].as_str().unwrap()).into();
                }
                if delta["citation"].is_object() {
                    if !block["citations"].is_array() {
                        block["citations"] = json!([]);
                    }
                    block["citations"].as_array_mut().unwrap().push(delta["citation"].clone());
                }
                if delta["type"] == "compaction_delta" {
                    block["content"] = delta["content"].clone();
                }
                inputs[index].push_str(delta["partial_json"].as_str().unwrap_or_default());
            }
            "message_delta" => {
                put(&mut message, &event);
                put(&mut message, &event["delta"]);
            }
            "message_stop" => break,
            _ => {}
        }
    }
    for (block, input) in blocks.iter_mut().zip(inputs) {
        if !input.is_empty() {
            block["input"] = serde_json::from_str(&input).unwrap();
        }
    }
    (blocks, message)
}

/// The plain reader of what is told beside the text.
fn plain_told(blocks: &[Value], message: &Value) -> Told {
    let mut told = Told::default();
    let (mut others, mut groups) = (Vec::new(), Vec::new());
    let mut at = 0;
    for block in blocks {
        match block["type"].as_str().unwrap() {
            "text" => {
                let end = at + block["text"].as_str().unwrap().chars().count() as u64;
                let citations = block["citations"].as_array().cloned().unwrap_or_default();
                for citation in &citations {
                    let link = citation["url"].as_str().or(citation["source"].as_str());
                    if let Some(link) = link.filter(|link| link.starts_with("http")) {
                        let title = citation["title"].as_str().unwrap_or_default();
                        told.citations.push((link.to_owned(), title.to_owned(), Some((at, end))));
                    }
                }
                if !citations.is_empty() {
                    groups.push(json!({"start_index": at, "end_index": end, "citations": citations}));
                }
                at = end;
            }
            "thinking" | "redacted_thinking" | "tool_use" => {}
            _ => others.push(block.clone()),
        }
    }
    for (name, list) in [("blocks", others), ("citations", groups)] {
        if !list.is_empty() {
            told.extras.push((format!("anthropic/{name}"), list.into()));
        }
    }
    for name in ["container", "stop_details", "context_management"] {
        if !message[name].is_null() {
            told.extras.push((format!("anthropic/{name}"), message[name].clone()));
        }
    }
    told.sorted()
}

fn check_told(name: &str, stream: &[u8]) {
    let (blocks, message) = whole(str::from_utf8(stream).unwrap());
    let found = told::decode(MessagesDecoder::default(), stream, &[]);
    assert_eq!(found, plain_told(&blocks, &message), "{name}");
    let each: Vec<usize> = (1..stream.len()).collect();
    assert_eq!(told::decode(MessagesDecoder::default(), stream, &each), found, "{name} byte by byte");
    if stream.len() < 8192 {
        for cut in 0..=stream.len() {
            assert_eq!(
                told::decode(MessagesDecoder::default(), stream, &[cut]),
                found,
                "{name} cut at {cut}"
            );
        }
    }
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
        // The same beginning twice is no two blocks.
        if !name.starts_with("duplicate") {
            check_told(&name, &frame(&chunks));
        }
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
        assert_eq!(told::read(&reply), plain_told(blocks, &tree), "{name}");
    }
}
