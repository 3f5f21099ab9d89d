use super::*;
use crate::ir::{ErrorKind, Usage};

/// What the client gets of a stream that comes in these pieces, and what was seen of it.
fn through(pieces: &[&[u8]]) -> (String, Progress) {
    let mut pass = MessagesPass::new(Format::Anthropic);
    let mut all = Vec::new();
    for piece in pieces {
        let mut out = Vec::new();
        if pass.push(piece, &mut out) {
            assert!(out.is_empty(), "bytes that pass were copied too");
            all.extend_from_slice(piece);
        }
        all.extend_from_slice(&out);
    }
    pass.end(&mut all);
    (String::from_utf8(all).unwrap(), pass.progress().clone())
}

/// The same for every cut in two, and byte by byte; all must agree.
fn every_way(stream: &str) -> (String, Progress) {
    let stream = stream.as_bytes();
    let whole = through(&[stream]);
    for at in 0..=stream.len() {
        let (first, second) = stream.split_at(at);
        assert_eq!(through(&[first, second]), whole, "cut at {at}");
    }
    let bytes: Vec<_> = stream.chunks(1).collect();
    assert_eq!(through(&bytes), whole, "byte by byte");
    whole
}

/// As Anthropic frames an event: with spaces behind the JSON.
fn event(kind: &str, members: &str) -> String {
    format!("event: {kind}\ndata: {{\"type\":\"{kind}\"{members}}}    \n\n")
}

