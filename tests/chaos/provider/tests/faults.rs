//! Each fault does what it says, as seen on a raw socket.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "rig/events.rs"]
mod events;
mod rig;

use std::{net::TcpStream, time::Duration};

use rig::{Came, End, FORMATS, ID, Rig, leave, read};
use serde_json::{Value, json};

/// The reply of each format to a request that meets the fault, and what its cell counted.
fn each(fault: &str, stream: bool, check: impl Fn(&str, &Came, &Value)) {
    let rig = Rig::with(json!({}));
    for format in FORMATS {
        rig.fault(format, fault);
        let came = rig.call(format, stream);
        // Where nothing more comes the peer has left now.
        let told = rig.settled(format);
        assert_eq!((&told["requests"], &told["faulted"]), (&json!(1), &json!(1)), "{format} {fault}");
        assert_eq!(told["violations"], json!([]), "{format}");
        assert_eq!(told["seen"], json!({ID: 1}));
        assert_eq!(told["ids"], if told["served"] == 1 { json!({ID: 1}) } else { json!({}) });
        check(format, &came, &told);
    }
}

/// How it ended, by the counts: served, aborted, cancelled.
fn ended(told: &Value) -> (u64, u64, u64) {
    let count = |name: &str| told[name].as_u64().unwrap();
    (count("served"), count("aborted"), count("cancelled"))
}

const SERVED: (u64, u64, u64) = (1, 0, 0);
const TOLD: (u64, u64, u64) = (0, 0, 0);
const ABORTED: (u64, u64, u64) = (0, 1, 0);
const CANCELLED: (u64, u64, u64) = (0, 0, 1);

/// The text of what came, as far as it came.
fn text(format: &str, came: &Came) -> String {
    events::text(format, &events::read(format, &came.body).unwrap())
}

#[test]
fn statuses_have_the_formats_own_errors() {
    let kinds = [
        ("openai", 429, "/error/code", "rate_limit_exceeded"),
        ("openai", 401, "/error/code", "invalid_api_key"),
        ("openai", 404, "/error/code", "model_not_found"),
        ("openai", 500, "/error/type", "server_error"),
        ("anthropic", 529, "/error/type", "overloaded_error"),
        ("anthropic", 429, "/error/type", "rate_limit_error"),
        ("anthropic", 413, "/error/type", "request_too_large"),
        ("anthropic", 500, "/error/type", "api_error"),
        ("gemini", 503, "/error/status", "UNAVAILABLE"),
        ("gemini", 429, "/error/status", "RESOURCE_EXHAUSTED"),
        ("bedrock", 429, "", "ThrottlingException"),
        ("bedrock", 503, "", "ServiceUnavailableException"),
        ("bedrock", 400, "", "ValidationException"),
        ("cohere", 401, "/message", "invalid api token"),
    ];
    for status in [400, 401, 403, 404, 408, 409, 413, 422, 429, 500, 502, 503, 504, 529] {
        for stream in [false, true] {
            each(&format!("status:{status}"), stream, |format, came, told| {
                assert_eq!((came.status(), came.end), (status, End::Whole), "{format}");
                assert_eq!(ended(told), TOLD);
                let message =
                    ["/error/message", "/message"].iter().find_map(|at| came.json().pointer(at).cloned());
                assert!(message.is_some_and(|message| message.is_string()), "{format}: {came:?}");
                for (of, with, at, kind) in kinds {
                    if of == format && with == status && !at.is_empty() {
                        assert_eq!(came.json().pointer(at), Some(&json!(kind)), "{format} {status}");
                    } else if of == format && with == status {
                        assert!(came.header("x-amzn-errortype").unwrap().starts_with(&format!("{kind}:")));
                    }
                }
            });
        }
    }
}

#[test]
fn headers_of_the_cell_come_with_the_fault_only() {
    let headers = json!([["retry-after", "7"], ["retry-after-ms", "7000"]]);
    let rig = Rig::with(json!({"headers": headers, "fault": "status:429", "every": 2}));
    let good = rig.call("openai", false);
    assert_eq!((good.status(), good.header("retry-after")), (200, None));
    let bad = rig.call("openai", false);
    assert_eq!(
        (bad.status(), bad.header("retry-after"), bad.header("retry-after-ms")),
        (429, Some("7"), Some("7000"))
    );
}

