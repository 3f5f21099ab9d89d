//! What a client makes of recorded traffic: the converters and a plain reader must both see the same.

use std::{fs, path::PathBuf};

use serde_json::Value;
use switchyard::ir::{Decoder, Event, Finish, Usage};

/// What a client makes of an answer.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Seen {
    pub(crate) text: String,
    pub(crate) thinking: String,
    pub(crate) signatures: Vec<String>,
    /// Id, name, arguments.
    pub(crate) calls: Vec<(String, String, Value)>,
    pub(crate) finish: String,
    pub(crate) usage: [Option<u64>; 5],
    pub(crate) errors: usize,
    pub(crate) done: bool,
}

/// The recordings in a folder whose names end so, with their names; none, said aloud, where they are not there.
pub(crate) fn recordings(folder: &str, ends: &str) -> Vec<(String, String)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/recordings").join(folder);
    let Ok(entries) = fs::read_dir(&folder) else {
        println!("skipped: no recordings in {}", folder.display());
        return Vec::new();
    };
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
        .into_iter()
        .filter_map(|path| {
            let name = path.file_name()?.to_str()?.to_owned();
            name.ends_with(ends).then(|| (name, fs::read_to_string(&path).unwrap()))
        })
        .collect()
}

pub(crate) fn finish_word(finish: &Finish<'_>) -> String {
    match finish {
        Finish::Stop => "stop".into(),
        Finish::StopSequence(sequence) => format!("sequence {}", sequence.as_deref().unwrap_or_default()),
        Finish::Length => "length".into(),
        Finish::ToolCalls => "calls".into(),
        Finish::ContentFilter => "filter".into(),
        Finish::Refusal => "refusal".into(),
    }
}

pub(crate) fn counts(usage: Usage) -> [Option<u64>; 5] {
    [usage.input, usage.cache_read, usage.cache_write, usage.output, usage.reasoning]
}

/// What a decoder of ours makes of a stream that arrives cut at each of `cuts`.
pub(crate) fn decode(mut decoder: impl Decoder, stream: &[u8], cuts: &[usize]) -> Seen {
    let mut seen = Seen::default();
    let mut arguments: Vec<String> = Vec::new();
    let mut ended = Vec::new();
    {
        let mut sink = |event: Event<'_>| {
            assert!(!seen.done && seen.errors == 0, "{event:?} after the end");
            match event {
                Event::Text(text) => seen.text.push_str(&text),
                Event::Thinking(text) => seen.thinking.push_str(&text),
                Event::Signature(signature) => seen.signatures.push(signature.into_owned()),
                Event::ToolStart { index, id, name, signature } => {
                    assert_eq!(index as usize, seen.calls.len());
                    seen.calls.push((id.into_owned(), name.into_owned(), Value::Null));
                    seen.signatures.extend(signature.map(|signature| signature.into_owned()));
                    arguments.push(String::new());
                }
                Event::ToolArguments { index, fragment } => arguments[index as usize].push_str(&fragment),
                Event::ToolEnd { index } => ended.push(index as usize),
                Event::Usage(usage) => seen.usage = counts(usage),
                Event::Finish(finish) => seen.finish = finish_word(&finish),
                Event::Error(_) => seen.errors += 1,
                Event::Done => seen.done = true,
                Event::Start { .. }
                | Event::Refusal(_)
                | Event::RedactedThinking(_)
                | Event::Citation(_)
                | Event::Extra(_) => {}
            }
        };
        let mut from = 0;
        for to in cuts.iter().copied().chain([stream.len()]) {
            decoder.push(&stream[from..to], &mut sink);
            from = to;
        }
        decoder.end(&mut sink);
    }
    for call in &ended {
        seen.calls[*call].2 = serde_json::from_str(&arguments[*call]).unwrap();
    }
    if seen.done {
        assert_eq!(ended.len(), seen.calls.len(), "every call ends");
    }
    seen
}

/// Numbers that look random and are the same in every run (an xorshift).
fn random_cuts(len: usize, seed: u64) -> Vec<usize> {
    let mut state = seed * 2 + 1;
    let mut cuts: Vec<usize> = (0..8)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state % (len as u64 + 1)) as usize
        })
        .collect();
    cuts.sort_unstable();
    cuts
}

/// Any split of the bytes gives the same.
pub(crate) fn splits<D: Decoder>(decoder: impl Fn() -> D, name: &str, stream: &[u8], whole: &Seen) {
    if stream.len() < 4096 {
        for cut in 0..=stream.len() {
            assert_eq!(decode(decoder(), stream, &[cut]), *whole, "{name} cut at {cut}");
        }
    } else {
        for seed in 0..50 {
            let cuts = random_cuts(stream.len(), seed);
            assert_eq!(decode(decoder(), stream, &cuts), *whole, "{name} cut at {cuts:?}");
        }
    }
}