fn start() -> String {
    event("message_start", r#","message":{"id":"msg_1","usage":{"input_tokens":9,"output_tokens":1}}"#)
}

fn text(text: &str) -> String {
    event("content_block_delta", &format!(r#","index":0,"delta":{{"type":"text_delta","text":"{text}"}}"#))
}

fn end() -> String {
    let delta = r#","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":7}"#;
    event("message_delta", delta) + &event("message_stop", "")
}

fn told(error: &ApiError) -> String {
    let mut out = Vec::new();
    crate::dialect::messages::error::write_event(error, &mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn a_stream_passes_byte_for_byte() {
    let block = r#","index":0,"content_block":{"type":"text","text":""}"#;
    let ping = "event: ping\ndata: {\"type\": \"ping\"}\n\n: comment\n\n";
    let stream = [
        start(),
        event("content_block_start", block),
        ping.into(),
        text("a"),
        text("b\\n\\ud83d\\ude00"),
        text("ü"),
        event("content_block_delta", r#","index":0,"delta":{"type":"signature_delta","signature":"s"}"#),
        event("content_block_stop", r#","index":0"#),
        event("something_new", ""),
        end(),
    ];
    let stream = stream.concat();
    for stream in [stream.clone(), stream.replace('\n', "\r\n"), stream.replace('\n', "\r")] {
        let (out, progress) = every_way(&stream);
        assert_eq!(out, stream);
        let usage = Usage { input: Some(9), output: Some(7), ..Usage::default() };
        assert!(progress.started && progress.done && progress.error.is_none());
        assert_eq!(progress.usage, Some(usage));
    }
}

#[test]
fn deltas_like_an_earlier_one_pass_unread() {
    let mut watch = Watch::default();
    let raw = text("a");
    let data = raw.lines().nth(1).unwrap().strip_prefix("data: ").unwrap();
    let start = raw.find(data).unwrap();
    let data = &raw.as_bytes()[start..start + data.len()];
    let event = SseEvent { name: b"content_block_delta", data };
    assert_eq!(watch.event(raw.as_bytes(), event, &mut Vec::new()), Ok(Fate::Pass));
    assert_eq!(watch.known(text("longer").as_bytes()), Some(text("longer").len()));
    assert_eq!(watch.known(end().as_bytes()), None);
    watch.progress.done = true;
    assert_eq!(watch.known(raw.as_bytes()), None);
}

#[test]
fn nothing_has_started_before_the_message() {
    let mut pass = MessagesPass::new(Format::Anthropic);
    let mut out = Vec::new();
    assert!(pass.push(b"event: ping\ndata: {\"type\":\"ping\"}\n\n", &mut out));
    assert!(!pass.progress().started);
    assert!(pass.push(start().as_bytes(), &mut out));
    assert!(pass.progress().started);
}

#[test]
fn what_follows_the_end_is_left_out() {
    let whole = start() + &end();
    let (out, progress) = every_way(&(whole.clone() + "data: [DONE]\n\n" + &text("x")));
    assert_eq!((out, progress.error), (whole, None));
}

#[test]
fn a_second_beginning_does_not_pass() {
    let (out, progress) = every_way(&(start() + &start() + &end()));
    assert_eq!((out, progress.done), (start() + &end(), true));
    let (out, progress) = every_way(&(start() + &start().replace("msg_1", "msg_2") + &end()));
    assert_eq!(out, start() + &told(&progress.error.unwrap()));
}

#[test]
fn an_error_passes_and_ends_the_stream() {
    let error = "event: error\r\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\
                 \"Overloaded\"},\"request_id\":\"req_1\"}\r\n\r\n";
    for begin in [String::new(), start() + &text("a")] {
        let (out, progress) = every_way(&(begin.clone() + error + &text("late") + &end()));
        assert_eq!(out, begin.clone() + error);
        assert_eq!(progress.error.unwrap().kind, ErrorKind::Overloaded);
        assert_eq!((progress.started, progress.done), (!begin.is_empty(), false));
    }
}

#[test]
fn an_error_that_is_not_anthropics_is_told_anew() {
    for (event, kind) in [
        ("data: {\"error\":{\"message\":\"no\"}}\n\n", ErrorKind::Server),
        (
            "event: error\ndata: {\"error\":{\"code\":503,\"message\":\"no\",\"status\":\"UNAVAILABLE\"}}\n\n",
            ErrorKind::Overloaded,
        ),
        ("event: error\ndata: nonsense\n\n", ErrorKind::Server),
    ] {
        let (out, progress) = every_way(&(start() + event + &end()));
        let error = progress.error.unwrap();
        assert_eq!((out, error.kind), (start() + &told(&error), kind), "{event}");
    }
}

#[test]
fn what_is_said_of_the_gateways_account_is_not_told() {
    let error = r#","error":{"type":"authentication_error","message":"key sk-1 of org-2"}"#;
    let (out, progress) = every_way(&(start() + &event("error", error)));
    assert_eq!(progress.error.unwrap().kind, ErrorKind::Authentication);
    assert!(!out.contains("sk-1") && out.contains("api_error"), "{out}");
}

#[test]
fn a_stream_that_is_cut_ends_with_an_error() {
    let whole = start() + &text("abc") + &end();
    // Up to the last event: that one is whole as soon as its JSON is.
    let last = whole.rfind("event: message_stop").unwrap();
    for cut in 0..=last {
        let (out, progress) = through(&[&whole.as_bytes()[..cut]]);
        let error = progress.error.unwrap_or_else(|| panic!("cut at {cut}"));
        let sent = out.strip_suffix(&told(&error)).unwrap();
        assert!(
            whole.starts_with(sent.trim_end()) && (sent.is_empty() || sent.ends_with("\n\n")),
            "cut at {cut}"
        );
        assert!(!progress.done);
    }
    every_way(whole.get(..last).unwrap());
    let (out, progress) = every_way(whole.trim_end());
    assert_eq!((out.trim_end(), progress.done, progress.error), (whole.trim_end(), true, None));
}

#[test]
fn events_without_a_name_get_it() {
    let bare = |event: String| event.split_once('\n').unwrap().1.to_owned();
    let stream = [bare(start()), bare(text("a")), bare(text("b")), bare(event("message_stop", ",\"x\":1"))];
    let (out, progress) = every_way(&stream.concat());
    let wanted = (start() + &text("a") + &text("b")).replace("    \n", "\n");
    assert_eq!(out, wanted + "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n");
    assert!(progress.done);
    // The type is in the name alone.
    let untyped = "event: content_block_stop\ndata: { \"index\": 0 }\n\nevent: message_stop\ndata: {}\n\n";
    let (out, progress) = every_way(&(start() + untyped));
    let wanted = "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n\
                  event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
    assert_eq!((out, progress.done), (start() + wanted, true));
    // A type that would break the line, and JSON of several lines.
    let (out, _) = every_way("data: {\"type\":\"a\\nb\"}\n\ndata: {\"type\":\ndata: \"new\"}\n\n");
    assert!(
        out.starts_with(
            "data: {\"type\":\"a\\nb\"}\n\nevent: new\ndata: {\"type\":\"new\"}\n\nevent: error\n"
        ),
        "{out}"
    );
}

#[test]
fn what_cannot_be_read_is_an_error() {
    for broken in [
        "event: content_block_delta\ndata: {\"type\":\n\n",
        "data: nonsense\n\n",
        "event: message_start\ndata: {\"type\":\"message_start\"}\n\n",
        "event: content_block_delta\ndata: {\"type\":\"content_block_delta\"}\n\n",
    ] {
        let (out, progress) = every_way(&(start() + broken + &end()));
        let error = progress.error.unwrap();
        assert_eq!(out, start() + &told(&error), "{broken}");
    }
    // What is new is passed over by clients.
    let new = "event: new\ndata: text\n\n";
    assert_eq!(every_way(&(start() + new + &end())).0, start() + new + &end());
}

#[test]
fn an_event_without_end_is_given_up() {
    let mut pass = MessagesPass::new(Format::Anthropic);
    let mut out = Vec::new();
    assert!(pass.push(start().as_bytes(), &mut out));
    let piece = vec![b'x'; 1024 * 1024];
    for _ in 0..20 {
        pass.push(&piece, &mut out);
    }
    let text = String::from_utf8(out).unwrap();
    assert!(text.starts_with("event: error\n") && text.matches("event:").count() == 1);
    assert!(pass.progress().error.is_some());
}
