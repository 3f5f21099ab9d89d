//! Local replies, retries, the life of contexts.

use std::panic::{AssertUnwindSafe, catch_unwind};

use strict::driver::{Answer, Attempt, By, End, Reply};

use super::fixture::{assert_broken, assert_clean, gateway, on, play, request, told};

#[test]
fn a_local_reply_goes_through_the_gateways_response_callbacks() {
    let deny = "(call $tell (call $deny))";
    let seen = on("response_headers", "(call $mark (i32.const 2))", 0);
    let done = play(&(on("request_headers", deny, 1) + &seen));
    assert_clean(&done);
    assert_eq!(
        (done.reply.by, done.reply.status(), done.reply.body()),
        (By::Gateway, 403, b"value".to_vec())
    );
    assert_eq!(done.reply.header("content-length"), Some("5"));
    assert_eq!(done.reply.header("content-type"), Some("text/plain"));
    assert_eq!(done.reply.header("x-test"), Some("value"));
    assert!(done.sent.is_empty());
}

#[test]
fn a_local_reply_of_the_provider_role_is_final() {
    let deny = "(if (call $upstream) (then (drop (call $deny)) (return (i32.const 1))))";
    let plan = [Attempt::at("a", Answer::json(200, "x")), Attempt::at("b", Answer::json(200, "y"))];
    let module = on("request_headers", deny, 0) + &on("response_headers", "(call $tell (i32.const 7))", 0);
    let done = gateway(&module).exchange(&request(), &plan);
    assert_eq!((done.reply.by, done.reply.status(), done.sent.len()), (By::ProviderRole, 403, 0));
    assert_eq!(told(&done), "7", "the gateway role alone sees it");
}

#[test]
fn a_local_reply_too_late_or_twice_is_told() {
    let twice = play(&on("request_headers", "(drop (call $deny)) (call $tell (call $deny))", 1));
    assert_broken(&twice, &["proxy_send_local_response", "a second one"]);
    let late = play(&on("response_body", "(call $tell (call $deny))", 0));
    assert_broken(&late, &["proxy_on_response_body", "too late"]);
    let odd =
        "(call $tell (call $respond (i32.const 99) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
        (i32.const 0) (i32.const 0) (i32.const -1)))";
    assert_broken(&play(&on("request_headers", odd, 1)), &["status 99"]);
}

#[test]
fn the_retry_header_drops_an_attempt_and_the_last_one_stands() {
    let refused = || Answer::json(429, "no").with("x-switchyard-retry", "1");
    let plan = [Attempt::at("a", refused()), Attempt::at("b", refused())];
    let done = gateway("").exchange(&request(), &plan);
    assert_eq!((done.reply.by, done.reply.status(), done.sent.len()), (By::Provider(1), 429, 2));
    let done =
        gateway("").exchange(&request(), &[Attempt::at("a", Answer::json(503, "no")), plan[0].clone()]);
    assert_eq!((done.reply.by, done.sent.len()), (By::Provider(0), 1), "a status alone does not retry");
}

#[test]
fn resets_are_retried_and_then_envoy_answers() {
    let plan = [Attempt::at("a", Reply::Reset), Attempt::at("b", Answer::json(200, "yes"))];
    let done = gateway("").exchange(&request(), &plan);
    assert_eq!((done.reply.by, done.reply.body(), done.sent.len()), (By::Provider(1), b"yes".to_vec(), 2));
    let seen = on("response_headers", "(call $mark (i32.const 2))", 0);
    let done = gateway(&seen).exchange(&request(), &[Attempt::at("a", Reply::Reset)]);
    assert_eq!((done.reply.by, done.reply.status()), (By::Host, 503));
    assert_eq!(done.reply.header("x-test"), Some("value"), "through the gateway role");
    let done = gateway("").exchange(&request(), &[]);
    assert_eq!(done.reply.body(), b"no healthy upstream");
}

