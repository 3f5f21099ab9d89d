//! OpenAI Responses.

use serde_json::{Value, json};

use super::{Seen, arguments, count, list, text};

/// A whole reply.
pub fn whole(reply: &Value) -> Seen {
    let mut seen = Seen::default();
    for item in list(&reply["output"]) {
        match text(item, "type") {
            "message" => list(&item["content"]).for_each(|part| seen.text.push_str(text(part, "text"))),
            "function_call" | "custom_tool_call" => seen.calls.push(call(item)),
            _ => {}
        }
    }
    seen.finish = match (text(reply, "status"), text(&reply["incomplete_details"], "reason")) {
        ("incomplete", "content_filter") => "content_filter",
        ("incomplete", _) => "length",
        _ if !seen.calls.is_empty() => "tool_calls",
        _ => "stop",
    }
    .to_owned();
    seen.usage = usage(&reply["usage"]);
    seen
}

/// A stream's events: what the deltas say; the calls and the end are in what the last event holds. Some recordings hold
/// the answer to the next request too.
pub fn stream(events: &[Value]) -> Seen {
    let mut seen = Seen::default();
    for event in events {
        match text(event, "type") {
            "response.output_text.delta" => seen.text.push_str(text(event, "delta")),
            "response.output_item.done"
                if matches!(text(&event["item"], "type"), "function_call" | "custom_tool_call") =>
            {
                seen.calls.push(call(&event["item"]));
            }
            "response.completed" | "response.incomplete" => {
                let last = whole(&event["response"]);
                if seen.calls.is_empty() {
                    seen.calls = last.calls;
                }
                if seen.text.is_empty() {
                    seen.text = last.text;
                }
                seen.finish = match last.finish.as_str() {
                    "stop" | "tool_calls" if !seen.calls.is_empty() => "tool_calls".to_owned(),
                    _ => last.finish,
                };
                seen.usage = last.usage;
                break;
            }
            _ => {}
        }
    }
    seen
}

/// One of a custom tool has its text as the one argument.
fn call(item: &Value) -> (String, Value) {
    let arguments = match item.get("input") {
        Some(input) => json!({ "input": input }),
        None => arguments(text(item, "arguments")),
    };
    (text(item, "name").to_owned(), arguments)
}

fn usage(usage: &Value) -> Option<(u64, u64, Option<u64>)> {
    let cached = count(&usage["input_tokens_details"]["cached_tokens"]);
    Some((count(&usage["input_tokens"])?, count(&usage["output_tokens"]).unwrap_or(0), cached))
}
