//! A provider of another format: both directions are translated.

use serde_json::Value;
use strict::driver::{Answer, Attempt, By, End, Eos};

use crate::common::{cases, *};

#[test]
fn a_reply_is_turned_into_the_clients_format() {
    let answer = Answer::json(200, anthropic_reply("Hello.")).with("request-id", "req_ant");
    let done = gateway().exchange(&chat("other", false), &[Attempt::at("claude", answer)]);
    assert_nothing_internal(&done);
    assert_eq!(done.pool.as_ref().unwrap().cluster, "claude");
    let sent: Value = serde_json::from_slice(&done.sent[0].body).unwrap();
    assert_eq!((&sent["model"], &sent["max_tokens"]), (&"claude-x".into(), &8192.into()));
    assert_eq!(sent["messages"][0]["role"], "user");
    assert_headers(
        &done.sent[0].headers,
        &[
            (":method", "POST"),
            (":scheme", "https"),
            (":authority", "api.claude.test"),
            (":path", "/v1/messages"),
            ("x-api-key", ANTHROPIC_KEY),
            ("anthropic-version", "2023-06-01"),
            ("content-type", "application/json"),
            ("content-length", &done.sent[0].body.len().to_string()),
            ("accept", "application/json"),
            ("accept-encoding", "identity"),
            ("user-agent", "switchyard/0.1.0"),
        ],
    );
    let reply = json_of(&done);
    assert_eq!((done.reply.by, done.reply.status()), (By::Provider(0), 200));
    assert_eq!(reply["object"], "chat.completion");
    assert_eq!(reply["choices"][0]["message"]["content"], "Hello.");
    assert_eq!(reply["choices"][0]["finish_reason"], "stop");
    assert_eq!(reply["usage"]["total_tokens"], 15);
    assert_eq!(done.reply.header("content-type"), Some("application/json"));
    assert_eq!(done.reply.header("request-id"), Some("req_ant"));
}

#[test]
fn a_stream_is_turned_event_by_event() {
    let stream = anthropic_events(&["Hel", "lo"]);
    for eos in [Eos::Apart, Eos::WithLast, Eos::Trailers] {
        let answer = Answer::events(&stream).ending(End::Whole(eos));
        let done = gateway().exchange(&chat("other", true), &[Attempt::at("claude", answer)]);
        assert_nothing_internal(&done);
        let events = events(&done.reply.body());
        assert_eq!(text_of(&events), "Hello");
        assert_eq!(events.last().unwrap(), "[DONE]");
        let usage = events.iter().rev().find_map(|event| event["usage"]["total_tokens"].as_u64());
        assert_eq!(usage, Some(15));
        let hel = done.reply.chunks.iter().position(|chunk| contains(chunk, "Hel")).unwrap();
        let lo = done.reply.chunks.iter().position(|chunk| contains(chunk, "\"lo\"")).unwrap();
        assert!(hel < lo, "no event waits for the next");
        assert_eq!(done.reply.header("content-length"), None);
        assert!(done.reply.complete);
    }
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[test]
fn a_stream_that_breaks_off_is_no_success() {
    cases::a_stream_that_breaks_off_is_no_success(&mut gateway());
}

#[test]
fn a_long_body_is_translated_whole_whatever_its_pieces() {
    let long = "x".repeat(60_000);
    let body = serde_json::json!({"model": "other", "messages": [{"role": "user", "content": long}]});
    let answer = || Answer::json(200, anthropic_reply(&"y".repeat(60_000)));
    let whole = gateway().exchange(&post(&body), &[Attempt::at("claude", answer())]);
    let mut pieces = answer();
    pieces.chunks = pieces.chunks.concat().chunks(1000).map(<[u8]>::to_vec).collect();
    let split = gateway().exchange(&post(&body).in_pieces_of(1000), &[Attempt::at("claude", pieces)]);
    assert!(whole.sent[0].body.len() > 60_000);
    assert_eq!(whole.sent[0].body, split.sent[0].body);
    assert_eq!(json_of(&whole)["choices"][0]["message"], json_of(&split)["choices"][0]["message"]);
}
#[test]
fn a_request_that_ends_by_trailers_is_sent_whole() {
    let plan = [Attempt::at("claude", Answer::json(200, anthropic_reply("Hello.")))];
    let mut gateway = gateway();
    let mut request = chat("other", false);
    let plain = gateway.exchange(&request, &plan);
    for eos in [Eos::Trailers, Eos::WithLast] {
        request.eos = eos;
        let done = gateway.exchange(&request, &plan);
        assert_eq!(
            done.sent[0].body.escape_ascii().to_string(),
            plain.sent[0].body.escape_ascii().to_string()
        );
        assert_eq!(done.reply.status(), 200);
    }
}
