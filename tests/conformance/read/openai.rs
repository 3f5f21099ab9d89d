//! OpenAI Chat Completions, and what is compatible with it; Mistral's lists of content too.

use serde_json::Value;

use super::{Pieces, Seen, count, list, text};

/// A whole reply.
pub fn whole(reply: &Value) -> Seen {
    let choice = &reply["choices"][0];
    let mut seen = Seen::default();
    said(&choice["message"], &mut seen);
    for call in list(&choice["message"]["tool_calls"]) {
        let function = &call["function"];
        seen.calls.push((text(function, "name").to_owned(), super::arguments(text(function, "arguments"))));
    }
    seen.finish = finish(choice["finish_reason"].as_str().unwrap_or("stop"));
    seen.usage = usage(reply);
    seen
}

/// A stream's events.
pub fn stream(events: &[Value]) -> Seen {
    let mut seen = Seen::default();
    let mut calls = Pieces::default();
    for event in events {
        for choice in list(&event["choices"]).filter(|choice| count(&choice["index"]).unwrap_or(0) == 0) {
            said(&choice["delta"], &mut seen);
            for (place, call) in list(&choice["delta"]["tool_calls"]).enumerate() {
                let index = call["index"].as_u64().map_or(place, |index| index as usize);
                let (name, arguments) = calls.at(index);
                name.push_str(text(&call["function"], "name"));
                match &call["function"]["arguments"] {
                    Value::String(more) => arguments.push_str(more),
                    Value::Null => {}
                    other => arguments.push_str(&other.to_string()),
                }
            }
            if let Some(reason) = choice["finish_reason"].as_str().filter(|reason| !reason.is_empty()) {
                seen.finish = finish(reason);
            }
        }
        seen.usage = usage(event).or(seen.usage);
    }
    seen.calls = calls.read();
    seen
}

/// Text and reasoning of a message or a delta.
fn said(message: &Value, seen: &mut Seen) {
    match &message["content"] {
        Value::Array(parts) => {
            for part in parts {
                seen.text.push_str(text(part, "text"));
                list(&part["thinking"]).for_each(|part| seen.thinking.push_str(text(part, "text")));
            }
        }
        content => seen.text.push_str(content.as_str().unwrap_or_default()),
    }
    let reasoning = message["reasoning_content"].as_str().or(message["reasoning"].as_str());
    seen.thinking.push_str(reasoning.unwrap_or_default());
}

fn usage(value: &Value) -> Option<(u64, u64, Option<u64>)> {
    let own = &value["usage"];
    let usage = if own.is_object() { own } else { &value["x_groq"]["usage"] };
    let cached = count(&usage["prompt_tokens_details"]["cached_tokens"]);
    Some((count(&usage["prompt_tokens"])?, count(&usage["completion_tokens"]).unwrap_or(0), cached))
}

fn finish(reason: &str) -> String {
    let known = match reason {
        "eos" => "stop",
        "model_length" => "length",
        other => other,
    };
    known.to_owned()
}
