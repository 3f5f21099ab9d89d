//! Recorded traffic of OpenAI and of those compatible with it, read into the intermediate form and written for a chat
//! client again: the client is told the same as where the bytes pass.

// Helpers of tests are not seen as tests by the lints.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, unreachable_pub)]

#[expect(dead_code, reason = "shared with other tests")]
mod recordings;
#[path = "recordings/seen.rs"]
#[expect(dead_code, reason = "shared with other tests")]
mod seen;

use std::{fs, path::Path};

use serde_json::Value;
use switchyard::{
    dialect::{
        ReplyContext,
        chat::{reply, stream::ChatEncoder},
    },
    ir::{Decoder, Encoder},
    provider::openai::{
        response,
        stream::{ChatDecoder, Passthrough},
    },
};

/// What a chat client makes of an answer.
#[derive(Debug, Default, PartialEq)]
struct Told {
    text: String,
    refusal: String,
    thinking: String,
    /// Id, name, arguments.
    calls: Vec<(String, String, String)>,
    finish: String,
    /// Prompt, answer.
    usage: Option<(u64, u64)>,
    failed: bool,
    done: bool,
}

impl Told {
    /// Takes a chunk, or a whole reply.
    fn take(&mut self, object: &Value) {
        self.failed |= !object["error"].is_null();
        let usage = &object["usage"];
        if let (Some(prompt), Some(answer)) =
            (usage["prompt_tokens"].as_u64(), usage["completion_tokens"].as_u64())
        {
            // xAI counts reasoning beside the answer, the gateway within it.
            let beside = usage["completion_tokens_details"]["reasoning_tokens"].as_u64().unwrap_or(0);
            let total = usage["total_tokens"].as_u64();
            let is_beside = beside > 0 && total == Some(prompt + answer + beside);
            self.usage = Some((prompt, if is_beside { answer + beside } else { answer }));
        }
        for choice in object["choices"].as_array().into_iter().flatten() {
            if choice["index"].as_u64().unwrap_or(0) == 0 {
                self.choice(choice);
            }
        }
    }

    fn choice(&mut self, choice: &Value) {
        let turn = if choice["delta"].is_object() { &choice["delta"] } else { &choice["message"] };
        self.text.push_str(turn["content"].as_str().unwrap_or_default());
        self.refusal.push_str(turn["refusal"].as_str().unwrap_or_default());
        for part in turn["content"].as_array().into_iter().flatten() {
            self.text.push_str(part["text"].as_str().unwrap_or_default());
            for thought in part["thinking"].as_array().into_iter().flatten() {
                self.thinking.push_str(thought["text"].as_str().unwrap());
            }
        }
        let thought = turn["reasoning_content"].as_str().or(turn["reasoning"].as_str());
        self.thinking.push_str(thought.unwrap_or_default());
        for (at, call) in turn["tool_calls"].as_array().into_iter().flatten().enumerate() {
            let index = call["index"].as_u64().map_or(at, |index| index as usize);
            self.calls.resize(self.calls.len().max(index + 1), Default::default());
            let told = &mut self.calls[index];
            if told.0.is_empty() {
                told.0.push_str(call["id"].as_str().unwrap_or_default());
            }
            told.1.push_str(call["function"]["name"].as_str().unwrap_or_default());
            told.2.push_str(call["function"]["arguments"].as_str().unwrap_or_default());
        }
        if let Some(word) = choice["finish_reason"].as_str() {
            word.clone_into(&mut self.finish);
        }
    }

    fn of_stream(stream: &[u8]) -> Self {
        let mut told = Self::default();
        let text = str::from_utf8(stream).unwrap().replace("\r\n", "\n");
        for data in text.lines().filter_map(|line| line.strip_prefix("data:")).map(str::trim) {
            match data {
                "" => {}
                "[DONE]" => told.done = true,
                data => told.take(&serde_json::from_str(data).unwrap()),
            }
        }
        told
    }
}

fn context() -> ReplyContext {
    ReplyContext {
        id: "x".into(),
        created: 7,
        model: "m".into(),
        include_usage: true,
        ..ReplyContext::default()
    }
}

