//! Every recording through the converter: whole and cut, read again, compared with a plain reader, and checked.

use serde_json::Value;
use switchyard::{
    dialect::{Dialect, ReplyContext},
    provider::Format,
    translate::{self, Outcome, ReplyStream},
};

use crate::{
    client::{self, Schemas, Told},
    embed,
    files::{Kind, Recording},
    frame, messages,
    read::{Seen, anthropic, bedrock, cohere, gemini, openai, responses},
    report::Report,
    responses_client,
};

/// Streams below this are cut at every byte, larger ones at random places.
const EVERY_BYTE: usize = 4096;
/// So many ways of cutting a larger one.
const RANDOM: u64 = 200;

/// Recordings that do not end as a good answer does: what a client is told is an error.
const FAILS: &[(&str, &str)] = &[
    ("vercel-ai/anthropic/spliced-message-start", "a second answer begins within the stream"),
    ("vercel-ai/google/google-stream-tool-call-arguments", "arguments in pieces, which were not asked for"),
    ("vercel-ai/google/google-stream-tool-call-array", "arguments in pieces, which were not asked for"),
    ("vercel-ai/google/google-vertex-stream-tool-call-arguments-nested", "arguments in pieces"),
    ("vercel-ai/google/google-stream-no-args-tool-call", "arguments in pieces"),
    ("vercel-ai/openai/responses--openai-error.1.chunks", "the provider's own error"),
    ("apisix-quirks/openai/chat-streaming-many-chunks-no-usage", "cut off before its end"),
];

/// Whether a recording is one of those.
pub fn fails(name: &str) -> bool {
    FAILS.iter().any(|(start, _)| name.starts_with(start))
}

/// Replays one recording.
pub fn replay(recording: &Recording, schemas: Option<&Schemas>, report: &mut Report) {
    let name = &recording.name;
    responses_client::replay(recording, report);
    match recording.kind {
        Kind::Whole(format) => {
            whole(name, format, &recording.body, schemas, report);
            messages::whole(name, format, &recording.body, schemas, report);
        }
        Kind::Stream(format) => {
            stream(name, format, &recording.body, schemas, report);
            messages::stream(name, format, &recording.body, schemas, report);
        }
        Kind::Error(format, status) => error(name, format, status, &recording.body, report),
        Kind::Embeddings(format) => embed::embeddings(name, format, &recording.body, schemas, report),
        Kind::Rerank(format) => embed::rerank(name, format, &recording.body, report),
        Kind::Other(what) => {
            report.skip(name, &format!("not an answer of a chat or embeddings provider: {what}"))
        }
    }
}

pub fn context(include_usage: bool) -> ReplyContext {
    ReplyContext {
        id: "x".repeat(24),
        created: 1_790_000_000,
        model: "m".into(),
        include_usage,
        provider: "p".into(),
        ..ReplyContext::default()
    }
}

/// Formats whose bytes reach the client as they came.
fn passes(format: Format) -> bool {
    format == Format::Openai
}

pub fn plain(format: Format, events: &[Value], whole: bool) -> Seen {
    match (format, whole) {
        (Format::Gemini | Format::Vertex, _) => gemini::stream(events),
        (Format::Openai | Format::Mistral, true) => openai::whole(&events[0]),
        (Format::Openai | Format::Mistral, false) => openai::stream(events),
        (Format::Anthropic | Format::VertexAnthropic | Format::BedrockAnthropic, true) => {
            anthropic::whole(&events[0])
        }
        (Format::Anthropic | Format::VertexAnthropic | Format::BedrockAnthropic, false) => {
            anthropic::stream(events)
        }
        (Format::Bedrock, true) => bedrock::whole(&events[0]),
        (Format::Bedrock, false) => bedrock::stream(events),
        (Format::Cohere, true) => cohere::whole(&events[0]),
        (Format::Cohere, false) => cohere::stream(events),
        (Format::Responses, true) => responses::whole(&events[0]),
        (Format::Responses, false) => responses::stream(events),
    }
}

/// What both must agree on. Reasoning is shown in more than one way by some, and is compared where the plain reader
/// has any.
pub fn same(format: Format, mut ours: Seen, mut theirs: Seen) -> Result<(), String> {
    if theirs.thinking.is_empty() || format == Format::Responses {
        ours.thinking.clear();
        theirs.thinking.clear();
    }
    if ours == theirs {
        return Ok(());
    }
    Err(format!("the client is told\n    {ours:?}\n  and the provider said\n    {theirs:?}"))
}

fn whole(name: &str, format: Format, body: &[u8], schemas: Option<&Schemas>, report: &mut Report) {
    let mut out = Vec::new();
    let told = match translate::reply(Dialect::Chat, format, body, &context(true), &mut out) {
        Ok((Outcome::AsIs, _)) => body,
        Ok((Outcome::Replaced, _)) => &out,
        Err(error) => return report.fail(name, &format!("refused: {error:?}")),
    };
    let told: Value = serde_json::from_slice(told).unwrap();
    let source: Value = serde_json::from_slice(body).unwrap();
    report.check(name, same(format, openai::whole(&told), plain(format, &[source], true)));
    if let Some(schemas) = schemas {
        valid(name, format, &[told], schemas, false, report);
    }
}

