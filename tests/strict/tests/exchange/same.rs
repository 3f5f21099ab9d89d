//! A provider of the client's own format: the bytes pass.

use serde_json::json;
use strict::driver::{Answer, Attempt, By, End, Eos};

use crate::common::{cases, *};

#[test]
fn a_reply_passes_as_it_came_and_the_request_changes_in_its_model_alone() {
    let reply = openai_reply("Hello.");
    let answer = Answer::json(200, &reply).with("x-request-id", "req_1").with("server", "cloudflare");
    let done = gateway().exchange(&chat("same", false), &[Attempt::at("openai", answer)]);
    assert_nothing_internal(&done);
    let pool = done.pool.as_ref().unwrap();
    assert_eq!((pool.header.as_str(), pool.cluster.as_str()), ("x-switchyard-reply", "openai"));
    let sent = &done.sent[0];
    let body = chat_body("same", false).to_string().replace("\"same\"", "\"gpt-x\"");
    assert_eq!(sent.body.escape_ascii().to_string(), body.as_bytes().escape_ascii().to_string());
    assert_headers(
        &sent.headers,
        &[
            (":method", "POST"),
            (":scheme", "https"),
            (":authority", "api.openai.test"),
            (":path", "/v1/chat/completions"),
            ("authorization", &format!("Bearer {OPENAI_KEY}")),
            ("content-type", "application/json"),
            ("content-length", &body.len().to_string()),
            ("accept", "application/json"),
            ("accept-encoding", "identity"),
            ("user-agent", concat!("switchyard/", "0.1.0")),
        ],
    );
    assert_eq!((done.reply.by, done.reply.body()), (By::Provider(0), reply.clone().into_bytes()));
    assert_headers(
        done.reply.headers.as_ref().unwrap(),
        &[
            (":status", "200"),
            ("content-type", "application/json"),
            ("content-length", &reply.len().to_string()),
            ("x-request-id", "req_1"),
        ],
    );
}

#[test]
fn a_model_under_its_own_name_changes_nothing_in_the_request() {
    let request = chat("own", false);
    let done = gateway().exchange(&request, &[Attempt::at("openai", Answer::json(200, openai_reply("Hi")))]);
    assert_eq!(done.sent[0].body, request.chunks.concat());
}

#[test]
fn a_stream_passes_event_by_event() {
    let stream = openai_events(&["Hel", "lo"]);
    for eos in [Eos::Apart, Eos::WithLast, Eos::Trailers] {
        let answer = Answer::events(&stream).ending(End::Whole(eos));
        let done = gateway().exchange(&chat("same", true), &[Attempt::at("openai", answer)]);
        assert_nothing_internal(&done);
        assert_eq!(done.pool.as_ref().unwrap().header, "x-switchyard-stream");
        assert_eq!(
            done.reply.body().escape_ascii().to_string(),
            stream.concat().as_bytes().escape_ascii().to_string()
        );
        assert_eq!(done.reply.chunks.len(), stream.len(), "no event waits for the next");
        assert_eq!(done.reply.header("content-type"), Some("text/event-stream"));
        assert_eq!(done.reply.header("content-length"), None);
        assert!(done.reply.complete);
    }
}

#[test]
fn usage_is_asked_for_and_hidden_where_the_client_did_not_ask() {
    let mut body = chat_body("same", true);
    body.as_object_mut().unwrap().remove("stream_options");
    let answer = Answer::events(openai_events(&["Hel", "lo"]));
    let done = gateway().exchange(&post(&body), &[Attempt::at("openai", answer)]);
    let sent: serde_json::Value = serde_json::from_slice(&done.sent[0].body).unwrap();
    assert_eq!(sent["stream_options"], json!({"include_usage": true}));
    let events = events(&done.reply.body());
    assert_eq!(text_of(&events), "Hello");
    assert!(events.iter().all(|event| event.get("usage").is_none_or(|usage| usage.is_null())), "{events:#?}");
    assert!(events.iter().all(|event| event["choices"] != json!([])), "{events:#?}");
    assert_eq!(events.last().unwrap(), "[DONE]");
}

#[test]
fn replies_and_failures_are_the_clients_whatever_the_format() {
    cases::replies_are_the_clients(&mut gateway());
    // None of them is to be asked again: there is one attempt.
    cases::failures_are_told_in_the_clients_format(&mut gateway());
}
