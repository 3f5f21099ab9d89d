//! Header maps: when they are open, and what may be written.

use strict::driver::{Answer, Attempt, Request};

use super::fixture::{assert_broken, assert_clean, gateway, on, play, request, told};

#[test]
fn a_module_without_callbacks_passes_everything() {
    let done = play("");
    assert_clean(&done);
    assert_eq!((done.reply.status(), done.reply.body()), (200, b"world".to_vec()));
    assert_eq!(done.sent[0].body, b"hello");
}

#[test]
fn request_headers_are_closed_in_the_body_phase_unless_the_header_phase_paused() {
    let body = on("request_body", "(call $mark (i32.const 0))", 0);
    let closed = play(&(on("request_headers", "", 0) + &body));
    assert_broken(&closed, &["proxy_on_request_body", "proxy_replace_header_map_value", "closed"]);
    assert!(told(&closed).starts_with('2'), "Envoy's BadArgument");
    assert_eq!(closed.sent[0].headers.text("x-test"), None);

    let open = play(&(on("request_headers", "", 1) + &on("request_body", "(call $mark (i32.const 0))", 1)));
    assert_broken(&open, &["pauses at the end"]);
    let both = format!(
        "(if (i32.eqz (local.get $end)) (then (call $mark (i32.const 0)) {}))",
        "(return (i32.const 1))"
    );
    let open = play(&(on("request_headers", "", 1) + &on("request_body", &both, 0)));
    assert_clean(&open);
    assert_eq!(open.sent[0].headers.text("x-test"), Some("value"));
}

#[test]
fn a_write_after_the_headers_left_is_lost_and_told() {
    let done =
        play(&(on("request_headers", "", 1) + &on("response_headers", "(call $mark (i32.const 0))", 0)));
    assert_broken(&done, &["gateway", "proxy_on_response_headers", "the write is lost"]);
    assert!(told(&done).contains('0'), "Envoy says Ok");
}

#[test]
fn response_headers_are_closed_in_the_body_phase_unless_the_header_phase_paused() {
    let body = on("response_body", "(call $mark (i32.const 2))", 0);
    let closed = play(&(on("response_headers", "", 0) + &body));
    assert_broken(&closed, &["proxy_on_response_body", "Response headers are closed"]);
    let once = "(if (i32.eqz (local.get $end)) (then (call $mark (i32.const 2)) (return (i32.const 1))))";
    let open = play(&(on("response_headers", "", 1) + &on("response_body", once, 0)));
    assert_clean(&open);
    assert_eq!(open.reply.header("x-test"), Some("value"));
}

#[test]
fn response_headers_are_closed_during_the_request() {
    let done = play(&on("request_headers", "(call $mark (i32.const 2))", 0));
    assert_broken(&done, &["proxy_on_request_headers", "Response headers are closed"]);
}

#[test]
fn reading_a_closed_map_is_told_too() {
    let pairs = "(call $tell (call $pairs (i32.const 0) (i32.const 1008) (i32.const 1012)))
                 (call $tell (i32.load (i32.load (i32.const 1008))))";
    let done = play(&(on("request_headers", "", 0) + &on("request_body", pairs, 0)));
    assert_broken(&done, &["proxy_get_header_map_pairs", "closed"]);
    assert!(told(&done).starts_with("00"), "Ok and no pairs, as Envoy says");
    let get = "(call $tell (call $get (i32.const 0) (i32.const 0) (i32.const 6) (i32.const 1008) (i32.const 1012)))";
    let done = play(&(on("request_headers", "", 0) + &on("request_body", get, 0)));
    assert!(told(&done).starts_with('2'));
}

#[test]
fn the_log_phase_reads_and_does_not_write() {
    let log = |code: &str| format!("(func (export \"proxy_on_log\") (param i32) {code})");
    let get = "(call $tell (call $get (i32.const 0) (i32.const 48) (i32.const 5) (i32.const 1008) (i32.const 1012)))";
    let done = play(&log(get));
    assert_clean(&done);
    assert_eq!(told(&done), "0");
    assert_broken(&play(&log("(call $mark (i32.const 0))")), &["proxy_on_log", "closed"]);
}

