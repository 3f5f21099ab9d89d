use super::*;
use crate::{dialect::chat, ir::Usage};

mod mended;

/// What the client gets of a stream that comes in these pieces, and what was seen of it.
fn through(include_usage: bool, pieces: &[&[u8]]) -> (String, Progress) {
    let mut passthrough = Passthrough::new(include_usage);
    let mut all = Vec::new();
    for piece in pieces {
        let mut out = Vec::new();
        if passthrough.push(piece, &mut out) {
            assert!(out.is_empty(), "bytes that pass were copied too");
            all.extend_from_slice(piece);
        }
        all.extend_from_slice(&out);
    }
    passthrough.end(&mut all);
    (String::from_utf8(all).unwrap(), passthrough.progress().clone())
}

/// The same for every cut in two, and byte by byte; all must agree.
fn every_way(include_usage: bool, stream: &str) -> (String, Progress) {
    let stream = stream.as_bytes();
    let whole = through(include_usage, &[stream]);
    for at in 0..=stream.len() {
        let (first, second) = stream.split_at(at);
        assert_eq!(through(include_usage, &[first, second]), whole, "cut at {at}");
    }
    let bytes: Vec<_> = stream.chunks(1).collect();
    assert_eq!(through(include_usage, &bytes), whole, "byte by byte");
    whole
}

fn chunk(members: &str) -> String {
    format!("data: {{\"id\":\"c\",\"object\":\"chat.completion.chunk\",{members}}}\n\n")
}

