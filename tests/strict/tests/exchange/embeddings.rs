//! Embeddings and rerank: other endpoints, other bodies, the same rules.

use serde_json::{Value, json};
use strict::driver::{Answer, Attempt, By, Exchanged, Gateway, Request};
use switchyard::{
    config::plugin::{Model, Provider, RoleName, Target},
    provider::Format,
};

use crate::common::*;

/// `embed` is served by OpenAI, Anthropic (which has none) and Cohere; `rank` by Cohere; `other` by Anthropic.
fn configured(role: RoleName) -> Vec<u8> {
    let mut plugin = plugin(role);
    plugin.providers[0].embeddings_path = Some("/v1/embeddings".into());
    let cohere = Provider {
        name: "cohere".into(),
        format: Format::Cohere,
        authority: "api.cohere.test".into(),
        embeddings_path: Some("/v2/embed".into()),
        rerank_path: Some("/v2/rerank".into()),
        auth_header: None,
        secret: None,
        ..plugin.providers[0].clone()
    };
    plugin.providers.push(cohere);
    let target = |provider, model: &str| Target { provider, model: Some(model.into()) };
    let embed = vec![target(0, "embed-x"), target(1, "claude-x"), target(2, "embed-v4.0")];
    plugin.models.push(Model {
        name: "embed".into(),
        targets: embed,
        elsewhere: Default::default(),
        cards: Vec::new(),
    });
    plugin.models.push(Model {
        name: "rank".into(),
        targets: vec![target(2, "rerank-v3.5")],
        elsewhere: Default::default(),
        cards: Vec::new(),
    });
    serde_json::to_vec(&plugin).unwrap()
}

fn all() -> Gateway {
    let env = [("OPENAI_API_KEY", OPENAI_KEY), ("ANTHROPIC_API_KEY", ANTHROPIC_KEY)];
    let (gateway, provider) = (configured(RoleName::Gateway), configured(RoleName::Provider));
    Gateway::start(compiled(), &gateway, &provider, &env).unwrap()
}

fn ask(path: &str, body: &Value) -> Request {
    Request::post(path, body.to_string()).with("authorization", format!("Bearer {CLIENT_KEY}"))
}

fn embed(input: &Value) -> Request {
    ask("/v1/embeddings", &json!({"model": "embed", "input": input, "encoding_format": "base64"}))
}

fn openai_embeddings() -> String {
    json!({"object": "list", "model": "embed-x", "usage": {"prompt_tokens": 2, "total_tokens": 2},
        "data": [{"object": "embedding", "index": 0, "embedding": "AACAPwAAIMA="}]})
    .to_string()
}

fn cohere_embeddings() -> String {
    json!({"id": "e", "embeddings": {"float": [[1, -2.5]]}, "texts": ["Hi"],
        "meta": {"billed_units": {"input_tokens": 3}}})
    .to_string()
}

fn by(done: &Exchanged) -> (By, u16, usize) {
    (done.reply.by, done.reply.status(), done.sent.len())
}

#[test]
fn the_bytes_pass_to_a_compatible_provider() {
    let answer = Answer::json(200, openai_embeddings()).with("x-ratelimit-remaining-requests", "9");
    let done = all().exchange(&embed(&json!("Hi")), &[Attempt::at("openai", answer)]);
    assert_nothing_internal(&done);
    let pool = done.pool.as_ref().unwrap();
    assert_eq!((pool.header.as_str(), pool.cluster.as_str()), ("x-switchyard-reply", "pool/openai+cohere"));
    assert_eq!(by(&done), (By::Provider(0), 200, 1));
    assert_eq!(done.reply.body(), openai_embeddings().into_bytes());
    assert_eq!(done.reply.header("x-ratelimit-remaining-requests"), Some("9"));
    let body = json!({"model": "embed-x", "input": "Hi", "encoding_format": "base64"}).to_string();
    assert_eq!(done.sent[0].body, body.into_bytes());
    assert_eq!(done.sent[0].headers.text(":path"), Some("/v1/embeddings"));
    assert_eq!(done.sent[0].headers.text("accept"), Some("application/json"));
}

