use super::*;
use crate::ir::{ErrorKind, Usage};

/// The events of `bytes`, cut at each of `cuts`.
fn events(bytes: &[u8], cuts: &[usize]) -> Vec<String> {
    let mut decoder = MessagesDecoder::default();
    let mut seen = Vec::new();
    let mut from = 0;
    for to in cuts.iter().copied().chain([bytes.len()]) {
        decoder.push(&bytes[from..to], &mut |event| seen.push(format!("{event:?}")));
        from = to;
    }
    decoder.end(&mut |event| seen.push(format!("{event:?}")));
    seen
}

/// As above, and the same at every split, and byte by byte.
fn at_every_split(bytes: &[u8]) -> Vec<String> {
    let whole = events(bytes, &[]);
    for cut in 0..=bytes.len() {
        assert_eq!(events(bytes, &[cut]), whole, "cut at {cut}");
    }
    let each: Vec<usize> = (1..bytes.len()).collect();
    assert_eq!(events(bytes, &each), whole, "byte by byte");
    whole
}

fn frames(events: &[&str]) -> Vec<u8> {
    let mut stream = Vec::new();
    for data in events {
        let kind =
            serde_json::from_str::<serde_json::Value>(data).unwrap()["type"].as_str().unwrap().to_owned();
        // Real streams have trailing spaces.
        stream.extend_from_slice(format!("event: {kind}\ndata: {data}   \n\n").as_bytes());
    }
    stream
}

const START: &str = r#"{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"usage":{"input_tokens":9,"cache_read_input_tokens":2,"output_tokens":1}}}"#;
const STOP: &str = r#"{"type":"message_stop"}"#;
const PING: &str = r#"{"type": "ping"}"#;
const STARTED: &str = r#"Start { id: Some("msg_1"), model: Some("m") }"#;

fn usage(input: u64, output: u64) -> String {
    let usage = Usage { input: Some(input), cache_read: Some(2), output: Some(output), ..Usage::default() };
    format!("{:?}", Event::Usage(usage))
}

#[test]
fn thinking_text_and_calls() {
    let seen = at_every_split(&frames(&[
        START,
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}"#,
        PING,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm"}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"sig"}}"#,
        r#"{"type":"content_block_stop","index":0}"#,
        r#"{"type":"content_block_start","index":1,"content_block":{"type":"redacted_thinking","data":"eA=="}}"#,
        r#"{"type":"content_block_stop","index":1}"#,
        r#"{"type":"content_block_start","index":2,"content_block":{"type":"text","text":""}}"#,
        r#"{"type":"content_block_delta","index":2,"delta":{"type":"text_delta","text":"Ünï\n"}}"#,
        r#"{"type":"content_block_delta","index":2,"delta":{"type":"citations_delta","citation":{"type":"x"}}}"#,
        r#"{"type":"content_block_stop","index":2}"#,
        r#"{"type":"content_block_start","index":3,"content_block":{"type":"server_tool_use","id":"s","name":"w","input":{}}}"#,
        r#"{"type":"content_block_delta","index":3,"delta":{"type":"input_json_delta","partial_json":"{\"q\":1}"}}"#,
        r#"{"type":"content_block_stop","index":3}"#,
        r#"{"type":"content_block_start","index":4,"content_block":{"type":"tool_use","id":"t1","name":"f","input":{}}}"#,
        r#"{"type":"content_block_delta","index":4,"delta":{"type":"input_json_delta","partial_json":""}}"#,
        r#"{"type":"content_block_delta","index":4,"delta":{"type":"input_json_delta","partial_json":"{\"a\""}}"#,
        r#"{"type":"content_block_delta","index":4,"delta":{"type":"input_json_delta","partial_json":":1}"}}"#,
        r#"{"type":"content_block_stop","index":4}"#,
        r#"{"type":"content_block_start","index":7,"content_block":{"type":"tool_use","id":"t2","name":"g","input":{}}}"#,
        r#"{"type":"content_block_stop","index":7}"#,
        r#"{"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"input_tokens":12,"output_tokens":30}}"#,
        STOP,
    ]));
    let expected = [
        STARTED,
        r#"Thinking("hm")"#,
        r#"Signature("sig")"#,
        r#"RedactedThinking("eA==")"#,
        r#"Text("Ünï\n")"#,
        r#"ToolStart { index: 0, id: "t1", name: "f", signature: None }"#,
        r#"ToolArguments { index: 0, fragment: "{\"a\"" }"#,
        r#"ToolArguments { index: 0, fragment: ":1}" }"#,
        "ToolEnd { index: 0 }",
        r#"ToolStart { index: 1, id: "t2", name: "g", signature: None }"#,
        r#"ToolArguments { index: 1, fragment: "{}" }"#,
        "ToolEnd { index: 1 }",
        concat!(
            r#"Extra(Extra { vendor: "anthropic", name: "citations", "#,
            r#"json: "[{\"start_index\":0,\"end_index\":4,\"citations\":[{\"type\":\"x\"}]}]" })"#
        ),
        concat!(
            r#"Extra(Extra { vendor: "anthropic", name: "blocks", "#,
            r#"json: "[{\"type\":\"server_tool_use\",\"id\":\"s\",\"name\":\"w\",\"input\":{\"q\":1}}]" })"#
        ),
        &usage(12, 30),
        "Finish(ToolCalls)",
        "Done",
    ];
    assert_eq!(seen, expected);
}

