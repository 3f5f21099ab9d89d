//! Cohere's v2 chat.

use serde_json::Value;

use super::{Pieces, Seen, arguments, count, list, text};

/// A whole reply.
pub fn whole(reply: &Value) -> Seen {
    let message = &reply["message"];
    let mut seen = Seen::default();
    for part in list(&message["content"]) {
        seen.text.push_str(text(part, "text"));
        seen.thinking.push_str(text(part, "thinking"));
    }
    // The plan is shown as reasoning.
    seen.thinking.push_str(text(message, "tool_plan"));
    for call in list(&message["tool_calls"]) {
        let function = &call["function"];
        seen.calls.push((text(function, "name").to_owned(), arguments(text(function, "arguments"))));
    }
    seen.finish = finish(text(reply, "finish_reason"));
    seen.usage = usage(&reply["usage"]);
    seen
}

/// A stream's events.
pub fn stream(events: &[Value]) -> Seen {
    let mut seen = Seen::default();
    let mut calls = Pieces::default();
    let mut call = 0;
    for event in events {
        let message = &event["delta"]["message"];
        match text(event, "type") {
            "content-start" | "content-delta" => {
                seen.text.push_str(text(&message["content"], "text"));
                seen.thinking.push_str(text(&message["content"], "thinking"));
            }
            "tool-plan-delta" => seen.thinking.push_str(text(message, "tool_plan")),
            "tool-call-start" => {
                let function = &message["tool_calls"]["function"];
                call = calls.begin(text(function, "name"));
                calls.at(call).1.push_str(text(function, "arguments"));
            }
            "tool-call-delta" => {
                calls.at(call).1.push_str(text(&message["tool_calls"]["function"], "arguments"));
            }
            "message-end" => {
                seen.finish = finish(text(&event["delta"], "finish_reason"));
                seen.usage = usage(&event["delta"]["usage"]);
            }
            _ => {}
        }
    }
    seen.calls = calls.read();
    seen
}

fn usage(usage: &Value) -> Option<(u64, u64, Option<u64>)> {
    let tokens = &usage["tokens"];
    let cached = count(&usage["cached_tokens"]);
    Some((count(&tokens["input_tokens"])?, count(&tokens["output_tokens"]).unwrap_or(0), cached))
}

fn finish(reason: &str) -> String {
    let word = match reason {
        "MAX_TOKENS" => "length",
        "TOOL_CALL" => "tool_calls",
        "ERROR_TOXIC" => "content_filter",
        _ => "stop",
    };
    word.to_owned()
}
