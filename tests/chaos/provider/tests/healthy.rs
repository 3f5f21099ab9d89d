//! Good replies of each format, whole and streamed, and their counts.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "rig/events.rs"]
mod events;
mod rig;

use std::{
    io::Write,
    net::TcpStream,
    thread,
    time::{Duration, Instant},
};

use rig::{Ask, End, FORMATS, ID, Rig, read};
use serde_json::{Value, json};

#[test]
fn whole_replies_say_who_served_what_and_their_usage() {
    let rig = Rig::with(json!({}));
    for format in FORMATS {
        let came = rig.call(format, false);
        assert_eq!((came.status(), came.end), (200, End::Whole), "{format}");
        assert_eq!(came.header("content-type"), Some("application/json"));
        assert_eq!(events::whole_text(format, &came.json()), format!("served-by:{format} id:{ID}"));
        assert_eq!(events::usage(format, [&came.json()]), Some((1001, 12)), "{format}");
    }
}

#[test]
fn streams_say_the_same_in_as_many_deltas_as_the_cell_has() {
    for (deltas, more) in [(1, ""), (2, ""), (5, ""), (19, " ."), (30, " .")] {
        let rig = Rig::with(json!({"events": deltas}));
        for format in FORMATS {
            let came = rig.call(format, true);
            assert_eq!((came.status(), came.end), (200, End::Whole), "{format}");
            let events = events::read(format, &came.body).unwrap();
            let text = events::text(format, &events);
            let said = format!("served-by:{format} id:{ID}");
            assert_eq!(text.trim_end_matches(" ."), said, "{format}");
            assert_eq!(text.ends_with(" ."), !more.is_empty(), "{format}");
            let values: Vec<Value> =
                events.iter().filter_map(|(_, data)| serde_json::from_slice(data).ok()).collect();
            assert_eq!(events::usage(format, &values), Some((1001, 12)), "{format}");
            let own = |one: &&(String, Vec<u8>)| !events::text(format, &[(*one).clone()]).is_empty();
            assert_eq!(events.iter().filter(own).count(), deltas, "{format}");
        }
    }
}

#[test]
fn events_are_called_as_each_format_calls_them() {
    let rig = Rig::with(json!({"events": 2}));
    let names = |format: &str| -> Vec<String> {
        let events = events::read(format, &rig.call(format, true).body).unwrap();
        events.into_iter().map(|(name, _)| name).collect()
    };
    let anthropic = "message_start content_block_start ping content_block_delta content_block_delta \
                     content_block_stop message_delta message_stop";
    assert_eq!(names("anthropic").join(" "), anthropic);
    let bedrock = "messageStart contentBlockDelta contentBlockDelta contentBlockStop messageStop metadata";
    assert_eq!(names("bedrock").join(" "), bedrock);
    let cohere = "message-start content-start content-delta content-delta content-end message-end";
    assert_eq!(names("cohere").join(" "), cohere);
    let openai = events::read("openai", &rig.call("openai", true).body).unwrap();
    assert_eq!(openai.last().unwrap().1, b"[DONE]");
    assert_eq!(names("gemini").len(), 3);
}

#[test]
fn openai_tells_usage_only_where_it_is_asked() {
    let rig = Rig::with(json!({}));
    let mut ask = rig.ask("openai", "openai", true);
    ask.body.as_object_mut().unwrap().remove("stream_options");
    let came = ask.send();
    assert!(!came.body.windows(7).any(|part| part == b"\"usage\""));
    assert_eq!(rig.violations("openai"), [""; 0]);
}

#[test]
fn what_is_served_is_counted_by_id_and_nothing_is_wrong() {
    let rig = Rig::with(json!({}));
    for format in FORMATS {
        rig.call(format, false);
        rig.settled(format);
        rig.call(format, true);
        let told = rig.settled(format);
        assert_eq!(told["violations"], json!([]), "{format}");
        for (count, expected) in
            [("requests", 2), ("served", 2), ("faulted", 0), ("aborted", 0), ("cancelled", 0), ("peak", 1)]
        {
            assert_eq!(told[count], expected, "{format} {count}");
        }
        assert_eq!(told["ids"], json!({ID: 2}));
        assert_eq!(told["seen"], json!({ID: 2}));
        let (first, last) = (told["first_ms"].as_u64().unwrap(), told["last_ms"].as_u64().unwrap());
        let now = rig.control("GET", "/_clock", &Value::Null)["now_ms"].as_u64().unwrap();
        assert!(first <= last && last <= now && now < last + 5000, "{first} {last} {now}");
    }
}

