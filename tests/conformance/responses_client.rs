//! What a Responses client is given, read and checked as OpenAI's own SDK would.

use std::{collections::BTreeMap, sync::LazyLock};

use jsonschema::Validator;
use serde_json::{Value, json};
use switchyard::{
    dialect::Dialect,
    provider::Format,
    translate::{self, Outcome, ReplyStream},
};

use crate::{
    client,
    files::{Kind, Recording},
    frame,
    read::{Seen, responses},
    replay,
    report::Report,
};

/// How often a stream is cut at random places. What a client of chat gets is cut at more: the encoder is given the same
/// events wherever the bytes were cut.
const CUTS: u64 = 20;

/// Replies of chat completions that are none.
const UNREADABLE: [&str; 2] = ["apisix-quirks/openai/null-function", "apisix-quirks/openai/null-message"];

/// The schemas of what a client gets.
struct Schemas {
    response: Validator,
    event: Validator,
}

static SCHEMAS: LazyLock<Option<Schemas>> = LazyLock::new(Schemas::read);

impl Schemas {
    /// Reads them; `None` where they are not there.
    fn read() -> Option<Self> {
        let read =
            |name| client::document(name).map(|document| jsonschema::validator_for(&document).unwrap());
        Some(Self { response: read("openai.responses_response")?, event: read("openai.responses_event")? })
    }

    fn check(&self, value: &Value) -> Result<(), String> {
        let mut value = value.clone();
        without_extensions(&mut value);
        let schema = if value["object"] == "response" { &self.response } else { &self.event };
        let errors: Vec<String> =
            schema.iter_errors(&value).map(|error| format!("{}: {error}", error.instance_path())).collect();
        if errors.is_empty() { Ok(()) } else { Err(errors.join("; ").chars().take(600).collect()) }
    }
}

/// Checks what a client gets, where the schemas are there.
fn valid(value: &Value) -> Result<(), String> {
    SCHEMAS.as_ref().map_or(Ok(()), |schemas| schemas.check(value))
}

/// The members that OpenAI's types do not have: what only a vendor's own API tells, and the `error` of its event, which
/// its API has and its types do not.
fn without_extensions(value: &mut Value) {
    let Some(members) = value.as_object_mut() else { return };
    members.remove("extra_content");
    if members.get("type").is_some_and(|kind| kind == "error") {
        members.remove("error");
    }
    members.get_mut("response").into_iter().for_each(without_extensions);
}

/// Replays one recording for a Responses client.
pub fn replay(recording: &Recording, report: &mut Report) {
    match recording.kind {
        Kind::Whole(format) => whole(&recording.name, format, &recording.body, report),
        Kind::Stream(format) => stream(&recording.name, format, &recording.body, report),
        _ => {}
    }
}

fn whole(name: &str, format: Format, body: &[u8], report: &mut Report) {
    let mut out = Vec::new();
    let told = match translate::reply(Dialect::Responses, format, body, &replay::context(true), &mut out) {
        Ok((Outcome::AsIs, _)) => body,
        Ok((Outcome::Replaced, _)) => &out,
        // What passes to a client of chat unread.
        Err(_) if UNREADABLE.iter().any(|start| name.starts_with(start)) => {
            return report.check(name, Ok(()));
        }
        Err(error) => return report.fail(name, &format!("refused for a Responses client: {error:?}")),
    };
    let told: Value = serde_json::from_slice(told).unwrap();
    let source: Value = serde_json::from_slice(body).unwrap();
    if format == Format::Responses {
        return report.check(name, passed(&source, &told));
    }
    report.check(name, same(format, responses::whole(&told), replay::plain(format, &[source], true)));
    report.check(name, valid(&told));
}

fn stream(name: &str, format: Format, bytes: &[u8], report: &mut Report) {
    let whole = convert(format, bytes, &[]);
    report.check(name, told(name, format, bytes, &whole));
    let cut = (0..CUTS).map(|seed| replay::cuts(bytes.len(), seed));
    let other = cut.into_iter().find(|cuts| convert(format, bytes, cuts) != whole);
    report.check(
        name,
        other.map_or(Ok(()), |cuts| Err(format!("for a Responses client, cut at {cuts:?}, it is another"))),
    );
}

