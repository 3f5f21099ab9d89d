//! The front: streams go on to a provider's own route, whole replies are got by calls.

use std::{cell::RefCell, rc::Rc};

use serde_json::json;
use strict::{
    driver::{Answer, Attempt, By, Request},
    host::Call,
    nginx::driver::{Called, Server},
};
use switchyard::config::plugin::{Elsewhere, Front, Plugin, RoleName};

use super::*;
use crate::common::cases::{Plays, unserved};

const HOST: &str = "127.0.0.1:8000";

fn front() -> Server {
    on_nginx(RoleName::Front, routes)
}

fn routes(plugin: &mut Plugin) {
    plugin.entry.front =
        Some(Front { call: HOST.to_owned(), prefix: "/switchyard/".to_owned(), reply_ms: 5000 });
}

/// What the routes answer, one after the other, and the calls that were made.
fn answering(front: &mut Server, mut answers: Vec<Called>) -> Rc<RefCell<Vec<Call>>> {
    let calls = Rc::new(RefCell::new(Vec::new()));
    let made = Rc::clone(&calls);
    answers.reverse();
    front.on_call(move |call| {
        made.borrow_mut().push(call.clone());
        answers.pop().unwrap_or(Called::Failed("timeout"))
    });
    calls
}

fn reply(status: u16) -> Called {
    Called::Answer(
        Answer::json(status, openai_reply("Hello.")).with("x-request-id", "r1").with("set-cookie", "a=b"),
    )
}

fn paths(calls: &Rc<RefCell<Vec<Call>>>) -> Vec<String> {
    let path = |call: &Call| {
        assert_eq!((call.cluster.as_str(), call.timeout), (HOST, 5000));
        call.headers.text(":path").unwrap().to_owned()
    };
    calls.borrow().iter().map(path).collect()
}

const OPENAI: &str = "/switchyard/openai/v1/chat/completions";
const CLAUDE: &str = "/switchyard/claude/v1/chat/completions";

#[test]
fn a_stream_goes_on_to_the_route_of_its_first_provider() {
    let mut front = front();
    let events = openai_events(&["Hel", "lo"]);
    for (model, path) in [("both", OPENAI), ("other", CLAUDE)] {
        let request = chat(model, true);
        let done = front.exchange(&request, &[Attempt::at("route", Answer::events(&events))]);
        let sent = &done.sent[0];
        assert_eq!((sent.headers.text(":path"), &sent.body), (Some(path), &request.chunks.concat()));
        let key = format!("Bearer {CLIENT_KEY}");
        assert_eq!(sent.headers.text("authorization"), Some(key.as_str()), "the route asks who it is");
        assert_eq!((done.reply.body(), done.reply.complete), (events.concat().into_bytes(), true));
    }
}

#[test]
fn so_does_what_one_provider_alone_serves() {
    let done = front().exchange(&chat("other", false), &[Attempt::at("route", Answer::json(200, "{}"))]);
    assert_eq!((done.sent[0].headers.text(":path"), done.reply.by), (Some(CLAUDE), By::Provider(0)));
}

#[test]
fn a_whole_reply_is_got_from_one_route_after_another() {
    for (answers, asked, status) in [
        (vec![reply(200)], vec![OPENAI], 200),
        (vec![reply(503), reply(200)], vec![OPENAI, CLAUDE], 200),
        (vec![reply(429), reply(200)], vec![OPENAI, CLAUDE], 200),
        (vec![Called::Failed("broken connection"), reply(200)], vec![OPENAI, CLAUDE], 200),
        (vec![Called::Failed("ok"), reply(200)], vec![OPENAI, CLAUDE], 200),
        (vec![reply(400)], vec![OPENAI], 400),
        (vec![reply(503), reply(502)], vec![OPENAI, CLAUDE], 502),
    ] {
        let mut front = front();
        let calls = answering(&mut front, answers);
        let request = chat("both", false).with(":path", "/v1/chat/completions?x=1");
        let done = front.exchange(&request, &[]);
        let asked: Vec<_> = asked.into_iter().map(|path| format!("{path}?x=1")).collect();
        assert_eq!(paths(&calls), asked);
        assert_eq!((done.reply.by, done.reply.status(), done.sent.len()), (By::Gateway, status, 0));
        assert_eq!(json_of(&done)["object"], "chat.completion");
        assert_eq!((done.reply.header("x-request-id"), done.reply.header("set-cookie")), (Some("r1"), None));
        for call in calls.borrow().iter() {
            assert_eq!(call.body, request.chunks.concat());
            let key = format!("Bearer {CLIENT_KEY}");
            assert_eq!(call.headers.text("authorization"), Some(key.as_str()));
            assert_eq!(
                (call.headers.text(":method"), call.headers.text("content-type")),
                (Some("POST"), Some("application/json"))
            );
            assert_eq!(call.headers.text(":authority"), Some("gateway.test"));
        }
    }
}

