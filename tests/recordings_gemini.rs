//! Recorded traffic of Gemini, read by the converters and by a plain reader of JSON trees: both must see the same.
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
    ir::{ErrorKind, ReplyPart},
    provider::gemini::{error, response, stream::GeminiDecoder},
};
use told::Told;

fn decoder() -> GeminiDecoder {
    GeminiDecoder::new("x")
}

/// Framed as Google does: CRLF, no names.
fn frame(chunks: &str) -> Vec<u8> {
    let lines = chunks.lines().filter(|line| !line.trim().is_empty());
    lines.flat_map(|line| format!("data: {line}\r\n\r\n").into_bytes()).collect()
}

/// The plain reader, over whole response objects.
fn plain(chunks: &[Value]) -> Seen {
    let mut seen = Seen::default();
    for chunk in chunks {
        let candidate = &chunk["candidates"][0];
        for part in candidate["content"]["parts"].as_array().into_iter().flatten() {
            let text = part["text"].as_str().unwrap_or_default();
            if part["thought"] == true {
                seen.thinking.push_str(text)
            } else {
                seen.text.push_str(text)
            }
            if let Some(call) = part.get("functionCall") {
                let id =
                    call["id"].as_str().map_or_else(|| format!("call_x_{}", seen.calls.len()), str::to_owned);
                let args = call.get("args").cloned().unwrap_or_else(|| json!({}));
                seen.calls.push((id, call["name"].as_str().unwrap().to_owned(), args));
                seen.signatures.extend(part["thoughtSignature"].as_str().map(str::to_owned));
            }
        }
        seen.finish = match candidate["finishReason"].as_str() {
            None => seen.finish,
            Some("STOP") => "stop".into(),
            Some("MAX_TOKENS") => "length".into(),
            Some(other) => panic!("a recording ends with {other}: say here what it means"),
        };
        let count = |name: &str| chunk["usageMetadata"][name].as_u64();
        if let Some(prompt) = count("promptTokenCount") {
            let cached = count("cachedContentTokenCount");
            let thoughts = count("thoughtsTokenCount");
            let output = count("candidatesTokenCount").unwrap_or(0) + thoughts.unwrap_or(0);
            // In every recording the parts make the total, so that thoughts are beside the answer.
            assert_eq!(count("totalTokenCount"), Some(prompt + output));
            seen.usage = [Some(prompt - cached.unwrap_or(0)), cached, None, Some(output), thoughts];
        }
    }
    if seen.finish == "stop" && !seen.calls.is_empty() {
        seen.finish = "calls".into();
    }
    seen.done = !seen.finish.is_empty();
    seen
}

/// The plain reader of what is told beside the text: no recording has sources.
fn plain_told(chunks: &[Value]) -> Told {
    let mut told = Told::default();
    let mut put = |name: &str, value: &Value| {
        if !value.is_null() {
            told.extras.retain(|(known, _)| known != name);
            told.extras.push((name.to_owned(), value.clone()));
        }
    };
    for chunk in chunks {
        let candidate = &chunk["candidates"][0];
        for part in candidate["content"]["parts"].as_array().into_iter().flatten() {
            if part.get("functionCall").is_none() {
                put("google/thought_signature", &part["thoughtSignature"]);
            }
        }
        put("google/finish_message", &candidate["finishMessage"]);
        put("google/safety_ratings", &candidate["safetyRatings"]);
        put("google/prompt_feedback", &chunk["promptFeedback"]);
        let sources = [&candidate["groundingMetadata"], &candidate["citationMetadata"]];
        assert!(sources.iter().all(|value| value.is_null()), "a recording has sources: read them here");
    }
    told.sorted()
}

#[test]
fn streams() {
    let mut read = 0;
    for (name, chunks) in recordings("vercel-ai/google", ".chunks.txt") {
        // The others are of other APIs of Google's.
        if !chunks.starts_with("{\"candidates\"") {
            continue;
        }
        read += 1;
        let stream = frame(&chunks);
        let whole = seen::decode(decoder(), &stream, &[]);
        seen::splits(decoder, &name, &stream, &whole);
        // Arguments in pieces were asked for there, which the gateway never does.
        if chunks.contains("partialArgs") {
            assert_eq!((whole.errors, whole.done), (1, false), "{name}");
            continue;
        }
        let chunks: Vec<Value> = chunks
            .lines()
            .filter(|line| !line.trim().is_empty())
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(whole, plain(&chunks), "{name}");
        assert!(whole.done && whole.errors == 0, "{name}");
        let found = told::decode(decoder(), &stream, &[]);
        assert_eq!(found, plain_told(&chunks), "{name}");
        let each: Vec<usize> = (1..stream.len()).collect();
        assert_eq!(told::decode(decoder(), &stream, &each), found, "{name} byte by byte");
    }
    println!("{read} streams were read");
}

#[test]
fn whole_replies() {
    for (name, body) in recordings("vercel-ai/google", ".json") {
        let tree: Value = serde_json::from_str(&body).unwrap();
        if tree.get("error").is_some() {
            let error = error::read(429, body.as_bytes());
            assert_eq!((error.kind, error.upstream_status), (ErrorKind::RateLimit, Some(429)), "{name}");
            assert_eq!(error.retry_after, Some(34_400), "{name}");
            continue;
        }
        if tree.get("candidates").is_none() {
            // Of the interactions API.
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
                ReplyPart::ToolCall { id, name, arguments, signature } => {
                    let args = serde_json::from_str(arguments).unwrap();
                    found.calls.push((id.to_string(), name.to_string(), args));
                    found.signatures.extend(signature.as_deref().map(str::to_owned));
                }
                ReplyPart::Citation(_) | ReplyPart::Extra(_) => {}
                ReplyPart::Refusal(_) | ReplyPart::RedactedThinking(_) => panic!("{name}: {part:?}"),
            }
        }
        assert_eq!(reply.id.as_deref(), tree["responseId"].as_str(), "{name}");
        assert_eq!(reply.model.as_deref(), tree["modelVersion"].as_str(), "{name}");
        assert_eq!(told::read(&reply), plain_told(std::slice::from_ref(&tree)), "{name}");
        assert_eq!(found, plain(&[tree]), "{name}");
    }
}
