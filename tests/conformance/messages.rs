//! The same recordings told to a client of Messages: read and checked as Anthropic's own SDK would.

use serde_json::{Value, json};
use switchyard::{
    dialect::Dialect,
    provider::Format,
    translate::{self, Outcome},
};

use crate::{
    client::{self, Schemas, Told},
    frame,
    read::{Seen, anthropic},
    replay,
    report::Report,
};

/// Formats whose bytes reach the client as they came, but for a frame of AWS's.
fn passes(format: Format) -> bool {
    matches!(format, Format::Anthropic | Format::VertexAnthropic | Format::BedrockAnthropic)
}

/// Replies that a chat client gets as they came, and that are none.
const UNREADABLE: &[(&str, &str)] = &[
    ("apisix-quirks/openai/null-function", "a call of no function"),
    ("apisix-quirks/openai/null-message", "no message"),
];

/// Providers of OpenAI's format that count otherwise than OpenAI, which the plain reader does not know.
const COUNTS: &[(&str, &str)] =
    &[("xai", "reasoning is no part of the answer"), ("moonshotai", "cached tokens have another place")];

/// A whole reply.
pub fn whole(name: &str, format: Format, body: &[u8], schemas: Option<&Schemas>, report: &mut Report) {
    let name = &format!("{name} as Messages");
    let mut out = Vec::new();
    let told = match translate::reply(Dialect::Messages, format, body, &replay::context(true), &mut out) {
        Ok((Outcome::AsIs, _)) => body,
        Ok((Outcome::Replaced, _)) => &out,
        Err(_) if UNREADABLE.iter().any(|(start, _)| name.starts_with(start)) => {
            return report.check(name, Ok(()));
        }
        Err(error) => return report.fail(name, &format!("refused: {error:?}")),
    };
    let told: Value = serde_json::from_slice(told).unwrap();
    let source: Value = serde_json::from_slice(body).unwrap();
    report.check(name, same(name, format, anthropic::whole(&told), replay::plain(format, &[source], true)));
    if let Some(schemas) = schemas.filter(|_| !passes(format)) {
        report.check(name, schemas.check_message(&told));
    }
}

/// A stream.
pub fn stream(name: &str, format: Format, bytes: &[u8], schemas: Option<&Schemas>, report: &mut Report) {
    let name = &format!("{name} as Messages");
    let whole = replay::convert(Dialect::Messages, format, true, bytes, &[]);
    report.check(name, ends(name, format, bytes, &whole));
    report.check(name, replay::splits(Dialect::Messages, format, true, bytes, &whole));
    let Ok(told) = read(&whole) else { return };
    if passes(format) {
        return;
    }
    report.check(name, order(&told));
    if let Some(schemas) = schemas {
        let wrong = told.chunks.iter().filter(|event| event["type"] != "ping");
        let wrong = wrong.filter_map(|event| schemas.check_step(event).err()).next();
        report.check(name, wrong.map_or(Ok(()), Err));
    }
}

fn ends(name: &str, format: Format, bytes: &[u8], whole: &[u8]) -> Result<(), String> {
    let told = read(whole)?;
    if replay::ended(name, &told)? {
        let theirs = replay::plain(format, &frame::events(format, bytes), false);
        return same(name, format, anthropic::stream(&told.chunks), theirs);
    }
    Ok(())
}

