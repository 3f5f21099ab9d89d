//! A whole reply of Anthropic's `POST /v1/messages`.
//!
//! Blocks of kinds that are not the client's concern (server tools and their results, compaction, and whatever comes
//! next) are told beside the answer: they must not look like calls that the client is to make.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::told::Told;
use super::{
    error,
    json::{compact, list, pick, text},
    usage,
};
use crate::ir::{ApiError, ErrorKind, Finish, Reply, ReplyPart};

/// Reads a reply with status 200.
///
/// # Errors
///
/// Where the bytes are no message: what they say instead, or [`crate::ir::ErrorKind::Server`].
pub fn read(body: &[u8]) -> Result<Reply<'_>, ApiError> {
    let names = [
        "type",
        "error",
        "content",
        "id",
        "model",
        "stop_reason",
        "stop_sequence",
        "usage",
        "container",
        "stop_details",
        "context_management",
    ];
    let message = str::from_utf8(body).ok().and_then(|text| pick(text, names));
    let [kind, error, content, id, model, reason, sequence, counts, container, details, context] =
        message.ok_or_else(no_message)?;
    let kind = text(kind);
    if kind.as_deref() == Some("error") || error.is_some() {
        return Err(error::parse(body, ErrorKind::Server).unwrap_or_else(no_message));
    }
    let blocks = match content {
        Some(raw) => serde_json::from_str::<Vec<&RawValue>>(raw.get()).map_err(|_| no_message())?,
        None if kind.as_deref() == Some("message") => Vec::new(),
        None => return Err(no_message()),
    };
    let mut parts = Vec::new();
    let mut told = Told::whole();
    blocks.into_iter().for_each(|raw| block(raw, &mut parts, &mut told));
    told.member("container", container);
    told.member("stop_details", details);
    told.member("context_management", context);
    let extras = told.finish(&mut |_| {});
    parts.extend(extras.into_iter().map(ReplyPart::Extra));
    let calls = parts.iter().any(|part| matches!(part, ReplyPart::ToolCall { .. }));
    Ok(Reply {
        id: text(id),
        model: text(model),
        created: None,
        finish: finish(text(reason).as_deref(), text(sequence), calls),
        usage: counts.and_then(usage::read),
        parts,
    })
}

/// The end of an answer. A reason that is new to us counts as an ordinary end; `calls` says whether the answer holds
/// calls, which then are why it ended.
pub(super) fn finish<'a>(reason: Option<&str>, sequence: Option<Cow<'a, str>>, calls: bool) -> Finish<'a> {
    match reason {
        Some("end_turn" | "pause_turn") => Finish::Stop,
        Some("stop_sequence") => Finish::StopSequence(sequence),
        Some("max_tokens" | "model_context_window_exceeded" | "compaction") => Finish::Length,
        Some("tool_use") => Finish::ToolCalls,
        Some("refusal") => Finish::Refusal,
        _ if calls => Finish::ToolCalls,
        _ => Finish::Stop,
    }
}

/// A content block, of a whole reply or at its start in a stream; each kind has some of these.
pub(super) struct Block<'a> {
    pub(super) kind: Option<Cow<'a, str>>,
    pub(super) text: Option<&'a RawValue>,
    pub(super) thinking: Option<&'a RawValue>,
    pub(super) signature: Option<&'a RawValue>,
    pub(super) data: Option<&'a RawValue>,
    pub(super) id: Option<&'a RawValue>,
    pub(super) name: Option<&'a RawValue>,
    input: Option<&'a RawValue>,
    citations: Option<&'a RawValue>,
}

impl<'a> Block<'a> {
    /// `None` for what is no block.
    pub(super) fn read(raw: &'a RawValue) -> Option<Self> {
        let names = ["type", "text", "thinking", "signature", "data", "id", "name", "input", "citations"];
        let [kind, said, thinking, signature, data, id, name, input, citations] = pick(raw.get(), names)?;
        Some(Self { kind: text(kind), text: said, thinking, signature, data, id, name, input, citations })
    }

    /// The arguments of a call as compact JSON; `{}` where there are none.
    pub(super) fn arguments(&self) -> Cow<'a, str> {
        self.input.map_or(Cow::Borrowed("{}"), |raw| compact(raw.get()))
    }

    /// The sources of a text.
    pub(super) fn citations(&self) -> Vec<&'a RawValue> {
        list(self.citations)
    }
}

fn block<'a>(raw: &'a RawValue, parts: &mut Vec<ReplyPart<'a>>, told: &mut Told) {
    let Some(block) = Block::read(raw) else { return };
    match block.kind.as_deref() {
        Some("text") => {
            if let Some(text) = text(block.text).filter(|text| !text.is_empty()) {
                told.text(&text);
                parts.push(ReplyPart::Text(text));
            }
            let mut cited = |citation| parts.push(ReplyPart::Citation(citation));
            block.citations().into_iter().for_each(|raw| told.cite(raw, &mut cited));
            told.end_text(&mut cited);
        }
        Some("thinking") => parts.push(ReplyPart::Thinking {
            text: text(block.thinking).unwrap_or_default(),
            signature: text(block.signature).filter(|signature| !signature.is_empty()),
        }),
        Some("redacted_thinking") => parts.extend(text(block.data).map(ReplyPart::RedactedThinking)),
        Some("tool_use") => parts.push(ReplyPart::ToolCall {
            arguments: block.arguments(),
            id: text(block.id).unwrap_or_default(),
            name: text(block.name).unwrap_or_default(),
            signature: None,
        }),
        Some(_) => told.begin(0, raw),
        None => {}
    }
}

pub(super) fn no_message() -> ApiError {
    ApiError::new(ErrorKind::Server, "The provider answered with something that is no message.")
}

#[cfg(test)]
mod tests;
