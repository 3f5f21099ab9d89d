//! A whole reply of Anthropic's `POST /v1/messages`.
//!
//! Blocks of kinds that are not the client's concern (server tools and their results, compaction, and whatever comes
//! next) are told beside the answer: they must not look like calls that the client is to make.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::told::Told;
use super::{
    error,
    json::{MaybeText, compact},
    usage::Counts,
};
use crate::ir::{ApiError, ErrorKind, Finish, Reply, ReplyPart};

/// Reads a reply with status 200.
///
/// # Errors
///
/// Where the bytes are no message: what they say instead, or [`crate::ir::ErrorKind::Server`].
pub fn read(body: &[u8]) -> Result<Reply<'_>, ApiError> {
    let is_object = body.trim_ascii_start().starts_with(b"{");
    let message: Message<'_> =
        is_object.then(|| serde_json::from_slice(body).ok()).flatten().ok_or_else(no_message)?;
    if message.kind.0.as_deref() == Some("error") || message.error.is_some() {
        return Err(error::parse(body, ErrorKind::Server).unwrap_or_else(no_message));
    }
    let blocks = match message.content {
        Some(raw) => serde_json::from_str::<Vec<&RawValue>>(raw.get()).map_err(|_| no_message())?,
        None if message.kind.0.as_deref() == Some("message") => Vec::new(),
        None => return Err(no_message()),
    };
    let mut parts = Vec::new();
    let mut told = Told::whole();
    blocks.into_iter().for_each(|raw| block(raw, &mut parts, &mut told));
    told.member("container", message.container);
    told.member("stop_details", message.stop_details);
    told.member("context_management", message.context_management);
    let extras = told.finish(&mut |_| {});
    parts.extend(extras.into_iter().map(ReplyPart::Extra));
    let calls = parts.iter().any(|part| matches!(part, ReplyPart::ToolCall { .. }));
    Ok(Reply {
        id: message.id.0,
        model: message.model.0,
        created: None,
        finish: finish(message.stop_reason.0.as_deref(), message.stop_sequence.0, calls),
        usage: message.usage.and_then(Counts::read),
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

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: MaybeText<'a>,
    #[serde(borrow, default)]
    id: MaybeText<'a>,
    #[serde(borrow, default)]
    model: MaybeText<'a>,
    #[serde(borrow, default)]
    content: Option<&'a RawValue>,
    #[serde(borrow, default)]
    stop_reason: MaybeText<'a>,
    #[serde(borrow, default)]
    stop_sequence: MaybeText<'a>,
    #[serde(borrow, default)]
    usage: Option<&'a RawValue>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
    #[serde(borrow, default)]
    container: Option<&'a RawValue>,
    #[serde(borrow, default)]
    stop_details: Option<&'a RawValue>,
    #[serde(borrow, default)]
    context_management: Option<&'a RawValue>,
}

/// A content block, of a whole reply or at its start in a stream.
#[derive(Deserialize)]
pub(super) struct Block<'a> {
    #[serde(borrow, default, rename = "type")]
    pub(super) kind: MaybeText<'a>,
    #[serde(borrow, default)]
    pub(super) text: MaybeText<'a>,
    #[serde(borrow, default)]
    pub(super) thinking: MaybeText<'a>,
    #[serde(borrow, default)]
    pub(super) signature: MaybeText<'a>,
    #[serde(borrow, default)]
    pub(super) data: MaybeText<'a>,
    #[serde(borrow, default)]
    pub(super) id: MaybeText<'a>,
    #[serde(borrow, default)]
    pub(super) name: MaybeText<'a>,
    #[serde(borrow, default)]
    pub(super) input: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) citations: Option<&'a RawValue>,
}

impl<'a> Block<'a> {
    /// The arguments of a call as compact JSON; `{}` where there are none.
    pub(super) fn arguments(&self) -> Cow<'a, str> {
        self.input.map_or(Cow::Borrowed("{}"), |raw| compact(raw.get()))
    }

    /// The sources of a text.
    pub(super) fn citations(&self) -> Vec<&'a RawValue> {
        self.citations.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default()
    }
}

fn block<'a>(raw: &'a RawValue, parts: &mut Vec<ReplyPart<'a>>, told: &mut Told) {
    let Ok(block) = serde_json::from_str::<Block<'_>>(raw.get()) else { return };
    match block.kind.0.as_deref() {
        Some("text") => {
            let citations = block.citations();
            if let Some(text) = block.text.0.filter(|text| !text.is_empty()) {
                told.text(&text);
                parts.push(ReplyPart::Text(text));
            }
            let mut cited = |citation| parts.push(ReplyPart::Citation(citation));
            citations.into_iter().for_each(|raw| told.cite(raw, &mut cited));
            told.end_text(&mut cited);
        }
        Some("thinking") => parts.push(ReplyPart::Thinking {
            text: block.thinking.0.unwrap_or_default(),
            signature: block.signature.0.filter(|signature| !signature.is_empty()),
        }),
        Some("redacted_thinking") => parts.extend(block.data.0.map(ReplyPart::RedactedThinking)),
        Some("tool_use") => parts.push(ReplyPart::ToolCall {
            arguments: block.arguments(),
            id: block.id.0.unwrap_or_default(),
            name: block.name.0.unwrap_or_default(),
            signature: None,
        }),
        Some(_) => told.begin(0, raw),
        None => {}
    }
}

fn no_message() -> ApiError {
    ApiError::new(ErrorKind::Server, "The provider answered with something that is no message.")
}

#[cfg(test)]
mod tests;