/// Reads a client's stream: every event has its name, and nothing follows the end.
fn read(bytes: &[u8]) -> Result<Told, String> {
    let text = str::from_utf8(bytes).map_err(|error| error.to_string())?;
    let mut told = Told { chunks: Vec::new(), done: false, error: None };
    for block in text.replace("\r\n", "\n").split("\n\n") {
        let lines = || block.lines().filter(|line| !line.starts_with(':'));
        if lines().next().is_none() {
            continue;
        }
        if told.done || told.error.is_some() {
            return Err(format!("after the end: {block}"));
        }
        let member = |name: &str| lines().find_map(|line| line.strip_prefix(name).map(str::trim));
        let (Some(name), Some(data)) = (member("event:"), member("data:")) else {
            return Err(format!("an event without its name or data: {block}"));
        };
        let value: Value = serde_json::from_str(data).map_err(|error| format!("{error}: {data}"))?;
        if value["type"] != name {
            return Err(format!("{name} is the name of {value}"));
        }
        match name {
            "error" => told.error = Some(value),
            _ => {
                told.done = name == "message_stop";
                told.chunks.push(value);
            }
        }
    }
    Ok(told)
}

/// One message, one block at a time, each with the deltas of its kind.
fn order(told: &Told) -> Result<(), String> {
    let mut open: Option<&Value> = None;
    let mut next = 0;
    for (at, event) in told.chunks.iter().enumerate() {
        let kind = event["type"].as_str().unwrap_or_default();
        let index = || event["index"].as_u64() == Some(next);
        let right = match kind {
            "message_start" => at == 0,
            "ping" => at > 0,
            "content_block_start" => {
                let before = open.replace(&event["content_block"]);
                at > 0 && before.is_none() && index()
            }
            "content_block_delta" => open.is_some_and(|block| index() && fits(block, &event["delta"])),
            "content_block_stop" => {
                let right = index();
                next += 1;
                open.take().is_some() && right
            }
            "message_delta" => open.is_none() && at + 2 == told.chunks.len(),
            "message_stop" => at + 1 == told.chunks.len(),
            _ => false,
        };
        if !right {
            return Err(format!("out of order: {event}"));
        }
    }
    Ok(())
}

fn fits(block: &Value, delta: &Value) -> bool {
    let kinds: &[&str] = match block["type"].as_str().unwrap_or_default() {
        "text" => &["text_delta", "citations_delta"],
        "thinking" => &["thinking_delta", "signature_delta"],
        "tool_use" => &["input_json_delta"],
        _ => &[],
    };
    kinds.iter().any(|kind| delta["type"] == *kind)
}

/// What both must agree on, in the words that both can say: a message has always counts, and a reason that goes with its
/// calls.
fn same(name: &str, format: Format, mut ours: Seen, mut theirs: Seen) -> Result<(), String> {
    if passes(format) {
        return replay::same(format, ours, theirs);
    }
    if COUNTS.iter().any(|(provider, _)| name.contains(provider)) {
        theirs.usage = ours.usage;
    }
    let counts = theirs.usage.unwrap_or_default();
    theirs.usage = Some((counts.0, counts.1, Some(counts.2.unwrap_or(0))));
    ours.usage = ours.usage.map(|(prompt, answer, cached)| (prompt, answer, Some(cached.unwrap_or(0))));
    theirs.finish = match theirs.finish.as_str() {
        "stop" if !theirs.calls.is_empty() => "tool_calls".into(),
        "tool_calls" if theirs.calls.is_empty() => "stop".into(),
        other => other.into(),
    };
    for (_, arguments) in &mut theirs.calls {
        if let Value::String(text) = arguments {
            *arguments = json!({"INVALID_JSON": text});
        }
    }
    replay::same(format, ours, theirs)
}

/// An error that a provider answers with.
pub fn error(name: &str, error: &switchyard::ir::ApiError, message: &str, report: &mut Report) {
    let mut out = Vec::new();
    translate::write_error(Dialect::Messages, error, &mut out);
    let told: Value = serde_json::from_slice(&out).unwrap();
    let right = told["error"]["message"].as_str().is_some_and(|told| told.ends_with(message))
        && told["error"]["type"].is_string();
    let schema = client::document("anthropic.error").map(|schema| jsonschema::is_valid(&schema, &told));
    let right = right && schema != Some(false);
    report.check(&format!("{name} as Messages"), if right { Ok(()) } else { Err(told.to_string()) });
}
