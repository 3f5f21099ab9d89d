//! Bedrock's `Converse` and `ConverseStream`. An event is `{"contentBlockDelta": {…}}`: its type and its payload.

use serde_json::Value;

use super::{Pieces, Seen, count, list, text};

/// A whole reply.
pub fn whole(reply: &Value) -> Seen {
    let mut seen = Seen::default();
    for block in list(&reply["output"]["message"]["content"]) {
        seen.text.push_str(text(block, "text"));
        seen.thinking.push_str(text(&block["reasoningContent"]["reasoningText"], "text"));
        if let Some(call) = block.get("toolUse") {
            seen.calls.push((text(call, "name").to_owned(), call["input"].clone()));
        }
    }
    seen.finish = finish(text(reply, "stopReason"));
    seen.usage = usage(&reply["usage"]);
    seen
}

/// A stream's events.
pub fn stream(events: &[Value]) -> Seen {
    let mut seen = Seen::default();
    let mut calls = Pieces::default();
    let mut open: Vec<(u64, usize)> = Vec::new();
    for event in events {
        if let Some(start) = event.get("contentBlockStart")
            && let Some(call) = start["start"].get("toolUse")
        {
            open.push((start["contentBlockIndex"].as_u64().unwrap(), calls.begin(text(call, "name"))));
        }
        if let Some(delta) = event.get("contentBlockDelta") {
            let index = delta["contentBlockIndex"].as_u64();
            let delta = &delta["delta"];
            seen.text.push_str(text(delta, "text"));
            seen.thinking.push_str(text(&delta["reasoningContent"], "text"));
            if let Some((_, call)) = open.iter().rev().find(|(block, _)| Some(*block) == index) {
                calls.at(*call).1.push_str(text(&delta["toolUse"], "input"));
            }
        }
        if let Some(stop) = event.get("messageStop") {
            seen.finish = finish(text(stop, "stopReason"));
        }
        seen.usage = event.get("metadata").and_then(|metadata| usage(&metadata["usage"])).or(seen.usage);
    }
    seen.calls = calls.read();
    seen
}

/// `inputTokens` leaves the cached ones out.
fn usage(counts: &Value) -> Option<(u64, u64, Option<u64>)> {
    let either = |one: &str, other: &str| count(&counts[one]).or(count(&counts[other]));
    let cached = either("cacheReadInputTokens", "cacheReadInputTokenCount");
    let written = either("cacheWriteInputTokens", "cacheWriteInputTokenCount").unwrap_or(0);
    let prompt = count(&counts["inputTokens"])? + cached.unwrap_or(0) + written;
    Some((prompt, count(&counts["outputTokens"]).unwrap_or(0), cached))
}

fn finish(reason: &str) -> String {
    let word = match reason {
        "max_tokens" | "model_context_window_exceeded" => "length",
        "tool_use" => "tool_calls",
        "guardrail_intervened" | "content_filtered" => "content_filter",
        _ => "stop",
    };
    word.to_owned()
}
