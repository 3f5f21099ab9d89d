//! Anthropic Messages.

use serde_json::Value;

use super::{Pieces, Seen, count, list, text};

/// A whole reply.
pub fn whole(reply: &Value) -> Seen {
    let mut seen = Seen::default();
    for block in list(&reply["content"]) {
        match text(block, "type") {
            "text" => seen.text.push_str(text(block, "text")),
            "thinking" => seen.thinking.push_str(text(block, "thinking")),
            "tool_use" => seen.calls.push((text(block, "name").to_owned(), block["input"].clone())),
            _ => {}
        }
    }
    seen.finish = finish(text(reply, "stop_reason"));
    seen.usage = usage(&reply["usage"]);
    seen
}

/// A stream's events, up to the first end: some recordings hold the answer to the next request too.
pub fn stream(events: &[Value]) -> Seen {
    let mut seen = Seen::default();
    let mut calls = Pieces::default();
    let mut open: Vec<(u64, usize)> = Vec::new();
    let mut counts = Value::Null;
    for event in events {
        match text(event, "type") {
            "message_start" if counts.is_null() => counts = event["message"]["usage"].clone(),
            "content_block_start" => {
                let block = &event["content_block"];
                seen.text.push_str(if text(block, "type") == "text" { text(block, "text") } else { "" });
                if text(block, "type") == "tool_use" {
                    let call = calls.begin(text(block, "name"));
                    if block["input"].as_object().is_some_and(|input| !input.is_empty()) {
                        calls.at(call).1 = block["input"].to_string();
                    }
                    open.push((event["index"].as_u64().unwrap_or(0), call));
                }
            }
            "content_block_delta" => {
                let delta = &event["delta"];
                seen.text.push_str(text(delta, "text"));
                seen.thinking.push_str(text(delta, "thinking"));
                let call = open.iter().rev().find(|(index, _)| Some(*index) == event["index"].as_u64());
                if let Some((_, call)) = call {
                    calls.at(*call).1.push_str(text(delta, "partial_json"));
                }
            }
            "message_delta" => {
                for (name, value) in event["usage"].as_object().into_iter().flatten() {
                    if !value.is_null() {
                        counts[name] = value.clone();
                    }
                }
                seen.finish = finish(text(&event["delta"], "stop_reason"));
            }
            "message_stop" => break,
            _ => {}
        }
    }
    seen.calls = calls.read();
    seen.usage = usage(&counts);
    seen
}

/// OpenAI's count of the prompt has the cached tokens in it.
fn usage(counts: &Value) -> Option<(u64, u64, Option<u64>)> {
    let cached = count(&counts["cache_read_input_tokens"]);
    let written = count(&counts["cache_creation_input_tokens"]).unwrap_or(0);
    let prompt = count(&counts["input_tokens"])? + cached.unwrap_or(0) + written;
    Some((prompt, count(&counts["output_tokens"]).unwrap_or(0), cached))
}

fn finish(reason: &str) -> String {
    let word = match reason {
        "max_tokens" | "model_context_window_exceeded" | "compaction" => "length",
        "tool_use" => "tool_calls",
        "refusal" => "content_filter",
        _ => "stop",
    };
    word.to_owned()
}
