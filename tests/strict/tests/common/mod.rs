//! The real module, and what its tests share.
#![allow(dead_code, reason = "each test program uses its own part")]

pub mod cases;

use std::{path::PathBuf, sync::OnceLock};

use serde_json::{Value, json};
use strict::{
    driver::{Answer, Exchanged, Gateway, Request},
    headers::HeaderMap,
    load::Rules,
    nginx::{driver::Server, route::Route},
    vm::Compiled,
};
use switchyard::{
    config::plugin::{Card, Entry, Headers, Key, Model, Plugin, Provider, RoleName, Secret, Target, VERSION},
    provider::{Format, model::ModelFacts},
};

/// The client's credential, which nobody may see.
pub const CLIENT_KEY: &str = "sk-client-secret";
/// The providers' credentials.
pub const OPENAI_KEY: &str = "sk-openai-secret";
pub const ANTHROPIC_KEY: &str = "sk-ant-secret";
/// The largest request body of the test's configuration.
pub const REQUEST_BYTES: u64 = 100_000;
/// What a worker holds of requests at a time.
pub const BUFFERED_BYTES: u64 = 1_000_000_000;

/// The module under test, compiled once a test program.
pub fn compiled() -> &'static Compiled {
    static COMPILED: OnceLock<Compiled> = OnceLock::new();
    COMPILED.get_or_init(|| {
        let here = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../dist/switchyard.wasm");
        let path = std::env::var_os("SWITCHYARD_WASM").map_or(here, PathBuf::from);
        let Ok(wasm) = std::fs::read(&path) else {
            panic!("no module at {}: `make wasm` writes it", path.display());
        };
        Compiled::new(&wasm).unwrap()
    })
}

/// The same for the host of nginx and Kong.
pub fn compiled_for_nginx() -> &'static Compiled {
    static COMPILED: OnceLock<Compiled> = OnceLock::new();
    COMPILED.get_or_init(|| compiled().held_to(Rules::Nginx).unwrap())
}

/// The configuration: `both` is served by OpenAI, then Anthropic; `same` and `other` by one of them; `own` by OpenAI
/// under its own name.
pub fn plugin(role: RoleName) -> Plugin {
    let provider = |name: &str, format, path: &str, env: &str| Provider {
        name: name.to_owned(),
        format,
        authority: format!("api.{name}.test"),
        scheme: "https".to_owned(),
        path: path.to_owned(),
        stream_path: None,
        embeddings_path: None,
        rerank_path: None,
        count_path: None,
        auth_header: Some("authorization".to_owned()),
        auth_prefix: "Bearer ".to_owned(),
        secret: Some(Secret::Env(env.to_owned())),
        headers: Vec::new(),
        quirks: Default::default(),
        facts: Vec::new(),
    };
    let openai = provider("openai", Format::Openai, "/v1/chat/completions", "OPENAI_API_KEY");
    let claude = Provider {
        auth_header: Some("x-api-key".to_owned()),
        auth_prefix: String::new(),
        headers: vec![("anthropic-version".to_owned(), "2023-06-01".to_owned())],
        facts: vec![("claude-x".to_owned(), ModelFacts { max_output: Some(8192), ..ModelFacts::default() })],
        ..provider("claude", Format::Anthropic, "/v1/messages", "ANTHROPIC_API_KEY")
    };
    let target = |provider, model: Option<&str>| Target { provider, model: model.map(str::to_owned) };
    let card = |name: &str| Card { id: name.to_owned(), owner: "openai".to_owned(), ..Card::default() };
    let model = |name: &str, targets| Model {
        name: name.to_owned(),
        targets,
        elsewhere: Default::default(),
        cards: vec![card(name)],
    };
    let (gpt, claude_x) = (target(0, Some("gpt-x")), target(1, Some("claude-x")));
    Plugin {
        version: VERSION,
        role,
        request_bytes: REQUEST_BYTES,
        reply_bytes: 100_000,
        attempts: 2,
        cooling_ms: 60_000,
        list_attempts: false,
        entry: Default::default(),
        buffered_bytes: BUFFERED_BYTES,
        files: Some(0),
        providers: vec![openai, claude],
        models: vec![
            model("both", vec![gpt.clone(), claude_x.clone()]),
            model("same", vec![gpt]),
            model("other", vec![claude_x]),
            model("own", vec![target(0, None)]),
        ],
        keys: Vec::new(),
    }
}

