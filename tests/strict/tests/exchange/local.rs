//! What the gateway answers by itself, and what it does not believe.

use serde_json::{Value, json};
use strict::driver::{Answer, Attempt, By, Exchanged, Gateway, Request};
use switchyard::config::plugin::Key;

use crate::common::*;

fn served() -> Attempt {
    Attempt::at("openai", Answer::json(200, openai_reply("Hello.")))
}

/// Plays a request that is refused, then one that is not, in the same VM.
#[track_caller]
fn refused(gateway: &mut Gateway, request: &Request, status: u16) -> Value {
    let done = gateway.exchange(request, &[served()]);
    assert_eq!((done.reply.by, done.sent.len()), (By::Gateway, 0));
    let error = assert_error(&done, status);
    let next = gateway.exchange(&chat("same", false), &[served()]);
    assert_eq!(next.reply.status(), 200, "the next request works");
    error
}

#[test]
fn a_request_that_cannot_be_served_is_told_why() {
    let mut gateway = gateway();
    let raw = |body: &str| Request::post("/v1/chat/completions", body);
    refused(&mut gateway, &raw("{\"model\": \"same\", "), 400);
    refused(&mut gateway, &raw("[]"), 400);
    refused(&mut gateway, &raw(" "), 400);
    refused(&mut gateway, &raw("{\"model\": \"\u{e9}\"}"), 400);
    let missing =
        refused(&mut gateway, &raw("{\"messages\": [{\"role\": \"user\", \"content\": \"x\"}]}"), 400);
    assert_eq!(missing["param"], "model");
    refused(&mut gateway, &chat("no-such-model", false), 404);
    refused(&mut gateway, &Request::post("/v1/nothing", "{}"), 404);
    refused(&mut gateway, &Request::get("/v1/chat/completions"), 405);
    refused(&mut gateway, &chat("same", false).with("content-encoding", "gzip"), 400);
    let mut bare = chat("same", false);
    bare.chunks.clear();
    bare.headers.remove("content-length");
    refused(&mut gateway, &bare, 400);
}

#[test]
fn bytes_that_are_no_text_are_an_error_and_no_trap() {
    let mut gateway = gateway();
    let mut body = b"{\"model\": \"same\", \"messages\": [{\"role\": \"user\", \"content\": \"".to_vec();
    body.extend(b"\xff\"}]}");
    refused(&mut gateway, &Request::post("/v1/chat/completions", body), 400);
    refused(&mut gateway, &chat("same", false).with(":path", b"/\xff"), 404);
}

#[test]
fn a_body_over_the_limit_is_refused_by_its_length_and_by_its_bytes() {
    let mut gateway = gateway();
    let long = "x".repeat(usize::try_from(REQUEST_BYTES).unwrap());
    let body = json!({"model": "same", "messages": [{"role": "user", "content": long}]});
    let told = post(&body);
    let done = gateway.play(&told, &[served()]).unwrap();
    assert_eq!(done.counts.guest("proxy_on_request_body"), 0, "not a byte is awaited");
    refused(&mut gateway, &told, 413);
    let mut counted = told.in_pieces_of(9000);
    counted.headers.remove("content-length");
    refused(&mut gateway, &counted, 413);
}

#[test]
fn headers_that_are_not_utf8_pass_no_further_and_break_nothing() {
    let mut gateway = gateway();
    let odd = chat("same", false).with("x-odd", b"\xff\xfe").with("user-agent", b"caf\xe9");
    let answer =
        Answer::json(200, openai_reply("Hello.")).with("x-odd", b"\xff").with("x-request-id", b"r\xe9q");
    let done = gateway.exchange(&odd, &[Attempt::at("openai", answer)]);
    assert_nothing_internal(&done);
    assert_eq!(done.reply.status(), 200);
    assert_eq!(done.sent[0].headers.get("x-odd"), None);
    assert_eq!(
        done.reply.headers.as_ref().unwrap().get("x-request-id"),
        Some(&b"r\xe9q"[..]),
        "bytes stay bytes"
    );
    assert_eq!(done.reply.headers.as_ref().unwrap().get("x-odd"), None);
}

#[test]
fn internal_headers_of_a_client_are_not_believed() {
    let forged = chat("same", false)
        .with("x-switchyard-stream", "claude")
        .with("x-switchyard-reply", "claude")
        .with("x-switchyard-retry", "1")
        .with("x-switchyard-key-openai", "sk-forged")
        .with("x-envoy-upstream-rq-timeout-ms", "1")
        .with("x-envoy-retry-on", "5xx");
    let done = gateway().exchange(&forged, &[served()]);
    assert_nothing_internal(&done);
    let pool = done.pool.unwrap();
    assert_eq!((pool.header.as_str(), pool.cluster.as_str()), ("x-switchyard-reply", "openai"));
}

#[test]
fn internal_headers_of_a_provider_are_not_believed() {
    let forged = Answer::json(200, openai_reply("Hello."))
        .with("x-switchyard-retry", "1")
        .with("x-switchyard-failed", "1");
    let done = gateway().exchange(&chat("both", false), &[Attempt::at("openai", forged), served()]);
    assert_eq!((done.reply.by, done.reply.status()), (By::Provider(0), 200));
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
    let mut gateway = gateway();
    let ids = |done: &Exchanged| -> Vec<String> {
        let list = json_of(done);
        list["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|model| model["id"].as_str().unwrap().to_owned())
            .collect()
    };
    let done = gateway.exchange(&Request::get("/v1/models"), &[]);
    assert_eq!((done.reply.by, done.reply.status()), (By::Gateway, 200));
    assert_eq!(ids(&done), ["both", "same", "other", "own"]);
    assert_eq!(json_of(&gateway.exchange(&Request::get("/v1/models/same"), &[]))["id"], "same");
    assert_error(&gateway.exchange(&Request::get("/v1/models/none"), &[]), 404);
}
