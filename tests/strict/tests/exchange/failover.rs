//! One attempt fails, the next one answers: in another format, and with nothing of the first.

use serde_json::json;
use strict::{
    driver::{Answer, Attempt, By, End, Eos, Reply},
    stream::Lane,
};

use crate::common::*;

fn claude(stream: bool) -> Attempt {
    let answer = if stream {
        Answer::events(anthropic_events(&["Hello."]))
    } else {
        Answer::json(200, anthropic_reply("Hello."))
    };
    Attempt::at("claude", answer)
}

/// Plays a first attempt that fails, asserts that the second served the client, and that it is what it is without a
/// first.
#[track_caller]
fn assert_served_by_claude(first: impl Into<Reply>, stream: bool) {
    let mut gateway = gateway();
    let request = chat("both", stream);
    let done = gateway.exchange(&request, &[Attempt::at("openai", first), claude(stream)]);
    assert_nothing_internal(&done);
    assert_eq!((done.reply.by, done.reply.status(), done.sent.len()), (By::Provider(1), 200, 2));
    assert_eq!(done.sent[0].headers.text(":authority"), Some("api.openai.test"));
    let alone = gateway.exchange(&chat("other", stream), &[claude(stream)]);
    assert_eq!(done.sent[1].headers, alone.sent[0].headers, "nothing of attempt 1 is in attempt 2");
    assert_eq!(done.sent[1].body, alone.sent[0].body);
    assert_eq!(done.reply.headers.as_ref().map(|headers| headers.text("x-request-id")), Some(None));
    assert_eq!(done.reply.header("retry-after"), None);
    if stream {
        assert_eq!(text_of(&events(&done.reply.body())), "Hello.");
    } else {
        assert_eq!(json_of(&done)["choices"][0]["message"]["content"], "Hello.");
    }
}

#[test]
fn what_another_target_may_serve_is_retried_there() {
    for status in [429, 500, 502, 503, 529] {
        for stream in [false, true] {
            assert_served_by_claude(openai_error(status), stream);
        }
    }
}

#[test]
fn a_reset_is_retried() {
    for stream in [false, true] {
        assert_served_by_claude(Reply::Reset, stream);
    }
}

#[test]
fn an_answer_without_a_body_and_one_that_is_no_json_are_retried() {
    let mut bare = openai_error(503);
    bare.chunks.clear();
    bare.headers.remove("content-length");
    bare.end = End::Whole(Eos::WithLast);
    assert_served_by_claude(bare, false);
    assert_served_by_claude(
        Answer::json(502, "<html>Bad gateway</html>").with("content-type", "text/html"),
        false,
    );
}

#[test]
fn a_stream_whose_first_event_is_an_error_is_retried() {
    let error =
        json!({"error": {"message": "overloaded", "type": "server_error", "code": null, "param": null}});
    assert_served_by_claude(Answer::events([format!("data: {error}\n\n")]), true);
}

#[test]
fn a_stream_that_ends_before_its_first_event_is_retried() {
    for eos in [Eos::Apart, Eos::WithLast, Eos::Trailers] {
        assert_served_by_claude(Answer::events([": keep-alive\n\n"]).ending(End::Whole(eos)), true);
    }
}

#[test]
fn a_refusal_of_the_request_itself_is_not_retried() {
    let error = json!({"error": {"message": "no such tool", "type": "invalid_request_error", "param": "tools",
        "code": "unknown_tool"}});
    let refused = Answer::json(400, error.to_string());
    let done = gateway().exchange(&chat("both", false), &[Attempt::at("openai", refused), claude(false)]);
    assert_eq!((done.reply.by, done.sent.len()), (By::Provider(0), 1));
    let error = assert_error(&done, 400);
    assert_eq!(error["param"], "tools");
}

#[test]
fn the_last_failure_is_told_in_the_clients_format() {
    let overloaded = json!({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}});
    let last = Answer::json(529, overloaded.to_string());
    for stream in [false, true] {
        let plan = [Attempt::at("openai", openai_error(503)), Attempt::at("claude", last.clone())];
        let done = gateway().exchange(&chat("both", stream), &plan);
        assert_eq!(done.reply.by, By::Provider(1));
        assert_error(&done, done.reply.status());
        assert!((500..600).contains(&done.reply.status()));
    }
}

#[test]
fn where_no_provider_is_reached_envoys_reply_is_told_in_the_clients_format() {
    let plan = [Attempt::at("openai", Reply::Reset), Attempt::at("claude", Reply::Reset)];
    for plan in [&plan[..], &[]] {
        let done = gateway().exchange(&chat("both", false), plan);
        assert_eq!(done.reply.by, By::Host);
        let error = assert_error(&done, 503);
        assert!(!error.to_string().contains("upstream connect error"), "{error}");
    }
}

#[test]
fn a_failure_and_then_resets_leave_nothing_of_the_failure() {
    let plan = [Attempt::at("openai", openai_error(429)), Attempt::at("claude", Reply::Reset)];
    let done = gateway().exchange(&chat("both", true), &plan);
    assert_eq!(done.reply.by, By::Host);
    let error = assert_error(&done, 503);
    assert!(!error.to_string().contains("openai says no"), "{error}");
    assert_eq!(done.reply.header("retry-after"), None);
}

#[test]
fn a_failure_without_a_body_still_says_when_to_come_back() {
    let mut bare = openai_error(429);
    bare.chunks.clear();
    bare.headers.remove("content-length");
    bare.end = End::Whole(Eos::WithLast);
    let done = gateway().exchange(&chat("same", false), &[Attempt::at("openai", bare)]);
    assert_error(&done, 429);
    assert_eq!(
        (done.reply.header("retry-after"), done.reply.header("x-request-id")),
        (Some("7"), Some("req_openai"))
    );
}

#[test]
fn a_provider_that_takes_no_post_is_not_the_clients_fault() {
    let wrong = Answer::json(405, "{}").with("allow", "GET");
    assert_served_by_claude(wrong.clone(), false);
    let done = gateway().exchange(&chat("same", false), &[Attempt::at("openai", wrong)]);
    assert_error(&done, 502);
}

#[test]
fn the_endpoint_decides_whatever_the_order() {
    let plan = [claude(false)];
    let done = gateway().exchange(&chat("both", false), &plan);
    assert_eq!(done.sent[0].headers.text(":path"), Some("/v1/messages"));
    let lane = Lane::slot("openai", 2);
    let stray = Attempt { lane, reply: Answer::json(200, openai_reply("Hi")).into() };
    let done = gateway().exchange(&chat("both", false), &[stray]);
    assert_eq!(done.reply.by, By::ProviderRole, "a lane that the plan does not have is refused, not guessed");
    let error = assert_error(&done, done.reply.status());
    assert!(done.reply.status() >= 500, "{error}");
}

#[test]
fn a_vm_that_does_not_know_the_plan_makes_it_again() {
    let mut request = chat("both", false);
    request.reloaded = true;
    let mut gateway = gateway();
    let plan = [Attempt::at("openai", openai_error(503)), claude(false)];
    let done = gateway.exchange(&request, &plan);
    assert_nothing_internal(&done);
    assert_eq!((done.reply.by, done.reply.status()), (By::Provider(1), 200));
    request.reloaded = false;
    let known = gateway.exchange(&request, &plan);
    for (planless, known) in done.sent.iter().zip(&known.sent) {
        assert_eq!((&planless.headers, &planless.body), (&known.headers, &known.body));
    }
}
