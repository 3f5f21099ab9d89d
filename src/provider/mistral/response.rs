//! A whole reply of Mistral.
//!
//! Chunks of kinds that a chat client has no place for (references to documents, pictures, and whatever comes next) are
//! passed over: the text speaks for itself.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    ir::{ApiError, Finish, Reply, ReplyPart},
    provider::{
        fault::{no_call, no_reply},
        ids::call_id,
        json::{Count, MaybeText, compact},
        openai::{
            error,
            finish::{self, Reason},
            usage,
        },
    },
};

/// Reads a reply with status 200. `id` is what the ids of calls are made of where the provider gave none: nothing that
/// another reply has too, so that they are not repeated within a conversation.
///
/// # Errors
///
/// Where the bytes are no reply: what they say instead, or [`crate::ir::ErrorKind::Server`].
pub fn read<'a>(body: &'a [u8], id: &str) -> Result<Reply<'a>, ApiError> {
    let answer = Answer::read(body)?.ok_or_else(no_reply)?;
    let choice = answer.first().ok_or_else(no_reply)?;
    let turn = choice.message.and_then(object::<Turn<'_>>).ok_or_else(no_reply)?;
    let mut parts = Vec::new();
    turn.pieces(&mut |piece| match piece {
        Piece::Text(text) => parts.push(ReplyPart::Text(text)),
        Piece::Thought { text, signature } => parts.push(ReplyPart::Thinking { text, signature }),
    });
    let mut calls = 0;
    for call in turn.calls() {
        let name = call.name.filter(|name| !name.is_empty()).ok_or_else(no_call)?;
        let id = call.id.unwrap_or_else(|| Cow::Owned(call_id(id, calls)));
        let arguments = call.arguments.filter(|text| !text.is_empty()).unwrap_or(Cow::Borrowed("{}"));
        parts.push(ReplyPart::ToolCall { id, name, arguments, signature: None });
        calls += 1;
    }
    let finish = match finish::read(choice.finish_reason.map_or("null", RawValue::get)) {
        Reason::Failed(error) => return Err(error.with_upstream_status(200)),
        Reason::Stopped(word) => finish_of(word, calls > 0),
        Reason::Open => finish_of("stop", calls > 0),
    };
    Ok(Reply {
        id: answer.id.0,
        model: answer.model.0,
        created: answer.created.0,
        parts,
        finish,
        usage: answer.usage.and_then(usage::read),
    })
}

/// The end of an answer by OpenAI's word for it; `calls` says whether the answer holds calls, which then are why it
/// ended.
pub(super) fn finish_of(word: &str, calls: bool) -> Finish<'static> {
    match word {
        "length" => Finish::Length,
        "content_filter" => Finish::ContentFilter,
        "tool_calls" | "function_call" => Finish::ToolCalls,
        _ if calls => Finish::ToolCalls,
        _ => Finish::Stop,
    }
}

/// A reply, or one chunk of a stream.
#[derive(Deserialize)]
pub(super) struct Answer<'a> {
    #[serde(borrow, default)]
    pub(super) id: MaybeText<'a>,
    #[serde(borrow, default)]
    pub(super) model: MaybeText<'a>,
    #[serde(default)]
    created: Count,
    #[serde(borrow, default)]
    choices: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) usage: Option<&'a RawValue>,
    #[serde(borrow, default)]
    object: MaybeText<'a>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
    #[serde(borrow, default)]
    detail: Option<&'a RawValue>,
}

/// One answer, or a piece of it.
#[derive(Deserialize)]
pub(super) struct Choice<'a> {
    #[serde(default)]
    index: Count,
    #[serde(borrow, default)]
    message: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) delta: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) finish_reason: Option<&'a RawValue>,
}

impl<'a> Answer<'a> {
    /// `None` where the bytes are neither a reply nor an error.
    ///
    /// # Errors
    ///
    /// The provider's own, which it also sends with status 200 and in the middle of a stream.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Option<Self>, ApiError> {
        // A list would be read as the members in their order.
        if !bytes.trim_ascii_start().starts_with(b"{") {
            return Ok(None);
        }
        let answer: Option<Self> = serde_json::from_slice(bytes).ok();
        let failed = answer.as_ref().is_some_and(|answer| {
            let bare = answer.choices.is_none() && answer.detail.is_some();
            bare || answer.error.is_some() || answer.object.0.as_deref() == Some("error")
        });
        if failed { Err(error::read(200, bytes)) } else { Ok(answer) }
    }

    /// The first answer; the gateway asks for no others.
    pub(super) fn first(&self) -> Option<Choice<'a>> {
        let all: Vec<&RawValue> = serde_json::from_str(self.choices?.get()).ok()?;
        all.into_iter().filter_map(object::<Choice<'_>>).find(|choice| choice.index.0.unwrap_or(0) == 0)
    }
}

