//! What reaches the provider, and what the filter answers by itself.

use serde_json::{Value, json};
use strict::driver::{Answer, Attempt, By, Exchanged, Reply, Request};
use switchyard::config::plugin::{Key, Plugin};

use super::*;
use crate::common::cases::{self, Plays, refused, served, too_large, unserved};

/// All values of a header that reached the first server.
fn sent(done: &Exchanged, name: &str) -> Vec<String> {
    let pairs = done.sent[0].headers.pairs().iter().filter(|(of, _)| of == name.as_bytes());
    pairs.map(|(_, value)| value.escape_ascii().to_string()).collect()
}

#[test]
fn the_provider_gets_its_path_its_key_and_its_body() {
    let mut kong = kong();
    let done = kong.exchange(&chat("other", false), &[claude()]);
    assert_secrets_stay(&done);
    let length = done.sent[0].body.len().to_string();
    for (name, value) in [
        (":method", "POST"),
        (":path", "/v1/messages"),
        (":authority", "llm.upstream"),
        ("x-api-key", ANTHROPIC_KEY),
        ("anthropic-version", "2023-06-01"),
        ("content-type", "application/json"),
        ("accept", "application/json"),
        ("accept-encoding", "identity"),
        ("user-agent", "switchyard/0.1.0"),
        ("content-length", &length),
        ("authorization", ""),
    ] {
        assert_eq!(sent(&done, name), [value], "{name}");
    }
    let body: Value = serde_json::from_slice(&done.sent[0].body).unwrap();
    assert_eq!((&body["model"], &body["max_tokens"]), (&"claude-x".into(), &8192.into()));
    let done =
        kong.exchange(&chat("same", true), &[Attempt::at("openai", Answer::events(openai_events(&["x"])))]);
    assert_secrets_stay(&done);
    assert_eq!(sent(&done, "authorization"), [format!("Bearer {OPENAI_KEY}")]);
    assert_eq!(sent(&done, ":path"), ["/v1/chat/completions"]);
    assert_eq!(sent(&done, "content-length"), [done.sent[0].body.len().to_string()]);
    let body = chat_body("same", true).to_string().replace("\"same\"", "\"gpt-x\"");
    assert_eq!(done.sent[0].body, body.into_bytes());
}

#[test]
fn the_first_target_of_a_plan_serves() {
    let done = kong().exchange(&chat("both", false), &[served(), claude()]);
    assert_eq!((done.reply.by, done.sent.len()), (By::Provider(0), 1));
    assert_eq!(sent(&done, ":path"), ["/v1/chat/completions"]);
}

#[test]
fn the_next_server_of_the_upstream_gets_the_same_request() {
    let mut kong = kong();
    let refusing = [Attempt::at("claude", Reply::Refused), claude()];
    let done = kong.exchange(&chat("other", false), &refusing);
    assert_eq!((done.reply.status(), done.sent.len()), (200, 1));
    kong.route().next.non_idempotent = true;
    kong.route().next.statuses = vec![503];
    for first in [Reply::Reset, openai_error(503).into()] {
        let done = kong.exchange(&chat("other", false), &[Attempt::at("claude", first), claude()]);
        assert_secrets_stay(&done);
        assert_eq!((done.reply.by, done.sent.len()), (By::Provider(1), 2));
        assert_eq!((&done.sent[0].headers, &done.sent[0].body), (&done.sent[1].headers, &done.sent[1].body));
    }
    let lost = [Attempt::at("claude", Reply::Reset), Attempt::at("claude", Reply::Refused)];
    let done = kong.exchange(&chat("other", false), &lost);
    assert_eq!(done.reply.by, By::Host);
    assert_error(&done, 502);
}

#[test]
fn a_request_is_the_same_however_it_comes() {
    let mut kong = kong();
    cases::requests_are_alike_however_split(&mut kong);
    let long = json!({"model": "other", "messages": [{"role": "user", "content": "x".repeat(80_000)}]});
    let done = kong.exchange(&post(&long).in_pieces_of(30_000), &[claude()]);
    assert!(done.sent[0].body.len() > 80_000);
    assert_eq!(done.reply.status(), 200);
    let mut chunked = chat("other", false);
    chunked.headers.remove("content-length");
    assert_eq!(kong.exchange(&chunked, &[claude()]).reply.status(), 200);
}

