//! What the gateway answers by itself, and what it does not believe.

use strict::driver::{Attempt, By, Request};
use switchyard::config::plugin::Key;

use crate::common::{
    cases::{
        self, bytes_in_headers_break_nothing, forged_reply, forged_request, refused, served, too_large,
        unserved,
    },
    *,
};

#[test]
fn a_request_that_cannot_be_served_is_told_why() {
    let mut gateway = gateway();
    for (request, status) in unserved() {
        refused(&mut gateway, &request, status);
    }
    let raw = Request::post("/v1/chat/completions", r#"{"messages": [{"role": "user", "content": "x"}]}"#);
    assert_eq!(refused(&mut gateway, &raw, 400)["param"], "model");
    let mut bare = chat("same", false);
    bare.chunks.clear();
    bare.headers.remove("content-length");
    refused(&mut gateway, &bare, 400);
}

#[test]
fn a_body_over_the_limit_is_refused_by_its_length_and_by_its_bytes() {
    let mut gateway = gateway();
    let [told, counted] = too_large();
    let done = gateway.play(&told, &[served()]).unwrap();
    assert_eq!(done.counts.guest("proxy_on_request_body"), 0, "not a byte is awaited");
    refused(&mut gateway, &told, 413);
    refused(&mut gateway, &counted, 413);
}

#[test]
fn headers_that_are_not_utf8_pass_no_further_and_break_nothing() {
    let done = bytes_in_headers_break_nothing(&mut gateway());
    assert_nothing_internal(&done);
    assert_eq!(done.sent[0].headers.get("x-odd"), None);
}

#[test]
fn internal_headers_of_a_client_are_not_believed() {
    let done = gateway().exchange(&forged_request(), &[served()]);
    assert_nothing_internal(&done);
    let pool = done.pool.unwrap();
    assert_eq!((pool.header.as_str(), pool.cluster.as_str()), ("x-switchyard-reply", "openai"));
}

#[test]
fn internal_headers_of_a_provider_are_not_believed() {
    let forged = Attempt::at("openai", forged_reply());
    let done = gateway().exchange(&chat("both", false), &[forged, served()]);
    assert_eq!((done.reply.by, done.reply.status()), (By::Provider(0), 200));
    assert_eq!(
        (done.reply.header("x-should-retry"), done.reply.header("x-switchyard-attempts")),
        (None, None)
    );
    assert_nothing_internal(&done);
}

#[test]
fn keys_are_enforced_and_told_apart() {
    // SHA-256 of `sk-client-secret`.
    let sha256 = "83bc7d9075770569f2732690a0352f8eb7996595f48fe72e52dfea1ead172f84";
    let key = |models: &[&str]| Key {
        name: "team".to_owned(),
        sha256: sha256.to_owned(),
        models: models.iter().map(|model| (*model).to_owned()).collect(),
    };
    let mut gateway = with_keys(&[key(&["same"])]);
    assert_eq!(gateway.exchange(&chat("same", false), &[served()]).reply.status(), 200);
    let wrong = chat("same", false).with("authorization", "Bearer sk-wrong");
    let done = gateway.exchange(&wrong, &[served()]);
    assert_eq!((done.reply.by, done.sent.len()), (By::Gateway, 0));
    assert_error(&done, 401);
    let mut none = chat("same", false);
    none.headers.remove("authorization");
    assert_error(&gateway.exchange(&none, &[served()]), 401);
    let other = gateway.exchange(&chat("other", false), &[served()]);
    assert_eq!(other.sent.len(), 0);
    assert!((403..=404).contains(&other.reply.status()), "{}", other.reply.status());
    assert_error(&other, other.reply.status());
}

#[test]
fn models_are_listed() {
    cases::models_are_listed(&mut gateway());
}
