//! What is fuzzed: functions that take any bytes, and fail where a promise does not hold. The fuzz targets and
//! `tests/fuzz_smoke.rs` run the same ones.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "a file that several targets include, each of which uses one function"
)]
#![allow(clippy::expect_used, reason = "a broken promise is to end a fuzz target")]

use serde_json::{Value, value::RawValue};
use switchyard::{
    dialect::{
        Dialect, ReplyContext,
        chat::{parse, scan},
    },
    provider::{Format, Upstream, model::ModelFacts, openai::request::compose, quirks::Quirks},
    stream::{
        aws::{AwsDeframer, Broken, Message},
        sse::{Segment, SseDeframer},
    },
    translate::{self, Outcome, ReplyStream},
};

/// A fuzz target of one function. Without cargo-fuzz, each file that is named is one input, as to see again what a fuzzer
/// found.
#[allow(unused_macros, reason = "tests/fuzz_smoke.rs calls the functions itself")]
macro_rules! target {
    ($run:expr) => {
        #[cfg(fuzzing)]
        libfuzzer_sys::fuzz_target!(|data: &[u8]| $run(data));

        #[cfg(not(fuzzing))]
        fn main() {
            for path in std::env::args_os().skip(1) {
                $run(&std::fs::read(&path).expect("a file that can be read"));
            }
        }
    };
}

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
    let upstream = Upstream { model: "m", facts: &facts, quirks: Quirks::NONE, provider: "p" };
    for format in Format::ALL {
        let mut out = Vec::new();
        if let Ok(Outcome::Replaced) =
            translate::request(Dialect::Chat, *format, body, &head, &upstream, &mut out)
        {
            assert!(is_object(&out), "{}", out.escape_ascii());
        }
    }
    // For clients of other APIs it is written for OpenAI too, and can be read again.
    let mut out = Vec::new();
    if compose(&request, &upstream, &mut out).is_ok() {
        assert!(scan::scan(&out).is_ok() && parse::parse(&out).is_ok(), "{}", out.escape_ascii());
    }
}

/// The deframer of AWS event streams gives the same messages and the same end however a stream is cut.
///
/// The first bytes say where to cut, as for [`sse`]; of the rest, half are messages with good checksums.
pub fn aws(input: &[u8]) {
    let Some((count, rest)) = input.split_first() else { return };
    let (steps, bytes) = rest.split_at(usize::from(count % 16).min(rest.len()));
    let stream = framed(Format::Bedrock, bytes);
    let whole = messages(&[&stream]);
    assert_eq!(messages(&cut(&stream, steps)), whole, "messages depend on where the stream is cut");
    let each: Vec<&[u8]> = stream.chunks(1).collect();
    assert_eq!(messages(&each), whole, "messages depend on where the stream is cut");
    // Without good checksums nothing is given, and nothing is held without bound.
    let (given, _) = messages(&[bytes]);
    assert!(given.len() <= bytes.len() / 16);
}

/// The types and payloads of the messages, and how the stream ended.
fn messages(pieces: &[&[u8]]) -> (Vec<Event>, Result<(), Broken>) {
    let mut out = Vec::new();
    let mut deframer = AwsDeframer::default();
    for piece in pieces {
        let mut each =
            |message: Message<'_>| out.push((message.event.as_bytes().to_vec(), message.payload.to_vec()));
        if let Err(broken) = deframer.push(piece, &mut each) {
            return (out, Err(broken));
        }
    }
    (out, deframer.end())
}

