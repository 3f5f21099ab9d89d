//! Recorded traffic of Cohere, read by the converters and by a plain reader of JSON trees: both must see the same.
//!
//! The recordings are not part of the repository; without them the tests say that they were skipped.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "recordings/seen.rs"]
mod seen;

use seen::{Seen, counts, finish_word, recordings};
use serde_json::{Value, json};
use switchyard::{
    ir::ReplyPart,
    provider::cohere::{response, stream::CohereDecoder},
};

fn decoder() -> CohereDecoder {
    CohereDecoder::new("x")
}

/// Framed as Cohere does: the type twice.
fn frame(chunks: &[Value]) -> Vec<u8> {
    let event = |chunk: &Value| format!("event: {}\ndata: {chunk}\n\n", chunk["type"].as_str().unwrap());
    chunks.iter().map(event).collect::<String>().into_bytes()
}

fn finish(reason: &Value) -> String {
    match reason.as_str().unwrap() {
        "COMPLETE" => "stop".into(),
        "MAX_TOKENS" => "length".into(),
        "TOOL_CALL" => "calls".into(),
        other => panic!("a recording ends with {other}: say here what it means"),
    }
}

fn usage(usage: &Value) -> [Option<u64>; 5] {
    let count = |value: &Value| value.as_f64().map(|count| count as u64);
    let cached = count(&usage["cached_tokens"]);
    let input = count(&usage["tokens"]["input_tokens"]).unwrap();
    [Some(input - cached.unwrap_or(0)), cached, None, count(&usage["tokens"]["output_tokens"]), None]
}

fn arguments(text: &str) -> Value {
    match serde_json::from_str(if text.is_empty() { "{}" } else { text }).unwrap() {
        Value::Null => json!({}),
        value => value,
    }
}

/// The plain reader of a stream's events.
fn plain(chunks: &[Value]) -> Seen {
    let mut seen = Seen::default();
    let mut texts: Vec<String> = Vec::new();
    for chunk in chunks {
        let message = &chunk["delta"]["message"];
        match chunk["type"].as_str().unwrap() {
            "content-start" | "content-delta" => {
                seen.text.push_str(message["content"]["text"].as_str().unwrap_or_default());
                seen.thinking.push_str(message["content"]["thinking"].as_str().unwrap_or_default());
            }
            "tool-plan-delta" => seen.thinking.push_str(message["tool_plan"].as_str().unwrap()),
            "tool-call-start" => {
                let call = &message["tool_calls"];
                let (id, name) = (call["id"].as_str().unwrap(), call["function"]["name"].as_str().unwrap());
                seen.calls.push((id.to_owned(), name.to_owned(), Value::Null));
                texts.push(call["function"]["arguments"].as_str().unwrap().to_owned());
            }
            "tool-call-delta" => {
                let more = message["tool_calls"]["function"]["arguments"].as_str().unwrap();
                texts[usize::try_from(chunk["index"].as_u64().unwrap()).unwrap()].push_str(more);
            }
            "message-start" | "content-end" | "tool-call-end" => {}
            "message-end" => {
                seen.finish = finish(&chunk["delta"]["finish_reason"]);
                seen.usage = usage(&chunk["delta"]["usage"]);
                seen.done = true;
            }
            other => panic!("a recording has {other}: say here what it means"),
        }
    }
    for (call, text) in seen.calls.iter_mut().zip(&texts) {
        call.2 = arguments(text);
    }
    seen
}

#[test]
fn streams() {
    let mut read = 0;
    for (name, chunks) in recordings("vercel-ai/cohere", ".chunks.txt") {
        let chunks: Vec<Value> = chunks
            .lines()
            .filter(|line| !line.trim().is_empty())
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let stream = frame(&chunks);
        let whole = seen::decode(decoder(), &stream, &[]);
        seen::splits(decoder, &name, &stream, &whole);
        assert_eq!(whole, plain(&chunks), "{name}");
        assert!(whole.done && whole.errors == 0, "{name}");
        // Wherever it is cut off, it is not whole.
        for end in (0..stream.len() - 2).step_by(97) {
            let cut = seen::decode(decoder(), &stream[..end], &[]);
            assert_eq!((cut.done, cut.errors), (false, 1), "{name} cut off at {end}");
        }
        read += 1;
    }
    println!("{read} streams were read");
}

#[test]
fn whole_replies() {
    for (name, body) in recordings("vercel-ai/cohere", ".json") {
        let tree: Value = serde_json::from_str(&body).unwrap();
        let Some(message) = tree.get("message") else {
            // Of other endpoints.
            assert!(response::read(body.as_bytes(), "x").is_err(), "{name}");
            continue;
        };
        let reply = response::read(body.as_bytes(), "x").unwrap();
        let mut wanted = Seen { finish: finish(&tree["finish_reason"]), done: true, ..Seen::default() };
        wanted.usage = usage(&tree["usage"]);
        for block in message["content"].as_array().into_iter().flatten() {
            wanted.text.push_str(block["text"].as_str().unwrap_or_default());
            wanted.thinking.push_str(block["thinking"].as_str().unwrap_or_default());
        }
        wanted.thinking.push_str(message["tool_plan"].as_str().unwrap_or_default());
        for call in message["tool_calls"].as_array().into_iter().flatten() {
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            let function = &call["function"];
            wanted.calls.push((
                text(&call["id"]),
                text(&function["name"]),
                arguments(&text(&function["arguments"])),
            ));
        }
        let mut found = Seen { finish: finish_word(&reply.finish), done: true, ..Seen::default() };
        found.usage = counts(reply.usage.unwrap());
        let mut citations = Value::Null;
        for part in &reply.parts {
            match part {
                ReplyPart::Text(text) => found.text.push_str(text),
                ReplyPart::Thinking { text, .. } => found.thinking.push_str(text),
                ReplyPart::ToolCall { id, name, arguments, .. } => {
                    let arguments = serde_json::from_str(arguments).unwrap();
                    found.calls.push((id.to_string(), name.to_string(), arguments));
                }
                ReplyPart::Extra(extra) => {
                    assert_eq!((extra.vendor, extra.name), ("cohere", "citations"));
                    citations = serde_json::from_str(&extra.json).unwrap();
                }
                ReplyPart::Citation(_) | ReplyPart::Refusal(_) | ReplyPart::RedactedThinking(_) => {
                    panic!("{name}: {part:?}")
                }
            }
        }
        assert_eq!(found, wanted, "{name}");
        assert_eq!(citations, message["citations"], "{name}");
        assert_eq!(reply.id.as_deref(), tree["id"].as_str(), "{name}");
    }
}