#[test]
fn a_reset_after_the_headers_ends_the_clients_stream_and_before_them_is_retried() {
    let cut = Answer::events(["one", "two"]).ending(End::Cut);
    let plan = [Attempt::at("a", cut), Attempt::at("b", Answer::events(["three"]))];
    let done = gateway("").exchange(&request(), &plan);
    assert!(!done.reply.complete);
    assert_eq!(done.reply.chunks, [b"one", b"two"]);
    let hold = on("response_headers", "", 1)
        + &on("response_body", "(if (i32.eqz (local.get $end)) (then (return (i32.const 1))))", 0);
    let done = gateway(&hold).exchange(&request(), &plan);
    assert_eq!(
        (done.reply.by, done.reply.complete, done.reply.body()),
        (By::Provider(1), true, b"three".to_vec())
    );
}

#[test]
fn a_request_that_names_no_pool_finds_no_route() {
    let mut lost = request();
    lost.headers.remove("x-switchyard-reply");
    let done = gateway("").exchange(&lost, &[Attempt::at("a", Answer::json(200, "x"))]);
    assert_eq!((done.reply.by, done.reply.status(), done.sent.len()), (By::Host, 404, 0));
    assert_eq!(gateway("").exchange(&request(), &[]).pool.unwrap().cluster, "pool/a+b");
}

#[test]
fn contexts_are_done_and_deleted_and_only_the_downstream_one_is_logged() {
    let life = "(func (export \"proxy_on_log\") (param i32) (call $tell (i32.const 1)))
        (func (export \"proxy_on_done\") (param i32) (result i32) (call $tell (i32.const 2)) (i32.const 1))
        (func (export \"proxy_on_delete\") (param i32) (call $tell (i32.const 3)))";
    let plan = [Attempt::at("a", Reply::Reset), Attempt::at("b", Answer::json(200, "yes"))];
    let mut gateway = gateway(life);
    let done = gateway.exchange(&request(), &plan);
    assert_eq!(told(&done), "2323123");
    assert!(gateway.vm().host().streams.is_empty() && gateway.vm().host().exchanges.is_empty());
}

#[test]
fn a_client_that_leaves_ends_the_attempt() {
    let mut hasty = request();
    hasty.leaves_after = Some(1);
    let done = gateway("").exchange(&hasty, &[Attempt::at("a", Answer::events(["one", "two"]))]);
    assert_eq!((done.reply.chunks.concat(), done.reply.complete), (b"one".to_vec(), false));
}

#[test]
fn a_trap_is_told_with_the_callback() {
    let trap = gateway(&on("request_body", "unreachable", 0)).play(&request(), &[]).unwrap_err();
    assert!(format!("{trap:?}").contains("gateway: proxy_on_request_body trapped"), "{trap:?}");
}

#[test]
fn a_broken_rule_fails_the_test_that_does_not_look() {
    let wrong = on("request_headers", "(call $mark (i32.const 2))", 0);
    let plan = [Attempt::at("a", Answer::json(200, "x"))];
    let asserting = AssertUnwindSafe(|| gateway(&wrong).exchange(&request(), &plan));
    assert!(catch_unwind(asserting).is_err(), "exchange asserts");
    let dropping = AssertUnwindSafe(|| {
        let mut gateway = gateway("");
        gateway.vm().host_mut().violation("proxy_log", "nobody looks");
    });
    assert!(catch_unwind(dropping).is_err(), "so does the VM when it goes");
}

#[test]
fn calls_and_bytes_are_counted_by_role() {
    let read = "(drop (call $get_buffer (i32.const 0) (i32.const 0) (i32.const 99) (i32.const 1008) (i32.const 1012)))";
    let done = play(&(on("request_headers", "(call $mark (i32.const 0))", 0) + &on("request_body", read, 0)));
    let (gateway, provider) = (done.counts.role("gateway"), done.counts.role("provider"));
    // Gateway: `x-test: value` and one log line out; `hello` in, the end is empty. Provider: the body in one piece.
    assert_eq!((gateway.calls, gateway.to_guest, gateway.from_guest), (4, 5, 12));
    assert_eq!((provider.calls, provider.to_guest, provider.from_guest), (3, 5, 12));
    assert_eq!(done.counts.function("proxy_get_buffer_bytes").bytes(), 10);
    assert_eq!(done.counts.guest("malloc"), 2);
}