#[test]
fn a_request_that_cannot_be_served_is_told_why() {
    let mut kong = kong();
    for (request, status) in unserved() {
        refused(&mut kong, &request, status);
    }
    for request in too_large() {
        refused(&mut kong, &request, 413);
    }
}

#[test]
fn a_request_without_a_body_goes_nowhere_with_anybodys_credential() {
    let mut kong = kong();
    let mut bare = chat("same", false);
    bare.chunks.clear();
    for length in [None, Some("0")] {
        bare.headers.remove("content-length");
        if let Some(length) = length {
            bare.headers.replace("content-length", length);
        }
        let upstream = Attempt::at("upstream", Answer::json(404, "{}"));
        let done = kong.exchange(&bare, &[upstream]);
        assert_secrets_stay(&done);
        let error = assert_error(&done, 400);
        assert_eq!(error["code"], "missing_body");
    }
}

#[test]
fn a_body_in_a_file_is_an_error_that_goes_nowhere() {
    let mut kong = kong();
    kong.route().client_body_buffer = 10;
    let done = kong.exchange(&chat("same", false), &[served()]);
    assert_eq!((done.reply.by, done.sent.len()), (By::Gateway, 0));
    assert_error(&done, done.reply.status());
}

#[test]
fn keys_are_enforced() {
    // SHA-256 of `sk-client-secret`.
    let sha256 = "83bc7d9075770569f2732690a0352f8eb7996595f48fe72e52dfea1ead172f84".to_owned();
    let key = Key { name: "team".to_owned(), sha256, models: vec!["same".to_owned()] };
    let mut kong = kong_with(|plugin| plugin.keys = vec![key.clone()]);
    let done = kong.exchange(&chat("same", false), &[served()]);
    assert_secrets_stay(&done);
    assert_eq!(done.reply.status(), 200);
    let wrong = chat("same", false).with("authorization", "Bearer sk-wrong");
    assert_error(&kong.plays(&wrong, &[served()]), 401);
    let other = kong.exchange(&chat("other", false), &[claude()]);
    assert_eq!(other.sent.len(), 0);
    assert_error(&other, other.reply.status());
}

#[test]
fn models_are_listed() {
    cases::models_are_listed(&mut kong());
}

