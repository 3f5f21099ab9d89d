//! Properties, logs, metrics, memory, WASI.

use super::fixture::{assert_broken, assert_clean, on, play, told};

/// Reads a property and tells the status.
fn property(at: u32, len: u32) -> String {
    format!(
        "(call $tell (call $property (i32.const {at}) (i32.const {len}) (i32.const 1008) (i32.const 1012)))"
    )
}

fn set_property(at: u32, len: u32) -> String {
    format!(
        "(call $tell (call $set_property (i32.const {at}) (i32.const {len}) (i32.const 16) (i32.const 5)))"
    )
}

#[test]
fn a_missing_property_is_not_found_and_an_unset_message_does_not_serialise() {
    let both = format!("{} {}", property(32, 3), property(224, 26));
    let done = play(&on("request_headers", &format!("(if (i32.eqz (call $upstream)) (then {both}))"), 0));
    assert_clean(&done);
    assert_eq!(told(&done), "13");
}

#[test]
fn what_one_role_sets_the_other_reads() {
    let both = format!("(if (call $upstream) (then {}) (else {}))", property(32, 3), set_property(32, 3));
    let done = play(&on("request_headers", &both, 0));
    assert_clean(&done);
    assert_eq!(told(&done), "00");
}

#[test]
fn a_property_that_cannot_be_read_back_is_told() {
    assert_broken(&play(&on("request_headers", &set_property(272, 3), 0)), &["cannot be read back"]);
    assert_broken(
        &play(&on("request_headers", &set_property(264, 7), 0)),
        &["`request` cannot be read back"],
    );
    let done = format!(
        "(func (export \"proxy_on_done\") (param i32) (result i32) {} (i32.const 1))",
        set_property(32, 3)
    );
    assert_broken(&play(&done), &["proxy_on_done", "too late"]);
}

#[test]
fn attributes_of_the_request_are_there_while_its_map_is() {
    // `request` alone is a map, not a value.
    let path = "(data (i32.const 300) \"request\\00path\")";
    let done = play(&format!("{path} {}", on("request_headers", &property(300, 12), 0)));
    assert_eq!(told(&done), "00");
    let done = play(&format!("{path} {}", on("response_headers", &property(300, 12), 0)));
    assert_eq!(told(&done), "11");
}

#[test]
fn logs_are_text_of_a_known_level() {
    let log = |level: u32, at: u32| {
        format!("(drop (call $log (i32.const {level}) (i32.const {at}) (i32.const 1)))")
    };
    assert_broken(&play(&on("request_headers", &log(6, 0), 0)), &["proxy_log", "level 6"]);
    assert_broken(&play(&on("request_headers", &log(2, 216), 0)), &["proxy_log", "not UTF-8"]);
}

#[test]
fn a_counter_does_not_grow_by_nothing() {
    let define = "(drop (call $metric (i32.const 0) (i32.const 32) (i32.const 3) (i32.const 1008)))";
    let grow = |by: i64| {
        format!("{define} (call $tell (call $increment (i32.load (i32.const 1008)) (i64.const {by})))")
    };
    assert_broken(&play(&on("request_headers", &grow(0), 0)), &["proxy_increment_metric", "by 0"]);
    assert_eq!(told(&play(&on("request_headers", &grow(1), 0))), "00");
}

#[test]
fn memory_that_is_not_there_is_told() {
    let beyond = "(call $tell (call $log (i32.const 2) (i32.const -8) (i32.const 16)))";
    let done = play(&on("request_headers", beyond, 0));
    assert_broken(&done, &["proxy_log", "no such memory"]);
    assert!(told(&done).starts_with('6'), "InvalidMemoryAccess");
}

#[test]
fn a_cluster_that_is_not_there_and_what_wasi_does_not_give_is_told() {
    let zero = "(i32.const 0)";
    let call = format!("(call $tell (call $call {}))", [zero; 10].join(" "));
    let done = play(&on("request_headers", &call, 0));
    assert_clean(&done);
    assert_eq!(told(&done), "22", "a cluster that is not there is a bad argument");
    let random = |len: u32| format!("(call $tell (call $random (i32.const 2000) (i32.const {len})))");
    assert_broken(&play(&on("request_headers", &random(65_537), 0)), &["random_get", "65537"]);
    let done = play(&on("request_headers", &random(64), 0));
    assert_clean(&done);
    assert_eq!(told(&done), "00");
}
