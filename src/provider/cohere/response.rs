//! A whole reply of Cohere's `POST /v2/chat`.
//!
//! What the model plans before it calls tools (`tool_plan`) is reasoning: clients of other providers know no third kind
//! of text. Blocks of kinds that are not known are passed over.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::{
    error,
    json::{compact, list, pick, pick_in, some_text, text},
    usage,
};
use crate::{
    ir::{ApiError, ErrorKind, Extra, Finish, Reply, ReplyPart},
    provider::{
        fault::{no_call, no_reply},
        ids::call_id,
    },
};

mod citations;

pub(super) use citations::{NAME, VENDOR, sources};

/// Reads a reply with status 200. `id` is what the ids of calls are made of where the provider gave none: nothing that
/// another reply has too, so that they are not repeated within a conversation.
///
/// # Errors
///
/// Where the bytes are no reply: what they say instead, or [`crate::ir::ErrorKind::Server`]. So it is where the model
/// failed while it answered.
pub fn read<'a>(body: &'a [u8], id: &str) -> Result<Reply<'a>, ApiError> {
    let json = str::from_utf8(body).map_err(|_| no_reply())?;
    let [answer, message, reason, usage] =
        pick(json, ["id", "message", "finish_reason", "usage"]).ok_or_else(no_reply)?;
    let Some(message) = Message::read(message) else {
        return Err(error::parse(body, ErrorKind::Server).unwrap_or_else(no_reply));
    };
    let mut parts = content(message.content);
    parts.extend(some_text(message.tool_plan).map(|text| ReplyPart::Thinking { text, signature: None }));
    let mut calls = 0;
    for raw in list(message.tool_calls) {
        let Call { id: given, name, arguments } = Call::read(raw)?;
        let id = given.unwrap_or_else(|| Cow::Owned(call_id(id, calls)));
        parts.push(ReplyPart::ToolCall { id, name, arguments: whole(arguments), signature: None });
        calls += 1;
    }
    cited(message.citations, &mut parts);
    Ok(Reply {
        finish: finish(text(reason).as_deref(), None, calls > 0)?,
        parts,
        usage: usage.and_then(usage::read),
        id: some_text(answer),
        // Cohere does not tell.
        model: None,
        created: None,
    })
}

/// The end of an answer. A reason that is new to us counts as an ordinary end; `calls` says whether the answer holds
/// calls, which then are why it ended.
///
/// # Errors
///
/// Where the model failed: it says so in place of a reason, and perhaps why (`told`).
pub(super) fn finish(
    reason: Option<&str>,
    told: Option<&str>,
    calls: bool,
) -> Result<Finish<'static>, ApiError> {
    let told = told.filter(|told| !told.trim().is_empty());
    let failed = |kind, message: &str| ApiError::new(kind, told.unwrap_or(message));
    Ok(match reason {
        Some("TIMEOUT") => return Err(failed(ErrorKind::Timeout, "The provider's model took too long.")),
        Some("ERROR") => {
            return Err(failed(ErrorKind::Server, "The provider's model failed while it answered."));
        }
        _ if told.is_some() => return Err(failed(ErrorKind::Server, "")),
        Some("COMPLETE") => Finish::Stop,
        Some("STOP_SEQUENCE") => Finish::StopSequence(None),
        // The second is of older models: the context is full.
        Some("MAX_TOKENS" | "ERROR_LIMIT") => Finish::Length,
        Some("TOOL_CALL") => Finish::ToolCalls,
        Some("ERROR_TOXIC") => Finish::ContentFilter,
        _ if calls => Finish::ToolCalls,
        _ => Finish::Stop,
    })
}

/// A whole message, or what one event adds to it: in a stream, each member is one thing, not a list of them.
pub(super) struct Message<'a> {
    pub(super) content: Option<&'a RawValue>,
    pub(super) tool_plan: Option<&'a RawValue>,
    pub(super) tool_calls: Option<&'a RawValue>,
    pub(super) citations: Option<&'a RawValue>,
}

impl<'a> Message<'a> {
    /// `None` where it is no object.
    pub(super) fn read(raw: Option<&'a RawValue>) -> Option<Self> {
        let [content, tool_plan, tool_calls, citations] =
            pick_in(raw, ["content", "tool_plan", "tool_calls", "citations"])?;
        Some(Self { content, tool_plan, tool_calls, citations })
    }
}

/// What a block of content says, or what is new of one: reasoning, and text.
pub(super) fn block(raw: &RawValue) -> [Option<Cow<'_, str>>; 2] {
    pick(raw.get(), ["thinking", "text"]).unwrap_or_default().map(some_text)
}

/// The blocks of `content`; a text instead of them is one.
fn content(raw: Option<&RawValue>) -> Vec<ReplyPart<'_>> {
    let mut parts: Vec<ReplyPart<'_>> = some_text(raw).map(ReplyPart::Text).into_iter().collect();
    for raw in list(raw) {
        let [thinking, text] = block(raw);
        parts.extend(thinking.map(|text| ReplyPart::Thinking { text, signature: None }));
        parts.extend(text.map(ReplyPart::Text));
    }
    parts
}

/// A call of a tool, or the beginning of one.
pub(super) struct Call<'a> {
    pub(super) id: Option<Cow<'a, str>>,
    pub(super) name: Cow<'a, str>,
    /// JSON text, or a part of it; perhaps empty, or `null`.
    pub(super) arguments: Cow<'a, str>,
}

impl<'a> Call<'a> {
    /// # Errors
    ///
    /// Where it names no function.
    pub(super) fn read(raw: &'a RawValue) -> Result<Self, ApiError> {
        let [id, function] = pick(raw.get(), ["id", "function"]).unwrap_or_default();
        let [name, arguments] = pick_in(function, ["name", "arguments"]).unwrap_or_default();
        let name = some_text(name).ok_or_else(no_call)?;
        Ok(Self { id: some_text(id), name, arguments: text_of(arguments) })
    }

    /// What an event adds to the arguments of a call.
    pub(super) fn more(raw: &'a RawValue) -> Option<Cow<'a, str>> {
        let [function] = pick(raw.get(), ["function"])?;
        let [arguments] = pick_in(function, ["arguments"])?;
        Some(text_of(arguments))
    }
}

/// Arguments are JSON in a string; as JSON they are understood too.
fn text_of(arguments: Option<&RawValue>) -> Cow<'_, str> {
    match arguments {
        Some(raw) if raw.get().starts_with('{') => compact(raw.get()),
        raw => text(raw).unwrap_or_default(),
    }
}

/// A call without arguments has none, or `null`, or an empty text.
fn whole(arguments: Cow<'_, str>) -> Cow<'_, str> {
    if matches!(arguments.trim(), "" | "null") { Cow::Borrowed("{}") } else { arguments }
}

/// Sources with a URL each as one, and all citations as they came.
fn cited<'a>(raw: Option<&'a RawValue>, parts: &mut Vec<ReplyPart<'a>>) {
    let all = list(raw);
    if all.is_empty() {
        return;
    }
    for citation in &all {
        sources(citation, &mut |source| parts.push(ReplyPart::Citation(source)));
    }
    let json = compact(raw.map_or("[]", RawValue::get));
    parts.push(ReplyPart::Extra(Extra { vendor: VENDOR, name: NAME, json }));
}

#[cfg(test)]
mod tests;