#[test]
fn a_stream_without_its_last_event_is_cut() {
    let whole = frames(&[
        START,
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hel"}}"#,
        r#"{"type":"content_block_stop","index":0}"#,
        r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":5}}"#,
    ]);
    // Wherever it is cut, whole events or not, the last event is an error and there is no finish.
    for to in 0..=whole.len() {
        let seen = events(&whole[..to], &[]);
        let last = seen.last().unwrap();
        assert!(last.starts_with("Error(") && last.contains("Server"), "{to}: {last}");
        assert!(!seen.iter().any(|event| event.starts_with("Finish") || event == "Done"), "{to}");
        assert_eq!(seen.iter().filter(|event| event.starts_with("Error")).count(), 1, "{to}");
    }
    let seen = events(&whole, &[]);
    assert!(seen.last().unwrap().contains("cut off"));
    // What it took is told all the same.
    assert_eq!(seen[seen.len() - 2], usage(9, 5));
}

#[test]
fn an_error_ends_the_stream() {
    let error = r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#;
    let text = r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"x"}}"#;
    let seen = at_every_split(&frames(&[START, text, error, text, STOP, error]));
    assert_eq!(seen[..3], [STARTED.to_owned(), r#"Text("x")"#.to_owned(), usage(9, 1)]);
    assert!(seen[3].contains("Overloaded") && seen.len() == 4, "{seen:?}");
    // First of all, before anything began: the filter can still fail over.
    let seen = at_every_split(&frames(&[error]));
    assert!(seen.len() == 1 && seen[0].contains("kind: Overloaded"), "{seen:?}");
    let seen = at_every_split(b"data: {\"error\":{\"message\":\"no upstream\"}}\n\n");
    assert!(seen.len() == 1 && seen[0].contains("no upstream"), "{seen:?}");
    let seen = at_every_split(b"event: error\ndata: nonsense\n\n");
    assert!(seen.len() == 1 && seen[0].contains("without a message"), "{seen:?}");
}

#[test]
fn the_type_may_be_in_either_place() {
    let mut named = frames(&[START]);
    named.extend_from_slice(b"event: message_stop\ndata: {}\n\n");
    assert_eq!(at_every_split(&named), [STARTED, &usage(9, 1), "Finish(Stop)", "Done"]);
    let bare = format!("data: {START}\r\n\r\ndata:{STOP}\r\n\r\ndata: [DONE]\r\n\r\n");
    assert_eq!(at_every_split(bare.as_bytes()), [STARTED, &usage(9, 1), "Finish(Stop)", "Done"]);
}

#[test]
fn what_is_not_known_is_no_part_of_the_answer() {
    let seen = at_every_split(&frames(&[
        PING,
        START,
        START,
        r#"{"type":"new_event","index":"x"}"#,
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"new_block","text":{"a":1}}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"new_delta","text":7}}"#,
        r#"{"type":"content_block_stop","index":0}"#,
        r#"{"type":"message_delta","delta":{"stop_reason":"new_reason","stop_sequence":null},"usage":null}"#,
        STOP,
        PING,
    ]));
    let told = r#"Extra(Extra { vendor: "anthropic", name: "blocks", json: "[{\"type\":\"new_block\",\"text\":{\"a\":1}}]" })"#;
    assert_eq!(seen, [STARTED, told, &usage(9, 1), "Finish(Stop)", "Done"]);
}

#[test]
fn a_call_that_was_not_closed_is_closed_once() {
    let seen = at_every_split(&frames(&[
        START,
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"t","name":"f","input":{}}}"#,
        STOP,
    ]));
    let call = [r#"ToolArguments { index: 0, fragment: "{}" }"#, "ToolEnd { index: 0 }"];
    assert_eq!(seen[2..], [call[0], call[1], &usage(9, 1), "Finish(ToolCalls)", "Done"]);
}