fn valid(name: &str, format: Format, told: &[Value], schemas: &Schemas, chunk: bool, report: &mut Report) {
    let wrong = told.iter().find_map(|value| schemas.check(value, chunk, passes(format)).err());
    match wrong {
        // What passes through is as good as what came: it is not the gateway that lacks a member.
        Some(why) if passes(format) => {
            report.skip(name, &format!("passes as it came, and is no valid reply: {why}"))
        }
        Some(why) => report.fail(name, &why),
        None => report.check(name, Ok(())),
    }
}

fn error(name: &str, format: Format, status: u16, body: &[u8], report: &mut Report) {
    let error = translate::error(format, status, None, body);
    let mut out = Vec::new();
    translate::write_error(Dialect::Chat, &error, &mut out);
    let told: Value = serde_json::from_slice(&out).unwrap();
    let source: Value = serde_json::from_slice(body).unwrap();
    let source = if source.is_array() { &source[0] } else { &source };
    let message = source["error"]["message"].as_str().unwrap_or_default();
    let right = told["error"]["message"] == message && told["error"]["type"].is_string();
    report.check(name, if right { Ok(()) } else { Err(format!("{told} for {source}")) });
    messages::error(name, &error, message, report);
}

/// What a client gets of a stream that comes cut at these places.
pub fn convert(dialect: Dialect, format: Format, asked: bool, bytes: &[u8], cuts: &[usize]) -> Vec<u8> {
    let mut stream = ReplyStream::new(dialect, format, context(asked));
    let (mut all, mut out) = (Vec::new(), Vec::new());
    let mut from = 0;
    for to in cuts.iter().copied().chain([bytes.len()]) {
        if stream.push(&bytes[from..to], &mut out) == Outcome::AsIs {
            all.extend_from_slice(&bytes[from..to]);
        }
        all.append(&mut out);
        from = to;
    }
    stream.end(&mut all);
    all
}

fn stream(name: &str, format: Format, bytes: &[u8], schemas: Option<&Schemas>, report: &mut Report) {
    for asked in [true, false] {
        let whole = convert(Dialect::Chat, format, asked, bytes, &[]);
        report.check(name, told(name, format, asked, bytes, &whole));
        report.check(name, splits(Dialect::Chat, format, asked, bytes, &whole));
        if let (Some(schemas), Ok(told)) = (schemas, client::stream(&whole)) {
            valid(name, format, &told.chunks, schemas, true, report);
        }
    }
}

/// Whether a client is told a whole answer, as it should be of all but those that fail.
///
/// # Errors
///
/// Where it ends otherwise than it should.
pub fn ended(name: &str, told: &Told) -> Result<bool, String> {
    if fails(name) {
        let failed = told.error.is_some() && !told.done;
        return if failed { Ok(false) } else { Err("is told as a success".into()) };
    }
    match &told.error {
        Some(error) => Err(format!("ends with an error: {error}")),
        None if !told.done => Err("does not end".into()),
        None => Ok(true),
    }
}

/// What a client is told of a stream is what the plain reader sees, and ends as it did.
fn told(name: &str, format: Format, asked: bool, bytes: &[u8], whole: &[u8]) -> Result<(), String> {
    let told = client::stream(whole)?;
    if !ended(name, &told)? {
        return Ok(());
    }
    client::usage_rule(&told, asked)?;
    let (mut ours, mut theirs) = (client::seen(&told), plain(format, &frame::events(format, bytes), false));
    if !asked {
        // Groq tells it in a member of its own too, which passes.
        (ours.usage, theirs.usage) = (None, None);
    }
    same(format, ours, theirs)
}

/// Any split of the bytes gives the same.
pub fn splits(
    dialect: Dialect,
    format: Format,
    asked: bool,
    bytes: &[u8],
    whole: &[u8],
) -> Result<(), String> {
    let same = |cuts: &[usize]| {
        let cut = convert(dialect, format, asked, bytes, cuts);
        if cut == whole { Ok(()) } else { Err(format!("cut at {cuts:?}, it is another")) }
    };
    if bytes.len() < EVERY_BYTE {
        return (0..=bytes.len()).try_for_each(|cut| same(&[cut]));
    }
    (0..RANDOM).try_for_each(|seed| same(&cuts(bytes.len(), seed)))
}

/// Places that look random and are the same in every run (an xorshift).
pub fn cuts(len: usize, seed: u64) -> Vec<usize> {
    let mut state = seed * 2 + 1;
    let mut step = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % (len as u64 + 1)) as usize
    };
    let mut cuts: Vec<usize> = (0..8).map(|_| step()).collect();
    cuts.sort_unstable();
    cuts
}
