//! What no recording and no golden case shows. Those are in `tests`.

use super::*;
use crate::stream::aws::checksum;

/// An event with its headers and both checksums.
fn frame(name: &str, payload: &str) -> Vec<u8> {
    let mut headers = Vec::new();
    for (key, value) in [(":event-type", name), (":message-type", "event")] {
        headers.extend(
            [&[key.len() as u8], key.as_bytes(), &[7, 0, value.len() as u8], value.as_bytes()].concat(),
        );
    }
    let total = (12 + headers.len() + payload.len() + 4) as u32;
    let mut bytes = [total.to_be_bytes(), (headers.len() as u32).to_be_bytes()].concat();
    bytes.extend(checksum(0, &bytes).to_be_bytes());
    bytes.extend([&headers, payload.as_bytes()].concat());
    bytes.extend(checksum(0, &bytes).to_be_bytes());
    bytes
}

fn told(stream: &[u8]) -> Vec<String> {
    let mut events = Vec::new();
    let mut decoder = ConverseDecoder::new("x");
    let mut sink = |event: Event<'_>| events.push(format!("{event:?}"));
    decoder.push(stream, &mut sink);
    decoder.end(&mut sink);
    decoder.push(stream, &mut sink);
    decoder.end(&mut sink);
    events
}

/// A citation stands for the text of its block before it.
#[test]
fn citations_count_characters() {
    let text = |index: u64, text: &str| {
        frame("contentBlockDelta", &format!(r#"{{"contentBlockIndex":{index},"delta":{{"text":"{text}"}}}}"#))
    };
    let cite = |index: u64| {
        let citation = r#"{"location":{"web":{"url":"u"}}}"#;
        frame(
            "contentBlockDelta",
            &format!(r#"{{"contentBlockIndex":{index},"delta":{{"citation":{citation}}}}}"#),
        )
    };
    let stream = [text(0, "äb"), cite(0), text(0, "c"), cite(0), cite(1), text(1, "d"), cite(1)].concat();
    let spans: Vec<String> =
        told(&stream).into_iter().filter(|event| event.starts_with("Citation")).collect();
    let expected = ["(0, 2)", "(0, 3)", "(3, 3)", "(3, 4)"];
    assert_eq!(spans.len(), 4);
    assert!(spans.iter().zip(expected).all(|(found, span)| found.contains(span)), "{spans:?}");
}

#[test]
fn blocks_without_end_are_bounded() {
    let start = |index: usize| {
        let call = format!(
            r#"{{"contentBlockIndex":{index},"start":{{"toolUse":{{"toolUseId":"a","name":"f"}}}}}}"#
        );
        frame("contentBlockStart", &call)
    };
    let stream: Vec<u8> = (0..=MAX_OPEN).flat_map(start).collect();
    let events = told(&stream);
    assert!(events.last().unwrap().contains("too many tool calls"), "{:?}", events.last());
    assert_eq!(events.iter().filter(|event| event.starts_with("ToolStart")).count(), MAX_OPEN);
}

/// What it took is told even where the stream fails behind that.
#[test]
fn usage_is_told_before_an_error() {
    let usage = frame("metadata", r#"{"usage":{"inputTokens":1,"outputTokens":2}}"#);
    let events = told(&usage);
    assert!(events[1].starts_with("Usage") && events[2].starts_with("Error"), "{events:?}");
    assert_eq!(events.len(), 3);
}

#[test]
fn odd_values_do_no_harm() {
    let stream = [
        frame("messageStart", "{}"),
        frame("contentBlockStart", r#"{"contentBlockIndex":"x","start":null}"#),
        frame(
            "contentBlockDelta",
            r#"{"contentBlockIndex":null,"delta":{"text":7,"toolUse":[],"reasoningContent":"","citation":3}}"#,
        ),
        frame("contentBlockDelta", r#"{"contentBlockIndex":9,"delta":{"toolUse":{"input":"{}"}}}"#),
        frame("contentBlockStop", r#"{"contentBlockIndex":9}"#),
        frame("messageStop", r#"{"stopReason":[]}"#),
        frame("metadata", r#"{"usage":[1],"trace":{}}"#),
    ];
    assert_eq!(told(&stream.concat()), ["Start { id: None, model: None }", "Finish(Stop)", "Done"]);
    for bad in ["null", "[]", "", "{", "\"x\""] {
        let events = told(&frame("contentBlockDelta", bad));
        assert!(events[0].starts_with("Error"), "{bad}: {events:?}");
    }
}
