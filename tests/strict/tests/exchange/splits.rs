//! Any split of the bytes gives the same output, through the module as it is compiled.

use strict::driver::{Answer, Attempt, Gateway, Request};

use crate::common::*;

/// The body that the client gets of a stream in these pieces; ids are random, and made alike.
fn reply(gateway: &mut Gateway, request: &Request, provider: &str, chunks: Vec<Vec<u8>>) -> String {
    let mut answer = Answer::events(Vec::<String>::new());
    answer.chunks = chunks;
    let done = gateway.exchange(request, &[Attempt::at(provider, answer)]);
    assert!(done.reply.complete);
    let body = String::from_utf8(done.reply.body()).unwrap();
    let id = body.split("\"id\":\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap().to_owned();
    let created = body.split("\"created\":").nth(1).and_then(|rest| rest.split([',', '}']).next()).unwrap();
    body.replace(&format!("\"created\":{created}"), "\"created\":0").replace(&id, "ID")
}

/// Splits a stream in two at every position, and into pieces of one byte.
#[track_caller]
fn assert_alike_however_split(model: &str, provider: &str, stream: &[u8]) {
    let (mut gateway, request) = (gateway(), chat(model, true));
    let whole = reply(&mut gateway, &request, provider, vec![stream.to_vec()]);
    assert!(whole.ends_with("data: [DONE]\n\n"), "{whole}");
    for at in 1..stream.len() {
        let (head, tail) = stream.split_at(at);
        let split = reply(&mut gateway, &request, provider, vec![head.to_vec(), tail.to_vec()]);
        assert_eq!(split, whole, "split at {at}");
    }
    let bytes = stream.iter().map(|byte| vec![*byte]).collect();
    assert_eq!(reply(&mut gateway, &request, provider, bytes), whole, "byte by byte");
}

#[test]
fn a_stream_of_the_same_format() {
    let stream = openai_events(&["Hé", "🦀", "\"\\\n"]).concat();
    assert_alike_however_split("same", "openai", stream.as_bytes());
}

#[test]
fn a_stream_of_another_format() {
    let stream = anthropic_events(&["Hé", "🦀", "\"\\\n"]).concat();
    assert_alike_however_split("other", "claude", stream.as_bytes());
    let crlf = stream.replace('\n', "\r\n");
    assert_alike_however_split("other", "claude", format!(": comment\r\n\r\n{crlf}").as_bytes());
}

#[test]
fn a_request() {
    let mut gateway = gateway();
    let request = chat("other", false);
    let body = request.chunks.concat();
    let attempt = [Attempt::at("claude", Answer::json(200, anthropic_reply("Hello.")))];
    let whole = gateway.exchange(&request, &attempt).sent[0].body.clone();
    for at in 1..body.len() {
        let mut split = request.clone();
        split.chunks = vec![body[..at].to_vec(), body[at..].to_vec()];
        assert_eq!(gateway.exchange(&split, &attempt).sent[0].body, whole, "split at {at}");
    }
}

#[test]
fn a_reply() {
    let mut gateway = gateway();
    let body = anthropic_reply("Hé 🦀").into_bytes();
    let mut answer = Answer::json(200, &body);
    let text = |gateway: &mut Gateway, answer: &Answer| {
        let done = gateway.exchange(&chat("other", false), &[Attempt::at("claude", answer.clone())]);
        json_of(&done)["choices"].clone()
    };
    let whole = text(&mut gateway, &answer);
    for at in 1..body.len() {
        answer.chunks = vec![body[..at].to_vec(), body[at..].to_vec()];
        assert_eq!(text(&mut gateway, &answer), whole, "split at {at}");
    }
}