/// A gateway of the real module.
pub fn gateway() -> Gateway {
    with_keys(&[])
}

/// A gateway with keys.
pub fn with_keys(keys: &[Key]) -> Gateway {
    with(|plugin| plugin.keys = keys.to_vec())
}

/// A gateway whose configuration differs from the usual.
pub fn with(change: impl Fn(&mut Plugin)) -> Gateway {
    let document = |role| {
        let mut plugin = plugin(role);
        change(&mut plugin);
        serde_json::to_vec(&plugin).unwrap()
    };
    let gateway =
        Gateway::start(compiled(), &document(RoleName::Gateway), &document(RoleName::Provider), &ENVIRONMENT);
    gateway.unwrap()
}

/// Kong's route with a standalone filter.
pub fn kong() -> Server {
    kong_with(|_| ())
}

/// The same with another configuration.
pub fn kong_with(change: impl Fn(&mut Plugin)) -> Server {
    on_nginx(RoleName::Standalone, change)
}

/// Kong's route with a filter of this role.
pub fn on_nginx(role: RoleName, change: impl Fn(&mut Plugin)) -> Server {
    let mut plugin = plugin(role);
    plugin.entry = Entry { headers: Headers::Nginx, ..Entry::default() };
    change(&mut plugin);
    let document = serde_json::to_vec(&plugin).unwrap();
    Server::start(compiled_for_nginx(), Route::kong(), &document, &ENVIRONMENT).unwrap()
}

/// The VM's environment.
pub const ENVIRONMENT: [(&str, &str); 3] =
    [("OPENAI_API_KEY", OPENAI_KEY), ("ANTHROPIC_API_KEY", ANTHROPIC_KEY), ("HOME", "/root")];

/// A chat request with the client's credential.
pub fn post(body: &Value) -> Request {
    Request::post("/v1/chat/completions", body.to_string())
        .with("authorization", format!("Bearer {CLIENT_KEY}"))
}

/// A chat request of one message.
pub fn chat(model: &str, stream: bool) -> Request {
    post(&chat_body(model, stream))
}

/// The body of [`chat`].
pub fn chat_body(model: &str, stream: bool) -> Value {
    let mut body = json!({"model": model, "messages": [{"role": "user", "content": "Say hello."}]});
    if stream {
        body["stream"] = true.into();
        body["stream_options"] = json!({"include_usage": true});
    }
    body
}

/// A whole answer of OpenAI's.
pub fn openai_reply(text: &str) -> String {
    json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1_700_000_000, "model": "gpt-x",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text, "refusal": null},
            "logprobs": null, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
    })
    .to_string()
}

/// A whole answer of Anthropic's.
pub fn anthropic_reply(text: &str) -> String {
    json!({
        "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-x",
        "content": [{"type": "text", "text": text}], "stop_reason": "end_turn", "stop_sequence": null,
        "usage": {"input_tokens": 10, "output_tokens": 5},
    })
    .to_string()
}

/// A stream of OpenAI's, an event a piece.
pub fn openai_events(texts: &[&str]) -> Vec<String> {
    let chunk = |choices: Value, usage: Value| {
        let chunk = json!({"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1_700_000_000,
            "model": "gpt-x", "choices": choices, "usage": usage});
        format!("data: {chunk}\n\n")
    };
    let delta = |delta: Value, finish: Value| {
        let choices = json!([{"index": 0, "delta": delta, "finish_reason": finish}]);
        chunk(choices, Value::Null)
    };
    let mut events = vec![delta(json!({"role": "assistant", "content": ""}), Value::Null)];
    events.extend(texts.iter().map(|text| delta(json!({"content": text}), Value::Null)));
    events.push(delta(json!({}), "stop".into()));
    events.push(chunk(json!([]), json!({"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15})));
    events.push("data: [DONE]\n\n".to_owned());
    events
}

/// A stream of Anthropic's, an event a piece.
pub fn anthropic_events(texts: &[&str]) -> Vec<String> {
    let event = |data: Value| format!("event: {}\ndata: {data}\n\n", data["type"].as_str().unwrap());
    let start = json!({"type": "message_start", "message": {"id": "msg_1", "type": "message", "role": "assistant",
        "model": "claude-x", "content": [], "stop_reason": null, "stop_sequence": null,
        "usage": {"input_tokens": 10, "output_tokens": 1}}});
    let block =
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}});
    let mut events = vec![event(start), event(block), event(json!({"type": "ping"}))];
    events.extend(texts.iter().map(|text| {
        event(
            json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}}),
        )
    }));
    events.push(event(json!({"type": "content_block_stop", "index": 0})));
    events.push(event(
        json!({"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": null},
        "usage": {"output_tokens": 5}}),
    ));
    events.push(event(json!({"type": "message_stop"})));
    events
}

