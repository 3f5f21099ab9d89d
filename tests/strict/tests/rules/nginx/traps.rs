//! What a trap costs, and what the next request finds.

use strict::driver::{By, Exchanged, Reply};

use super::{
    super::fixture::{on, told},
    *,
};

const TRAP: &str = "unreachable";

fn trap(callback: &str) -> Exchanged {
    play(&on(callback, TRAP, 0))
}

#[test]
fn in_the_request_it_is_an_error_or_no_answer() {
    for callback in ["request_headers", "request_body"] {
        let done = trap(callback);
        assert_trapped(&done, &[callback]);
        assert_eq!((done.reply.by, done.reply.status(), done.sent.len()), (By::Host, 500, 0));
    }
    let mut late = server(&on("request_body", TRAP, 0));
    late.route().late_body = true;
    let done = late.play(&request(), &world());
    assert_eq!(
        (done.reply.by, done.reply.headers),
        (By::Nobody, None),
        "where the body came after the headers"
    );
}

#[test]
fn in_the_reply_to_a_call_it_lets_the_request_go_on() {
    let module = on("request_body", &call(), 1) + &on_reply(TRAP) + &on("response_headers", TRAP, 0);
    let done = play(&module);
    assert_trapped(&done, &["proxy_on_http_call_response"]);
    assert_eq!((done.sent[0].body.as_slice(), done.reply.body()), (&b"hello"[..], b"world".to_vec()));
    assert_eq!(done.traps.len(), 1, "no callback follows on this instance");
}

#[test]
fn in_the_reply_it_lets_the_providers_own_pass() {
    let done = trap("response_headers");
    assert_eq!(
        (done.reply.by, done.reply.status(), done.reply.body()),
        (By::Provider(0), 200, b"world".to_vec())
    );
    let second =
        "(if (i32.eq (local.get $size) (i32.const 5)) (then unreachable))".to_owned() + &set_buffer(1, 0, -1);
    let answer = Answer::events(["one", "three", "two"]);
    let done = server(&on("response_body", &second, 0)).play(&request(), &[Attempt::at("a", answer)]);
    assert_eq!(done.reply.chunks, [&b"value"[..], b"three", b"two"], "what comes after it, unfiltered");
}

#[test]
fn at_the_end_it_is_logged_or_ends_the_worker() {
    let log = play("(func (export \"proxy_on_log\") (param i32) unreachable)");
    assert_trapped(&log, &["proxy_on_log"]);
    assert_eq!((log.crash.as_ref(), log.reply.body()), (None, b"world".to_vec()));
    let done = play("(func (export \"proxy_on_done\") (param i32) (result i32) unreachable)");
    assert!(done.crash.is_some());
}

/// Counts requests in a global and tells the count; notes starts and configurations.
fn counting() -> String {
    let note = |callback: &str, what: u32| {
        format!(
            "(func (export \"proxy_on_{callback}\") (param i32 i32) (result i32) (call $tell (i32.const {what})) (i32.const 1))"
        )
    };
    let count =
        "(global.set $count (i32.add (global.get $count) (i32.const 1))) (call $tell (global.get $count))
        (call $tell (call $share (i32.const 32) (i32.const 3) (i32.const 16) (i32.const 5) (i32.const 0)))
        (if (i32.eq (global.get $count) (i32.const 2)) (then unreachable))";
    "(global $count (mut i32) (i32.const 0))".to_owned()
        + &note("vm_start", 8)
        + &note("configure", 9)
        + &on("request_headers", count, 0)
}

#[test]
fn the_next_request_gets_a_new_instance_that_is_configured_and_not_started() {
    let mut server = server(&counting());
    assert_eq!(server.vm().host().logs.iter().map(|(_, text)| text.as_str()).collect::<String>(), "89");
    let told = |server: &mut Server| told(&server.play(&request(), &world()));
    // The count, and the status of a write that is allowed once: 8 is what shared data says that is there.
    assert_eq!(told(&mut server), "10");
    assert_eq!(told(&mut server), "28", "which traps");
    let done = server.play(&request(), &world());
    let all: String = server.vm().host().logs.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!(all, "8910289".to_owned() + "18", "configured, counted anew, and the data is still there");
    assert_well(&done);
}

#[test]
fn after_the_worker_died_all_begins_anew_but_the_shared_memory() {
    let module = counting().replace("unreachable", &header("remove", 0, 48, 5));
    let mut server = server(&module);
    for _ in 0..2 {
        let _ = server.play(&request(), &world());
    }
    let done = server.play(&request(), &world());
    assert_well(&done);
    let all: String = server.vm().host().logs.iter().map(|(_, text)| text.as_str()).collect();
    assert!(all.ends_with("288918"), "started, configured, counted anew: {all}");
}

#[test]
fn retries_send_the_same_and_the_filter_does_not_run_again() {
    let module = on("request_body", &(set_buffer(0, 0, -1) + &header("replace", 0, 300, 13)), 0)
        + &on("response_headers", "(call $tell (i32.const 7))", 0);
    let plan = |first: Reply| [Attempt::at("a", first), Attempt::at("b", Answer::json(200, "yes"))];
    let refused = server(&module).play(&request(), &plan(Reply::Refused));
    assert_eq!((told(&refused).as_str(), refused.reply.by, refused.sent.len()), ("007", By::Provider(1), 1));
    let reset = server(&module).play(&request(), &plan(Reply::Reset));
    assert_eq!(
        (reset.reply.by, reset.reply.status(), reset.sent.len()),
        (By::Host, 502, 1),
        "a POST is not repeated"
    );
    let mut again = server(&module);
    again.route().next.non_idempotent = true;
    again.route().next.statuses = vec![503];
    for first in [Reply::Reset, Answer::json(503, "no").into()] {
        let done = again.play(&request(), &plan(first));
        assert_eq!((told(&done).as_str(), done.reply.by, done.sent.len()), ("007", By::Provider(1), 2));
        assert_eq!((&done.sent[0].headers, &done.sent[0].body), (&done.sent[1].headers, &done.sent[1].body));
        assert_eq!(done.sent[1].body, b"value");
    }
    let last = again.play(&request(), &[Attempt::at("a", Answer::json(503, "no"))]);
    assert_eq!((last.reply.by, last.reply.status()), (By::Provider(0), 503));
}

#[test]
fn a_broken_rule_or_a_trap_fails_the_test_that_does_not_look() {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    for module in [on("request_body", TRAP, 0), on("request_headers", "", 1)] {
        let asserting = AssertUnwindSafe(|| server(&module).exchange(&request(), &world()));
        assert!(catch_unwind(asserting).is_err());
    }
}
