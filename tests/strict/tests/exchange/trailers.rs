//! Trailers: they end a body, and what is in them goes nowhere.

use serde_json::json;
use strict::{
    driver::{Answer, Attempt, End, Eos, Request},
    headers::HeaderMap,
};

use crate::common::*;

/// A body that is not kept in the module's memory, so that each attempt waits for it.
fn long(model: &str) -> Request {
    let body = json!({"model": model, "messages": [{"role": "user", "content": "x".repeat(80_000)}]});
    post(&body).in_pieces_of(30_000)
}

fn ending_by_trailers(mut request: Request) -> Request {
    request.eos = Eos::Trailers;
    request.trailers = HeaderMap::of([("x-client", CLIENT_KEY), ("x-switchyard-key-openai", "sk-forged")]);
    request
}

#[test]
fn a_long_request_that_trailers_end_is_translated_on_every_attempt() {
    let plan = [
        Attempt::at("openai", openai_error(503)),
        Attempt::at("claude", Answer::json(200, anthropic_reply("Hello."))),
    ];
    // One each: what asked to be left alone is not asked again.
    let plain = gateway().exchange(&long("both"), &plan);
    let done = gateway().exchange(&ending_by_trailers(long("both")), &plan);
    assert_nothing_internal(&done);
    assert_eq!((done.reply.status(), done.sent.len()), (200, 2));
    for (sent, plain) in done.sent.iter().zip(&plain.sent) {
        assert_eq!((&sent.headers, &sent.body), (&plain.headers, &plain.body));
    }
}

#[test]
fn so_is_one_in_a_vm_that_does_not_know_the_plan() {
    let mut gateway = gateway();
    let plan = [Attempt::at("claude", Answer::json(200, anthropic_reply("Hello.")))];
    let plain = gateway.exchange(&chat("other", false), &plan);
    let mut request = ending_by_trailers(chat("other", false));
    request.reloaded = true;
    let done = gateway.exchange(&request, &plan);
    assert_nothing_internal(&done);
    assert_eq!((&done.sent[0].headers, &done.sent[0].body), (&plain.sent[0].headers, &plain.sent[0].body));
}

#[test]
fn what_trailers_hold_goes_no_further() {
    let mut gateway = gateway();
    let reply = Answer::json(200, anthropic_reply("Hello."));
    let stream = Answer::events(anthropic_events(&["Hello."]));
    for (streamed, mut answer) in [(false, reply), (true, stream)] {
        answer.end = End::Whole(Eos::Trailers);
        answer.trailers = HeaderMap::of([("set-cookie", "a=b"), ("x-switchyard-failed", "1")]);
        let request = ending_by_trailers(chat("other", streamed));
        let done = gateway.exchange(&request, &[Attempt::at("claude", answer)]);
        assert_eq!(done.reply.status(), 200);
        assert_eq!(done.sent[0].trailers, HeaderMap::default());
        assert_eq!(done.reply.trailers, HeaderMap::default());
    }
}
