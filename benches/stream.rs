//! What a stream costs, natively and without a host: `cargo run --release --example stream`.
//!
//! Streams of 200 events whose texts differ, as a model's do, in one piece and an event at a time. Prints for each
//! the time of a stream and of an event: the median of many rounds, since the machine does other work too.

use std::{hint::black_box, time::Instant};

use switchyard::{
    dialect::{Dialect, ReplyContext},
    provider::Format,
    translate::{Outcome, ReplyStream},
};

const EVENTS: usize = 200;
const ROUNDS: usize = 101;
const STREAMS_A_ROUND: usize = 20;

/// Pieces of text such as models send, already as the inside of a JSON string; one in eight holds an escape.
const WORDS: [&str; 8] = ["The", " quick", " brown", " fox", ".\\n", " jumps over", " das Fräulein", " 7"];

fn main() {
    println!("{:44} {:>9} {:>9} {:>9}", "stream", "bytes", "ns", "ns/event");
    for (name, format, events) in [
        ("chat passes, texts", Format::Openai, chat(&content)),
        ("chat passes, padded texts", Format::Openai, chat(&padded)),
        ("chat passes, shapes that alternate", Format::Openai, chat(&alternating)),
        ("anthropic to chat, texts", Format::Anthropic, messages(TEXT, &text)),
        ("anthropic to chat, arguments", Format::Anthropic, messages(CALL, &arguments)),
    ] {
        let whole = [events.concat()];
        measure(&format!("{name}, in one piece"), format, &whole);
        measure(&format!("{name}, by event"), format, &events);
    }
}

/// Prints the time that one stream takes, which comes in these pieces.
fn measure(name: &str, format: Format, pieces: &[String]) {
    let mut out = Vec::new();
    let mut times: Vec<_> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            for _ in 0..STREAMS_A_ROUND {
                through(format, pieces, &mut out);
            }
            start.elapsed().as_nanos() / STREAMS_A_ROUND as u128
        })
        .collect();
    times.sort_unstable();
    let median = times.get(ROUNDS / 2).copied().unwrap_or_default();
    let bytes: usize = pieces.iter().map(String::len).sum();
    println!("{name:44} {bytes:>9} {median:>9} {:>9}", median / EVENTS as u128);
}

fn through(format: Format, pieces: &[String], out: &mut Vec<u8>) {
    let context = ReplyContext {
        id: "0".repeat(24),
        created: 1_770_933_892,
        model: "m".into(),
        include_usage: true,
        provider: "p".into(),
        ..ReplyContext::default()
    };
    let mut stream = ReplyStream::new(Dialect::Chat, format, context);
    for piece in pieces {
        out.clear();
        let outcome = stream.push(black_box(piece.as_bytes()), out);
        black_box((&out, outcome == Outcome::AsIs));
    }
    stream.end(out);
    // A stream that failed early would look fast.
    assert!(stream.progress().done && stream.error().is_none(), "the stream did not end well");
}

fn word(at: usize) -> &'static str {
    WORDS.get(at * 5 % WORDS.len()).copied().unwrap_or_default()
}

/// A stream of OpenAI's whose events have these choices and further members.
fn chat(event: &dyn Fn(usize) -> (String, String)) -> Vec<String> {
    let chunk = |(choices, more): (String, String)| {
        format!(
            "data: {{\"id\":\"chatcmpl-D8Z5oo6uDh67AD85p73ksdT1KxhE0\",\"object\":\"chat.completion.chunk\",\
             \"created\":1770933892,\"model\":\"gpt-4.1\",\"choices\":[{choices}],\"usage\":null{more}}}\n\n"
        )
    };
    let mut events: Vec<_> = (0..EVENTS).map(|at| chunk(event(at))).collect();
    events.push(chunk((choice("{}", "\"stop\""), String::new())));
    events.push("data: [DONE]\n\n".into());
    events
}

fn choice(delta: &str, finish: &str) -> String {
    format!(r#"{{"index":0,"delta":{delta},"logprobs":null,"finish_reason":{finish}}}"#)
}

fn content(at: usize) -> (String, String) {
    (choice(&format!(r#"{{"content":"{}"}}"#, word(at)), "null"), String::new())
}

/// OpenAI's own: `obfuscation` makes events of like length.
fn padded(at: usize) -> (String, String) {
    let padding = "D3WbtIxo1Q2j1Q".get(..14 - at % 10).unwrap_or_default();
    (content(at).0, format!(r#","obfuscation":"{padding}""#))
}

/// No event is like the one before it: the worst case.
fn alternating(at: usize) -> (String, String) {
    let bytes = at.to_string();
    let logprobs =
        format!(r#"{{"content":"{}"}},"logprobs":{{"content":[{{"bytes":[{bytes}]}}]}}"#, word(at));
    (format!(r#"{{"index":0,"delta":{logprobs},"finish_reason":null}}"#), String::new())
}

fn event(name: &str, members: &str) -> String {
    format!("event: {name}\ndata: {{\"type\":\"{name}\"{members}}}\n\n")
}

const TEXT: &str = r#"{"type":"text","text":""}"#;
const CALL: &str = r#"{"type":"tool_use","id":"toolu_01","name":"find","input":{}}"#;

fn text(at: usize) -> String {
    format!(r#"{{"type":"text_delta","text":"{}"}}"#, word(at))
}

fn arguments(at: usize) -> String {
    format!(r#"{{"type":"input_json_delta","partial_json":"\"{}"}}"#, word(at))
}

/// A stream of Anthropic's with one block, which begins so and has these deltas.
fn messages(block: &str, delta: &dyn Fn(usize) -> String) -> Vec<String> {
    let start = r#","message":{"id":"msg_01","type":"message","role":"assistant","model":"claude-sonnet-4-5","content":[],"usage":{"input_tokens":200,"output_tokens":1}}"#;
    let mut events = vec![
        event("message_start", start),
        event("content_block_start", &format!(r#","index":0,"content_block":{block}"#)),
    ];
    events.extend((0..EVENTS).map(|at| {
        // Anthropic pads its events with spaces.
        let padding = " ".repeat(at % 7);
        event("content_block_delta", &format!(r#","index":0,"delta":{}{padding}"#, delta(at)))
    }));
    events.push(event("content_block_stop", r#","index":0"#));
    events
        .push(event("message_delta", r#","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":150}"#));
    events.push(event("message_stop", ""));
    events
}
