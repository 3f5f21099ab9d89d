//! The fuzz targets' functions on stable: a seed corpus, and seeds that were damaged at random, for a few seconds.
//!
//! The random numbers are the same in every run; how many are used depends on the machine. What fails is written down
//! whole, so that it can become a test of its own.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests, which clippy does not see as such"
)]

#[path = "../fuzz/entry.rs"]
mod entry;

use std::{
    panic::catch_unwind,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use switchyard::{dialect::Ask, provider::Format};

/// For each target.
const TIME: Duration = Duration::from_secs(3);
/// Inputs above this are cut: small ones find more.
const LONGEST: usize = 4096;

/// Xorshift64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit.max(1) as u64).unwrap()
    }
}

/// Damages an input in a few places, with bytes and words that matter to the formats.
fn damage(input: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    const WORDS: &[&[u8]] = &[
        b"\r\n",
        b"\n\n",
        b"\r",
        b":",
        b"data:",
        b"event:",
        b"\xef\xbb\xbf",
        b"\"model\"",
        b"null",
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b"\"",
        b"\\u0000",
        b"\\ud800",
        b"\\",
        b"\xff",
        b"0",
        b"-1",
        b"1e999",
        b"true",
        b"\"messages\":[]",
        b"\0",
    ];
    for _ in 0..=random.below(6) {
        let at = random.below(input.len() + 1);
        let end = (at + random.below(9)).min(input.len());
        match random.below(5) {
            0 => drop(input.splice(at..end, [])),
            1 => drop(input.splice(at..end, WORDS[random.below(WORDS.len())].iter().copied())),
            2 => drop(input.splice(at..at, WORDS[random.below(WORDS.len())].iter().copied())),
            3 if at < input.len() => input[at] ^= 1 << random.below(8),
            _ => {
                let from = random.below(other.len() + 1);
                let to = (from + random.below(64)).min(other.len());
                input.splice(at..end, other[from..to].iter().copied());
            }
        }
    }
    input.truncate(LONGEST);
}

fn run(name: &str, seeds: &[Vec<u8>], target: fn(&[u8])) {
    assert!(seeds.len() > 3, "{name}: the corpus is not there");
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let started = Instant::now();
    let mut runs = 0u64;
    let check = |input: &[u8]| {
        let outcome = catch_unwind(|| target(input));
        assert!(outcome.is_ok(), "{name} fails on b\"{}\"", input.escape_ascii());
    };
    seeds.iter().for_each(|seed| check(seed));
    while started.elapsed() < TIME {
        let mut input = seeds[random.below(seeds.len())].clone();
        damage(&mut input, &seeds[random.below(seeds.len())], &mut random);
        check(&input);
        runs += 1;
    }
    println!("{name}: {runs} inputs");
    assert!(runs > 100, "{name}: only {runs} inputs in {TIME:?}");
}

/// Files of this name below a folder.
fn files(folder: &Path, name: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path, name));
        } else if path.file_name().is_some_and(|file| file == name) {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn golden(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    files(&folder, name).iter().map(|path| std::fs::read(path).unwrap()).collect()
}

#[test]
fn sse() {
    let streams: [&[u8]; 7] = [
        b"data: {\"a\":1}\n\ndata: [DONE]\n\n",
        b"event: ping\r\ndata: {}\r\n\r\n: comment\r\n\r\nevent: x\r\ndata: a\r\ndata: b\r\n\r\n",
        b"data: a\rdata: b\r\rdata\r\rdata:c\r\n\n",
        b"\xef\xbb\xbfdata: bom\n\n\xef\xbb\xbfdata: not one\n\n",
        b"id: 1\nretry: 5\n\nevent: alone\n\ndata: cut short",
        b"data: \xf0\x9f\xa6\x8a \xff\n\n\n\n\ndata:  two spaces\n\n",
        b"",
    ];
    let mut random = Random(7);
    let seeds: Vec<Vec<u8>> = streams
        .iter()
        .map(|stream| {
            let steps: Vec<u8> = (0..5).map(|_| (random.next() % 9) as u8).collect();
            [&[5][..], &steps, stream].concat()
        })
        .collect();
    run("sse", &seeds, entry::sse);
}

#[test]
fn chat_request() {
    let mut seeds = golden("request.json");
    seeds.extend(
        [
            &br#"{"model":"gpt-4.1","messages":[{"role":"user","content":"hi"}],"stream":true}"#[..],
            br#"{"messages":[{"role":"assistant","content":null,"tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"a","content":"x"}],"model":"m","stream_options":{"include_usage":true},"stream":true}"#,
            br#"{"model":"\u0061","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}]}]}"#,
            br#"{"model":"m","model":"n","messages":[]}"#,
            b"[]",
            b"{",
        ]
        .map(<[u8]>::to_vec),
    );
    run("chat_request", &seeds, entry::chat_request);
}

fn requests(ask: Ask) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(ask.name());
    files(&folder, "request.json").iter().map(|path| std::fs::read(path).unwrap()).collect()
}

#[test]
fn messages_request() {
    run("messages_request", &requests(Ask::Messages), |input| entry::request(Ask::Messages, input));
}

#[test]
fn responses_request() {
    run("responses_request", &requests(Ask::Responses), |input| entry::request(Ask::Responses, input));
}

#[test]
fn completions_request() {
    run("completions_request", &requests(Ask::Completions), |input| entry::request(Ask::Completions, input));
}

/// Streams and replies of the golden cases of a format, each behind a count and steps of cuts.
fn replies(format: Format) -> Vec<Vec<u8>> {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/chat");
    // What a chat client gets is what OpenAI sends.
    let (folder, names) = match format {
        Format::Openai => (golden, ["client.sse", "client.json", "reply.json"]),
        _ => (golden.join(format.name()), ["stream.sse", "stream.events.txt", "reply.json"]),
    };
    let mut random = Random(11);
    let mut seeds = Vec::new();
    for name in names {
        for path in files(&folder, name) {
            let steps: Vec<u8> = (0..9).map(|_| (random.next() % 60) as u8).collect();
            let bytes = std::fs::read(&path).unwrap();
            // A type and a payload a line: a tab stands between them there.
            let bytes = bytes.iter().map(|byte| if *byte == b'\t' { b' ' } else { *byte });
            seeds.push([&[9][..], &steps].concat().into_iter().chain(bytes).collect());
        }
    }
    seeds
}

macro_rules! replies {
    ($($name:ident $format:ident,)*) => {$(
        #[test]
        fn $name() {
            run(stringify!($name), &replies(Format::$format), |input| entry::reply(Format::$format, input));
        }
    )*};
}

replies! {
    reply_openai Openai,
    reply_anthropic Anthropic,
    reply_gemini Gemini,
    reply_bedrock Bedrock,
    reply_bedrock_anthropic BedrockAnthropic,
    reply_cohere Cohere,
    reply_mistral Mistral,
    reply_responses Responses,
}

#[test]
fn aws() {
    run("aws", &replies(Format::Bedrock), entry::aws);
}
