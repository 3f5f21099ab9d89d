//! Cases that are played on both hosts: what they are does not depend on the host, and neither does what must come of them.

use serde_json::{Value, json};
use strict::{
    driver::{Answer, Attempt, By, Exchanged, Gateway, Request},
    nginx::driver::Server,
};

use super::*;

/// A host that plays exchanges, and fails the test where its rules are broken.
pub trait Plays {
    /// Plays one. `servers`: what the provider of each attempt answers, or each server of the upstream.
    fn plays(&mut self, request: &Request, servers: &[Attempt]) -> Exchanged;
}

impl Plays for Gateway {
    fn plays(&mut self, request: &Request, servers: &[Attempt]) -> Exchanged {
        self.exchange(request, servers)
    }
}

impl Plays for Server {
    fn plays(&mut self, request: &Request, servers: &[Attempt]) -> Exchanged {
        self.exchange(request, servers)
    }
}

pub fn served() -> Attempt {
    Attempt::at("openai", Answer::json(200, openai_reply("Hello.")))
}

/// Plays a request that is refused, then one that is not, in the same VM.
#[track_caller]
pub fn refused(host: &mut impl Plays, request: &Request, status: u16) -> Value {
    let done = host.plays(request, &[served()]);
    assert_eq!((done.reply.by, done.sent.len()), (By::Gateway, 0));
    let error = assert_error(&done, status);
    let next = host.plays(&chat("same", false), &[served()]);
    assert_eq!(next.reply.status(), 200, "the next request works");
    error
}

/// Requests that cannot be served, with the status that tells of it.
pub fn unserved() -> Vec<(Request, u16)> {
    let raw = |body: &str| Request::post("/v1/chat/completions", body);
    let mut no_text = b"{\"model\": \"same\", \"messages\": [{\"role\": \"user\", \"content\": \"".to_vec();
    no_text.extend(b"\xff\"}]}");
    vec![
        (raw("{\"model\": \"same\", "), 400),
        (raw("[]"), 400),
        (raw(" "), 400),
        (raw("{\"model\": \"\u{e9}\"}"), 400),
        (chat("no-such-model", false), 404),
        (Request::post("/v1/nothing", "{}"), 404),
        (Request::get("/v1/chat/completions"), 405),
        (chat("same", false).with("content-encoding", "gzip"), 400),
        (Request::post("/v1/chat/completions", no_text), 400),
        (chat("same", false).with(":path", b"/\xff"), 404),
    ]
}

/// Bodies over the limit: with their length told, and without.
pub fn too_large() -> [Request; 2] {
    let long = "x".repeat(usize::try_from(REQUEST_BYTES).unwrap());
    let told = post(&json!({"model": "same", "messages": [{"role": "user", "content": long}]}));
    let mut counted = told.clone().in_pieces_of(9000);
    counted.headers.remove("content-length");
    [told, counted]
}

/// A request whose headers pretend to be the gateway's and the router's own.
pub fn forged_request() -> Request {
    chat("same", false)
        .with("x-switchyard-stream", "claude")
        .with("x-switchyard-reply", "claude")
        .with("x-switchyard-retry", "1")
        .with("x-switchyard-key-openai", "sk-forged")
        .with("x-envoy-upstream-rq-timeout-ms", "1")
        .with("x-envoy-retry-on", "5xx")
}

/// A reply whose headers do.
pub fn forged_reply() -> Answer {
    Answer::json(200, openai_reply("Hello."))
        .with("x-switchyard-retry", "1")
        .with("x-switchyard-failed", "1")
        .with("x-switchyard-attempts", "x")
        .with("x-should-retry", "true")
}

/// A request and a reply with headers that are not UTF-8. What is no more than odd is passed on to nobody, or as it is.
#[track_caller]
pub fn bytes_in_headers_break_nothing(host: &mut impl Plays) -> Exchanged {
    let odd = chat("same", false).with("x-odd", b"\xff\xfe").with("user-agent", b"caf\xe9");
    let answer =
        Answer::json(200, openai_reply("Hello.")).with("x-odd", b"\xff").with("x-request-id", b"r\xe9q");
    let done = host.plays(&odd, &[Attempt::at("openai", answer)]);
    let headers = done.reply.headers.as_ref().unwrap();
    assert_eq!(done.reply.status(), 200);
    assert_eq!(headers.get("x-request-id"), Some(&b"r\xe9q"[..]), "bytes stay bytes");
    assert_eq!(headers.get("x-odd"), None);
    done
}