fn passed(stream: &[u8]) -> Told {
    let mut passthrough = Passthrough::new(true);
    let mut out = Vec::new();
    if passthrough.push(stream, &mut out) {
        out.extend_from_slice(stream);
    }
    passthrough.end(&mut out);
    Told::of_stream(&out)
}

fn converted(stream: &[u8]) -> Told {
    let (mut decoder, mut encoder) = (ChatDecoder::new("x"), ChatEncoder::new(context()));
    let mut out = Vec::new();
    decoder.push(stream, &mut |event| encoder.encode(event, &mut out));
    decoder.end(&mut |event| encoder.encode(event, &mut out));
    Told::of_stream(&out)
}

/// What only one of the two has: ids that the provider did not give, and the end of a stream that has none.
fn compare(name: &str, passed: Told, mut converted: Told) {
    for (one, other) in passed.calls.iter().zip(&mut converted.calls) {
        if one.0.is_empty() {
            assert!(other.0.starts_with("call_x_"), "{name}: {other:?}");
            other.0.clear();
        }
    }
    assert_eq!(converted, passed, "{name}");
}

#[test]
fn streams() {
    let Some(streams) = recordings::streams() else { return };
    let (mut calls, mut thoughts) = (0, 0);
    for (name, stream) in &streams {
        let expected = passed(stream.as_bytes());
        calls += expected.calls.len();
        thoughts += usize::from(!expected.thinking.is_empty());
        compare(name, expected, converted(stream.as_bytes()));
    }
    assert!(streams.len() >= 30 && calls >= 8 && thoughts >= 10, "{calls} {thoughts}");
}

#[test]
fn every_cut_gives_the_same() {
    let Some(streams) = recordings::streams() else { return };
    for (name, stream) in streams {
        let whole = seen::decode(ChatDecoder::new("x"), stream.as_bytes(), &[]);
        seen::splits(|| ChatDecoder::new("x"), &name, stream.as_bytes(), &whole);
    }
}

/// The recorded whole replies, with their names.
fn replies() -> Vec<(String, String)> {
    let Some(folder) = recordings::shared("recordings") else { return Vec::new() };
    let mut replies = Vec::new();
    let mut folders =
        vec![folder.join("apisix-quirks/openai"), folder.join("apisix-quirks/protocol-conversion")];
    folders.extend(fs::read_dir(folder.join("vercel-ai")).unwrap().map(|entry| entry.unwrap().path()));
    for folder in folders {
        replies.extend(recordings::files(Path::new(&folder), ".json"));
    }
    let cassettes = recordings::cassettes().into_iter().flatten().filter(|exchange| exchange.status == 200);
    replies.extend(cassettes.map(|exchange| (exchange.name, exchange.reply)));
    let is_reply = |body: &str| {
        serde_json::from_str::<Value>(body).is_ok_and(|tree| tree["choices"][0]["message"].is_object())
    };
    replies.retain(|(_, body)| is_reply(body));
    assert!(replies.len() >= 20, "only {} replies were found", replies.len());
    replies
}

#[test]
fn whole_replies() {
    for (name, body) in replies() {
        let mut out = Vec::new();
        let expected = match response::read(body.as_bytes(), &mut out) {
            Ok((replaced, _)) => {
                let bytes = if replaced { &out } else { body.as_bytes() };
                let mut told = Told::default();
                told.take(&serde_json::from_slice(bytes).unwrap());
                told
            }
            Err(error) => {
                assert_eq!(response::parse(body.as_bytes(), "x").unwrap_err().kind, error.kind, "{name}");
                continue;
            }
        };
        let parsed = match response::parse(body.as_bytes(), "x") {
            Ok(parsed) => parsed,
            Err(error) => {
                // A call of nothing can be passed on, but not told.
                assert!(expected.calls.iter().any(|call| call.1.is_empty()), "{name}: {error:?}");
                continue;
            }
        };
        let mut out = Vec::new();
        reply::write(&parsed, &context(), &mut out);
        let mut told = Told::default();
        told.take(&serde_json::from_slice(&out).unwrap());
        compare(&name, expected, told);
    }
}