#[test]
fn what_is_passed_on_is_passed_on() {
    let speech = Request::post("/v1/audio/speech", r#"{"input":"x","model":"same"}"#)
        .with("authorization", format!("Bearer {CLIENT_KEY}"));
    let pieces = [&b"\xff\xfb\0"[..], b"\r\n{\"usage\":", b"\xe9"];
    let mut kong = kong();
    for framed in [false, true] {
        let mut answer = Answer::events(pieces).with("content-type", "audio/mpeg");
        if framed {
            answer.headers.replace("content-length", pieces.concat().len().to_string());
        }
        let done = kong.exchange(&speech, &[Attempt::at("openai", answer)]);
        assert_secrets_stay(&done);
        assert_eq!((done.reply.body(), done.reply.complete), (pieces.concat(), true));
        assert_eq!(done.reply.header("content-type"), Some("audio/mpeg"));
        assert_eq!(done.sent[0].body, br#"{"input":"x","model":"gpt-x"}"#);
        assert_eq!(sent(&done, ":path"), ["/v1/audio/speech"]);
    }
    // Of a long piece only the end is looked at for its usage, which on this host is to read all of it.
    let long = json!({"data": ["x".repeat(20_000)], "usage": {"total_tokens": 3}}).to_string();
    let done = kong.exchange(&speech, &[Attempt::at("openai", Answer::json(200, &long))]);
    assert_eq!(done.reply.body(), long.into_bytes());
    let failed = kong.exchange(&speech, &[Attempt::at("openai", openai_error(503))]);
    assert_error(&failed, 503);
    let files = Request::get("/v1/files").with("authorization", format!("Bearer {CLIENT_KEY}"));
    assert_error(&kong.exchange(&files, &[served()]), 404);
}

#[test]
fn a_form_is_the_same_however_it_comes() {
    let part =
        |head: &str, body: &str| format!("--XyZ\r\nContent-Disposition: form-data; {head}\r\n\r\n{body}\r\n");
    let form = |model: &str| {
        part("name=\"file\"; filename=\"a\"", "RIFF\r\n--Xy\0")
            + &part("name=\"model\"", model)
            + "--XyZ--\r\n"
    };
    let mut kong = kong();
    for size in [1, 17, 1000] {
        let request = Request::post("/v1/audio/transcriptions", form("both"))
            .with("content-type", "multipart/form-data; boundary=XyZ")
            .with("authorization", format!("Bearer {CLIENT_KEY}"))
            .in_pieces_of(size);
        let done = kong.exchange(&request, &[Attempt::at("openai", Answer::json(200, r#"{"text":"hi"}"#))]);
        assert_secrets_stay(&done);
        assert_eq!(done.sent[0].body, form("gpt-x").into_bytes(), "pieces of {size}");
        assert_eq!(sent(&done, "content-length"), [form("gpt-x").len().to_string()]);
    }
}

#[test]
fn a_target_that_asked_to_be_left_alone_is_left_alone() {
    let mut kong = kong();
    let done = kong.exchange(&chat("both", false), &[Attempt::at("openai", openai_error(429))]);
    assert_error(&done, 429);
    assert_eq!(done.reply.header("retry-after"), Some("7"));
    let next = kong.exchange(&chat("both", false), &[claude()]);
    assert_eq!((sent(&next, ":path"), next.reply.status()), (vec!["/v1/messages".to_owned()], 200));
    // It is written anew where there is an entry already.
    let again = kong.exchange(&chat("same", false), &[Attempt::at("openai", openai_error(503))]);
    assert_error(&again, 503);
    assert!(again.logs.iter().all(|(_, text)| !text.contains("could not")), "{:?}", again.logs);
}

#[test]
fn nginx_alone_needs_the_variable_that_the_path_is_in() {
    use strict::nginx::route::Pass;
    let mut nginx = kong();
    *nginx.route() = Route {
        pass: Pass::Variable("upstream_uri"),
        variables: vec![("upstream_uri", "")],
        ..Route::nginx()
    };
    let done = nginx.exchange(&chat("other", false), &[claude()]);
    assert_eq!((sent(&done, ":path"), done.reply.status()), (vec!["/v1/messages".to_owned()], 200));
    *nginx.route() = Route::nginx();
    let done = nginx.exchange(&chat("other", false), &[claude()]);
    assert_eq!((done.reply.by, done.sent.len()), (By::Gateway, 0), "without it nothing goes anywhere");
    assert_eq!(assert_error(&done, 502)["code"], "gateway_error");
}

#[test]
fn a_path_says_the_model_and_whether_it_is_a_stream() {
    let gemini = |plugin: &mut Plugin| {
        let row = &mut plugin.providers[0];
        row.format = switchyard::provider::Format::Gemini;
        row.path = "/v1beta/models/{model}:generateContent".to_owned();
        row.stream_path = Some("/v1beta/models/{model}:streamGenerateContent?alt=sse".to_owned());
        (row.auth_header, row.auth_prefix) = (Some("x-goog-api-key".to_owned()), String::new());
    };
    let mut kong = kong_with(gemini);
    let reply = json!({"candidates": [{"content": {"role": "model", "parts": [{"text": "Hello."}]},
        "finishReason": "STOP", "index": 0}], "modelVersion": "gpt-x",
        "usageMetadata": {"promptTokenCount": 10, "candidatesTokenCount": 5, "totalTokenCount": 15}})
    .to_string();
    let whole = kong.exchange(&chat("same", false), &[Attempt::at("openai", Answer::json(200, &reply))]);
    assert_secrets_stay(&whole);
    assert_eq!(json_of(&whole)["choices"][0]["message"]["content"], "Hello.");
    assert_eq!(sent(&whole, ":path"), ["/v1beta/models/gpt-x:generateContent"]);
    assert_eq!(sent(&whole, "x-goog-api-key"), [OPENAI_KEY]);
    let events = Answer::events([format!("data: {reply}\r\n\r\n")]);
    let stream = kong.exchange(&chat("same", true), &[Attempt::at("openai", events)]);
    assert_eq!(text_of(&crate::common::events(&stream.reply.body())), "Hello.");
    assert_eq!(sent(&stream, ":path"), ["/v1beta/models/gpt-x:streamGenerateContent?alt=sse"]);
}