fn text(content: &str) -> String {
    chunk(&format!(r#""choices":[{{"index":0,"delta":{{"content":"{content}"}},"finish_reason":null}}]"#))
}

fn finish() -> String {
    chunk(r#""choices":[{"index":0,"delta":{},"finish_reason":"stop"}]"#)
}

fn usage_chunk() -> String {
    chunk(r#""choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}"#)
}

fn counted() -> Option<Usage> {
    Some(Usage { input: Some(3), output: Some(4), ..Usage::default() })
}

const DONE: &str = "data: [DONE]\n\n";

/// The event that the client gets for an error in `progress`.
fn told(progress: &Progress) -> String {
    let mut out = Vec::new();
    chat::error::write_event(progress.error.as_ref().expect("an error"), &mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn a_stream_passes_byte_for_byte() {
    for end in ["\n", "\r\n", "\r"] {
        let comment = ": OPENROUTER PROCESSING\n\n";
        let stream =
            [comment, &text("a"), comment, &text("b"), "retry: 5\n\n", &finish(), &usage_chunk(), DONE, "\n"];
        let stream = stream.concat().replace('\n', end);
        let (out, progress) = every_way(true, &stream);
        assert_eq!(out, stream);
        assert_eq!(progress, Progress { started: true, error: None, done: true, usage: counted() });
    }
}

#[test]
fn the_usage_chunk_is_hidden_from_who_did_not_ask() {
    for end in ["\n", "\r\n", "\r"] {
        let stream = [&text("a"), &finish(), &usage_chunk(), DONE].map(|event| event.replace('\n', end));
        let (out, progress) = every_way(false, &stream.concat());
        assert_eq!(out, [&stream[0], &stream[1], &stream[3]].map(String::as_str).concat());
        assert_eq!((progress.usage, progress.done), (counted(), true));
    }
    // Hidden too where the choices are not there at all.
    let usage = chunk(r#""usage":{"prompt_tokens":3,"completion_tokens":4}"#);
    let (out, progress) = every_way(false, &[&text("a"), &finish(), &usage, DONE].map(String::from).concat());
    assert_eq!((out, progress.usage), ([&text("a"), &finish(), DONE].map(String::from).concat(), counted()));
}

#[test]
fn what_only_looks_like_the_usage_chunk_passes() {
    let azure =
        chunk(r#""choices":[],"created":0,"prompt_filter_results":[{"prompt_index":0}],"usage":null"#);
    let nulls = chunk(r#""choices":[{"index":0,"delta":{},"finish_reason":null}],"usage":null"#);
    let inside = chunk(
        r#""choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":4}"#,
    );
    let groq = chunk(
        r#""choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"x_groq":{"id":"r","usage":{"prompt_tokens":3,"completion_tokens":4}}"#,
    );
    let stream = [&azure, &nulls, &text("a"), &groq, DONE].map(String::from).concat();
    let (out, progress) = every_way(false, &stream);
    assert_eq!((out, progress.usage, progress.done), (stream, counted(), true));
    // Beside a choice it is hidden without it.
    let bare = inside.replace(r#"{"prompt_tokens":3,"completion_tokens":4}"#, "null");
    let stream = [&azure, &nulls, &text("a"), &inside, DONE].map(String::from).concat();
    let (out, progress) = every_way(false, &stream);
    assert_eq!(out, [&azure, &nulls, &text("a"), &bare, DONE].map(String::from).concat());
    assert_eq!((progress.usage, progress.done), (counted(), true));
}

#[test]
fn an_error_is_told_in_openai_words_and_ends_the_stream() {
    for (event, kind, message) in [
        (
            "data: {\"error\":{\"message\":\"busy\",\"type\":\"overloaded_error\"}}\n\n",
            ErrorKind::Overloaded,
            "busy",
        ),
        (
            "data: {\"id\":\"c\",\"error\":{\"code\":429,\"message\":\"slow\"},\"choices\":[{\"finish_reason\":\"error\"}]}\n\n",
            ErrorKind::RateLimit,
            "slow",
        ),
        ("data: {\"object\":\"error\",\"message\":\"oops\",\"code\":500}\r\n\r\n", ErrorKind::Server, "oops"),
        ("event: error\ndata: {\"message\":\"named\"}\n\n", ErrorKind::Server, "named"),
        ("event: error\ndata: only words\n\n", ErrorKind::Server, "only words"),
        (
            "data: {\"choices\":[],\"x_groq\":{\"error\":\"over capacity\"}}\n\n",
            ErrorKind::Server,
            "over capacity",
        ),
        ("data: {\"choices\":[\n\n", ErrorKind::Server, "the provider sent an event that cannot be read"),
        ("data: <html>\n\n", ErrorKind::Server, "the provider sent an event that is not JSON"),
    ] {
        for before in [String::new(), text("a")] {
            let stream = [&before, event, &text("late"), ": late\n\n", DONE].map(String::from).concat();
            let (out, progress) = every_way(false, &stream);
            let error = progress.error.clone().unwrap();
            assert_eq!((error.kind, error.message.as_str()), (kind, message));
            assert_eq!(out, before.clone() + &told(&progress), "{event}");
            assert_eq!((progress.started, progress.done), (!before.is_empty(), false));
        }
    }
}

#[test]
fn no_error_and_a_null_error_are_the_same() {
    let quiet = chunk(
        r#""choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"error":null,"x_groq":{"error":null}"#,
    );
    let stream = quiet + DONE;
    assert_eq!(every_way(true, &stream).0, stream);
}

#[test]
fn a_stream_that_is_cut_is_an_error_and_one_that_has_finished_is_not() {
    let two = chunk(r#""choices":[{"index":0,"delta":{}},{"index":1,"delta":{}}]"#);
    let second = chunk(r#""choices":[{"index":1,"delta":{},"finish_reason":"length"}]"#);
    for (stream, passes, whole) in [
        (String::new(), "", false),
        (": waiting\n\n".into(), ": waiting\n\n", false),
        (text("a"), text("a").as_str(), false),
        (text("a") + "data: {\"choices\":[{\"del", text("a").as_str(), false),
        (text("a") + "data: [DON", text("a").as_str(), false),
        (two.clone() + &finish(), (two.clone() + &finish()).as_str(), false),
        (two.clone() + &finish() + &second, (two.clone() + &finish() + &second).as_str(), true),
        (text("a") + &finish(), (text("a") + &finish()).as_str(), true),
        (text("a") + &finish() + "data: {\"choices\":[],\"usa", (text("a") + &finish()).as_str(), true),
        (text("a") + &finish() + &usage_chunk(), (text("a") + &finish()).as_str(), true),
        // The last event without its blank line, and without its line end.
        (text("a") + finish().trim_end(), (text("a") + &finish()).as_str(), true),
        (text("a") + finish().strip_suffix('\n').unwrap(), (text("a") + &finish()).as_str(), true),
        (text("a") + usage_chunk().trim_end(), text("a").as_str(), false),
        (text("a") + DONE.trim_end(), text("a").as_str(), true),
        (text("a") + "data: {\"error\":{\"message\":\"x\"}}", text("a").as_str(), false),
    ] {
        let (out, progress) = every_way(false, &stream);
        let last = if whole { DONE.to_owned() } else { told(&progress) };
        assert_eq!(out, passes.to_owned() + &last, "{stream}");
        assert_eq!((progress.done, progress.error.is_some()), (whole, !whole), "{stream}");
    }
}

#[test]
fn nothing_but_comments_follows_done() {
    let stream = [&text("a"), DONE, &text("late"), DONE, ": bye\n\n"].map(String::from).concat();
    let (out, progress) = every_way(false, &stream);
    assert_eq!(out, [&text("a"), DONE, ": bye\n\n"].map(String::from).concat());
    assert!(progress.done && progress.error.is_none());
}

#[test]
fn events_that_say_nothing_pass() {
    let stream =
        ["data: \n\n", "event: ping\n\n", "event: ping\ndata: pong\n\n", &text("a"), &finish(), DONE];
    let stream = stream.map(String::from).concat();
    let (out, progress) = every_way(false, &stream);
    assert_eq!((out, progress.done), (stream, true));
    let (_, progress) = through(false, &[b"data: \n\nevent: ping\ndata: pong\n\n"]);
    assert!(!progress.started);
}

#[test]
fn whole_events_are_not_copied_and_half_ones_are_held() {
    let mut passthrough = Passthrough::new(true);
    let mut out = Vec::new();
    let event = text("a");
    assert!(passthrough.push(event.as_bytes(), &mut out));
    assert!(passthrough.progress().started);
    assert!(!passthrough.push(&event.as_bytes()[..20], &mut out) && out.is_empty());
    assert!(!passthrough.push(&event.as_bytes()[20..], &mut out));
    assert_eq!(out, event.as_bytes());
    assert!(passthrough.push(DONE.as_bytes(), &mut out), "nothing is held any more");
}

#[test]
fn an_event_without_end_is_an_error() {
    let mut passthrough = Passthrough::new(true);
    let mut out = Vec::new();
    let piece = vec![b'x'; 1 << 20];
    passthrough.push(text("a").as_bytes(), &mut out);
    for _ in 0..64 {
        assert!(!passthrough.push(&piece, &mut out));
    }
    passthrough.end(&mut out);
    assert_eq!(String::from_utf8(out).unwrap(), told(passthrough.progress()));
}

/// As [`through`] event by event, with every event parsed.
fn parsed(events: &[&str]) -> (String, Progress) {
    let mut passthrough = Passthrough::new(false);
    let mut all = Vec::new();
    for event in events {
        passthrough.watch.unlike = 9;
        assert!(passthrough.watch.known(event.as_bytes()).is_none());
        if passthrough.push(event.as_bytes(), &mut all) {
            all.extend_from_slice(event.as_bytes());
        }
    }
    passthrough.end(&mut all);
    (String::from_utf8(all).unwrap(), passthrough.progress().clone())
}

#[test]
fn an_event_that_is_like_others_gets_what_a_parse_gives() {
    let plain = text("a");
    let with = |from: &str, to: &str| {
        let odd = plain.replace(from, to);
        assert_ne!(odd, plain, "{from}");
        odd
    };
    for odd in [
        text("other \\n\\\"usage\\\":{\\\"prompt_tokens\\\":1}"),
        text("\\ud83d"),
        text("\\x"),
        text("a\tb"),
        text("cut\n\n"),
        with("\"chat.completion.chunk\"", "\"error\""),
        with("null}]", "\"stop\"}]"),
        with("null}]", "null}],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4}"),
        with("}]}", "}]} "),
        with("}]}", "} ] }  "),
        with("}]}", "}]"),
        with("}]}", "}]}}"),
        with("\"index\":0", "\"index\":1"),
        with("\"index\":0", "\"index\":-1"),
        with("\"id\":\"c\"", "\"id\":\"c\",\"error\":\"busy\""),
        with("\"id\":\"c\"", "\"id\":\"c\",\"error\" : null"),
        with("\"id\":\"c\"", "\"id\":c"),
        with("data: ", "event: error\ndata: "),
        with("data: ", "event: other\ndata: "),
        with("data: ", ": data: "),
        with("\"choices\":", "\"choices\":\ndata: "),
        with("\n\n", "\r\n\r\n"),
        with("\n\n", "\ndata: x\n\n"),
        "data: <html>\n\n".into(),
        usage_chunk(),
        chunk(r#""choices":[],"x_groq":{"id":"c","usage":{"prompt_tokens":3}}"#),
        chunk(r#""choices":[],"x_groq":{"id":"c","error":"c"}"#),
        DONE.into(),
    ] {
        let more = odd.replace("\"c\"", "\"more\"");
        let events = [&plain, &text("b"), &odd, &more, &text("c"), &finish(), &odd, DONE].map(String::from);
        let events = events.each_ref().map(String::as_str);
        assert_eq!(every_way(false, &events.concat()), parsed(&events), "{odd}");
    }
}

#[test]
fn events_that_are_alike_are_known_and_a_restless_stream_is_left_alone() {
    let mut watch = Watch::default();
    let event = |watch: &mut Watch, raw: &str| {
        let data = raw.strip_prefix("data: ").unwrap().as_bytes();
        watch
            .event(raw.as_bytes(), SseEvent { name: b"", data: data.trim_ascii() }, &mut Vec::new())
            .unwrap();
    };
    event(&mut watch, &text("a"));
    assert!(watch.known(text("b, longer").as_bytes()).is_some());
    for other in 0..100 {
        event(&mut watch, &chunk(&format!(r#""choices":[],"n":{other}"#)));
    }
    assert!(watch.is_restless() && watch.known(chunk(r#""choices":[],"n":95"#).as_bytes()).is_none());
    let calm = (0..17).any(|_| {
        event(&mut watch, &text("a"));
        watch.known(text("b").as_bytes()).is_some()
    });
    assert!(calm && watch.unlike == 0, "it is watched again once its events are alike");
}