#[test]
fn numbers_become_what_the_client_asked_for_whole_and_in_pieces() {
    let floats = openai_embeddings().replace("\"AACAPwAAIMA=\"", "[1,-2.5]");
    let mut gateway = all();
    for size in [1, 7, 1000] {
        let mut answer = Answer::json(200, &floats);
        answer.chunks = floats.as_bytes().chunks(size).map(<[u8]>::to_vec).collect();
        let done = gateway.exchange(&embed(&json!("Hi")), &[Attempt::at("openai", answer)]);
        assert_nothing_internal(&done);
        assert_eq!(json_of(&done)["data"][0]["embedding"], "AACAPwAAIMA=", "pieces of {size}");
        assert_eq!(done.reply.header("content-length"), Some(done.reply.body().len().to_string().as_str()));
    }
}

#[test]
fn a_failure_is_served_by_another_format_and_small_and_large_bodies_alike() {
    let broken = [
        openai_error(429),
        openai_error(500),
        Answer::json(200, "{}"),
        Answer::json(200, openai_reply("a chat")),
        Answer::json(200, "<html>"),
    ];
    // Above 64 KiB the body is read from the host again.
    for text in ["Hi".to_owned(), "x".repeat(90_000)] {
        for first in broken.clone() {
            let request = embed(&json!([text]));
            let second = Attempt::at("cohere", Answer::json(200, cohere_embeddings()));
            // One each: what asked to be left alone is not asked again.
            let done = all().exchange(&request, &[Attempt::at("openai", first), second]);
            assert_nothing_internal(&done);
            assert_eq!(by(&done), (By::Provider(1), 200, 2));
            let expected = json!({"object": "list", "model": "embed-v4.0",
                "usage": {"prompt_tokens": 3, "total_tokens": 3},
                "data": [{"object": "embedding", "index": 0, "embedding": "AACAPwAAIMA="}]});
            assert_eq!(json_of(&done), expected);
            assert_eq!(done.sent[1].headers.text(":path"), Some("/v2/embed"));
            let sent: Value = serde_json::from_slice(&done.sent[1].body).unwrap();
            assert_eq!((&sent["texts"], &sent["input_type"]), (&json!([text]), &json!("search_document")));
        }
    }
}

#[test]
fn documents_are_told_again() {
    let body =
        json!({"model": "rank", "query": "q", "documents": ["a", {"text": "b"}], "return_documents": true});
    let reply = json!({"id": "r", "results": [{"index": 1, "relevance_score": 0.5}]}).to_string();
    let mut gateway = all();
    for path in ["/v1/rerank", "/v2/rerank"] {
        let attempt = Attempt::at("cohere", Answer::json(200, &reply));
        let done = gateway.exchange(&ask(path, &body), &[attempt]);
        assert_nothing_internal(&done);
        let expected = json!({"id": "r", "model": "rerank-v3.5",
            "results": [{"index": 1, "relevance_score": 0.5, "document": {"text": "b"}}]});
        assert_eq!(json_of(&done), expected);
        let sent = json!({"model": "rerank-v3.5", "query": "q", "documents": ["a", "b"]});
        assert_eq!(serde_json::from_slice::<Value>(&done.sent[0].body).unwrap(), sent);
    }
}

#[test]
fn what_nobody_serves_is_refused_before_an_attempt() {
    let mut gateway = all();
    let rank = |model: &str| json!({"model": model, "query": "q", "documents": ["a"]});
    for (request, param) in [
        (ask("/v1/embeddings", &json!({"model": "other", "input": "Hi"})), "model"),
        (ask("/v1/rerank", &rank("same")), "model"),
        (ask("/v1/embeddings", &json!({"model": "embed"})), "input"),
        (ask("/v1/rerank", &json!({"model": "rank", "query": "q"})), "documents"),
    ] {
        let done =
            gateway.exchange(&request, &[Attempt::at("openai", Answer::json(200, openai_embeddings()))]);
        assert_eq!((done.reply.by, done.sent.len()), (By::Gateway, 0));
        assert_eq!(assert_error(&done, 400)["param"], param);
    }
}

#[test]
fn a_stream_that_nobody_asked_for_is_the_providers_fault() {
    let stream = Answer::events(openai_events(&["Hel", "lo"]));
    let second = Attempt::at("cohere", Answer::json(200, cohere_embeddings()));
    let done = all().exchange(&embed(&json!("Hi")), &[Attempt::at("openai", stream), second]);
    assert_eq!(by(&done), (By::Provider(1), 200, 2));
}
