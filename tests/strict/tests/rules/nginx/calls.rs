//! Calls of the filter's own.

use strict::nginx::driver::Called;

use super::{
    super::fixture::{assert_broken, on, told},
    *,
};

/// Tells the numbers of headers and of bytes of the body, and logs both the status and `:dispatch_status`.
fn reading() -> String {
    let show = |at: u32, len: u32| header("get", 6, at, len) + SHOW;
    "(data (i32.const 540) \":dispatch_status\")".to_owned()
        + &on_reply(&format!(
            "(call $tell (local.get 2)) (call $tell (local.get 3)) {} (i32.store (i32.const 1012) (i32.const 0)) {}",
            show(540, 16),
            show(332, 7),
        ))
}

#[test]
fn a_request_waits_for_the_reply_to_a_call() {
    for callback in ["request_headers", "request_body"] {
        let mut server = server(&(on(callback, &call(), 1) + &reading()));
        server.on_call(|call| {
            assert_eq!((call.cluster.as_str(), call.headers.text(":path")), ("127.0.0.1:80", Some("/")));
            Called::Answer(Answer::json(201, "yes"))
        });
        let done = server.exchange(&request(), &world());
        assert_eq!(told(&done), "033".to_owned() + "0ok" + "0201");
        assert_eq!((done.sent[0].body.as_slice(), done.reply.body()), (&b"hello"[..], b"world".to_vec()));
        server.on_call(|_| Called::Failed("broken connection"));
        let done = server.exchange(&request(), &world());
        assert_eq!(told(&done), "000".to_owned() + "0broken connection" + "1");
    }
}

#[test]
fn going_on_after_a_call_is_told() {
    let done = play(&on("request_body", &call(), 0));
    assert_broken(&done, &["goes on after a call"]);
}

#[test]
fn in_its_callback_headers_are_written_and_bodies_trap() {
    let write = header("replace", 0, 300, 13)
        + "(call $tell (call $replace (i32.const 0) (i32.const 48) (i32.const 5) (i32.const 344) (i32.const 8)))";
    let done = play(&(on("request_body", &call(), 1) + &on_reply(&write)));
    assert_well(&done);
    let headers = &done.sent[0].headers;
    assert_eq!((headers.text("authorization"), headers.text(":path")), (Some("value"), Some("/new?q=1")));
    for code in [get_buffer(0, 0, -1), set_buffer(0, 0, -1), get_buffer(1, 0, -1)] {
        let done = play(&(on("request_body", &call(), 1) + &on_reply(&code)));
        assert_trapped(&done, &["proxy_on_http_call_response"]);
    }
    let body = on_reply(&(get_buffer(4, 0, -1) + SHOW));
    let mut server = server(&(on("request_body", &call(), 1) + &body));
    server.on_call(|_| Called::Answer(Answer::json(200, "yes")));
    assert_eq!(told(&server.exchange(&request(), &world())), "00yes");
}

#[test]
fn its_reply_is_there_in_its_own_callback_only() {
    assert_trapped(&play(&on("request_body", &get_buffer(4, 0, -1), 0)), &["a call's reply"]);
    assert_trapped(&play(&on("request_body", &header("get", 6, 332, 7), 0)), &["a call's reply"]);
}

#[test]
fn a_call_from_a_callback_makes_the_request_wait_again() {
    let again = "(global $calls (mut i32) (i32.const 0))".to_owned()
        + &on_reply(&format!(
            "(global.set $calls (i32.add (global.get $calls) (i32.const 1)))
             (if (i32.eq (global.get $calls) (i32.const 1)) (then {}))",
            call()
        ));
    let done = play(&(on("request_body", &call(), 1) + &again));
    assert_well(&done);
    assert_eq!((told(&done).as_str(), done.sent.len()), ("00", 1));
}

#[test]
fn no_host_no_path_and_the_wrong_callback_trap() {
    assert_trapped(&play(&on("request_body", &call_to(392, 0), 1)), &["no host"]);
    let bare = call()
        .replace(&format!("(i32.const 408) (i32.const {CALL_HEADERS})"), "(i32.const 256) (i32.const 4)");
    assert_trapped(&play(&on("request_body", &bare, 1)), &["no :method"]);
    for callback in ["response_headers", "response_body"] {
        assert_trapped(&play(&on(callback, &call(), 0)), &[callback, "proxy_http_call"]);
    }
    assert_trapped(
        &play(&format!("(func (export \"proxy_on_log\") (param i32) {})", call())),
        &["proxy_on_log"],
    );
}

#[test]
fn a_call_with_a_builtin_header_twice_is_told() {
    // Three pairs: `:method`, `via`, `via`; the host looks at them before it misses the path.
    let pairs = "(data (i32.const 640) \"\\03\\00\\00\\00\\07\\00\\00\\00\\01\\00\\00\\00\\03\\00\\00\\00\\01\\00\\00\\00\\03\\00\\00\\00\\01\\00\\00\\00\")
        (data (i32.const 668) \":method\\00G\\00via\\00a\\00via\\00b\\00\")";
    let twice = call()
        .replace(&format!("(i32.const 408) (i32.const {CALL_HEADERS})"), "(i32.const 640) (i32.const 50)");
    let done = play(&(pairs.to_owned() + &on("request_body", &twice, 1)));
    assert_broken(&done, &["`via` is there twice"]);
}

#[test]
fn the_timer_may_call_and_a_request_may_not_set_it() {
    let tick = format!("(func (export \"proxy_on_tick\") (param i32) {})", call());
    let mut server = server(&(tick + &reading()));
    server.on_call(|_| Called::Answer(Answer::json(200, "yes")));
    server.tick().unwrap();
    let all: String = server.vm().host().logs.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!(all, "0330ok0200".to_owned());
    assert_trapped(
        &play(&on("request_headers", "(call $tell (call $tick (i32.const 9)))", 0)),
        &["root context"],
    );
}

#[test]
fn functions_beyond_the_abi_trap() {
    let zero = "(i32.const 0)";
    let foreign =
        format!("(call $tell (call $foreign (i32.const 16) (i32.const 5) {}))", [zero; 4].join(" "));
    assert_trapped(&play(&on("request_body", &foreign, 0)), &["unknown foreign function"]);
    assert_trapped(&play(&on("request_body", "(call $tell (call $done))", 0)), &["proxy_done"]);
}