/// Streams of both formats: model, provider, bytes.
pub fn streams() -> Vec<(&'static str, &'static str, String)> {
    let other = anthropic_events(&["Hé", "🦀", "\"\\\n"]).concat();
    let crlf = format!(": comment\r\n\r\n{}", other.replace('\n', "\r\n"));
    vec![
        ("same", "openai", openai_events(&["Hé", "🦀", "\"\\\n"]).concat()),
        ("other", "claude", other),
        ("other", "claude", crlf),
    ]
}

/// Splits each stream in two at every position, and into pieces of one byte. `change`: what else the host's replies may be.
#[track_caller]
pub fn streams_are_alike_however_split(
    host: &mut impl Plays,
    streams: &[(&str, &str, String)],
    change: impl Fn(&mut Answer),
) {
    for (model, provider, stream) in streams {
        let request = chat(model, true);
        let mut reply = |chunks: Vec<Vec<u8>>| {
            let mut answer = Answer::events(Vec::<String>::new());
            answer.chunks = chunks;
            change(&mut answer);
            let done = host.plays(&request, &[Attempt::at(provider, answer)]);
            assert!(done.reply.complete);
            without_ids(String::from_utf8(done.reply.body()).unwrap())
        };
        let bytes = stream.as_bytes();
        let whole = reply(vec![bytes.to_vec()]);
        assert!(whole.ends_with("data: [DONE]\n\n"), "{whole}");
        for at in 1..bytes.len() {
            let split = reply(vec![bytes[..at].to_vec(), bytes[at..].to_vec()]);
            assert_eq!(split, whole, "split at {at}");
        }
        assert_eq!(reply(bytes.iter().map(|byte| vec![*byte]).collect()), whole, "byte by byte");
    }
}

