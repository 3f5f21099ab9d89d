//! Gemini's `generateContent`, also on Vertex AI.

use serde_json::{Value, json};

use super::{Seen, count, list, text};

/// A whole reply is a stream of one event: the same object.
pub fn stream(events: &[Value]) -> Seen {
    let mut seen = Seen::default();
    for event in events {
        let candidate = &event["candidates"][0];
        for part in list(&candidate["content"]["parts"]) {
            let said = if part["thought"] == true { &mut seen.thinking } else { &mut seen.text };
            said.push_str(text(part, "text"));
            if let Some(call) = part.get("functionCall") {
                let arguments = call.get("args").cloned().unwrap_or_else(|| json!({}));
                seen.calls.push((text(call, "name").to_owned(), arguments));
            }
        }
        if let Some(reason) = candidate["finishReason"].as_str() {
            let word = match reason {
                "STOP" => "stop",
                "MAX_TOKENS" => "length",
                other => panic!("a recording ends with {other}: say here what it means"),
            };
            seen.finish = word.to_owned();
        }
        let counts = &event["usageMetadata"];
        if let Some(prompt) = count(&counts["promptTokenCount"]) {
            let of = |name: &str| count(&counts[name]).unwrap_or(0);
            let prompt = prompt + of("toolUsePromptTokenCount");
            let output = of("candidatesTokenCount") + of("thoughtsTokenCount");
            seen.usage = Some((prompt, output, count(&counts["cachedContentTokenCount"])));
        }
    }
    if seen.finish == "stop" && !seen.calls.is_empty() {
        seen.finish = "tool_calls".to_owned();
    }
    seen
}