#[test]
fn refusals_are_each_providers_own() {
    let expected = [
        ("context_length", "openai", 400, "context_length_exceeded"),
        ("context_length", "anthropic", 400, "prompt is too long"),
        ("context_length", "gemini", 400, "exceeds the maximum number of tokens"),
        ("context_length", "bedrock", 400, "Input is too long"),
        ("context_length", "cohere", 400, "too many tokens"),
        ("content_policy", "openai", 400, "content_policy_violation"),
        ("content_policy", "anthropic", 400, "content filtering policy"),
        ("content_policy", "gemini", 200, "PROHIBITED_CONTENT"),
        ("content_policy", "bedrock", 400, "content filtering policy"),
        ("content_policy", "cohere", 498, "usage guidelines"),
        ("quota", "openai", 429, "insufficient_quota"),
        ("quota", "anthropic", 400, "credit balance is too low"),
        ("quota", "gemini", 429, "RESOURCE_EXHAUSTED"),
        ("quota", "bedrock", 400, "service quota"),
        ("quota", "cohere", 429, "Trial key"),
    ];
    for (why, of, status, words) in expected {
        for stream in [false, true] {
            let rig = Rig::with(json!({"fault": format!("error-code:{why}")}));
            let came = rig.call(of, stream);
            let body = String::from_utf8(came.body.clone()).unwrap();
            assert_eq!((came.status(), body.contains(words)), (status, true), "{of} {why}: {body}");
            assert_eq!(
                stream && status == 200,
                came.header("content-type").unwrap().contains("event-stream")
            );
        }
    }
}

#[test]
fn resets_and_ends_before_a_body() {
    for stream in [false, true] {
        each("reset-before", stream, |_, came, told| {
            assert_eq!((came.raw.len(), came.end, ended(told)), (0, End::Rst, ABORTED));
        });
        each("close-before", stream, |_, came, told| {
            assert_eq!((came.raw.len(), came.end, ended(told)), (0, End::Fin, ABORTED));
        });
        each("reset-in-head", stream, |_, came, told| {
            assert!(came.raw.starts_with(b"HTTP/1.1 200 OK\r\n") && came.head.is_empty(), "{came:?}");
            assert_eq!((came.end, ended(told)), (End::Rst, ABORTED));
        });
        each("reset-after-head", stream, |_, came, told| {
            assert_eq!((came.status(), came.body.len(), came.end), (200, 0, End::Rst));
            assert!(
                came.time >= Duration::from_millis(30),
                "the head and the reset come together: {:?}",
                came.time
            );
            assert_eq!(ended(told), ABORTED);
        });
    }
}

#[test]
fn silence_until_the_peer_leaves() {
    for stream in [false, true] {
        let rig = Rig::with(json!({}));
        for (fault, head) in [("silent", false), ("head-only", true), ("hang-mid", true)] {
            for format in FORMATS {
                rig.fault(format, fault);
                let mut open = rig.ask(format, format, stream).open();
                let came = read(&mut open, Duration::from_millis(100));
                assert_eq!((came.end, came.head.is_empty()), (End::Quiet, !head), "{format} {fault}");
                assert_eq!(rig.get(format)["concurrent"], 1);
                check_hang(format, fault, stream, &came);
                leave(&open);
                assert_eq!(ended(&rig.settled(format)), CANCELLED);
                rig.control("DELETE", &format!("/_cells/{format}/counts"), &Value::Null);
            }
        }
    }
}

/// What has come before the silence.
fn check_hang(format: &str, fault: &str, stream: bool, came: &Came) {
    if fault != "hang-mid" {
        assert!(came.body.is_empty());
    } else if stream {
        assert_eq!(events::read(format, &came.body).unwrap().len(), 1, "{format}");
    } else {
        let length: usize = came.header("content-length").unwrap().parse().unwrap();
        assert_eq!(came.body.len(), length / 2);
    }
}

#[test]
fn a_byte_a_second() {
    let rig = Rig::with(json!({"fault": "drip"}));
    let opened: Vec<(&str, TcpStream)> =
        FORMATS.iter().map(|format| (*format, rig.ask(format, format, true).open())).collect();
    std::thread::sleep(Duration::from_millis(2500));
    for (format, mut open) in opened {
        let came = read(&mut open, Duration::from_millis(1));
        // The size of a chunk drips as its data do.
        let after = came.raw.windows(4).position(|part| part == b"\r\n\r\n").unwrap() + 4;
        assert_eq!((came.end, came.raw.len() - after), (End::Quiet, 2), "{format}");
    }
}