/// An error of OpenAI's.
pub fn openai_error(status: u16) -> Answer {
    let error =
        json!({"error": {"message": "openai says no", "type": "server_error", "param": null, "code": null}});
    Answer::json(status, error.to_string()).with("x-request-id", "req_openai").with("retry-after", "7")
}

/// The events of a client's stream: the JSON of each `data:` line, `[DONE]` as a string.
pub fn events(body: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(body).unwrap();
    let data = text
        .split("\n\n")
        .filter(|event| !event.is_empty())
        .map(|event| event.strip_prefix("data: ").unwrap_or_else(|| panic!("not a data event: {event:?}")));
    data.map(|data| serde_json::from_str(data).unwrap_or_else(|_| Value::String(data.to_owned()))).collect()
}

/// The text that a client's stream tells.
pub fn text_of(events: &[Value]) -> String {
    events.iter().filter_map(|event| event["choices"][0]["delta"]["content"].as_str()).collect()
}

/// The client's reply as JSON.
#[track_caller]
pub fn json_of(exchanged: &Exchanged) -> Value {
    let body = exchanged.reply.body();
    serde_json::from_slice(&body).unwrap_or_else(|_| panic!("not JSON: {}", body.escape_ascii()))
}

/// Asserts an error in OpenAI's shape, and gives it.
#[track_caller]
pub fn assert_error(exchanged: &Exchanged, status: u16) -> Value {
    let body = json_of(exchanged);
    assert_eq!(exchanged.reply.status(), status, "{body}");
    assert_eq!(exchanged.reply.header("content-type"), Some("application/json"));
    let error = &body["error"];
    assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()), "{body}");
    assert!(error["type"].is_string(), "{body}");
    assert!(error.get("param").is_some() && error.get("code").is_some(), "{body}");
    assert_nothing_internal(exchanged);
    error.clone()
}

/// Asserts headers as a whole, whatever their order.
#[track_caller]
pub fn assert_headers(headers: &HeaderMap, expected: &[(&str, &str)]) {
    let mut have = headers.pairs().to_vec();
    let mut want = HeaderMap::of(expected.iter().copied()).pairs().to_vec();
    have.sort();
    want.sort();
    let text = |pairs: &[(Vec<u8>, Vec<u8>)]| -> Vec<String> {
        let line =
            |(name, value): &(Vec<u8>, Vec<u8>)| format!("{}: {}", name.escape_ascii(), value.escape_ascii());
        pairs.iter().map(line).collect()
    };
    assert_eq!(text(&have), text(&want));
}

/// Asserts that no internal header left the gateway in any direction, no credential went to whom it is not for, and
/// that nothing the router wrote went on.
#[track_caller]
pub fn assert_nothing_internal(exchanged: &Exchanged) {
    let sent = exchanged.sent.iter().map(|sent| (sent.lane.provider.as_str(), &sent.headers));
    for (to, headers) in exchanged.reply.headers.iter().map(|headers| ("client", headers)).chain(sent) {
        for (name, _) in headers.pairs() {
            let internal = name.starts_with(b"x-switchyard-") || name.starts_with(b"x-envoy-");
            assert!(!internal, "to {to}: {}", name.escape_ascii());
        }
    }
    assert_secrets_stay(exchanged);
}

/// Asserts that no credential went to whom it is not for.
#[track_caller]
pub fn assert_secrets_stay(exchanged: &Exchanged) {
    let replies = exchanged.reply.headers.iter().map(|headers| ("client", headers, exchanged.reply.body()));
    let sent =
        exchanged.sent.iter().map(|sent| (sent.lane.provider.as_str(), &sent.headers, sent.body.clone()));
    for (to, headers, body) in replies.chain(sent) {
        let mut all: Vec<u8> = headers.pairs().iter().flat_map(|(_, value)| value.clone()).collect();
        all.extend(body);
        for (secret, of) in [(CLIENT_KEY, "nobody"), (OPENAI_KEY, "openai"), (ANTHROPIC_KEY, "claude")] {
            let there = all.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert_eq!(there, to == of, "{secret} to {to}");
        }
    }
}