/// An error as a route tells it, in the words of an API.
fn error(status: u16, body: &str) -> Called {
    Called::Answer(Answer::json(status, body))
}

const NO_MODEL: &str =
    r#"{"error":{"message":"No.","type":"not_found_error","param":null,"code":"model_not_found"}}"#;
const TOO_LONG: &str = r#"{"error":{"message":"Long.","type":"invalid_request_error","param":null,"code":"context_length_exceeded"}}"#;
const REFUSED: &str =
    r#"{"error":{"message":"No.","type":"invalid_request_error","param":null,"code":"content_filter"}}"#;
const UNREAD: &str = r#"{"error":{"message":"The provider sent less than it said.","type":"server_error","param":null,"code":"upstream_invalid_reply"}}"#;

#[test]
fn an_error_is_judged_as_in_two_roles() {
    for (status, body, elsewhere) in [
        (404, NO_MODEL, true),
        (400, TOO_LONG, true),
        (
            413,
            r#"{"error":{"message":"Too large.","type":"invalid_request_error","param":null,"code":null}}"#,
            true,
        ),
        (400, REFUSED, false),
        (
            400,
            r#"{"error":{"message":"No such tool.","type":"invalid_request_error","param":"tools","code":null}}"#,
            false,
        ),
        // The status had gone before the reply could be read.
        (200, UNREAD, true),
    ] {
        let mut front = front();
        let calls = answering(&mut front, vec![error(status, body), reply(200)]);
        let done = front.exchange(&chat("both", false), &[]);
        assert_eq!(calls.borrow().len(), if elsewhere { 2 } else { 1 }, "{body}");
        assert_eq!(done.reply.status(), if elsewhere { 200 } else { status }, "{body}");
        let told = if elsewhere { openai_reply("Hello.") } else { body.to_owned() };
        // nginx ends an answer of the filter's with a line's end.
        assert_eq!(done.reply.body().trim_ascii_end(), told.as_bytes());
    }
}

#[test]
fn the_configuration_says_which_refusals_are_no_last_word() {
    let elsewhere = |context_length, content_policy| {
        let mut front = on_nginx(RoleName::Front, |plugin| {
            routes(plugin);
            for table in &mut plugin.models {
                table.elsewhere = Elsewhere { context_length, content_policy };
            }
        });
        [TOO_LONG, REFUSED].map(|body| {
            let calls = answering(&mut front, vec![error(400, body), reply(200)]);
            front.exchange(&chat("both", false), &[]);
            calls.borrow().len() == 2
        })
    };
    assert_eq!(elsewhere(false, true), [false, true]);
    assert_eq!(elsewhere(true, false), [true, false]);
}

#[test]
fn a_client_of_messages_has_its_errors_judged_in_its_words() {
    let told = |kind: &str, message: &str| {
        json!({"type": "error", "error": {"type": kind, "message": message}, "request_id": null}).to_string()
    };
    for (status, body, elsewhere) in [
        (400, told("invalid_request_error", "prompt is too long: 300000 tokens"), true),
        (400, told("invalid_request_error", "max_tokens: is required"), false),
        (529, told("overloaded_error", "Overloaded"), true),
    ] {
        let mut front = front();
        let calls = answering(&mut front, vec![error(status, &body), reply(200)]);
        let request =
            json!({"model": "both", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]});
        let done = front
            .exchange(&Request::post("/v1/messages", request.to_string()).with("x-api-key", CLIENT_KEY), &[]);
        assert_eq!(calls.borrow().len(), if elsewhere { 2 } else { 1 }, "{body}");
        assert_eq!(done.reply.status(), if elsewhere { 200 } else { status }, "{body}");
    }
}