#[test]
fn a_connection_serves_one_request_after_another() {
    let rig = Rig::with(json!({}));
    let mut stream = TcpStream::connect(&rig.address).unwrap();
    for at in 0..6 {
        let format = FORMATS[at % 5];
        stream.write_all(&rig.ask(format, format, at % 2 == 0).bytes()).unwrap();
        assert_eq!(read(&mut stream, Duration::from_secs(1)).end, End::Whole);
    }
    assert_eq!(rig.settled("openai")["served"], 2);
    let close = rig.ask("openai", "openai", false).with("connection", "close");
    stream.write_all(&close.bytes()).unwrap();
    assert_eq!(read(&mut stream, Duration::from_secs(1)).end, End::Whole);
    assert_eq!(read(&mut stream, Duration::from_secs(1)).end, End::Fin);
}

#[test]
fn bodies_in_chunks_and_large_ones_are_read_whole() {
    let rig = Rig::with(json!({}));
    let text = |length: usize| {
        let start = format!("id:{ID}; len:{length}; ");
        format!("{start}{}", "x".repeat(length - start.len()))
    };
    let large = Ask::of(&rig.address, "openai", "openai", false, "m", &text(2_000_000));
    assert_eq!(large.send().status(), 200);
    // The same in chunks, cut at odd places.
    let bytes = large.bytes();
    let at = bytes.windows(16).position(|part| part == b"content-length: ").unwrap();
    let body = bytes.windows(4).position(|part| part == b"\r\n\r\n").unwrap() + 4;
    let mut chunked = [&bytes[..at], b"transfer-encoding: chunked\r\n\r\n"].concat();
    for part in bytes[body..].chunks(77_777) {
        chunked.extend_from_slice(format!("{:X};a=b\r\n", part.len()).as_bytes());
        chunked.extend_from_slice(part);
        chunked.extend_from_slice(b"\r\n");
    }
    chunked.extend_from_slice(b"0\r\nx-trailer: 1\r\n\r\n");
    assert_eq!(rig::exchange(&rig.address, &chunked).status(), 200);
    let told = rig.settled("openai");
    assert_eq!((&told["served"], &told["violations"]), (&json!(2), &json!([])));
}

#[test]
fn pauses_are_kept() {
    let rig = Rig::with(json!({"delay_ms": 80, "gap_ms": 20, "events": 5}));
    let start = Instant::now();
    let came = rig.call("gemini", true);
    assert_eq!(came.end, End::Whole);
    // Six events have five gaps.
    assert!(start.elapsed() >= Duration::from_millis(180), "{:?}", start.elapsed());
    assert!(start.elapsed() < Duration::from_millis(600), "{:?}", start.elapsed());
}

#[test]
fn requests_under_way_are_counted_and_so_are_those_that_are_left() {
    let rig = Rig::with(json!({"gap_ms": 50, "events": 100}));
    let streams: Vec<TcpStream> = (0..8).map(|_| rig.ask("cohere", "cohere", true).open()).collect();
    let end = Instant::now() + Duration::from_secs(3);
    while rig.get("cohere")["concurrent"] != 8 && Instant::now() < end {
        thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(rig.get("cohere")["peak"], 8);
    // Half of them at once, half in good order.
    for stream in &streams[..4] {
        rig::leave(stream);
    }
    drop(streams);
    let told = rig.settled("cohere");
    assert_eq!((&told["cancelled"], &told["served"], &told["concurrent"]), (&json!(8), &json!(0), &json!(0)));
    assert_eq!(told["ids"], json!({}));
}

#[test]
fn without_record_only_numbers_are_kept() {
    let rig = Rig::with(json!({"record": false}));
    rig.call("openai", false);
    let told = rig.settled("openai");
    assert_eq!((&told["served"], &told["ids"], &told["seen"]), (&json!(1), &json!({}), &json!({})));
}
