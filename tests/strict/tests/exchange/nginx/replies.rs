//! What the client gets.

use serde_json::json;
use strict::driver::{Answer, Attempt, By, End, Eos, Reply};

use super::*;
use crate::common::cases::{self, Plays};

#[test]
fn replies_and_failures_are_the_clients_whatever_the_format() {
    cases::replies_are_the_clients(&mut kong());
    cases::failures_are_told_in_the_clients_format(&mut kong());
}

#[test]
fn replies_are_alike_however_split_and_framed() {
    let mut kong = kong();
    for eos in [Eos::Apart, Eos::WithLast] {
        cases::replies_are_alike_however_split(&mut kong, |answer| answer.end = End::Whole(eos));
    }
    cases::replies_are_alike_however_split(&mut kong, |answer| answer.headers.remove("content-length"));
}

#[test]
fn streams_are_alike_however_split_and_framed() {
    let mut kong = kong();
    let streams = cases::streams();
    cases::streams_are_alike_however_split(&mut kong, &streams, |_| ());
    cases::streams_are_alike_however_split(&mut kong, &streams[1..2], |answer| {
        answer.headers.replace("content-length", answer.chunks.concat().len().to_string());
    });
}

#[test]
fn a_stream_that_breaks_off_is_no_success() {
    cases::a_stream_that_breaks_off_is_no_success(&mut kong());
}

#[test]
fn a_stream_with_a_length_that_ends_too_early_is_no_success() {
    let events = anthropic_events(&["Hel", "lo"]);
    let mut answer = Answer::events(events.iter().take(4));
    answer.headers.replace("content-length", answer.chunks.concat().len().to_string());
    let done = kong().exchange(&chat("other", true), &[Attempt::at("claude", answer)]);
    let events = events_of(&done.reply.body());
    assert_eq!(text_of(&events), "Hel");
    assert!(events.last().unwrap()["error"].is_object(), "{events:#?}");
}

fn events_of(body: &[u8]) -> Vec<serde_json::Value> {
    crate::common::events(body)
}

#[test]
fn an_error_in_the_place_of_a_stream_comes_as_one() {
    let error =
        json!({"error": {"message": "overloaded", "type": "server_error", "code": null, "param": null}});
    let answer = Answer::events([format!("data: {error}\n\n")]);
    let done = kong().exchange(&chat("same", true), &[Attempt::at("openai", answer)]);
    assert_secrets_stay(&done);
    let events = events_of(&done.reply.body());
    assert!(events.iter().any(|event| event["error"].is_object()), "{events:#?}");
    assert!(!events.contains(&"[DONE]".into()), "{events:#?}");
}

#[test]
fn a_reply_that_is_none_is_told_in_its_body() {
    let mut kong = kong();
    let long = anthropic_reply(&"y".repeat(200_000));
    for answer in [
        Answer::json(200, "{\"a\": "),
        Answer::json(200, "<html>").with("content-type", "text/html"),
        Answer::json(200, &long),
        Answer::json(200, openai_reply("a stream was asked for")),
    ] {
        let stream = answer.chunks[0].starts_with(b"{\"id\":\"chatcmpl")
            || answer.chunks[0].starts_with(b"{\"choices");
        let too_long = answer.chunks.concat().len() > 100_000;
        let done = kong.exchange(&chat("other", stream), &[Attempt::at("claude", answer)]);
        assert_secrets_stay(&done);
        assert_eq!((done.reply.by, done.reply.complete), (By::Provider(0), true));
        let message = json_of(&done)["error"]["message"].as_str().unwrap_or_default().to_owned();
        assert!(!message.is_empty(), "{}", done.reply.body().escape_ascii());
        assert_eq!(message.contains("limit of bytes"), too_long, "{message}");
        assert!(done.reply.body().len() < 1000);
    }
}

#[test]
fn a_reply_that_is_cut_is_cut_for_the_client_too() {
    let mut kong = kong();
    let body = anthropic_reply("Hello.");
    for framed in [false, true] {
        let mut answer = Answer::json(200, &body).ending(End::Cut);
        answer.chunks = vec![body.as_bytes()[..20].to_vec(), body.as_bytes()[20..40].to_vec()];
        if !framed {
            answer.headers.remove("content-length");
        }
        let done = kong.exchange(&chat("other", false), &[Attempt::at("claude", answer)]);
        assert!(!done.reply.complete);
        assert!(done.reply.body().is_empty(), "nothing of the provider's format");
    }
}

#[test]
fn a_reply_without_a_body_is_no_success() {
    let mut kong = kong();
    for (status, framed) in [(200, true), (200, false), (503, true), (503, false)] {
        let mut answer = openai_error(status);
        answer.chunks.clear();
        answer.headers.remove("content-length");
        if framed {
            answer.headers.replace("content-length", "0");
        }
        let done = kong.exchange(&chat("same", false), &[Attempt::at("openai", answer)]);
        assert!(done.reply.status() >= 500 || json_of(&done)["error"].is_object(), "{status} {framed}");
        assert_error(&done, done.reply.status());
    }
}

#[test]
fn what_kong_says_by_itself_is_told_in_the_clients_words() {
    let mut kong = kong();
    for (model, provider) in [("same", "openai"), ("other", "claude")] {
        for stream in [false, true] {
            let done = kong.exchange(&chat(model, stream), &[Attempt::at(provider, Reply::Refused)]);
            assert_eq!(done.reply.by, By::Host);
            assert_error(&done, 502);
        }
    }
}

#[test]
fn memory_is_given_back_whatever_way_a_request_ends() {
    let mut kong = kong();
    let long = "x".repeat(40_000);
    let request =
        post(&json!({"model": "other", "stream": true, "messages": [{"role": "user", "content": long}]}));
    let mut leaving = request.clone();
    leaving.leaves_after = Some(1);
    let rounds = |kong: &mut strict::nginx::driver::Server, count: usize| {
        for _ in 0..count {
            let events = || Answer::events(anthropic_events(&["Hel", "lo"]));
            kong.plays(&leaving, &[Attempt::at("claude", events())]);
            kong.plays(&request, &[Attempt::at("claude", events().ending(End::Cut))]);
            kong.plays(&request, &[Attempt::at("claude", openai_error(503))]);
            kong.plays(&request, &[Attempt::at("claude", Reply::Reset)]);
            kong.plays(&post(&json!(long)), &[]);
        }
    };
    rounds(&mut kong, 20);
    let before = kong.vm().memory_bytes();
    rounds(&mut kong, 100);
    // 100 rounds that leaked one body each would need 20 MB.
    let after = kong.vm().memory_bytes();
    assert!(after <= before + 2 * 65_536, "{before} bytes, then {after}");
}
