//! Body buffers: when they are open, what they hold, and how they may be changed.

use strict::driver::{Answer, Attempt, End, Eos, Request};

use super::fixture::{assert_broken, assert_clean, gateway, on, play, request, told};

/// Writes `value` into a body buffer at (start, size) while the body is not at its end, in the provider role's request
/// phase; the body is `hello`.
fn set(start: &str, size: &str) -> String {
    let call = format!(
        "(call $set_buffer (i32.const 0) (i32.const {start}) (i32.const {size}) (i32.const 16) (i32.const 5))"
    );
    // The length is wrong afterwards: without it there is nothing to hold the body against.
    let remove = "(drop (call $remove (i32.const 0) (i32.const 64) (i32.const 14)))";
    on("request_headers", remove, 0)
        + &on("request_body", &format!("(if (call $upstream) (then (call $tell {call})))"), 0)
}

#[test]
fn a_buffer_is_written_before_after_or_in_place_of_all() {
    for (start, size, body) in [
        ("0", "0", "valuehello"),
        ("0", "5", "value"),
        ("0", "-1", "value"),
        ("5", "0", "hellovalue"),
        ("900", "7", "hellovalue"),
    ] {
        let done = play(&set(start, size));
        assert_clean(&done);
        assert_eq!(done.sent[0].body, body.as_bytes(), "({start}, {size})");
        assert_eq!(told(&done), "0");
    }
    for (start, size) in [("0", "4"), ("1", "4"), ("4", "-1")] {
        let done = play(&set(start, size));
        assert_broken(&done, &["proxy_set_buffer_bytes", "neither before, after, nor in place of all"]);
        assert_eq!((told(&done).as_str(), done.sent[0].body.as_slice()), ("2", &b"hello"[..]));
    }
}

#[test]
fn a_buffer_is_closed_out_of_its_callback() {
    let write = "(call $tell (call $set_buffer (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 16) (i32.const 5)))";
    let read = |kind: u32| {
        format!(
            "(call $tell (call $get_buffer (i32.const {kind}) (i32.const 0) (i32.const 9) (i32.const 1008) (i32.const 1012)))"
        )
    };
    assert_broken(
        &play(&on("request_headers", write, 0)),
        &["proxy_on_request_headers", "Request body is closed"],
    );
    assert_broken(
        &play(&on("response_headers", &read(0), 0)),
        &["proxy_on_response_headers", "Request body is closed"],
    );
    assert_broken(
        &play(&on("request_body", &read(1), 0)),
        &["proxy_on_request_body", "Response body is closed"],
    );
    assert_broken(
        &play(&on("request_body", &read(7), 0)),
        &["a configuration is there in its own callback only"],
    );
    assert_broken(
        &play(&on("request_body", &read(4), 0)),
        &["a call's reply is there in its own callback only"],
    );
    assert_broken(&play(&on("request_body", &read(5), 0)), &["buffer type 5 is never there"]);
}

#[test]
fn a_pause_keeps_what_came_and_the_next_callback_sees_all_of_it() {
    let mut pieces = request().in_pieces_of(2);
    let plan = [Attempt::at("a", Answer::json(200, "world"))];
    let sizes = |answer: &str| {
        let tell = format!("(if (i32.eqz (call $upstream)) (then (call $tell (local.get $size)) {answer}))");
        on("request_body", &tell, 0)
    };
    let held = sizes("(return (i32.eqz (local.get $end)))");
    let done = gateway(&held).exchange(&pieces, &plan);
    assert_eq!((told(&done).as_str(), done.sent[0].body.as_slice()), ("2455", &b"hello"[..]));
    let done = gateway(&sizes("")).exchange(&pieces, &plan);
    assert_eq!((told(&done).as_str(), done.sent[0].body.as_slice()), ("2210", &b"hello"[..]));
    pieces.eos = Eos::WithLast;
    assert_eq!(told(&gateway(&held).exchange(&pieces, &plan)), "245");
}

