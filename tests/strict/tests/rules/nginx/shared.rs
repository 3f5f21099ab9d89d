//! Shared data and metrics.

use super::{
    super::fixture::{on, told},
    *,
};

fn share(cas: &str) -> String {
    format!("(call $tell (call $share (i32.const 32) (i32.const 3) (i32.const 16) (i32.const 5) {cas}))")
}

/// Reads the entry, its number to 1016.
const READ: &str = "(call $tell (call $shared (i32.const 32) (i32.const 3) (i32.const 1008) (i32.const 1012) (i32.const 1016)))";

#[test]
fn an_entry_is_written_by_its_number_and_zero_is_for_none() {
    let zero = "(i32.const 0)";
    let code = [
        READ,
        &share("(i32.const 5)"),
        &share(zero),
        &share(zero),
        READ,
        &share("(i32.load (i32.const 1016))"),
    ];
    let done = play(&on("request_headers", &code.concat(), 0));
    assert_well(&done);
    assert_eq!(told(&done), "180800");
}

#[test]
fn what_has_no_room_traps() {
    let mut server = server(&on("request_headers", &share("(i32.const 0)"), 0));
    server.vm().host_mut().nginx.shared_bytes = 7;
    assert_trapped(&server.play(&request(), &world()), &["proxy_set_shared_data", "slab"]);
}

#[test]
fn without_a_store_asking_for_it_traps() {
    for code in [READ.to_owned(), share("(i32.const 0)")] {
        let mut server = server(&on("request_headers", &code, 0));
        server.vm().host_mut().nginx.shared_bytes = 0;
        assert_trapped(&server.play(&request(), &world()), &["could not resolve namespace"]);
    }
}

#[test]
fn misuse_of_metrics_traps() {
    let define = |kind: u32, len: u32| {
        format!("(drop (call $metric (i32.const {kind}) (i32.const 32) (i32.const {len}) (i32.const 1008)))")
    };
    let tell = "(call $tell (call $increment (i32.load (i32.const 1008)) (i64.const 2)))";
    let done = play(&on("request_headers", &(define(0, 3) + tell), 0));
    assert_well(&done);
    for code in [
        define(2, 3) + tell,
        define(9, 3),
        define(0, 257),
        "(call $tell (call $increment (i32.const 99) (i64.const 2)))".to_owned(),
        "(call $tell (call $record (i32.const 99) (i64.const 2)))".to_owned(),
    ] {
        assert_trapped(&play(&on("request_headers", &code, 0)), &["metric"]);
    }
}