fn convert(format: Format, bytes: &[u8], cuts: &[usize]) -> Vec<u8> {
    let mut stream = ReplyStream::new(Dialect::Responses, format, replay::context(true));
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

/// What a client is told of a stream is what the plain reader sees, ends as it did, and is what its last event repeats.
fn told(name: &str, format: Format, bytes: &[u8], whole: &[u8]) -> Result<(), String> {
    let events = read(whole)?;
    let last = events.last().ok_or("nothing is told")?;
    if replay::fails(name) {
        let failed = last["type"] == "response.failed" && last["response"]["status"] == "failed";
        let raised = events.iter().any(|event| event["error"].is_object());
        return if failed && raised { Ok(()) } else { Err("is told as a success".into()) };
    }
    let sources = frame::events(format, bytes);
    if format == Format::Responses {
        // A recording may hold the answer to the next request too.
        let (sources, events) = (first(sources), first(events));
        let all = sources.len() == events.len();
        return if all {
            sources.iter().zip(&events).try_for_each(|(source, told)| passed(source, told))
        } else {
            Err(format!("{} events of {}", events.len(), sources.len()))
        };
    }
    for (number, event) in events.iter().enumerate() {
        if event["sequence_number"] != number {
            return Err(format!("number {number} is missing: {event}"));
        }
        valid(event)?;
    }
    let response = &last["response"];
    if accumulated(&events)? != response["output"] {
        return Err(format!("the events do not add up to the last one's\n    {}", response["output"]));
    }
    same(format, responses::whole(response), replay::plain(format, &sources, false))?;
    same(format, responses::stream(&events), replay::plain(format, &sources, false))
}

/// The events of a client's stream.
fn read(bytes: &[u8]) -> Result<Vec<Value>, String> {
    let text = str::from_utf8(bytes).map_err(|error| error.to_string())?;
    let mut events = Vec::new();
    for block in text.split("\n\n").filter(|block| !block.trim().is_empty()) {
        let lines: Vec<&str> = block.lines().collect();
        let [name, data] = lines.as_slice() else { return Err(format!("no event: {block}")) };
        let (name, data) = name.strip_prefix("event: ").zip(data.strip_prefix("data: ")).ok_or(block)?;
        let event: Value = serde_json::from_str(data).map_err(|error| format!("{error}: {data}"))?;
        if event["type"] != name {
            return Err(format!("{name} is {event}"));
        }
        events.push(event);
    }
    Ok(events)
}

/// Up to the first last one.
fn first(mut events: Vec<Value>) -> Vec<Value> {
    let ends =
        |event: &Value| matches!(event["type"].as_str(), Some("response.completed" | "response.incomplete"));
    let end = events.iter().position(ends).map_or(events.len(), |at| at + 1);
    events.truncate(end);
    events
}

/// What a provider said passes, but for the provider's name before what it encrypted.
fn passed(source: &Value, told: &Value) -> Result<(), String> {
    let mut source = source.clone();
    let list = if source.get("type").is_some() { "/response/output" } else { "/output" };
    let items = match source["type"].as_str() {
        Some("response.output_item.added" | "response.output_item.done") => {
            std::slice::from_mut(&mut source["item"])
        }
        _ => source.pointer_mut(list).and_then(Value::as_array_mut).map_or(&mut [][..], Vec::as_mut_slice),
    };
    for item in items.iter_mut().filter(|item| item["type"] == "reasoning") {
        let marked = item["encrypted_content"].as_str().filter(|content| !content.is_empty());
        if let Some(marked) = marked.map(|content| json!(format!("switchyard:at:v1:p:{content}"))) {
            item["encrypted_content"] = marked;
        }
    }
    if source == *told { Ok(()) } else { Err(format!("{told}\n  for\n    {source}")) }
}

/// The output as the official SDKs build it up: items by their places, deltas by item and part.
fn accumulated(events: &[Value]) -> Result<Value, String> {
    let mut items: Vec<Value> = Vec::new();
    let mut done: BTreeMap<u64, Value> = BTreeMap::new();
    for event in events {
        let kind = event["type"].as_str().unwrap().strip_prefix("response.").unwrap();
        let Some(place) = event["output_index"].as_u64() else { continue };
        let at = usize::try_from(place).unwrap();
        if kind == "output_item.added" {
            if at != items.len() {
                return Err(format!("item {at} begins after {} items", items.len()));
            }
            items.push(event["item"].clone());
            continue;
        }
        let item = items.get_mut(at).ok_or_else(|| format!("before its item: {event}"))?;
        if done.contains_key(&place) {
            return Err(format!("after the end of its item: {event}"));
        }
        let id = if kind == "output_item.done" { &event["item"]["id"] } else { &event["item_id"] };
        if *id != item["id"] {
            return Err(format!("of another item: {event}"));
        }
        add(kind, event, item)?;
        if kind == "output_item.done" {
            let mut built = item.clone();
            // What only the end of an item tells.
            for member in ["status", "encrypted_content"] {
                if let Some(value) = event["item"].get(member) {
                    built[member] = value.clone();
                }
            }
            if built != event["item"] {
                return Err(format!("built as {built}, told as {}", event["item"]));
            }
            done.insert(place, event["item"].clone());
        }
    }
    if done.len() == items.len() {
        Ok(done.into_values().collect())
    } else {
        Err("an item has no end".into())
    }
}

/// What an event adds to its item; a text that is told as a whole must be what the deltas gave.
fn add(kind: &str, event: &Value, item: &mut Value) -> Result<(), String> {
    let part = event["content_index"].as_u64().map(|index| usize::try_from(index).unwrap());
    let target = match (kind, part) {
        ("output_item.done", _) => return Ok(()),
        ("content_part.added", Some(index)) => {
            let parts = item["content"].as_array_mut().unwrap();
            let fits = parts.len() == index;
            parts.push(event["part"].clone());
            return if fits { Ok(()) } else { Err(format!("part {index} begins: {event}")) };
        }
        ("reasoning_summary_part.added", None) => {
            item["summary"].as_array_mut().unwrap().push(event["part"].clone());
            return Ok(());
        }
        ("output_text.annotation.added", Some(index)) => {
            let sources = item["content"][index]["annotations"].as_array_mut().unwrap();
            let fits = event["annotation_index"] == sources.len();
            sources.push(event["annotation"].clone());
            return if fits { Ok(()) } else { Err(format!("another source: {event}")) };
        }
        ("content_part.done", Some(index)) => {
            let fits = item["content"][index] == event["part"];
            return if fits { Ok(()) } else { Err(format!("another part: {event}")) };
        }
        ("reasoning_summary_part.done", None) => {
            let fits = item["summary"][0] == event["part"];
            return if fits { Ok(()) } else { Err(format!("another summary: {event}")) };
        }
        (_, Some(index)) if kind.starts_with("refusal") => &mut item["content"][index]["refusal"],
        (_, Some(index)) => &mut item["content"][index]["text"],
        (_, None) if kind.starts_with("reasoning_summary_text") => &mut item["summary"][0]["text"],
        (_, None) if kind.starts_with("custom_tool_call_input") => &mut item["input"],
        (_, None) => &mut item["arguments"],
    };
    if let Some(delta) = event["delta"].as_str() {
        *target = Value::String(target.as_str().ok_or("no text")?.to_owned() + delta);
        return Ok(());
    }
    let whole = ["text", "refusal", "input", "arguments"].iter().find_map(|name| event.get(*name));
    if whole == Some(target) { Ok(()) } else { Err(format!("another text: {event} for {target}")) }
}

/// What both must agree on: reasoning is told in items of its own.
fn same(format: Format, mut ours: Seen, mut theirs: Seen) -> Result<(), String> {
    ours.thinking.clear();
    theirs.thinking.clear();
    if let (Some((_, answer, cached)), Some((_, theirs, counted))) = (&mut ours.usage, &theirs.usage) {
        // It has to be there, and is 0 where a provider tells none; some tell it in members of their own.
        if counted.is_none() {
            *cached = None;
        }
        // xAI does not count reasoning as part of the answer.
        if format == Format::Openai && *answer > *theirs {
            *answer = *theirs;
        }
    }
    // A response with calls waits for their results, whatever its provider says of its end.
    if theirs.finish == "stop" && !theirs.calls.is_empty() {
        theirs.finish.clone_from(&ours.finish);
    }
    if ours == theirs {
        return Ok(());
    }
    Err(format!(
        "{}: a Responses client is told\n    {ours:?}\n  and the provider said\n    {theirs:?}",
        format.name()
    ))
}
