//! The rules of the host of nginx and Kong.

mod bodies;
mod calls;
mod headers;
mod loading;
mod local;
mod properties;
mod replies;
mod shared;
mod traps;

use strict::{
    driver::{Answer, Attempt, Exchanged, Request},
    load::Rules,
    nginx::{driver::Server, route::Route},
    vm::Compiled,
};

use super::fixture::wasm;

/// Data beside that of the fixture: `authorization` at 300 (13), `:method` at 320 (7), `:status` at 332 (7), `/new?q=1` at
/// 344 (8), `ngx.upstream_uri` at 356 (16), `:authority` at 376 (10), `127.0.0.1:80` at 392 (12), the headers of a call at
/// 408 (61), `cookie` at 500 (6), `/new` is the beginning of 344 (4).
const DATA: &str = r#"
(data (i32.const 300) "authorization") (data (i32.const 320) ":method") (data (i32.const 332) ":status")
(data (i32.const 344) "/new?q=1") (data (i32.const 356) "ngx.upstream_uri") (data (i32.const 376) ":authority")
(data (i32.const 392) "127.0.0.1:80")
(data (i32.const 408) "\03\00\00\00\07\00\00\00\03\00\00\00\05\00\00\00\01\00\00\00\0a\00\00\00\01\00\00\00")
(data (i32.const 436) ":method\00GET\00:path\00/\00:authority\00h\00") (data (i32.const 500) "cookie")
"#;

/// The bytes of the headers of a call: 28 of lengths, and 33.
const CALL_HEADERS: usize = 28 + 33;

/// Makes a call to a host, and tells the status: `(call $tell …)`.
fn call_to(at: usize, len: usize) -> String {
    format!(
        "(call $tell (call $call (i32.const {at}) (i32.const {len}) (i32.const 408) (i32.const {CALL_HEADERS})
           (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 1000) (i32.const 1020)))"
    )
}

/// A call to `127.0.0.1:80`.
fn call() -> String {
    call_to(392, 12)
}

/// The callback of a call's reply.
fn on_reply(code: &str) -> String {
    format!("(func (export \"proxy_on_http_call_response\") (param i32 i32 i32 i32 i32) {code})")
}

/// `(call $tell (call $FUNCTION map …name [value]))` for a name at (at, len) and `value`.
fn header(function: &str, map: u32, at: u32, len: u32) -> String {
    let value = match function {
        "remove" => "",
        "get" => "(i32.const 1008) (i32.const 1012)",
        _ => "(i32.const 16) (i32.const 5)",
    };
    format!("(call $tell (call ${function} (i32.const {map}) (i32.const {at}) (i32.const {len}) {value}))")
}

/// Reads a buffer into 1008/1012 and tells the status.
fn get_buffer(kind: u32, start: u32, max: i32) -> String {
    format!(
        "(call $tell (call $get_buffer (i32.const {kind}) (i32.const {start}) (i32.const {max}) (i32.const 1008) (i32.const 1012)))"
    )
}

/// Logs what was read last.
const SHOW: &str = "(drop (call $log (i32.const 2) (i32.load (i32.const 1008)) (i32.load (i32.const 1012))))";

/// Writes `value` into a buffer and tells the status.
fn set_buffer(kind: u32, start: i32, size: i32) -> String {
    format!(
        "(call $tell (call $set_buffer (i32.const {kind}) (i32.const {start}) (i32.const {size}) (i32.const 16) (i32.const 5)))"
    )
}

fn compiled(callbacks: &str) -> Compiled {
    Compiled::under(Rules::Nginx, &wasm(&format!("{DATA} {callbacks}"))).unwrap()
}

fn server_at(route: Route, callbacks: &str) -> Server {
    Server::start(&compiled(callbacks), route, b"config", &[]).unwrap()
}

fn server(callbacks: &str) -> Server {
    server_at(Route::nginx(), callbacks)
}

/// A request with a body of five bytes.
fn request() -> Request {
    Request::post("/a?x=%20", "hello").with("authorization", "secret").with("cookie", "c=1")
}

/// An upstream of one server that answers `world`.
fn world() -> [Attempt; 1] {
    [Attempt::at("a", Answer::json(200, "world"))]
}

fn play(callbacks: &str) -> Exchanged {
    server(callbacks).play(&request(), &world())
}

/// Asserts that it trapped, saying this, and in that callback.
#[track_caller]
fn assert_trapped(done: &Exchanged, parts: &[&str]) {
    let hit = done.traps.iter().any(|trap| parts.iter().all(|part| trap.contains(part)));
    assert!(hit, "no trap with {parts:?} in {:#?}", done.traps);
}

/// Asserts that nothing was wrong.
#[track_caller]
fn assert_well(done: &Exchanged) {
    assert!(done.violations.is_empty() && done.traps.is_empty(), "{:#?} {:#?}", done.violations, done.traps);
}
