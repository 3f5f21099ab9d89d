//! A whole reply of Bedrock's `Converse`.
//!
//! Blocks of kinds that are not the client's concern (tools that the provider ran and their results, pictures, and
//! whatever comes next) are passed over: a chat client has no place for them, and the text speaks for itself.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::{
    citation::{self, Sources},
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

/// Reads a reply with status 200. `id` is what the ids of calls are made of where the provider gave none: nothing that
/// another reply has too, so that they are not repeated within a conversation.
///
/// # Errors
///
/// Where the bytes are no reply: what they say instead, or [`crate::ir::ErrorKind::Server`].
pub fn read<'a>(body: &'a [u8], id: &str) -> Result<Reply<'a>, ApiError> {
    let json = str::from_utf8(body).map_err(|_| no_reply())?;
    let names = ["output", "stopReason", "usage", "trace"];
    let [output, reason, used, traced] = pick(json, names).ok_or_else(no_reply)?;
    let [message] = pick_in(output, ["message"]).unwrap_or_default();
    let Some([content]) = pick_in(message, ["content"]) else {
        return Err(error::parse(body, ErrorKind::Server).unwrap_or_else(no_reply));
    };
    if content.is_some_and(|raw| !raw.get().starts_with('[') && raw.get() != "null") {
        return Err(no_reply());
    }
    let mut reader = Reader { id, parts: Vec::new(), calls: 0, chars: 0, sources: Sources::default() };
    list(content).into_iter().try_for_each(|block| reader.block(block))?;
    let mut parts = reader.parts;
    parts.extend(reader.sources.give().map(ReplyPart::Extra));
    parts.extend(traced.and_then(trace).map(ReplyPart::Extra));
    Ok(Reply {
        id: None,
        model: None,
        created: None,
        parts,
        finish: finish(text(reason).as_deref(), reader.calls > 0),
        usage: usage::read(used),
    })
}

/// The end of an answer. A reason that is new to us counts as an ordinary end; `calls` says whether the answer holds
/// calls, which then are why it ended.
pub(super) fn finish(reason: Option<&str>, calls: bool) -> Finish<'static> {
    match reason {
        Some("end_turn") => Finish::Stop,
        Some("stop_sequence") => Finish::StopSequence(None),
        Some("max_tokens" | "model_context_window_exceeded") => Finish::Length,
        Some("guardrail_intervened" | "content_filtered") => Finish::ContentFilter,
        Some("refusal") => Finish::Refusal,
        // `tool_use` without a call of the client's is one of the provider's own tools.
        _ if calls => Finish::ToolCalls,
        _ => Finish::Stop,
    }
}

/// What guardrails and prompt routers did, where the request asked to be told.
pub(super) fn trace(raw: &RawValue) -> Option<Extra<'_>> {
    let some = raw.get().starts_with('{') && raw.get() != "{}";
    some.then(|| Extra { vendor: "aws", name: "trace", json: compact(raw.get()) })
}

/// A call, of a whole reply or at its start in a stream.
pub(super) struct Call<'a> {
    /// The provider's, or one that is made of the answer's.
    pub(super) id: Cow<'a, str>,
    pub(super) name: Cow<'a, str>,
    input: Option<&'a RawValue>,
}

impl<'a> Call<'a> {
    /// Reads the `count`th call of the answer `id`; `None` where there is none for the client, as with tools that the
    /// provider runs itself.
    pub(super) fn read(raw: Option<&'a RawValue>, id: &str, count: u32) -> Option<Self> {
        let [given, name, kind, input] = pick_in(raw, ["toolUseId", "name", "type", "input"])?;
        if text(kind).as_deref() == Some("server_tool_use") {
            return None;
        }
        let id = some_text(given).unwrap_or_else(|| Cow::Owned(call_id(id, count)));
        Some(Self { id, name: text(name).unwrap_or_default(), input })
    }
}

struct Reader<'a, 'i> {
    id: &'i str,
    parts: Vec<ReplyPart<'a>>,
    calls: u32,
    /// Characters of text so far.
    chars: u64,
    sources: Sources,
}

impl<'a> Reader<'a, '_> {
    fn block(&mut self, block: &'a RawValue) -> Result<(), ApiError> {
        // A block has one of these.
        let names = ["text", "toolUse", "reasoningContent", "citationsContent"];
        let [said, call, reasoning, cited] = pick(block.get(), names).unwrap_or_default();
        self.text(said);
        self.call(call)?;
        self.reasoning(reasoning);
        self.cited(cited);
        Ok(())
    }

    fn text(&mut self, raw: Option<&'a RawValue>) {
        if let Some(text) = some_text(raw) {
            self.chars = self.chars.saturating_add(text.chars().count() as u64);
            self.parts.push(ReplyPart::Text(text));
        }
    }

    fn call(&mut self, raw: Option<&'a RawValue>) -> Result<(), ApiError> {
        let Some(Call { id, name, input }) = Call::read(raw, self.id, self.calls) else { return Ok(()) };
        let arguments = match input.map(RawValue::get) {
            None | Some("null" | "\"\"") => Cow::Borrowed("{}"),
            Some(input) if input.starts_with('{') => compact(input),
            Some(_) => return Err(no_call()),
        };
        if name.is_empty() {
            return Err(no_call());
        }
        self.calls = self.calls.saturating_add(1);
        self.parts.push(ReplyPart::ToolCall { id, name, arguments, signature: None });
        Ok(())
    }

    fn reasoning(&mut self, raw: Option<&'a RawValue>) {
        let [told, encrypted] = pick_in(raw, ["reasoningText", "redactedContent"]).unwrap_or_default();
        if let Some([said, signature]) = pick_in(told, ["text", "signature"]) {
            let text = text(said).unwrap_or_default();
            self.parts.push(ReplyPart::Thinking { text, signature: some_text(signature) });
        }
        if let Some(data) = some_text(encrypted) {
            self.parts.push(ReplyPart::RedactedThinking(data));
        }
    }

    fn cited(&mut self, raw: Option<&'a RawValue>) {
        let Some([content, citations]) = pick_in(raw, ["content", "citations"]) else { return };
        let start = self.chars;
        for block in list(content) {
            let [said] = pick(block.get(), ["text"]).unwrap_or_default();
            self.text(said);
        }
        for raw in list(citations) {
            if let Some(found) = citation::read(raw, Some((start, self.chars)), &mut self.sources) {
                self.parts.push(ReplyPart::Citation(found));
            }
        }
    }
}
