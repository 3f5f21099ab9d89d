//! Recorded traffic of OpenAI and of those compatible with it: requests are read, replies watched, streams passed
//! on, however their bytes are cut.

// Helpers of tests are not seen as tests by the lints.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::string_slice, clippy::panic, unreachable_pub)]

mod recordings;

use serde_json::Value;
use switchyard::{
    dialect::{
        Progress,
        chat::{field::Field, parse::parse, scan::scan},
    },
    ir::Usage,
    provider::{
        Upstream,
        model::ModelFacts,
        openai::{error, request, response, stream::Passthrough},
        quirks::Quirks,
    },
};

fn through(include_usage: bool, pieces: &[&[u8]]) -> (Vec<u8>, Progress) {
    let mut passthrough = Passthrough::new(include_usage);
    let (mut all, mut out) = (Vec::new(), Vec::new());
    for piece in pieces {
        if passthrough.push(piece, &mut out) {
            all.extend_from_slice(piece);
        }
        all.append(&mut out);
    }
    passthrough.end(&mut all);
    (all, passthrough.progress().clone())
}

/// The data of each event but the last, `[DONE]`.
fn chunks(stream: &str) -> Vec<Value> {
    let lines = stream.lines().filter_map(|line| line.strip_prefix("data: "));
    lines
        .filter(|data| !data.is_empty() && *data != "[DONE]")
        .map(|data| serde_json::from_str(data).unwrap())
        .collect()
}

fn text_of(stream: &str) -> String {
    chunks(stream)
        .iter()
        .filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str().map(str::to_owned))
        .collect()
}

/// Prompt, answer and reasoning tokens as the last chunk that has usage tells them.
fn recorded_usage(stream: &str) -> Option<(u64, u64)> {
    let usage = chunks(stream)
        .iter()
        .rev()
        .find_map(|chunk| chunk.get("usage").filter(|usage| usage.is_object()).cloned())?;
    let count = |name: &str| usage[name].as_u64();
    Some((count("prompt_tokens")?, count("completion_tokens")?))
}

/// `stream` with its middle left out, so that every cut can be tried in reasonable time.
fn shortened(stream: &str) -> String {
    let events: Vec<_> = stream.split_inclusive("\n\n").collect();
    let (from, to) = (4.min(events.len()), events.len().saturating_sub(4).max(4.min(events.len())));
    events[..from].concat() + &events[to..].concat()
}

/// A small generator of numbers that look random and are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }

    fn pieces<'a>(&mut self, mut bytes: &'a [u8]) -> Vec<&'a [u8]> {
        let mut pieces = Vec::new();
        while !bytes.is_empty() {
            let (piece, rest) = bytes.split_at((1 + self.below(700)).min(bytes.len()));
            pieces.push(piece);
            bytes = rest;
        }
        pieces
    }
}

/// Whether a recorded stream has nothing that has to be told otherwise: usage in a chunk of its own, one reason a choice.
fn is_openais(chunks: &[Value]) -> bool {
    let choices = |chunk: &Value| chunk["choices"].as_array().cloned().unwrap_or_default();
    let beside = chunks.iter().any(|chunk| chunk["usage"].is_object() && !choices(chunk).is_empty());
    let finishes =
        chunks.iter().flat_map(choices).filter(|choice| choice["finish_reason"].is_string()).count();
    let calls = || chunks.iter().flat_map(choices).flat_map(|choice| calls_in(&choice["delta"]));
    !beside && finishes <= 1 && calls().all(|call| call["index"].is_u64())
}

fn calls_in(turn: &Value) -> Vec<Value> {
    turn["tool_calls"].as_array().cloned().unwrap_or_default()
}

/// The calls of a stream as a client puts them together: name and arguments.
fn calls_of(chunks: &[Value], mend: bool) -> Vec<(String, String)> {
    let mut calls: Vec<(String, String)> = Vec::new();
    for call in chunks.iter().flat_map(|chunk| calls_in(&chunk["choices"][0]["delta"])) {
        assert!(mend || (call["index"].is_u64()), "{call}");
        let index = call["index"].as_u64().unwrap_or(calls.len() as u64) as usize;
        calls.resize(calls.len().max(index + 1), Default::default());
        calls[index].0.push_str(call["function"]["name"].as_str().unwrap_or_default());
        calls[index].1.push_str(call["function"]["arguments"].as_str().unwrap_or_default());
    }
    for (_, arguments) in calls.iter_mut().filter(|(_, arguments)| mend && arguments.is_empty()) {
        arguments.push_str("{}");
    }
    calls
}

