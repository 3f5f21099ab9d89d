//! Body buffers of requests.

use strict::{
    driver::{Eos, Exchanged},
    nginx::route::Route,
};

use super::{
    super::fixture::{assert_broken, on, told},
    *,
};

/// The size and the end of each body callback.
const SIZES: &str = "(call $tell (local.get $size)) (call $tell (local.get $end))";

#[test]
fn a_request_body_comes_once_with_its_end_however_it_came() {
    for eos in [Eos::Apart, Eos::WithLast, Eos::Trailers] {
        let mut pieces = request().in_pieces_of(2);
        pieces.eos = eos;
        pieces.headers.remove("content-length");
        let done = server(&on("request_body", SIZES, 0)).exchange(&pieces, &world());
        assert_eq!(told(&done), "51");
        assert_eq!(done.sent[0].headers.text("content-length"), Some("5"));
    }
}

#[test]
fn what_is_written_is_cut_to_the_size_and_all_from_the_start_dropped() {
    let body = |start, size| play(&on("request_body", &set_buffer(0, start, size), 0));
    for (start, size, expected) in [
        (0, -1, "value"),
        (0, 5, "value"),
        (0, 0, "valuehello"),
        (5, 0, "hellovalue"),
        (1, -1, "hvalue"),
        (7, -1, "hello  value"),
    ] {
        let done = body(start, size);
        assert_well(&done);
        assert_eq!(done.sent[0].body, expected.as_bytes(), "({start}, {size})");
        assert_eq!(done.sent[0].headers.text("content-length"), Some(expected.len().to_string().as_str()));
    }
    let done = body(0, 4);
    assert_broken(&done, &["5 bytes are cut to the size 4"]);
    assert_eq!((told(&done).as_str(), done.sent[0].body.as_slice()), ("0", &b"valu"[..]));
    let empty = "(call $tell (call $set_buffer (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))";
    let done = play(&on("request_body", empty, 0));
    assert_well(&done);
    assert!(done.sent[0].body.is_empty());
}

#[test]
fn an_offset_is_ignored_and_a_short_read_of_several_buffers_overwrites_memory() {
    let read = |start, max| on("request_body", &(get_buffer(0, start, max) + SHOW), 0);
    let done = play(&read(0, -1));
    assert_well(&done);
    assert_eq!(told(&done), "0hello");
    let done = play(&read(2, -1));
    assert_broken(&done, &["the offset 2 is ignored"]);
    assert_eq!(told(&done), "0hello");
    assert_eq!(told(&play(&read(0, 3))), "0hel", "in one buffer it is well");
    let done = server(&read(0, 3)).play(&request().in_pieces_of(2), &world());
    assert_broken(&done, &["proxy_get_buffer_bytes", "the guest's memory is overwritten"]);
    assert_trapped(&done, &["request_body"]);
    let done = server(&read(0, 5)).exchange(&request().in_pieces_of(2), &world());
    assert_eq!(told(&done), "0hello");
}

fn spooled(code: &str) -> Exchanged {
    let route = Route { client_body_buffer: 4, ..Route::nginx() };
    server_at(route, &on("request_body", code, 0)).play(&request(), &world())
}

#[test]
fn a_body_in_a_file_has_a_size_and_no_bytes_and_is_appended_to() {
    let done = spooled(&(SIZES.to_owned() + &get_buffer(0, 0, -1)));
    assert_well(&done);
    assert_eq!((told(&done).as_str(), done.sent[0].body.as_slice()), ("511", &b"hello"[..]));
    let done = spooled(&set_buffer(0, 0, -1));
    assert_broken(&done, &["the body is in a file"]);
    assert_eq!(done.sent[0].body, b"hellovalue");
}

#[test]
fn a_body_out_of_its_phase_traps() {
    for (callback, kind) in
        [("response_headers", 0), ("response_body", 0), ("request_body", 1), ("response_headers", 1)]
    {
        assert_trapped(
            &play(&on(callback, &get_buffer(kind, 0, -1), 0)),
            &[callback, "proxy_get_buffer_bytes"],
        );
        assert_trapped(
            &play(&on(callback, &set_buffer(kind, 0, -1), 0)),
            &[callback, "proxy_set_buffer_bytes"],
        );
    }
    let log = |code: &str| format!("(func (export \"proxy_on_log\") (param i32) {code})");
    let done = play(&log(&(get_buffer(0, 0, -1) + SHOW)));
    assert_well(&done);
    assert_eq!(told(&done), "0hello", "in on_log it may be read");
    assert_trapped(&play(&log(&set_buffer(0, 0, -1))), &["proxy_on_log"]);
    assert_trapped(&play(&log(&get_buffer(1, 0, -1))), &["proxy_on_log"]);
}

#[test]
fn in_the_header_callback_the_body_is_not_there_and_one_that_is_written_hangs() {
    let done = play(&on("request_headers", &get_buffer(0, 0, -1), 0));
    assert_well(&done);
    assert_eq!(told(&done), "1");
    let done = play(&on("request_headers", &set_buffer(0, 0, -1), 0));
    assert_broken(&done, &["the request hangs"]);
    assert!(done.sent.is_empty() && done.reply.headers.is_none());
}

#[test]
fn a_configuration_is_read_in_any_callback() {
    let done = play(&on("request_body", &(get_buffer(7, 0, -1) + SHOW), 0));
    assert_well(&done);
    assert_eq!(told(&done), "0config");
}

#[test]
fn a_pause_of_a_request_without_a_call_hangs() {
    for callback in ["request_headers", "request_body"] {
        let done = play(&on(callback, "", 1));
        assert_broken(&done, &[callback, "the request hangs"]);
        assert!(done.sent.is_empty() && done.reply.headers.is_none());
    }
    let helped = play(&on("request_body", "(call $tell (call $continue (i32.const 0)))", 1));
    assert_broken(&helped, &["proxy_continue_stream", "does nothing"]);
    assert!(helped.sent.is_empty());
}
