//! A whole reply of Bedrock's `Converse`.
//!
//! Blocks of kinds that are not the client's concern (tools that the provider ran and their results, pictures, and
//! whatever comes next) are passed over: a chat client has no place for them, and the text speaks for itself.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    citation::{self, Sources},
    error,
    json::{MaybeText, compact, list, object},
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
    let is_object = body.trim_ascii_start().starts_with(b"{");
    let whole: Whole<'_> =
        is_object.then(|| serde_json::from_slice(body).ok()).flatten().ok_or_else(no_reply)?;
    let message = whole.output.and_then(object::<Output<'_>>).and_then(|output| output.message);
    let Some(message) = message.and_then(object::<Message<'_>>) else {
        return Err(error::parse(body, ErrorKind::Server).unwrap_or_else(no_reply));
    };
    let blocks = match message.content.filter(|raw| raw.get() != "null") {
        Some(raw) => serde_json::from_str::<Vec<&RawValue>>(raw.get()).map_err(|_| no_reply())?,
        None => Vec::new(),
    };
    let mut reader = Reader { id, parts: Vec::new(), calls: 0, chars: 0, sources: Sources::default() };
    blocks.into_iter().filter_map(object::<Block<'_>>).try_for_each(|block| reader.block(block))?;
    let mut parts = reader.parts;
    parts.extend(reader.sources.give().map(ReplyPart::Extra));
    parts.extend(whole.trace.and_then(trace).map(ReplyPart::Extra));
    Ok(Reply {
        id: None,
        model: None,
        created: None,
        parts,
        finish: finish(whole.stop_reason.0.as_deref(), reader.calls > 0),
        usage: whole.usage.and_then(usage::read),
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

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Whole<'a> {
    #[serde(borrow, default)]
    output: Option<&'a RawValue>,
    #[serde(borrow, default)]
    stop_reason: MaybeText<'a>,
    #[serde(borrow, default)]
    usage: Option<&'a RawValue>,
    #[serde(borrow, default)]
    trace: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Output<'a> {
    #[serde(borrow, default)]
    message: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow, default)]
    content: Option<&'a RawValue>,
}

/// A content block: it has one of these.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Block<'a> {
    #[serde(borrow, default)]
    text: MaybeText<'a>,
    #[serde(borrow, default)]
    tool_use: Option<&'a RawValue>,
    #[serde(borrow, default)]
    reasoning_content: Option<&'a RawValue>,
    #[serde(borrow, default)]
    citations_content: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reasoning<'a> {
    #[serde(borrow, default)]
    reasoning_text: Option<&'a RawValue>,
    #[serde(borrow, default)]
    redacted_content: MaybeText<'a>,
}

#[derive(Deserialize)]
struct ReasoningText<'a> {
    #[serde(borrow, default)]
    text: MaybeText<'a>,
    #[serde(borrow, default)]
    signature: MaybeText<'a>,
}

#[derive(Deserialize)]
struct Cited<'a> {
    #[serde(borrow, default)]
    content: Option<&'a RawValue>,
    #[serde(borrow, default)]
    citations: Option<&'a RawValue>,
}

/// A call, of a whole reply or at its start in a stream.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Call<'a> {
    #[serde(borrow, default)]
    pub(super) tool_use_id: MaybeText<'a>,
    #[serde(borrow, default)]
    pub(super) name: MaybeText<'a>,
    #[serde(borrow, default, rename = "type")]
    kind: MaybeText<'a>,
    #[serde(borrow, default)]
    input: Option<&'a RawValue>,
}

impl<'a> Call<'a> {
    /// Whether the provider runs the tool itself.
    pub(super) fn is_the_providers(&self) -> bool {
        self.kind.0.as_deref() == Some("server_tool_use")
    }

    /// The call's id: the provider's, or one that is made of the answer's.
    pub(super) fn id(&mut self, answer: &str, count: u32) -> Cow<'a, str> {
        let id = self.tool_use_id.0.take().filter(|id| !id.is_empty());
        id.unwrap_or_else(|| Cow::Owned(call_id(answer, count)))
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
    fn block(&mut self, block: Block<'a>) -> Result<(), ApiError> {
        self.text(block.text);
        if let Some(call) = block.tool_use.and_then(object::<Call<'_>>) {
            self.call(call)?;
        }
        if let Some(reasoning) = block.reasoning_content.and_then(object::<Reasoning<'_>>) {
            self.reasoning(reasoning);
        }
        if let Some(cited) = block.citations_content.and_then(object::<Cited<'_>>) {
            self.cited(&cited);
        }
        Ok(())
    }

    fn text(&mut self, text: MaybeText<'a>) {
        if let Some(text) = text.0.filter(|text| !text.is_empty()) {
            self.chars = self.chars.saturating_add(text.chars().count() as u64);
            self.parts.push(ReplyPart::Text(text));
        }
    }

    fn call(&mut self, mut call: Call<'a>) -> Result<(), ApiError> {
        if call.is_the_providers() {
            return Ok(());
        }
        let arguments = match call.input.map(RawValue::get) {
            None | Some("null" | "\"\"") => Cow::Borrowed("{}"),
            Some(input) if input.starts_with('{') => compact(input),
            Some(_) => return Err(no_call()),
        };
        let id = call.id(self.id, self.calls);
        let name = call.name.0.filter(|name| !name.is_empty()).ok_or_else(no_call)?;
        self.calls = self.calls.saturating_add(1);
        self.parts.push(ReplyPart::ToolCall { id, name, arguments, signature: None });
        Ok(())
    }

    fn reasoning(&mut self, reasoning: Reasoning<'a>) {
        if let Some(inner) = reasoning.reasoning_text.and_then(object::<ReasoningText<'_>>) {
            self.parts.push(ReplyPart::Thinking {
                text: inner.text.0.unwrap_or_default(),
                signature: inner.signature.0.filter(|signature| !signature.is_empty()),
            });
        }
        if let Some(data) = reasoning.redacted_content.0.filter(|data| !data.is_empty()) {
            self.parts.push(ReplyPart::RedactedThinking(data));
        }
    }

    fn cited(&mut self, cited: &Cited<'a>) {
        let start = self.chars;
        for block in list(cited.content).into_iter().filter_map(object::<Block<'_>>) {
            self.text(block.text);
        }
        for raw in list(cited.citations) {
            if let Some(found) = citation::read(raw, Some((start, self.chars)), &mut self.sources) {
                self.parts.push(ReplyPart::Citation(found));
            }
        }
    }
}