#[test]
fn streams_of_openai_pass_as_they_came() {
    let Some(streams) = recordings::streams() else { return };
    assert!(streams.len() >= 30, "only {} streams were found", streams.len());
    let mut passed = 0;
    for (name, stream) in streams {
        if !is_openais(&chunks(&stream)) {
            continue;
        }
        passed += 1;
        for end in ["\n", "\r\n", "\r"] {
            let stream = stream.replace('\n', end);
            let (out, progress) = through(true, &[stream.as_bytes()]);
            let out = String::from_utf8(out).unwrap();
            assert!(progress.started, "{name}");
            let added =
                out.strip_prefix(&stream).unwrap_or_else(|| panic!("{name}: not what was sent: {out}"));
            if stream.contains("[DONE]") {
                assert!(progress.done && progress.error.is_none(), "{name}: {progress:?}");
                assert_eq!(added.trim_start_matches('\n'), "", "{name}");
            } else {
                // The one that was recorded until its client went away.
                assert!(
                    !progress.done && added.trim_start().starts_with("data: {\"error\":"),
                    "{name}: {added}"
                );
            }
        }
    }
    assert!(passed >= 15, "only {passed} streams are as OpenAI's");
}

#[test]
fn every_stream_is_one_of_openais_to_the_client() {
    let Some(streams) = recordings::streams() else { return };
    for (name, stream) in streams.iter().filter(|(_, stream)| stream.contains("[DONE]")) {
        let recorded = chunks(stream);
        for include_usage in [true, false] {
            let (out, progress) = through(include_usage, &[stream.as_bytes()]);
            let out = String::from_utf8(out).unwrap();
            let told = chunks(&out);
            assert_eq!(text_of(&out), text_of(stream), "{name}");
            assert_eq!(calls_of(&told, false), calls_of(&recorded, true), "{name}");
            let usage: Vec<_> = told.iter().filter(|chunk| chunk["usage"].is_object()).collect();
            let expected = recorded_usage(stream);
            assert_eq!(usage.len(), usize::from(include_usage && expected.is_some()), "{name}");
            for chunk in usage {
                assert_eq!(
                    (chunk["choices"].as_array().map(Vec::len), told.last()),
                    (Some(0), Some(chunk)),
                    "{name}"
                );
                let counts =
                    (chunk["usage"]["prompt_tokens"].as_u64(), chunk["usage"]["completion_tokens"].as_u64());
                assert_eq!(
                    Some(counts),
                    expected.map(|(prompt, answer)| (Some(prompt), Some(answer))),
                    "{name}"
                );
            }
            let reasons: Vec<_> =
                told.iter().filter_map(|chunk| chunk["choices"][0]["finish_reason"].as_str()).collect();
            assert!(matches!(reasons[..], ["stop" | "length" | "tool_calls"]), "{name}: {reasons:?}");
            if let Some((prompt, answer)) = expected {
                let usage: Usage = progress.usage.unwrap_or_else(|| panic!("{name}: no usage was seen"));
                assert_eq!(usage.prompt(), prompt, "{name}");
                let answers = [Some(answer), Some(answer + usage.reasoning.unwrap_or(0))];
                assert!(answers.contains(&usage.output), "{name}: {usage:?}");
            }
        }
    }
}

#[test]
fn every_cut_of_a_stream_gives_the_same() {
    let Some(streams) = recordings::streams() else { return };
    let mut numbers = Numbers(7);
    for (name, stream) in streams {
        for include_usage in [true, false] {
            let whole = through(include_usage, &[stream.as_bytes()]);
            for round in 0..5 {
                let pieces = numbers.pieces(stream.as_bytes());
                assert_eq!(through(include_usage, &pieces), whole, "{name}, round {round}");
            }
        }
        let short = shortened(&stream).replace('\n', "\r\n");
        let whole = through(false, &[short.as_bytes()]);
        for at in 0..=short.len() {
            let (first, second) = short.as_bytes().split_at(at);
            assert_eq!(through(false, &[first, second]), whole, "{name}, cut at {at}");
        }
    }
}