#[test]
fn a_piece_that_a_filter_empties_reaches_nobody_and_the_rest_goes_on() {
    let drop_first = "(if (i32.and (call $upstream) (i32.eq (local.get $size) (i32.const 3)))
        (then (drop (call $set_buffer (i32.const 1) (i32.const 0) (i32.const -1) (i32.const 0) (i32.const 0)))))";
    let answer = Answer::events(["one", "three"]);
    let done = gateway(&on("response_body", drop_first, 0)).exchange(&request(), &[Attempt::at("a", answer)]);
    assert_eq!(done.reply.chunks, [b"three"]);
    assert_eq!(
        done.counts.guest("proxy_on_response_body"),
        6,
        "Envoy passes the empty piece on, and the empty end"
    );
}

#[test]
fn a_pause_that_nothing_ends_is_a_hang() {
    assert_broken(&play(&on("request_body", "", 1)), &["gateway", "pauses at the end of the body"]);
    assert_broken(&play(&on("response_body", "", 1)), &["provider", "pauses at the end of the body"]);
    let get = Request::get("/").with("x-switchyard-reply", "pool/a");
    let done = gateway(&on("request_headers", "", 1)).play(&get, &[]).unwrap();
    assert_broken(&done, &["proxy_on_request_headers", "hangs"]);
    assert!(done.reply.headers.is_none());
}

#[test]
fn a_body_is_cut_to_its_content_length() {
    let grow = "(if (i32.and (call $upstream) (i32.eqz (i32.eqz (local.get $size))))
        (then (drop (call $set_buffer (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 16) (i32.const 5)))))";
    let done = play(&on("request_body", grow, 0));
    assert_broken(&done, &["the request upstream has 10 bytes and a content-length of Some(5)"]);
    assert_eq!(done.sent[0].body, b"value");
    let grow = grow
        .replace("(i32.const 0) (i32.const 0) (i32.const 0)", "(i32.const 1) (i32.const 0) (i32.const 0)");
    assert_broken(&play(&on("response_body", &grow, 0)), &["the reply to the client has 15 bytes"]);
}

#[test]
fn trailers_end_a_body_and_show_what_was_kept_of_it() {
    let read = |kind: u32| {
        format!("(call $tell (call $get_buffer (i32.const {kind}) (i32.const 0) (i32.const 9) (i32.const 1008) (i32.const 1012)))
                 (call $tell (i32.load (i32.const 1012)))")
    };
    let trailers = |callback: &str, kind: u32| {
        format!(
            "(func (export \"proxy_on_{callback}\") (param i32 i32) (result i32) {} (i32.const 0))",
            read(kind)
        )
    };
    let mut ending = request();
    ending.eos = Eos::Trailers;
    let mut answer = Answer::json(200, "world!");
    answer.end = End::Whole(Eos::Trailers);
    let plan = [Attempt::at("a", answer)];
    let held = on("request_body", "", 1) + &trailers("request_trailers", 0);
    let done = gateway(&held).exchange(&ending, &plan);
    assert_eq!((told(&done).as_str(), done.sent[0].body.as_slice()), ("0505", &b"hello"[..]));
    assert!(done.reply.complete);
    let held = on("response_body", "", 1) + &trailers("response_trailers", 1);
    let done = gateway(&held).exchange(&ending, &plan);
    assert_eq!((told(&done).as_str(), done.reply.body().as_slice()), ("0606", &b"world!"[..]));
    let passed = gateway(&trailers("request_trailers", 0)).play(&ending, &plan).unwrap();
    assert_broken(&passed, &["proxy_on_request_trailers", "Request body is closed"]);
    let stuck = "(func (export \"proxy_on_request_trailers\") (param i32 i32) (result i32) (i32.const 1))";
    assert_broken(&gateway(stuck).play(&ending, &plan).unwrap(), &["pauses at the trailers"]);
}
