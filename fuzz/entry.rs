//! What is fuzzed: functions that take any bytes, and fail where a promise does not hold. The fuzz targets and
//! `tests/fuzz_smoke.rs` run the same ones.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "a file that several targets include, each of which uses one function"
)]
#![allow(clippy::expect_used, reason = "a broken promise is to end a fuzz target")]

use serde_json::Value;
use switchyard::{
    dialect::chat::{parse, scan},
    provider::{Format, Upstream, anthropic, gemini, model::ModelFacts, quirks::Quirks},
    stream::sse::{Segment, SseDeframer},
};

/// An event: its name and its data.
type Event = (Vec<u8>, Vec<u8>);

/// The deframer gives the same events however a stream is cut, and its segments joined are the stream.
///
/// The first bytes say where to cut: a count of cuts, and a step for each.
pub fn sse(input: &[u8]) {
    let Some((count, rest)) = input.split_first() else { return };
    let (steps, stream) = rest.split_at(usize::from(count % 16).min(rest.len()));
    let whole = events(&[stream]);
    assert_eq!(events(&cut(stream, steps)), whole, "events depend on where the stream is cut");
    let mut joined = Vec::new();
    let mut deframer = SseDeframer::default();
    let mut keep = |segment: Segment<'_>| match segment {
        Segment::Event { raw, .. } | Segment::Filler(raw) | Segment::Tail(raw) => {
            joined.extend_from_slice(raw)
        }
    };
    for piece in cut(stream, steps) {
        deframer.segments(piece, &mut keep).expect("a stream this small holds no event that is too long");
    }
    deframer.end_segments(&mut keep);
    assert_eq!(joined, stream, "segments lost or made up bytes");
}

fn cut<'a>(stream: &'a [u8], steps: &[u8]) -> Vec<&'a [u8]> {
    let mut pieces = Vec::new();
    let mut rest = stream;
    for step in steps {
        let (piece, after) = rest.split_at(usize::from(*step).min(rest.len()));
        pieces.push(piece);
        rest = after;
    }
    pieces.push(rest);
    pieces
}

fn events(pieces: &[&[u8]]) -> Vec<Event> {
    let mut out = Vec::new();
    let mut deframer = SseDeframer::default();
    for piece in pieces {
        let pushed = deframer.push(piece, &mut |event| out.push((event.name.to_vec(), event.data.to_vec())));
        pushed.expect("a stream this small holds no event that is too long");
    }
    deframer.end(&mut |event| out.push((event.name.to_vec(), event.data.to_vec())));
    out
}

/// What the gateway reads of a chat request is what a plain reader of JSON reads; what is written for another provider
/// is JSON again.
pub fn chat_request(body: &[u8]) {
    // Both must survive anything, but only what was scanned is ever parsed: the gateway refuses the rest.
    let (head, request) = (scan::scan(body), parse::parse(body));
    let Ok(head) = head else { return };
    check_head(&head, body, serde_json::from_slice::<Value>(body).ok().as_ref());
    let Ok(request) = request else { return };
    let facts = ModelFacts::default();
    let mut out = Vec::new();
    if anthropic::request::write(
        &request,
        Format::Anthropic,
        &Upstream { model: "claude", facts: &facts, quirks: Quirks::NONE },
        &mut out,
    )
    .is_ok()
    {
        let written: Value = serde_json::from_slice(&out).expect("a request of valid JSON");
        assert_eq!(written.get("model").and_then(Value::as_str), Some("claude"));
        assert!(written.get("messages").is_some_and(Value::is_array), "{written}");
    }
    out.clear();
    if gemini::request::write(
        &request,
        Format::Gemini,
        &Upstream { model: "gemini", facts: &facts, quirks: Quirks::NONE },
        &mut out,
    )
    .is_ok()
    {
        let written: Value = serde_json::from_slice(&out).expect("a request of valid JSON");
        assert!(written.get("contents").is_some_and(Value::is_array), "{written}");
    }
}

fn check_head(head: &scan::Head, body: &[u8], value: Option<&Value>) {
    let span = body.get(head.model_span.clone()).expect("a span inside the body");
    let model: String = serde_json::from_slice(span).expect("a span of one JSON string");
    assert_eq!(model, head.model);
    assert_eq!(body.get(head.insert_at.wrapping_sub(1)), Some(&b'{'));
    // Nesting that a plain reader does not follow is refused elsewhere.
    let Some(value) = value else { return };
    assert_eq!(value.get("model").and_then(Value::as_str), Some(head.model.as_str()));
    let stream = value.get("stream").and_then(Value::as_bool).unwrap_or(false);
    assert_eq!(stream, head.stream);
    let mut spliced = body.to_vec();
    spliced.splice(head.model_span.clone(), br#""other""#.iter().copied());
    let spliced: Value = serde_json::from_slice(&spliced).expect("JSON after the splice");
    assert_eq!(spliced.get("model"), Some(&Value::from("other")));
}
