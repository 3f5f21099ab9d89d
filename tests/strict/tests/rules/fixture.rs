//! Small modules that each do one thing, most of them wrong.

use strict::{
    driver::{Answer, Attempt, Exchanged, Gateway, Request},
    vm::Compiled,
};

/// Everything around the callbacks: imports, memory, allocator, and helpers.
///
/// Data: `x-test` at 0 (6 bytes), `value` at 16 (5), `key` at 32 (3), `:path` at 48 (5), `content-length` at 64 (14),
/// `x-switchyard-retry` at 96 (18), the path of the endpoint's lane at 128 (58), `a\rb` at 208 (3), `\xff` at 216
/// (1), `xds\0upstream_host_metadata` at 224 (26), no pairs at 256 (4), `request` at 264 (7), `a\0b` at 272 (3).
const PRELUDE: &str = r#"
(import "env" "proxy_log" (func $log (param i32 i32 i32) (result i32)))
(import "env" "proxy_get_buffer_bytes" (func $get_buffer (param i32 i32 i32 i32 i32) (result i32)))
(import "env" "proxy_set_buffer_bytes" (func $set_buffer (param i32 i32 i32 i32 i32) (result i32)))
(import "env" "proxy_get_header_map_value" (func $get (param i32 i32 i32 i32 i32) (result i32)))
(import "env" "proxy_get_header_map_pairs" (func $pairs (param i32 i32 i32) (result i32)))
(import "env" "proxy_set_header_map_pairs" (func $set_pairs (param i32 i32 i32) (result i32)))
(import "env" "proxy_replace_header_map_value" (func $replace (param i32 i32 i32 i32 i32) (result i32)))
(import "env" "proxy_add_header_map_value" (func $add (param i32 i32 i32 i32 i32) (result i32)))
(import "env" "proxy_remove_header_map_value" (func $remove (param i32 i32 i32) (result i32)))
(import "env" "proxy_get_property" (func $property (param i32 i32 i32 i32) (result i32)))
(import "env" "proxy_set_property" (func $set_property (param i32 i32 i32 i32) (result i32)))
(import "env" "proxy_send_local_response" (func $respond (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
(import "env" "proxy_define_metric" (func $metric (param i32 i32 i32 i32) (result i32)))
(import "env" "proxy_increment_metric" (func $increment (param i32 i64) (result i32)))
(import "env" "proxy_http_call"
  (func $call (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
(import "env" "proxy_record_metric" (func $record (param i32 i64) (result i32)))
(import "env" "proxy_get_shared_data" (func $shared (param i32 i32 i32 i32 i32) (result i32)))
(import "env" "proxy_set_shared_data" (func $share (param i32 i32 i32 i32 i32) (result i32)))
(import "env" "proxy_call_foreign_function" (func $foreign (param i32 i32 i32 i32 i32 i32) (result i32)))
(import "env" "proxy_set_tick_period_milliseconds" (func $tick (param i32) (result i32)))
(import "env" "proxy_continue_stream" (func $continue (param i32) (result i32)))
(import "env" "proxy_done" (func $done (result i32)))
(import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
(memory (export "memory") 2)
(global $top (mut i32) (i32.const 65536))
(func (export "malloc") (param i32) (result i32)
  (global.get $top) (global.set $top (i32.add (global.get $top) (local.get 0))))
(func (export "proxy_abi_version_0_2_1"))
(data (i32.const 0) "x-test") (data (i32.const 16) "value") (data (i32.const 32) "key")
(data (i32.const 48) ":path") (data (i32.const 64) "content-length") (data (i32.const 96) "x-switchyard-retry")
(data (i32.const 128) "xds\00upstream_host_metadata\00filter_metadata\00switchyard\00lane")
(data (i32.const 208) "a\0db") (data (i32.const 216) "\ff") (data (i32.const 224) "xds\00upstream_host_metadata")
(data (i32.const 256) "\00\00\00\00") (data (i32.const 264) "request") (data (i32.const 272) "a\00b")
;; Logs a number from 0 to 9.
(func $tell (param i32)
  (i32.store8 (i32.const 1000) (i32.add (i32.const 48) (local.get 0)))
  (drop (call $log (i32.const 2) (i32.const 1000) (i32.const 1))))
;; True in the provider role: only there an endpoint is chosen before the request goes on.
(func $upstream (result i32)
  (i32.eqz (call $property (i32.const 128) (i32.const 58) (i32.const 1008) (i32.const 1012))))
;; Sets `x-test: value` in a map, and tells the status.
(func $mark (param i32)
  (call $tell (call $replace (local.get 0) (i32.const 0) (i32.const 6) (i32.const 16) (i32.const 5))))
;; Answers 403 `value`.
(func $deny (result i32)
  (call $respond (i32.const 403) (i32.const 0) (i32.const 0) (i32.const 16) (i32.const 5) (i32.const 0) (i32.const 0)
    (i32.const -1)))
"#;

/// The module with these callbacks.
pub fn wasm(callbacks: &str) -> Vec<u8> {
    wat::parse_str(format!("(module {PRELUDE} {callbacks})")).unwrap()
}

/// A callback: `on("request_headers", code, answer)`. Its parameters are $context, $size and $end.
pub fn on(callback: &str, code: &str, answer: u32) -> String {
    format!(
        "(func (export \"proxy_on_{callback}\") (param $context i32) (param $size i32) (param $end i32) (result i32)
           {code} (i32.const {answer}))"
    )
}

/// A gateway of this module in both roles.
pub fn gateway(callbacks: &str) -> Gateway {
    Gateway::start(&Compiled::new(&wasm(callbacks)).unwrap(), b"", b"", &[("KEY", "secret")]).unwrap()
}

/// A request with a body of five bytes, which names its pool by itself.
pub fn request() -> Request {
    Request::post("/", "hello").with("x-switchyard-reply", "pool/a+b")
}

/// Plays the plain request against a provider that answers `world`.
pub fn play(callbacks: &str) -> Exchanged {
    gateway(callbacks).play(&request(), &[Attempt::at("a", Answer::json(200, "world"))]).unwrap()
}

/// What was told, as one string.
pub fn told(exchanged: &Exchanged) -> String {
    exchanged.logs.iter().map(|(_, text)| text.as_str()).collect()
}

/// Asserts that some rule broken says all of this.
#[track_caller]
pub fn assert_broken(exchanged: &Exchanged, parts: &[&str]) {
    let hit = exchanged.violations.iter().any(|line| parts.iter().all(|part| line.contains(part)));
    assert!(hit, "no violation with {parts:?} in {:#?}", exchanged.violations);
}

/// Asserts that no rule was broken.
#[track_caller]
pub fn assert_clean(exchanged: &Exchanged) {
    assert!(exchanged.violations.is_empty(), "{:#?}", exchanged.violations);
}
