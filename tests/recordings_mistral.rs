//! Recorded traffic of Mistral, read by the converters and by a plain reader of JSON trees: both must see the same.
//!
//! The recordings are not part of the repository; without them the tests say that they were skipped.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "recordings/seen.rs"]
mod seen;

use seen::{Seen, counts, finish_word, recordings};
use serde_json::Value;
use switchyard::{
    ir::ReplyPart,
    provider::mistral::{response, stream::MistralDecoder},
};

fn decoder() -> MistralDecoder {
    MistralDecoder::new("x")
}

fn frame(chunks: &str) -> Vec<u8> {
    let lines = chunks.lines().filter(|line| !line.trim().is_empty());
    let events = lines.map(|line| format!("data: {line}\n\n"));
    (events.collect::<String>() + "data: [DONE]\n\n").into_bytes()
}

/// The plain reader, over messages or deltas of one answer.
fn plain(objects: &[Value]) -> Seen {
    let mut seen = Seen::default();
    let mut arguments: Vec<String> = Vec::new();
    for object in objects {
        let choice = &object["choices"][0];
        let turn = if choice["delta"].is_object() { &choice["delta"] } else { &choice["message"] };
        seen.text.push_str(turn["content"].as_str().unwrap_or_default());
        for chunk in turn["content"].as_array().into_iter().flatten() {
            seen.text.push_str(chunk["text"].as_str().unwrap_or_default());
            for thought in chunk["thinking"].as_array().into_iter().flatten() {
                seen.thinking.push_str(thought["text"].as_str().unwrap());
            }
        }
        for call in turn["tool_calls"].as_array().into_iter().flatten() {
            if let Some(id) = call["id"].as_str() {
                let name = call["function"]["name"].as_str().unwrap();
                seen.calls.push((id.to_owned(), name.to_owned(), Value::Null));
                arguments.push(String::new());
            }
            arguments.last_mut().unwrap().push_str(call["function"]["arguments"].as_str().unwrap());
        }
        seen.finish = match choice["finish_reason"].as_str() {
            None => seen.finish,
            Some("stop") => "stop".into(),
            Some("tool_calls") => "calls".into(),
            Some(other) => panic!("a recording ends with {other}: say here what it means"),
        };
        let usage = &object["usage"];
        if let Some(prompt) = usage["prompt_tokens"].as_u64() {
            let cached = usage["prompt_tokens_details"]["cached_tokens"].as_u64();
            let output = usage["completion_tokens"].as_u64();
            seen.usage = [Some(prompt - cached.unwrap_or(0)), cached, None, output, None];
        }
    }
    for (call, arguments) in seen.calls.iter_mut().zip(arguments) {
        call.2 = serde_json::from_str(&arguments).unwrap();
    }
    seen.done = !seen.finish.is_empty();
    seen
}

#[test]
fn streams() {
    let mut read = 0;
    for (name, chunks) in recordings("vercel-ai/mistral", ".chunks.txt") {
        read += 1;
        let stream = frame(&chunks);
        let whole = seen::decode(decoder(), &stream, &[]);
        seen::splits(decoder, &name, &stream, &whole);
        let trees: Vec<Value> = chunks
            .lines()
            .filter(|line| !line.trim().is_empty())
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(whole, plain(&trees), "{name}");
        assert!(whole.done && whole.errors == 0, "{name}");
        // Cut anywhere before the reason to finish, it is an error.
        let reason = chunks.find("\"finish_reason\":\"").unwrap();
        for cut in (0..reason).step_by(7) {
            let cut = seen::decode(decoder(), &stream[..cut], &[]);
            assert!(!cut.done && cut.errors == 1, "{name}");
        }
    }
    println!("{read} streams were read");
}

#[test]
fn whole_replies() {
    for (name, body) in recordings("vercel-ai/mistral", ".json") {
        let tree: Value = serde_json::from_str(&body).unwrap();
        if tree.get("choices").is_none() {
            // Of another API.
            assert!(response::read(body.as_bytes(), "x").is_err(), "{name}");
            continue;
        }
        let reply = response::read(body.as_bytes(), "x").unwrap();
        let mut found = Seen { finish: finish_word(&reply.finish), done: true, ..Seen::default() };
        found.usage = counts(reply.usage.unwrap());
        for part in &reply.parts {
            match part {
                ReplyPart::Text(text) => found.text.push_str(text),
                ReplyPart::Thinking { text, .. } => found.thinking.push_str(text),
                ReplyPart::ToolCall { id, name, arguments, .. } => {
                    let args = serde_json::from_str(arguments).unwrap();
                    found.calls.push((id.to_string(), name.to_string(), args));
                }
                part => panic!("{name}: {part:?}"),
            }
        }
        assert_eq!(reply.id.as_deref(), tree["id"].as_str(), "{name}");
        assert_eq!(found, plain(&[tree]), "{name}");
    }
}