#[test]
fn cuts_in_the_middle() {
    for (fault, end) in [("cut-mid", End::Rst), ("cut-mid-fin", End::Fin)] {
        each(fault, false, |_, came, told| {
            let length: usize = came.header("content-length").unwrap().parse().unwrap();
            assert_eq!((came.body.len(), came.end, ended(told)), (length / 2, end, ABORTED));
        });
        each(fault, true, |format, came, told| {
            assert_eq!((came.end, ended(told)), (end, ABORTED), "{format}");
            assert!(events::read(format, &came.body).is_err(), "{format}: the last event is whole");
            let raw = came.body.escape_ascii().to_string();
            assert!(raw.contains(&format!("served-by:{format} ")) && raw.contains("id:01"), "{raw}");
            assert!(!raw.contains("\\\"0708\\\""), "{raw}");
        });
    }
}

#[test]
fn proper_ends_that_come_too_early() {
    each("end-early", false, |_, came, told| {
        assert_eq!((came.status(), came.end, ended(told)), (200, End::Whole, TOLD));
        assert!(serde_json::from_slice::<Value>(&came.body).is_err());
    });
    each("end-early", true, |format, came, told| {
        assert_eq!((came.end, ended(told)), (End::Whole, TOLD));
        assert_eq!(text(format, came), format!("served-by:{format} id:01"));
    });
}

#[test]
fn errors_with_status_200() {
    for fault in ["error-first", "error-later", "error-200"] {
        each(fault, false, |format, came, told| {
            assert_eq!((came.status(), came.end, ended(told)), (200, End::Whole, TOLD));
            let value = came.json();
            assert!(value.get("error").is_some() || value.get("message").is_some(), "{format}: {value}");
            assert_eq!(events::whole_text(format, &value), "");
        });
    }
    each("error-200", true, |_, came, _| {
        assert_eq!((came.status(), came.header("content-type")), (200, Some("application/json")));
    });
    for (fault, said) in [("error-first", ""), ("error-later", "served-by:F id:01")] {
        each(fault, true, |format, came, told| {
            assert_eq!((came.end, ended(told)), (End::Whole, TOLD));
            assert_eq!(text(format, came), said.replace('F', format));
            let (name, data) = events::read(format, &came.body).unwrap().pop().unwrap();
            let last = format!("{name} {}", String::from_utf8(data).unwrap());
            let expected = match format {
                "anthropic" => "error {\"type\":\"error\"",
                "bedrock" => "serviceUnavailableException {\"message\"",
                "cohere" => "message-end {\"type\":\"message-end\",\"delta\":{\"finish_reason\":\"ERROR\"",
                _ => " {\"error\":{",
            };
            assert!(last.starts_with(expected), "{format}: {last}");
        });
    }
}

#[test]
fn pages_and_wrong_types() {
    for stream in [false, true] {
        each("html-200", stream, |_, came, told| {
            assert_eq!((came.status(), came.end, ended(told)), (200, End::Whole, TOLD));
            assert!(came.header("content-type").unwrap().starts_with("text/html"));
            assert!(came.body.starts_with(b"<!DOCTYPE html>"));
        });
        each("wrong-type", stream, |format, came, told| {
            assert_eq!((came.header("content-type"), ended(told)), (Some("text/plain"), SERVED));
            let said = if stream { text(format, came) } else { events::whole_text(format, &came.json()) };
            assert_eq!(said, format!("served-by:{format} id:{ID}"));
        });
    }
}

#[test]
fn json_that_is_none() {
    each("malformed", false, |_, came, told| {
        assert_eq!((came.status(), came.end, ended(told)), (200, End::Whole, TOLD));
        assert!(serde_json::from_slice::<Value>(&came.body).is_err());
    });
    each("malformed", true, |format, came, told| {
        assert_eq!((came.end, ended(told)), (End::Whole, TOLD));
        let events = events::read(format, &came.body).unwrap();
        assert!(serde_json::from_slice::<Value>(&events[0].1).is_err(), "{format}");
        assert!(
            events[1..]
                .iter()
                .all(|(_, data)| data == b"[DONE]" || serde_json::from_slice::<Value>(data).is_ok())
        );
    });
}

