//! Recorded traffic of Bedrock, read by the converters and by a plain reader of frames and JSON trees: both must see the
//! same.
//!
//! The recordings are not part of the repository; without them the tests say that they were skipped.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "recordings/frames.rs"]
mod frames;
#[path = "recordings/seen.rs"]
mod seen;

use std::{fs, path::PathBuf};

use seen::{Seen, counts, finish_word, recordings};
use serde_json::{Value, json};
use switchyard::{
    ir::ReplyPart,
    provider::{
        anthropic::stream::MessagesDecoder,
        bedrock::{invoke::InvokeDecoder, response, stream::ConverseDecoder},
    },
};

fn decoder() -> ConverseDecoder {
    ConverseDecoder::new("x")
}

/// The plain reader of frames: the type of each event and its payload. Both checksums must be right.
fn unframe(mut bytes: &[u8]) -> Vec<(String, Value)> {
    let number = |bytes: &[u8]| u32::from_be_bytes(bytes[..4].try_into().unwrap());
    let mut events = Vec::new();
    while !bytes.is_empty() {
        let (total, headers) = (number(bytes) as usize, number(&bytes[4..]) as usize);
        let frame = &bytes[..total];
        assert_eq!(number(&frame[8..]), frames::crc(&frame[..8]));
        assert_eq!(number(&frame[total - 4..]), frames::crc(&frame[..total - 4]));
        let head = String::from_utf8(frame[12..12 + headers].to_vec()).unwrap();
        let name = head.split(":event-type").nth(1).unwrap().as_bytes();
        // A type, a length in two bytes, the text.
        let name = String::from_utf8(name[3..3 + usize::from(name[2])].to_vec()).unwrap();
        events.push((name, serde_json::from_slice(&frame[12 + headers..total - 4]).unwrap()));
        bytes = &bytes[total..];
    }
    events
}

/// The plain reader of what the events say.
fn plain(events: &[(String, Value)]) -> Seen {
    let mut seen = Seen::default();
    let mut blocks: Vec<(u64, usize, String)> = Vec::new();
    for (name, event) in events {
        let index = event["contentBlockIndex"].as_u64();
        match name.as_str() {
            "contentBlockStart" => {
                if let Some(call) = event["start"].get("toolUse") {
                    blocks.push((index.unwrap(), seen.calls.len(), String::new()));
                    let text = |key: &str| call[key].as_str().unwrap().to_owned();
                    seen.calls.push((text("toolUseId"), text("name"), Value::Null));
                }
            }
            "contentBlockDelta" => {
                let delta = &event["delta"];
                let reasoning = &delta["reasoningContent"];
                seen.text.push_str(delta["text"].as_str().unwrap_or_default());
                seen.thinking.push_str(reasoning["text"].as_str().unwrap_or_default());
                seen.signatures.extend(reasoning["signature"].as_str().map(str::to_owned));
                if let Some(input) = delta["toolUse"]["input"].as_str() {
                    blocks.iter_mut().find(|block| Some(block.0) == index).unwrap().2.push_str(input);
                }
            }
            "messageStop" => seen.finish = word(&event["stopReason"]),
            "metadata" => seen.usage = usage(&event["usage"]),
            "messageStart" | "contentBlockStop" => {}
            other => panic!("a recording has {other}: say here what it means"),
        }
    }
    for (_, call, input) in blocks {
        let input = if input.is_empty() { "{}" } else { &input };
        seen.calls[call].2 = serde_json::from_str(input).unwrap();
    }
    seen.done = true;
    seen
}

fn word(reason: &Value) -> String {
    match reason.as_str() {
        Some("end_turn") => "stop".into(),
        Some("stop_sequence") => "sequence ".into(),
        Some("tool_use") => "calls".into(),
        Some("max_tokens") => "length".into(),
        other => panic!("a recording ends with {other:?}: say here what it means"),
    }
}

fn usage(usage: &Value) -> [Option<u64>; 5] {
    let count = |name: &str| usage[name].as_u64();
    if usage.is_object() {
        // What the cache took is beside the input, and within the total.
        let cache = count("cacheReadInputTokens").unwrap_or(0) + count("cacheWriteInputTokens").unwrap_or(0);
        let sum = count("inputTokens").unwrap() + cache + count("outputTokens").unwrap();
        assert_eq!(count("totalTokens"), Some(sum));
    }
    [
        count("inputTokens"),
        count("cacheReadInputTokens"),
        count("cacheWriteInputTokens"),
        count("outputTokens"),
        None,
    ]
}