#[test]
fn a_repeated_header_is_read_by_its_first_value_and_a_missing_one_is_not_found() {
    let get =
        "(call $tell (call $get (i32.const 0) (i32.const 0) (i32.const 6) (i32.const 1008) (i32.const 1012)))
               (call $tell (i32.load (i32.const 1012)))";
    let module = on("request_headers", get, 0);
    let missing = play(&module);
    assert!(told(&missing).starts_with('1'));
    let mut twice = request();
    twice.headers.add("x-test", "one").unwrap();
    twice.headers.add("x-test", "fiver").unwrap();
    let done = gateway(&module).play(&twice, &[Attempt::at("a", Answer::json(200, "world"))]).unwrap();
    assert!(told(&done).starts_with("03"));
}

#[test]
fn all_pairs_replaced_means_pseudo_headers_too() {
    let none = "(call $tell (call $set_pairs (i32.const 0) (i32.const 256) (i32.const 4)))";
    let done = play(&on("request_headers", none, 0));
    assert_broken(&done, &["proxy_set_header_map_pairs", "leaves no `:method`"]);
    let short = "(call $tell (call $set_pairs (i32.const 0) (i32.const 256) (i32.const 3)))";
    assert_broken(&play(&on("request_headers", short, 0)), &["pairs end inside a length"]);
    let path = "(call $tell (call $remove (i32.const 0) (i32.const 48) (i32.const 5)))";
    assert_broken(&play(&on("request_headers", path, 0)), &["leaves no `:path`"]);
}

#[test]
fn values_are_bytes_but_not_line_ends() {
    let write = |at: u32, len: u32| {
        let call = format!(
            "(call $replace (i32.const 0) (i32.const 0) (i32.const 6) (i32.const {at}) (i32.const {len}))"
        );
        on("request_headers", &format!("(call $tell {call})"), 0)
    };
    assert_broken(&play(&write(208, 3)), &["`x-test` has NUL, CR or LF"]);
    let bytes = play(&write(216, 1));
    assert_clean(&bytes);
    assert_eq!(bytes.sent[0].headers.get("x-test"), Some(&b"\xff"[..]));
}

#[test]
fn a_second_path_is_joined_to_the_first_as_envoy_does() {
    let add =
        "(call $tell (call $add (i32.const 0) (i32.const 48) (i32.const 5) (i32.const 16) (i32.const 5)))";
    let done = play(&on("request_headers", &format!("(if (i32.eqz (call $upstream)) (then {add}))"), 0));
    assert_broken(&done, &["proxy_add_header_map_value", "joined"]);
    assert_eq!(done.sent[0].headers.text(":path"), Some("/,value"));
}

#[test]
fn attempts_share_one_map_and_what_one_writes_the_next_sees() {
    let module = on(
        "request_headers",
        "(if (call $upstream) (then
           (call $tell (call $get (i32.const 0) (i32.const 0) (i32.const 6) (i32.const 1008) (i32.const 1012)))
           (call $mark (i32.const 0))))",
        0,
    );
    let refused = Answer::json(503, "no").with("x-switchyard-retry", "1");
    let plan = [Attempt::at("a", refused), Attempt::at("b", Answer::json(200, "yes"))];
    let done = gateway(&module).exchange(&request(), &plan);
    // Not found and written in the first attempt; found in the second.
    assert_eq!(told(&done), "1000");
    assert_eq!(done.reply.body(), b"yes");
}

#[test]
fn a_request_without_a_body_ends_with_its_headers() {
    let module =
        on("request_headers", "(call $tell (local.get $end))", 0) + &on("request_body", "unreachable", 0);
    let get = Request::get("/").with("x-switchyard-reply", "pool/a");
    let done = gateway(&module).exchange(&get, &[Attempt::at("a", Answer::json(200, "world"))]);
    assert_eq!(told(&done), "11");
    assert!(done.sent[0].body.is_empty());
}
