//! What is passed on as it is: bodies and replies by pieces, with nothing of the client's but those.

use strict::driver::{Answer, Attempt, By, End, Eos, Request};

use crate::common::*;

const BOUNDARY: &str = "--XyZ";

fn form(model_first: bool) -> String {
    let model = format!("{BOUNDARY}\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nboth\r\n");
    let file = format!(
        "{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nRIFF\r\n--Xy\0\r\n"
    );
    let (one, two) = if model_first { (model, file) } else { (file, model) };
    format!("{one}{two}{BOUNDARY}--\r\n")
}

fn post_form(body: &str) -> Request {
    Request::post("/v1/audio/transcriptions", body)
        .with("content-type", "multipart/form-data; boundary=XyZ")
        .with("authorization", format!("Bearer {CLIENT_KEY}"))
        .with("cookie", "a=b")
}

fn served() -> Attempt {
    Attempt::at(
        "openai",
        Answer::json(200, r#"{"text":"hi"}"#).with("set-cookie", "a=b").with("x-request-id", "r1"),
    )
}

fn sent(request: &Request, expected: &str) {
    let done = gateway_of(request, &[served()]);
    assert_eq!((done.reply.status(), done.sent.len()), (200, 1), "{}", done.reply.body().escape_ascii());
    assert_eq!(done.sent[0].body.escape_ascii().to_string(), expected.as_bytes().escape_ascii().to_string());
}

fn gateway_of(request: &Request, plan: &[Attempt]) -> strict::driver::Exchanged {
    let done = gateway().exchange(request, plan);
    assert_nothing_internal(&done);
    assert!(done.violations.is_empty(), "{:?}", done.violations);
    done
}

#[test]
fn a_form_is_the_same_however_it_comes_and_goes() {
    for model_first in [true, false] {
        let body = form(model_first);
        let expected = body.replace("\r\nboth\r\n", "\r\ngpt-x\r\n");
        for size in [1, 2, 3, 17, 64, body.len()] {
            for pieces in [0, 1, 5, 64] {
                for eos in [Eos::Apart, Eos::WithLast, Eos::Trailers] {
                    let mut request = post_form(&body).in_pieces_of(size);
                    (request.pieces, request.eos) = (pieces, eos);
                    sent(&request, &expected);
                }
            }
        }
    }
}

#[test]
fn only_these_headers_are_sent() {
    let body = form(true);
    let done = gateway_of(&post_form(&body), &[served()]);
    assert_headers(
        &done.sent[0].headers,
        &[
            (":method", "POST"),
            (":scheme", "https"),
            (":authority", "api.openai.test"),
            (":path", "/v1/audio/transcriptions"),
            ("content-type", "multipart/form-data; boundary=XyZ"),
            ("content-length", &(body.len() + 1).to_string()),
            ("accept", "*/*"),
            ("accept-encoding", "identity"),
            ("user-agent", "switchyard/0.1.0"),
            ("authorization", &format!("Bearer {OPENAI_KEY}")),
        ],
    );
    assert_eq!(done.reply.header("x-request-id"), Some("r1"));
    assert_eq!(done.reply.headers.as_ref().unwrap().get("set-cookie"), None);
}

#[test]
fn a_restarted_vm_reads_the_form_again() {
    let body = form(false);
    let mut request = post_form(&body);
    request.reloaded = true;
    sent(&request, &body.replace("\r\nboth\r\n", "\r\ngpt-x\r\n"));
    let mut session = Request::get("/v1/files").with("authorization", format!("Bearer {CLIENT_KEY}"));
    session.reloaded = true;
    let done = gateway_of(&session, &[served()]);
    assert!(done.sent.is_empty());
    assert_error(&done, 503);
}

#[test]
fn a_second_model_is_refused_wherever_the_pieces_end() {
    let two = form(true).replace(&format!("{BOUNDARY}--"), "") + &form(true);
    for size in [1, 50, 100, two.len()] {
        let done = gateway_of(&post_form(&two).in_pieces_of(size), &[served()]);
        assert_eq!(done.reply.by, By::Gateway);
        assert_error(&done, 400);
    }
}

#[test]
fn a_form_over_the_limit_is_refused() {
    let size = usize::try_from(REQUEST_BYTES).unwrap();
    let body = form(true).replace("RIFF", &"x".repeat(size));
    let mut request = post_form(&body).in_pieces_of(30_000);
    assert_error(&gateway_of(&request, &[served()]), 413);
    request.headers.remove("content-length");
    let done = gateway_of(&request, &[served()]);
    assert_error(&done, 413);
}

#[test]
fn a_reply_passes_byte_for_byte_as_it_comes() {
    let pieces = [&b"\xff\xfb\0"[..], b"", b"\r\n{\"usage\":", b"\xe9"];
    for kind in ["audio/mpeg", "application/json", "text/event-stream"] {
        for eos in [Eos::Apart, Eos::WithLast, Eos::Trailers] {
            let mut answer = Answer::events(pieces).with("content-type", kind).ending(End::Whole(eos));
            answer.headers.replace("content-disposition", "attachment");
            let request = Request::post("/v1/audio/speech", r#"{"input":"x","model":"same"}"#)
                .with("authorization", format!("Bearer {CLIENT_KEY}"));
            let done = gateway_of(&request, &[Attempt::at("openai", answer)]);
            assert_eq!(done.reply.body(), pieces.concat(), "{kind}");
            assert_eq!(
                (done.reply.header("content-type"), done.reply.header("content-disposition")),
                (Some(kind), Some("attachment"))
            );
            assert_eq!(done.sent[0].body, br#"{"input":"x","model":"gpt-x"}"#);
        }
    }
}

#[test]
fn files_go_to_their_provider() {
    let request = Request::get("/v1/files?limit=2").with("authorization", format!("Bearer {CLIENT_KEY}"));
    let done = gateway_of(&request, &[served()]);
    assert_eq!(done.pool.map(|pool| pool.cluster), Some("openai".to_owned()));
    let headers = &done.sent[0].headers;
    assert_eq!((headers.text(":method"), headers.text(":path")), (Some("GET"), Some("/v1/files?limit=2")));
    assert_eq!((headers.get("content-length"), headers.get("content-type")), (None, None));
    let failed = gateway_of(&request, &[Attempt::at("openai", openai_error(503)), served()]);
    assert_eq!((failed.sent.len(), failed.reply.by), (1, By::Provider(0)));
    assert_error(&failed, failed.reply.status());
}

#[test]
fn what_no_target_has_is_told() {
    let request = Request::post("/v1/moderations", r#"{"model":"other","input":"x"}"#);
    let error = assert_error(&gateway_of(&request, &[served()]), 400);
    assert_eq!(
        (error["code"].as_str(), error["param"].as_str()),
        (Some("unsupported_endpoint"), Some("model"))
    );
}