#[test]
fn a_stream_that_is_cut_is_never_a_success() {
    let Some(streams) = recordings::streams() else { return };
    for (name, stream) in streams {
        let short = shortened(&stream);
        for at in 0..short.len() {
            let (out, progress) = through(true, &[&short.as_bytes()[..at]]);
            assert!(progress.done != progress.error.is_some(), "{name}, cut at {at}: {progress:?}");
            let out = String::from_utf8(out).unwrap();
            let last = out.trim_end().rsplit("\n\n").next().unwrap();
            if progress.done {
                let finished =
                    chunks(&out).iter().any(|chunk| chunk["choices"][0]["finish_reason"].is_string());
                assert!(finished && last == "data: [DONE]", "{name}, cut at {at}: {last}");
            } else {
                assert!(
                    last.starts_with("data: {\"error\":") && !out.contains("[DONE]"),
                    "{name}, cut at {at}: {last}"
                );
            }
        }
    }
}

#[test]
fn requests_that_openai_took_are_read_and_spliced() {
    let Some(exchanges) = recordings::cassettes() else { return };
    assert!(exchanges.len() >= 20, "only {} exchanges were found", exchanges.len());
    let facts = ModelFacts::default();
    for exchange in exchanges.iter().filter(|exchange| exchange.status == 200) {
        let (name, body) = (&exchange.name, exchange.request.as_bytes());
        let head = scan(body).unwrap_or_else(|error| panic!("{name}: {error:?}"));
        assert!(!head.fields.contains(Field::Unknown) && !head.fields.contains(Field::PartUnknown), "{name}");
        let request = parse(body).unwrap_or_else(|error| panic!("{name}: {error:?}"));
        assert_eq!((request.model.as_ref(), request.stream), (head.model.as_str(), head.stream), "{name}");

        let mut out = Vec::new();
        let upstream = Upstream { model: "another", facts: &facts, quirks: Quirks::NONE, provider: "p" };
        assert_eq!(request::write(body, &head, &upstream, &mut out), Ok(true), "{name}");
        let mut expected: Value = serde_json::from_slice(body).unwrap();
        expected["model"] = "another".into();
        if head.stream {
            expected["stream_options"]["include_usage"] = true.into();
        }
        assert_eq!(serde_json::from_slice::<Value>(&out).unwrap(), expected, "{name}");
    }
}

#[test]
fn replies_are_watched() {
    let Some(exchanges) = recordings::cassettes() else { return };
    for exchange in exchanges {
        let name = &exchange.name;
        if exchange.status != 200 {
            let found = error::read(exchange.status as u16, exchange.reply.as_bytes());
            let told: Value = serde_json::from_str(&exchange.reply).unwrap();
            assert_eq!(found.message, told["error"]["message"].as_str().unwrap(), "{name}");
            assert_eq!(found.param.as_deref(), told["error"]["param"].as_str(), "{name}");
        } else if exchange.reply.starts_with('{') {
            let (replaced, usage) = response::read(exchange.reply.as_bytes(), &mut Vec::new()).unwrap();
            assert!(!replaced, "{name}");
            let usage = usage.unwrap();
            let told: Value = serde_json::from_str(&exchange.reply).unwrap();
            assert_eq!(Some(usage.prompt()), told["usage"]["prompt_tokens"].as_u64(), "{name}");
            assert_eq!(Some(usage.total()), told["usage"]["total_tokens"].as_u64(), "{name}");
        }
    }
    let Some(folder) = recordings::shared("recordings") else { return };
    for provider in [
        "alibaba",
        "deepseek",
        "groq",
        "mistral",
        "moonshotai",
        "openai",
        "openai-compatible",
        "perplexity",
        "xai",
    ] {
        for (name, reply) in recordings::files(&folder.join("vercel-ai").join(provider), ".json") {
            let told: Value = serde_json::from_str(&reply).unwrap();
            if !told["choices"].is_array() {
                continue;
            }
            let mut out = Vec::new();
            let read = response::read(reply.as_bytes(), &mut out);
            let (replaced, usage) = read.unwrap_or_else(|error| panic!("{name}: {error:?}"));
            let usage = usage.unwrap();
            let untyped =
                |choice: &Value| calls_in(&choice["message"]).iter().any(|call| call["type"].is_null());
            assert_eq!(replaced, told["choices"].as_array().unwrap().iter().any(untyped), "{name}");
            assert_eq!(Some(usage.prompt()), told["usage"]["prompt_tokens"].as_u64(), "{name}");
            assert_eq!(Some(usage.total()), told["usage"]["total_tokens"].as_u64(), "{name}");
        }
    }
}