/// Reads a stream in every way, and cut short.
fn check(name: &str, stream: &[u8]) {
    let whole = seen::decode(decoder(), stream, &[]);
    assert_eq!(whole, plain(&unframe(stream)), "{name}");
    assert!(whole.done && whole.errors == 0 && !whole.finish.is_empty(), "{name}");
    seen::splits(decoder, name, stream, &whole);
    let each: Vec<usize> = (1..stream.len()).collect();
    assert_eq!(seen::decode(decoder(), stream, &each), whole, "{name} byte by byte");
    // What is cut within its last message is no whole answer.
    let cut = seen::decode(decoder(), &stream[..stream.len() - 1], &[]);
    assert_eq!((cut.errors, cut.done), (1, false), "{name} without its last byte");
}

#[test]
fn streams_by_event() {
    let mut read = 0;
    for (name, chunks) in recordings("vercel-ai/amazon-bedrock", ".chunks.txt") {
        let mut stream = Vec::new();
        for line in chunks.lines().filter(|line| !line.trim().is_empty()) {
            let tree: Value = serde_json::from_str(line).unwrap();
            let (kind, event) = tree.as_object().unwrap().iter().next().unwrap();
            let mut event = event.clone();
            event["p"] = json!("abcdefghijklmnopqrstuvwxyz");
            stream.extend(frames::event(kind, event.to_string().as_bytes()));
        }
        check(&name, &stream);
        read += 1;
    }
    println!("{read} streams were read");
}

#[test]
fn streams_as_they_were_framed() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/recordings");
    for file in [
        "plano-bedrock-hex/response.hex",
        "plano-bedrock-hex/response_with_tools.hex",
        "apisix-quirks/bedrock/bedrock-converse-streaming.bin",
    ] {
        let Ok(bytes) = fs::read(root.join(file)) else {
            println!("skipped: no recording {file}");
            continue;
        };
        check(file, &bytes);
    }
}

#[test]
fn whole_replies() {
    let mut replies = recordings("vercel-ai/amazon-bedrock", ".json");
    replies.extend(recordings("apisix-quirks/bedrock", ".json"));
    for (name, body) in replies {
        let tree: Value = serde_json::from_str(&body).unwrap();
        if tree.get("output").is_none() {
            // Of the reranking API.
            assert!(response::read(body.as_bytes(), "x").is_err(), "{name}");
            continue;
        }
        let reply = response::read(body.as_bytes(), "x").unwrap();
        let mut found = Seen { finish: finish_word(&reply.finish), done: true, ..Seen::default() };
        found.usage = counts(reply.usage.unwrap());
        for part in &reply.parts {
            match part {
                ReplyPart::Text(text) => found.text.push_str(text),
                ReplyPart::Thinking { text, signature } => {
                    found.thinking.push_str(text);
                    found.signatures.extend(signature.as_deref().map(str::to_owned));
                }
                ReplyPart::ToolCall { id, name, arguments, .. } => {
                    let arguments = serde_json::from_str(arguments).unwrap();
                    found.calls.push((id.to_string(), name.to_string(), arguments));
                }
                other => panic!("{name}: {other:?}"),
            }
        }
        let mut expected = Seen { done: true, ..Seen::default() };
        for block in tree["output"]["message"]["content"].as_array().unwrap() {
            expected.text.push_str(block["text"].as_str().unwrap_or_default());
            let reasoning = &block["reasoningContent"]["reasoningText"];
            expected.thinking.push_str(reasoning["text"].as_str().unwrap_or_default());
            expected.signatures.extend(reasoning["signature"].as_str().map(str::to_owned));
            if let Some(call) = block.get("toolUse") {
                let text = |key: &str| call[key].as_str().unwrap().to_owned();
                expected.calls.push((text("toolUseId"), text("name"), call["input"].clone()));
            }
        }
        expected.finish = word(&tree["stopReason"]);
        expected.usage = usage(&tree["usage"]);
        assert_eq!(found, expected, "{name}");
    }
}

/// The same events of Anthropic's, framed by Anthropic and by Bedrock.
#[test]
fn claude_through_invoke() {
    let mut read = 0;
    for (name, chunks) in recordings("vercel-ai/anthropic", ".chunks.txt") {
        let lines = || chunks.lines().filter(|line| !line.trim().is_empty());
        let sse: String = lines().map(|line| format!("data: {line}\n\n")).collect();
        let stream: Vec<u8> = lines().flat_map(frames::chunk).collect();
        let expected = seen::decode(MessagesDecoder::default(), sse.as_bytes(), &[]);
        let whole = seen::decode(InvokeDecoder::default(), &stream, &[]);
        assert_eq!(whole, expected, "{name}");
        // Every cut of these takes long, and the frames are those of the other tests.
        for step in [1, 7, 1000] {
            let cuts: Vec<usize> = (step..stream.len()).step_by(step).collect();
            assert_eq!(
                seen::decode(InvokeDecoder::default(), &stream, &cuts),
                whole,
                "{name} in pieces of {step}"
            );
        }
        read += 1;
    }
    println!("{read} streams were read");
}
