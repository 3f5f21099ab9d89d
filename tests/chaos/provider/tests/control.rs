//! The control API, and listeners that go down and come back.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod rig;

use std::{
    io::{ErrorKind, Write},
    net::{TcpListener, TcpStream},
    time::Duration,
};

use rig::{Ask, End, Rig, key, read};
use serde_json::{Value, json};

#[test]
fn settings_that_make_no_sense_are_refused_and_nothing_is_made() {
    let rig = Rig::start();
    let good = json!({"format": "openai", "key": "key-of-good-0001"});
    for (member, value) in [
        ("format", json!("mistral")),
        ("key", json!("short")),
        ("fault", json!("no-such")),
        ("fault", json!("status:700")),
        ("fault", json!("status:x")),
        ("fault", json!("error-code:no-such")),
        ("fault", json!("bad-crc")),
        ("every", json!(0)),
        ("events", json!(0)),
        ("unknown", json!(1)),
    ] {
        let mut bad = good.clone();
        bad[member] = value;
        let (status, told) = rig.try_control("PUT", "/_cells", &json!({"a": good, "b": bad}));
        assert_eq!(status, 400, "{bad}: {told}");
        assert_eq!(rig.try_control("GET", "/_cells/a", &Value::Null).0, 404);
    }
    for name in ["", "_a", "a/b", "a b"] {
        assert_eq!(rig.try_control("PUT", "/_cells", &json!({name: good})).0, 400, "{name:?}");
    }
    assert_eq!(rig.try_control("PATCH", "/_cells/a", &json!({})).0, 404);
    assert_eq!(rig.try_control("GET", "/_nothing", &Value::Null).0, 404);
}

#[test]
fn a_patch_changes_what_it_names_and_keeps_the_counts() {
    let rig = Rig::with(json!({"events": 3}));
    rig.call("openai", false);
    rig.fault("openai", "status:503");
    assert_eq!(rig.call("openai", false).status(), 503);
    let told = rig.get("openai");
    assert_eq!((&told["requests"], &told["settings"]["events"]), (&json!(2), &json!(3)));
    rig.control("DELETE", "/_cells/openai/counts", &Value::Null);
    let told = rig.get("openai");
    assert_eq!((&told["requests"], &told["seen"], &told["first_ms"]), (&json!(0), &json!({}), &Value::Null));
    rig.control("DELETE", "/_cells/openai", &Value::Null);
    assert_eq!(rig.call("openai", false).status(), 404);
    let stray = rig.control("GET", "/_stray", &Value::Null);
    assert_eq!(stray["violation_count"], 1, "{stray}");
}

#[test]
fn only_each_nth_request_fails_and_never_one_for_the_healthy_model() {
    let rig = Rig::with(json!({"fault": "status:500", "every": 3}));
    let statuses: Vec<u16> = (0..6).map(|_| rig.call("cohere", false).status()).collect();
    assert_eq!(statuses, [200, 200, 500, 200, 200, 500]);
    let told = rig.settled("cohere");
    assert_eq!((&told["faulted"], &told["served"], &told["requests"]), (&json!(2), &json!(4), &json!(6)));
    rig.control("PATCH", "/_cells/gemini", &json!({"every": 1}));
    for _ in 0..3 {
        let healthy = Ask::of(&rig.address, "gemini", "gemini", false, "healthy", "id:0102030405060708;");
        assert_eq!(healthy.send().status(), 200);
    }
}

/// A cell with a port of its own.
fn own(rig: &Rig) -> (String, Ask) {
    let made = rig.cell("own", "openai", &json!({"own_port": true, "gap_ms": 50, "events": 200}));
    let address = format!("127.0.0.1:{}", made["port"]);
    let ask = Ask::of(&address, "own", "openai", true, "m", "id:0102030405060708;");
    (address, ask)
}

#[test]
fn a_listener_goes_down_with_its_connections_and_comes_back_on_its_port() {
    let rig = Rig::start();
    let (address, ask) = own(&rig);
    let mut idle = TcpStream::connect(&address).unwrap();
    let mut busy = ask.open();
    let began = read(&mut busy, Duration::from_millis(20));
    assert_eq!((began.status(), began.end), (200, End::Quiet));
    rig.control("POST", "/_cells/own/down", &Value::Null);
    assert_eq!(read(&mut busy, Duration::from_secs(1)).end, End::Rst);
    assert_eq!(read(&mut idle, Duration::from_secs(1)).end, End::Rst);
    for _ in 0..20 {
        assert_eq!(TcpStream::connect(&address).unwrap_err().kind(), ErrorKind::ConnectionRefused);
    }
    assert!(TcpListener::bind(&address).is_err(), "somebody else could have the port");
    let told = rig.settled("own");
    assert_eq!((&told["aborted"], &told["served"], &told["cancelled"]), (&json!(1), &json!(0), &json!(0)));
    // A second `down` changes nothing, and a second `up` neither.
    rig.control("POST", "/_cells/own/down", &Value::Null);
    rig.control("PATCH", "/_cells/own", &json!({"gap_ms": 0, "events": 5}));
    assert!(TcpStream::connect(&address).is_err());
    for _ in 0..2 {
        let up = rig.control("POST", "/_cells/own/up", &Value::Null);
        assert_eq!(format!("127.0.0.1:{}", up["port"]), address);
        assert_eq!(ask.send().end, End::Whole);
    }
    assert_eq!(rig.violations("own"), [""; 0]);
}

#[test]
fn down_and_up_a_hundred_times() {
    let rig = Rig::start();
    let (address, ask) = own(&rig);
    rig.control("PATCH", "/_cells/own", &json!({"gap_ms": 0, "events": 5}));
    for _ in 0..100 {
        let mut kept = ask.open();
        assert_eq!(read(&mut kept, Duration::from_secs(1)).end, End::Whole);
        rig.control("POST", "/_cells/own/down", &Value::Null);
        assert_eq!(read(&mut kept, Duration::from_secs(1)).end, End::Rst);
        assert!(TcpStream::connect(&address).is_err());
        rig.control("POST", "/_cells/own/up", &Value::Null);
    }
    assert_eq!(rig.settled("own")["served"], 100);
}

#[test]
fn a_cell_without_a_port_of_its_own_cannot_go_down() {
    let rig = Rig::with(json!({}));
    assert_eq!(rig.try_control("POST", "/_cells/openai/down", &Value::Null).0, 404);
}

#[test]
fn holds_two_thousand_connections() {
    let rig = Rig::with(json!({"fault": "silent"}));
    let ask = rig.ask("openai", "openai", false);
    let mut held: Vec<TcpStream> = (0..2000).map(|_| TcpStream::connect(&rig.address).unwrap()).collect();
    let bytes = ask.bytes();
    for stream in &mut held {
        stream.write_all(&bytes).unwrap();
    }
    let end = std::time::Instant::now() + Duration::from_secs(20);
    while rig.get("openai")["concurrent"] != 2000 && std::time::Instant::now() < end {
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(rig.get("openai")["peak"], 2000);
    assert!(rig.address.starts_with("127.0.0.1:") && key("x").len() > 8);
    drop(held);
    assert_eq!(rig.settled("openai")["cancelled"], 2000);
}
