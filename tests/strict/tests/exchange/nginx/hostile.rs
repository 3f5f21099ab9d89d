//! Headers of clients and providers that want to be more than they are. On this host a request's headers cannot be removed.

use strict::driver::{Attempt, By};

use super::*;
use crate::common::cases::{bytes_in_headers_break_nothing, forged_reply, forged_request, served};

#[test]
fn internal_headers_are_not_believed() {
    let mut kong = kong();
    let done = kong.exchange(&forged_request(), &[served()]);
    assert_secrets_stay(&done);
    assert_eq!((done.reply.by, done.reply.status()), (By::Provider(0), 200));
    assert_eq!(done.sent[0].headers.text(":path"), Some("/v1/chat/completions"));
    let done = kong.exchange(&chat("same", false), &[Attempt::at("openai", forged_reply())]);
    assert_nothing_internal_to_client(&done);
    assert_eq!(done.reply.header("x-should-retry"), None);
}

fn assert_nothing_internal_to_client(done: &strict::driver::Exchanged) {
    assert_secrets_stay(done);
    for (name, _) in done.reply.headers.as_ref().unwrap().pairs() {
        assert!(!name.starts_with(b"x-switchyard-"), "{}", name.escape_ascii());
    }
}

#[test]
fn bytes_that_are_no_text_break_nothing() {
    bytes_in_headers_break_nothing(&mut kong());
}

/// All ways in which clients show who they are.
const CREDENTIALS: [&str; 7] =
    ["authorization", "proxy-authorization", "x-api-key", "api-key", "x-goog-api-key", "cookie", "apikey"];

#[test]
fn no_credential_of_a_client_reaches_a_provider() {
    let mut kong = kong();
    for name in CREDENTIALS {
        for (model, attempt) in [("same", served()), ("other", claude())] {
            let request = chat(model, false).with(name, format!("Bearer {CLIENT_KEY}"));
            let done = kong.exchange(&request, &[attempt]);
            assert_secrets_stay(&done);
            assert_eq!(done.reply.status(), 200, "{name}");
        }
    }
}

#[test]
fn nor_does_one_that_is_sent_twice() {
    let mut kong = kong();
    for name in CREDENTIALS {
        for (model, attempt) in [("same", served()), ("other", claude())] {
            let mut request = chat(model, false);
            request.headers.remove(name);
            let pair = |value: &str| (name.as_bytes().to_vec(), format!("{value}{CLIENT_KEY}").into_bytes());
            request.headers.extend_as_it_is([pair(""), pair("Bearer ")]);
            let done = kong.exchange(&request, &[attempt]);
            assert_secrets_stay(&done);
            assert_eq!(assert_error(&done, 400)["param"], name);
        }
    }
}

#[test]
fn nor_does_one_of_a_request_that_has_no_body() {
    let mut kong = kong();
    for name in CREDENTIALS {
        let mut bare = chat("same", false).with(name, CLIENT_KEY);
        bare.chunks.clear();
        bare.headers.remove("content-length");
        let done = kong.exchange(&bare, &[Attempt::at("upstream", strict::driver::Answer::json(404, "{}"))]);
        assert_secrets_stay(&done);
    }
}

#[test]
fn a_path_does_not_split_the_request() {
    let mut kong = kong();
    for path in [
        "/v1/chat/completions%0d%0aX-Evil:%201",
        "/v1/chat/completions%20HTTP/1.1%0d%0aX-Evil:%201",
        "/v1/chat/completions?x=%0d%0aX-Evil:%201",
        "/openai/deployments/same%0d%0aX-Evil/chat/completions",
        "/v1%2fchat%2fcompletions",
    ] {
        let done = kong.exchange(&chat("same", false).with(":path", path), &[served()]);
        assert_secrets_stay(&done);
        for sent in &done.sent {
            assert_eq!(sent.headers.text(":path"), Some("/v1/chat/completions"), "{path}");
        }
    }
}

#[test]
fn requests_of_others_pass_untouched() {
    let ours = |plugin: &mut switchyard::config::plugin::Plugin| {
        plugin.entry.authorities = vec!["gateway.test".to_owned()];
        plugin.entry.prefix = "/ai".to_owned();
    };
    let mut kong = kong_with(ours);
    for request in [
        chat("same", false),
        chat("same", false).with(":authority", "other.test").with(":path", "/ai/v1/chat/completions"),
    ] {
        let answer = strict::driver::Answer::json(404, "theirs");
        let done = kong.exchange(&request, &[Attempt::at("them", answer)]);
        assert_eq!(done.sent[0].headers.text("authorization"), request.headers.text("authorization"));
        assert_eq!(done.sent[0].headers.text(":path"), request.headers.text(":path"));
        assert_eq!(
            (done.sent[0].body.clone(), done.reply.body()),
            (request.chunks.concat(), b"theirs".to_vec())
        );
    }
    let done = kong.exchange(&chat("same", false).with(":path", "/ai/v1/chat/completions"), &[served()]);
    assert_eq!(
        (done.sent[0].headers.text(":path"), done.reply.status()),
        (Some("/v1/chat/completions"), 200)
    );
}
