//! Replies that a filter sends by itself.

use strict::driver::By;

use super::{
    super::fixture::{assert_broken, on, told},
    *,
};

const DENY: &str = "(call $tell (call $deny))";

#[test]
fn a_line_feed_is_appended_and_counted() {
    for (callback, answer) in [("request_headers", 1), ("request_headers", 0), ("request_body", 1)] {
        let done = play(&on(callback, DENY, answer));
        assert_well(&done);
        assert_eq!((done.reply.by, done.reply.status(), done.sent.len()), (By::Gateway, 403, 0));
        assert_eq!(
            (done.reply.body(), done.reply.header("content-length")),
            (b"value\n".to_vec(), Some("6"))
        );
        assert_eq!(done.reply.header("content-type"), Some("text/plain"));
    }
}

#[test]
fn it_goes_through_the_callbacks_of_a_reply() {
    let module = on("request_headers", DENY, 1) + &on("response_headers", &header("replace", 2, 0, 6), 0);
    let done = play(&module);
    assert_eq!(done.reply.header("x-test"), Some("value"));
}

#[test]
fn a_second_one_traps() {
    assert_trapped(&play(&on("request_headers", &DENY.repeat(2), 1)), &["already stashed"]);
}

#[test]
fn in_the_headers_of_a_reply_it_is_only_put_before_it_and_in_the_body_it_traps() {
    let done = play(&on("response_headers", DENY, 0));
    assert_broken(&done, &["the provider's own body follows"]);
    assert_eq!((done.reply.status(), done.reply.body()), (403, b"value\nworld".to_vec()));
    assert_trapped(&play(&on("response_body", DENY, 0)), &["response already sent"]);
    let log = format!("(func (export \"proxy_on_log\") (param i32) {DENY})");
    assert_trapped(&play(&log), &["response already sent"]);
}

#[test]
fn in_the_callback_of_a_calls_reply_it_answers_the_client() {
    let done = play(&(on("request_body", &(call() + &call()), 1) + &on_reply(DENY)));
    assert_well(&done);
    assert_eq!((done.reply.by, done.reply.status(), done.sent.len()), (By::Gateway, 403, 0));
    assert_eq!(told(&done), "000", "the second call is cancelled");
}