#[test]
fn arguments_that_come_whole_come_once() {
    let seen = at_every_split(&frames(&[
        START,
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"t","name":"f","input":{"a": 1}}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{\"a\":1}"}}"#,
        r#"{"type":"content_block_stop","index":0}"#,
        STOP,
    ]));
    let arguments: Vec<_> = seen.iter().filter(|event| event.starts_with("ToolArguments")).collect();
    assert_eq!(arguments, [r#"ToolArguments { index: 0, fragment: "{\"a\":1}" }"#]);
}

#[test]
fn what_cannot_be_read_or_held_fails() {
    for stream in [
        frames(&[START, &START.replace("msg_1", "msg_2")]),
        [frames(&[START]), b"event: content_block_delta\ndata: {\"index\":0,\n\n".to_vec()].concat(),
        [frames(&[START]), b"event: message_start\ndata: [1]\n\n".to_vec()].concat(),
        frames(&[r#"{"type":"message_start","message":7}"#]),
        frames(&[r#"{"type":"content_block_delta","index":0,"delta":[]}"#]),
        b"data: <html>\n\n".to_vec(),
    ] {
        let seen = at_every_split(&stream);
        assert!(
            seen.last().unwrap().starts_with("Error(") && !seen.last().unwrap().contains("cut off"),
            "{seen:?}"
        );
    }
    let open = |index: usize| {
        format!(
            r#"{{"type":"content_block_start","index":{index},"content_block":{{"type":"tool_use","id":"t","name":"f"}}}}"#
        )
    };
    let blocks: Vec<String> = (0..=MAX_OPEN).map(open).collect();
    let stream = frames(&blocks.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(events(&stream, &[]).last().unwrap().contains("too many"));
}

#[test]
fn an_event_without_end_is_not_held() {
    let mut decoder = MessagesDecoder::default();
    let mut errors = Vec::new();
    let piece = vec![b'x'; 1024 * 1024];
    decoder.push(b"data: ", &mut |_| ());
    for _ in 0..20 {
        decoder.push(&piece, &mut |event| errors.push(format!("{event:?}")));
    }
    decoder.end(&mut |event| errors.push(format!("{event:?}")));
    assert!(errors.len() == 1 && errors[0].contains("too long"), "{errors:?}");
    let Some(error) = errors.first() else { return };
    assert!(error.contains(&format!("{:?}", ErrorKind::Server)));
}

/// The events of a stream that comes event by event, each of which is parsed.
fn parsed(stream: &[u8]) -> Vec<String> {
    let mut decoder = MessagesDecoder::default();
    let mut seen = Vec::new();
    for event in str::from_utf8(stream).unwrap().split_inclusive("\n\n") {
        decoder.state.known = Known::default();
        decoder.push(event.as_bytes(), &mut |event| seen.push(format!("{event:?}")));
    }
    decoder.end(&mut |event| seen.push(format!("{event:?}")));
    seen
}

#[test]
fn a_delta_that_is_like_others_gives_what_a_parse_gives() {
    let delta = |members: &str| {
        format!(
            "event: content_block_delta\ndata: {{\"type\":\"content_block_delta\",\"index\":1,\"delta\":{{{members}}}}}\n\n"
        )
    };
    let open = [
        START,
        r#"{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"t","name":"f","input":{}}}"#,
    ];
    for (kind, member) in
        [("text_delta", "text"), ("thinking_delta", "thinking"), ("input_json_delta", "partial_json")]
    {
        let with = |text: &str| delta(&format!(r#""type":"{kind}","{member}":"{text}""#));
        let plain = with("a");
        for odd in [
            with(""),
            with("\\n \\\"x\\\" \\u00e9 \\ud83d\\ude00 ü\u{1f600} 0123456789"),
            with("\\ud83d"),
            with("\\x"),
            with("a\tb"),
            with("a\",\"more\":\"b"),
            with(&format!("a\",\"{member}\":\"b")),
            plain.replace("}}", "}   }  "),
            plain.replace("}}", "}"),
            plain.replace("\"index\":1", "\"index\":2"),
            plain.replace("\"index\":1", "\"index\":\"1\""),
            plain.replace(kind, "signature_delta"),
            plain.replace("\"delta\"", "\"other\""),
            plain.replace("content_block_delta\",", "error\","),
            plain.replace("event: content_block_delta", "event: ping"),
            plain.replace("event: ", "id: 1\nevent: "),
            plain.replace("\"delta\":", "\ndata: \"delta\":"),
            // The same name elsewhere, as a text and in the text's place.
            delta(&format!(r#""x":{{"{member}":"no"}},"type":"{kind}","{member}":"yes""#)),
            delta(&format!(r#""type":"{kind}","{member}":"yes","x":{{"{member}":"no"}}"#)),
            delta(&format!(
                r#""type":"{kind}","\u{:04x}{}":"yes","x":{{"{member}":"no"}}"#,
                member.as_bytes()[0],
                member.get(1..).unwrap()
            )),
            plain.replace("\"index\"", &format!("\"{member}\":\"no\",\"index\"")),
        ] {
            // Each text alone is another, so that the wrong one would be seen.
            let (yes, no) = (odd.replace("yes", "more"), odd.replace("\"no\"", "\"nothing\""));
            let events = [&plain, &with("b"), &odd, &yes, &odd, &no, &with("c")];
            let stream =
                [frames(&open), events.map(String::from).concat().into_bytes(), frames(&[STOP])].concat();
            assert_eq!(at_every_split(&stream), parsed(&stream), "{odd}");
        }
        let mut state = State::default();
        state.course.start(None, None, &mut |_| ());
        let data = &plain.as_bytes()[plain.find('{').unwrap()..];
        let event = SseEvent { name: b"content_block_delta", data };
        state.segment(Segment::Event { raw: plain.as_bytes(), event }, &mut |_| ());
        assert!(
            state.known(with("b\\n").as_bytes(), &mut |_| ()).is_some(),
            "{kind} is read without a parse"
        );
    }
}