/// A message, or a delta of one.
#[derive(Deserialize)]
pub(super) struct Turn<'a> {
    #[serde(borrow, default)]
    content: Option<&'a RawValue>,
    #[serde(borrow, default)]
    tool_calls: Option<&'a RawValue>,
}

/// One chunk of content; each kind uses some of these.
#[derive(Deserialize)]
struct Chunk<'a> {
    #[serde(borrow, default)]
    r#type: MaybeText<'a>,
    #[serde(borrow, default)]
    text: MaybeText<'a>,
    #[serde(borrow, default)]
    thinking: Option<&'a RawValue>,
    #[serde(borrow, default)]
    signature: MaybeText<'a>,
}

#[derive(Deserialize)]
struct ToolCall<'a> {
    #[serde(borrow, default)]
    id: MaybeText<'a>,
    #[serde(default)]
    index: Count,
    #[serde(borrow, default)]
    function: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Function<'a> {
    #[serde(borrow, default)]
    name: MaybeText<'a>,
    #[serde(borrow, default)]
    arguments: Option<&'a RawValue>,
}

/// What content means to a client. No text is empty, but for a thought that is a signature alone.
pub(super) enum Piece<'a> {
    Text(Cow<'a, str>),
    Thought { text: Cow<'a, str>, signature: Option<Cow<'a, str>> },
}

/// A call of a tool, or more of one.
pub(super) struct Call<'a> {
    pub(super) index: Option<u64>,
    pub(super) id: Option<Cow<'a, str>>,
    pub(super) name: Option<Cow<'a, str>>,
    pub(super) arguments: Option<Cow<'a, str>>,
}

impl<'a> Turn<'a> {
    /// Gives what it says, in order.
    pub(super) fn pieces(&self, each: &mut dyn FnMut(Piece<'a>)) {
        let Some(content) = self.content else { return };
        if let Some(text) = text(content) {
            return each(Piece::Text(text));
        }
        for chunk in list(content).into_iter().filter_map(object::<Chunk<'_>>) {
            match chunk.r#type.0.as_deref() {
                // The type may be left out of a chunk of text.
                Some("text") | None => {
                    if let Some(text) = chunk.text.0.filter(|text| !text.is_empty()) {
                        each(Piece::Text(text));
                    }
                }
                Some("thinking") => chunk.thoughts(each),
                Some(_) => {}
            }
        }
    }

    /// Its calls, in order.
    pub(super) fn calls(&self) -> impl Iterator<Item = Call<'a>> + use<'a> {
        let calls = self.tool_calls.map(list).unwrap_or_default();
        calls.into_iter().filter_map(object::<ToolCall<'_>>).map(|call| {
            let function = call.function.and_then(object::<Function<'_>>);
            let (name, arguments) =
                function.map_or((None, None), |function| (function.name.0, function.arguments));
            Call {
                index: call.index.0,
                // The SDK's word for no id.
                id: call.id.0.filter(|id| !id.is_empty() && id != "null"),
                name,
                arguments: arguments.and_then(arguments_of),
            }
        })
    }
}

impl<'a> Chunk<'a> {
    /// Its reasoning: a list of chunks of text, or a text.
    fn thoughts(self, each: &mut dyn FnMut(Piece<'a>)) {
        let Some(raw) = self.thinking else { return };
        let chunks = list(raw).into_iter().filter_map(object::<Chunk<'_>>).filter_map(|chunk| chunk.text.0);
        let texts = text(raw).into_iter().chain(chunks);
        let joined = texts.reduce(|joined, text| Cow::Owned(joined.into_owned() + &text)).unwrap_or_default();
        let signature = self.signature.0.filter(|signature| !signature.is_empty());
        if !joined.is_empty() || signature.is_some() {
            each(Piece::Thought { text: joined, signature });
        }
    }
}

/// JSON text, or an object in its place; `None` where there are none.
fn arguments_of(raw: &RawValue) -> Option<Cow<'_, str>> {
    if raw.get().starts_with('{') { Some(compact(raw.get())) } else { text(raw) }
}

/// A string that is not empty.
fn text(raw: &RawValue) -> Option<Cow<'_, str>> {
    let text: MaybeText<'_> = serde_json::from_str(raw.get()).ok()?;
    text.0.filter(|text| !text.is_empty())
}

fn list(raw: &RawValue) -> Vec<&RawValue> {
    serde_json::from_str(raw.get()).unwrap_or_default()
}

pub(super) fn object<'a, T: Deserialize<'a>>(raw: &'a RawValue) -> Option<T> {
    raw.get().starts_with('{').then(|| serde_json::from_str(raw.get()).ok()).flatten()
}