/// Ids are random and times the clock's: made alike.
fn without_ids(body: String) -> String {
    let id = body.split("\"id\":\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap().to_owned();
    let created = body.split("\"created\":").nth(1).and_then(|rest| rest.split([',', '}']).next()).unwrap();
    body.replace(&format!("\"created\":{created}"), "\"created\":0").replace(&id, "ID")
}

/// Splits a request at every position: what is sent on is the same.
#[track_caller]
pub fn requests_are_alike_however_split(host: &mut impl Plays) {
    let request = chat("other", false);
    let body = request.chunks.concat();
    let attempt = [Attempt::at("claude", Answer::json(200, anthropic_reply("Hello.")))];
    let whole = host.plays(&request, &attempt).sent[0].body.clone();
    for at in 1..body.len() {
        let mut split = request.clone();
        split.chunks = vec![body[..at].to_vec(), body[at..].to_vec()];
        assert_eq!(host.plays(&split, &attempt).sent[0].body, whole, "split at {at}");
    }
}

/// Splits a whole reply of each format at every position.
#[track_caller]
pub fn replies_are_alike_however_split(host: &mut impl Plays, change: impl Fn(&mut Answer)) {
    for (model, provider, body) in
        [("other", "claude", anthropic_reply("Hé 🦀")), ("same", "openai", openai_reply("Hé 🦀"))]
    {
        let mut text = |chunks: Vec<Vec<u8>>| {
            let mut answer = Answer::json(200, &body);
            answer.chunks = chunks;
            change(&mut answer);
            let done = host.plays(&chat(model, false), &[Attempt::at(provider, answer)]);
            assert!(done.reply.complete);
            json_of(&done)["choices"].clone()
        };
        let bytes = body.as_bytes();
        let whole = text(vec![bytes.to_vec()]);
        assert_eq!(whole[0]["message"]["content"], "Hé 🦀");
        for at in 1..bytes.len() {
            assert_eq!(text(vec![bytes[..at].to_vec(), bytes[at..].to_vec()]), whole, "split at {at}");
        }
    }
}

/// Whole replies and streams of a provider of another format, and of the client's own: the reply as the client gets it.
#[track_caller]
pub fn replies_are_the_clients(host: &mut impl Plays) {
    let claude = |answer| Attempt::at("claude", answer);
    let openai = |answer| Attempt::at("openai", answer);
    for attempt in [
        claude(Answer::json(200, anthropic_reply("Hello.")).with("request-id", "r1")),
        openai(Answer::json(200, openai_reply("Hello.")).with("request-id", "r1").with("set-cookie", "a=b")),
    ] {
        let model = if attempt.lane.provider == "claude" { "other" } else { "same" };
        let done = host.plays(&chat(model, false), &[attempt]);
        let reply = json_of(&done);
        assert_eq!((done.reply.by, done.reply.status(), done.reply.complete), (By::Provider(0), 200, true));
        assert_eq!(reply["object"], "chat.completion");
        assert_eq!(reply["choices"][0]["message"]["content"], "Hello.");
        assert_eq!(reply["usage"]["total_tokens"], 15);
        assert_eq!(done.reply.header("content-type"), Some("application/json"));
        assert_eq!(done.reply.header("request-id"), Some("r1"));
        assert_eq!(done.reply.header("set-cookie"), None);
    }
    for (attempt, events) in [
        (claude(Answer::events(anthropic_events(&["Hel", "lo"]))), None),
        (openai(Answer::events(openai_events(&["Hel", "lo"]))), Some(openai_events(&["Hel", "lo"]))),
    ] {
        let model = if attempt.lane.provider == "claude" { "other" } else { "same" };
        let done = host.plays(&chat(model, true), &[attempt]);
        let body = done.reply.body();
        if let Some(events) = events {
            assert_eq!(done.reply.chunks.len(), events.len(), "no event waits for the next");
            assert_eq!(String::from_utf8(body.clone()).unwrap(), events.concat());
        }
        let events = super::events(&body);
        assert_eq!((text_of(&events), events.last()), ("Hello".to_owned(), Some(&"[DONE]".into())));
        assert_eq!(done.reply.header("content-type"), Some("text/event-stream"));
        assert_eq!((done.reply.header("content-length"), done.reply.complete), (None, true));
        let position = |text: &str| {
            let has = |chunk: &Vec<u8>| chunk.windows(text.len()).any(|window| window == text.as_bytes());
            done.reply.chunks.iter().position(has).unwrap()
        };
        assert!(position("\"Hel\"") < position("\"lo\""), "no event waits for the next");
    }
}

/// A stream that ends too early ends as an error, and one that is cut is cut for the client too.
#[track_caller]
pub fn a_stream_that_breaks_off_is_no_success(host: &mut impl Plays) {
    let stream = || Answer::events(anthropic_events(&["Hel", "lo"]).iter().take(4).cloned());
    let done = host.plays(&chat("other", true), &[Attempt::at("claude", stream())]);
    let events = super::events(&done.reply.body());
    assert_eq!(text_of(&events), "Hel");
    assert!(events.last().unwrap()["error"].is_object(), "{events:#?}");
    assert!(!events.contains(&"[DONE]".into()));
    let cut = stream().ending(strict::driver::End::Cut);
    let done = host.plays(&chat("other", true), &[Attempt::at("claude", cut)]);
    assert!(!done.reply.complete);
    assert_eq!(text_of(&super::events(&done.reply.body())), "Hel");
}

/// What a provider says no with: its status, and the client's.
pub const FAILURES: [(u16, u16); 10] = [
    (400, 400),
    (401, 502),
    (402, 502),
    (403, 502),
    (404, 404),
    (429, 429),
    (500, 500),
    (502, 502),
    (503, 503),
    (529, 503),
];

/// The last failure is told in the client's format, whoever said it.
#[track_caller]
pub fn failures_are_told_in_the_clients_format(host: &mut impl Plays) {
    for (status, told) in FAILURES {
        for stream in [false, true] {
            let done = host.plays(&chat("same", stream), &[Attempt::at("openai", openai_error(status))]);
            assert_eq!(done.reply.by, By::Provider(0));
            assert_error(&done, told);
            assert_eq!(done.reply.header("x-request-id"), Some("req_openai"), "{status}");
        }
    }
    let overloaded = json!({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}});
    let done = host
        .plays(&chat("other", false), &[Attempt::at("claude", Answer::json(529, overloaded.to_string()))]);
    assert_error(&done, done.reply.status());
    let page = Answer::json(502, "<html>Bad gateway</html>").with("content-type", "text/html");
    assert_error(&host.plays(&chat("same", false), &[Attempt::at("openai", page)]), 502);
}

/// What the list of models says.
#[track_caller]
pub fn models_are_listed(host: &mut impl Plays) {
    let done = host.plays(&Request::get("/v1/models"), &[]);
    assert_eq!((done.reply.by, done.reply.status()), (By::Gateway, 200));
    let list = json_of(&done);
    let ids: Vec<_> = list["data"].as_array().unwrap().iter().map(|model| model["id"].clone()).collect();
    assert_eq!(ids, ["both", "same", "other", "own"]);
    assert_eq!(json_of(&host.plays(&Request::get("/v1/models/same"), &[]))["id"], "same");
    assert_error(&host.plays(&Request::get("/v1/models/none"), &[]), 404);
}