/// A provider's reply, whole and as a stream: what the client gets is JSON, the same however the bytes are cut, and says
/// how it ended.
///
/// The first bytes say where to cut, as for [`sse`].
pub fn reply(format: Format, input: &[u8]) {
    let Some((count, rest)) = input.split_first() else { return };
    let (steps, bytes) = rest.split_at(usize::from(count % 16).min(rest.len()));
    let mut out = Vec::new();
    if let Ok((Outcome::Replaced, _)) = translate::reply(Dialect::Chat, format, bytes, &context(), &mut out) {
        assert!(is_object(&out), "{}", out.escape_ascii());
    }
    let error = translate::error(format, 400, str::from_utf8(steps).ok(), bytes);
    assert!(!error.message.is_empty());
    let stream = framed(format, bytes);
    let whole = told(format, &[&stream]);
    // Another grid of cuts too: the steps are small.
    let halves = stream.split_at(stream.len() / 2);
    assert_eq!(told(format, &[halves.0, halves.1]), whole, "the reply depends on where the stream is cut");
    assert_eq!(told(format, &cut(&stream, steps)), whole, "the reply depends on where the stream is cut");
    let ends =
        whole.ends_with(b"data: [DONE]\n\n") || whole.windows(9).any(|window| window == b"{\"error\":");
    assert!(ends || format == Format::Openai, "a stream that has no end");
}

/// By the grammar of JSON, which knows halves of surrogate pairs: what a peer escaped so in a value that only passes is
/// passed on.
fn is_object(json: &[u8]) -> bool {
    serde_json::from_slice::<&RawValue>(json).is_ok_and(|raw| raw.get().starts_with('{'))
}

fn context() -> ReplyContext {
    ReplyContext {
        id: "x".repeat(24),
        created: 1,
        model: "m".into(),
        include_usage: true,
        provider: "p".into(),
        ..ReplyContext::default()
    }
}

/// What a client gets for the pieces of a stream.
fn told(format: Format, pieces: &[&[u8]]) -> Vec<u8> {
    let mut stream = ReplyStream::new(Dialect::Chat, format, context());
    let (mut all, mut out) = (Vec::new(), Vec::new());
    for piece in pieces {
        if stream.push(piece, &mut out) == Outcome::AsIs {
            all.extend_from_slice(piece);
        }
        all.append(&mut out);
    }
    stream.end(&mut all);
    all
}

/// The stream that an input stands for. Checksums keep a fuzzer out of AWS event streams, so that there each line is the
/// payload of a message, whose type is its first member's name; a line that begins with `!` is bytes as they are.
fn framed(format: Format, input: &[u8]) -> Vec<u8> {
    if !matches!(format, Format::Bedrock | Format::BedrockAnthropic) {
        return input.to_vec();
    }
    let mut out = Vec::new();
    for line in input.split(|byte| *byte == b'\n') {
        match line.split_first() {
            Some((b'!', raw)) => out.extend_from_slice(raw),
            _ => out.extend_from_slice(&message(line)),
        }
    }
    out
}

/// A message of an AWS event stream: `event-type payload`, or `:exception-type payload`.
fn message(line: &[u8]) -> Vec<u8> {
    let at = line.iter().position(|byte| *byte == b' ').unwrap_or(line.len());
    let (name, payload) = (&line[..at.min(255)], &line[at..]);
    let (kind, header, name) = match name.split_first() {
        Some((b':', exception)) => (&b"exception"[..], &b":exception-type"[..], exception),
        _ => (&b"event"[..], &b":event-type"[..], name),
    };
    let mut headers = Vec::new();
    for (header, value) in [(&b":message-type"[..], kind), (header, name)] {
        headers.push(header.len() as u8);
        headers.extend_from_slice(header);
        headers.push(7);
        headers.extend_from_slice(&(value.len() as u16).to_be_bytes());
        headers.extend_from_slice(value);
    }
    let mut out = ((16 + headers.len() + payload.len()) as u32).to_be_bytes().to_vec();
    out.extend_from_slice(&(headers.len() as u32).to_be_bytes());
    out.extend_from_slice(&crc32(&out).to_be_bytes());
    out.extend_from_slice(&headers);
    out.extend_from_slice(payload);
    out.extend_from_slice(&crc32(&out).to_be_bytes());
    out
}

/// The plain, slow form of CRC-32 (IEEE 802.3).
fn crc32(bytes: &[u8]) -> u32 {
    let bit = |crc: u32| if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 };
    !bytes.iter().fold(!0, |crc: u32, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| bit(crc)))
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