#[test]
fn a_reply_that_nobody_could_read_is_no_success() {
    let mut front = front();
    let calls = answering(&mut front, vec![error(200, UNREAD), error(200, UNREAD)]);
    let done = front.exchange(&chat("both", false), &[]);
    assert_eq!((calls.borrow().len(), done.reply.body().trim_ascii_end()), (2, UNREAD.as_bytes()));
    assert_eq!(assert_error(&done, 502)["code"], "upstream_invalid_reply");
}

#[test]
fn where_no_route_is_reached_the_client_is_told() {
    let mut front = front();
    let calls = answering(&mut front, vec![Called::Failed("timeout"), Called::Failed("timeout")]);
    let done = front.exchange(&chat("both", false), &[]);
    assert_eq!(calls.borrow().len(), 2);
    assert_eq!(done.reply.by, By::Gateway);
    assert_eq!(assert_error(&done, 503)["code"], "no_upstream");
}

#[test]
fn a_route_whose_reply_is_empty_is_passed_on() {
    let mut front = front();
    let mut empty = Answer::json(200, "");
    empty.chunks.clear();
    let _calls = answering(&mut front, vec![Called::Answer(empty)]);
    let done = front.exchange(&chat("both", false), &[]);
    assert_eq!((done.reply.status(), done.reply.by), (200, By::Gateway));
}

#[test]
fn a_request_that_cannot_be_served_is_told_why_and_calls_nobody() {
    let mut front = front();
    for (request, status) in unserved() {
        let done = front.plays(&request, &[]);
        assert_eq!((done.reply.by, done.sent.len()), (By::Gateway, 0));
        assert_error(&done, status);
    }
    let next = front.plays(&chat("same", false), &[Attempt::at("route", Answer::json(200, "{}"))]);
    assert_eq!(next.reply.status(), 200);
}

#[test]
fn a_request_without_a_body_comes_to_no_route_that_there_is() {
    let mut bare = chat("both", false);
    bare.chunks.clear();
    bare.headers.remove("content-length");
    let done = front().exchange(&bare, &[Attempt::at("kong", Answer::json(404, "{}"))]);
    assert_eq!(done.sent[0].headers.text(":path"), Some("/switchyard/-/v1/chat/completions"));
    assert_eq!((done.reply.status(), &json_of(&done)["error"]["code"]), (400, &"missing_body".into()));
}

#[test]
fn what_does_not_fit_into_one_reading_is_called_whole() {
    let mut front = front();
    let calls = answering(&mut front, vec![reply(503), reply(200)]);
    let long = post(&json!({"model": "both", "messages": [{"role": "user", "content": "x".repeat(80_000)}]}));
    let done = front.exchange(&long.clone().in_pieces_of(30_000), &[]);
    assert_eq!(done.reply.status(), 200);
    assert!(calls.borrow().iter().all(|call| call.body == long.chunks.concat()));
}

#[test]
fn a_path_does_not_split_a_call() {
    let mut front = front();
    for path in
        ["/v1/chat/completions%0d%0aX-Evil:%201", "/openai/deployments/both%0d%0aX-Evil/chat/completions"]
    {
        let calls = answering(&mut front, vec![reply(200)]);
        let request = Request::post(path, chat_body("both", false).to_string());
        front.plays(&request, &[]);
        assert!(paths(&calls).iter().all(|path| path.bytes().all(|byte| byte.is_ascii_graphic())), "{path}");
    }
}

#[test]
fn headers_that_a_client_sends_twice_do_not_break_a_call() {
    let mut front = front();
    let calls = answering(&mut front, vec![reply(200)]);
    let mut request = chat("both", false).with("user-agent", "one").with("anthropic-version", "2023-06-01");
    let twice = [("user-agent", "two"), ("anthropic-version", "2")];
    request.headers.extend_as_it_is(twice.map(|(name, value)| (name.into(), value.into())));
    assert_eq!(front.exchange(&request, &[]).reply.status(), 200);
    let call = &calls.borrow()[0];
    assert_eq!(call.headers.text("user-agent"), Some("one"));
    assert_eq!(call.headers.pairs().iter().filter(|(name, _)| name == b"anthropic-version").count(), 1);
}