#[test]
fn gzip_is_right_and_says_so() {
    for stream in [false, true] {
        each("gzip", stream, |format, came, told| {
            assert_eq!((came.header("content-encoding"), ended(told)), (Some("gzip"), SERVED));
            let body = unpack(&came.body);
            let said = if stream {
                events::text(format, &events::read(format, &body).unwrap())
            } else {
                events::whole_text(format, &serde_json::from_slice(&body).unwrap())
            };
            assert_eq!(said, format!("served-by:{format} id:{ID}"));
        });
    }
}

/// Unpacks stored blocks, by RFC 1951 and 1952.
fn unpack(gzip: &[u8]) -> Vec<u8> {
    assert_eq!(gzip[..4], [0x1F, 0x8B, 8, 0]);
    let (mut at, mut body) = (10, Vec::new());
    loop {
        let last = gzip[at];
        let length = u16::from_le_bytes([gzip[at + 1], gzip[at + 2]]);
        assert_eq!(u16::from_le_bytes([gzip[at + 3], gzip[at + 4]]), !length);
        body.extend_from_slice(&gzip[at + 5..at + 5 + usize::from(length)]);
        at += 5 + usize::from(length);
        if last == 1 {
            break;
        }
    }
    let expected = [events::sum(&body).to_le_bytes(), (body.len() as u32).to_le_bytes()].concat();
    assert_eq!(gzip[at..], expected);
    body
}

#[test]
fn frames_that_are_damaged() {
    let rig = Rig::with(json!({}));
    for (fault, wrong, before) in [
        ("bad-crc", "the sum of message 0", 0),
        ("bad-crc-later", "the sum of message 3", 3),
        ("bad-frame", "a frame is cut", 0),
    ] {
        rig.fault("bedrock", fault);
        let came = rig.call("bedrock", true);
        assert_eq!((came.status(), came.end), (200, End::Whole), "{fault}");
        assert_eq!(events::read("bedrock", &came.body).unwrap_err(), wrong);
        let said = came.body.escape_ascii().to_string();
        assert_eq!(said.contains("id:01"), before == 3 || fault == "bad-crc", "{said}");
    }
    // Whole replies have no frames.
    let came = rig.call("bedrock", false);
    assert_eq!(events::whole_text("bedrock", &came.json()), format!("served-by:bedrock id:{ID}"));
    assert_eq!(rig.settled("bedrock")["faulted"], 3);
}

#[test]
fn bytes_that_are_no_text() {
    for stream in [false, true] {
        each("bad-utf8", stream, |format, came, told| {
            assert_eq!((came.end, ended(told)), (End::Whole, SERVED));
            assert_eq!(came.body.iter().filter(|byte| **byte == 0xFF).count(), 1);
            let found = came.body.windows(12).any(|part| part.starts_with(b"served-by:\xFF"));
            assert!(found, "{format}");
            // The framing is right all the same.
            assert!(!stream || events::read(format, &came.body).is_ok());
        });
    }
}

#[test]
fn fifty_megabytes() {
    each("huge", false, |format, came, told| {
        assert_eq!((came.end, ended(told)), (End::Whole, SERVED), "{format}");
        let said = events::whole_text(format, &came.json());
        assert!(said.starts_with(&format!("served-by:{format} id:{ID}xx")));
        assert!(said.len() > 50_000_000, "{}", said.len());
    });
    each("huge", true, |format, came, told| {
        assert_eq!((came.end, ended(told)), (End::Whole, SERVED), "{format}");
        assert!(came.body.len() > 50_000_000, "{}", came.body.len());
        let tail = came.body[came.body.len() - 3000..].escape_ascii().to_string();
        assert!(tail.contains("xxx") && (tail.contains("12") || tail.contains("1013")), "{tail}");
    });
}

#[test]
fn lines_without_an_end() {
    let rig = Rig::with(json!({"fault": "endless-line"}));
    for format in ["openai", "bedrock"] {
        for stream in [false, true] {
            let came = rig.call(format, stream);
            assert_eq!((came.status(), came.end), (200, End::Whole), "{format}");
            assert!(came.body.len() >= 64 << 20, "{}", came.body.len());
            let newline = came.body.iter().skip(16).position(|byte| *byte == b'\n');
            assert_eq!(newline, None, "{format}");
        }
        // A peer that has enough.
        let mut open = rig.ask(format, format, true).open();
        let mut some = [0; 1000];
        std::io::Read::read_exact(&mut open, &mut some).unwrap();
        drop(open);
        assert_eq!(ended(&rig.settled(format)), CANCELLED);
    }
}
