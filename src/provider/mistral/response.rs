//! A whole reply of Mistral.
//!
//! Chunks of kinds that a chat client has no place for (references to documents, pictures, and whatever comes next) are
//! passed over: the text speaks for itself.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::{
    ir::{ApiError, Finish, Reply, ReplyPart},
    provider::{
        fault::{no_call, no_reply},
        ids::call_id,
        json::{compact, list, pick_bytes, text},
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
    let turn = choice.turn.ok_or_else(no_reply)?;
    let mut parts = Vec::new();
    turn.pieces(&mut |piece| match piece {
        Piece::Text(text) => parts.push(ReplyPart::Text(text)),
        Piece::Thought { text, signature } => parts.push(ReplyPart::Thinking { text, signature }),
    });
    let mut calls = 0;
    for call in turn.calls() {
        let name = call.name.ok_or_else(no_call)?;
        let id = call.id.unwrap_or_else(|| Cow::Owned(call_id(id, calls)));
        let arguments = call.arguments.unwrap_or(Cow::Borrowed("{}"));
        parts.push(ReplyPart::ToolCall { id, name, arguments, signature: None });
        calls += 1;
    }
    let finish = match finish::read(choice.finish_reason) {
        Reason::Failed(error) => return Err(error.with_upstream_status(200)),
        Reason::Stopped(word) => finish_of(word, calls > 0),
        Reason::Open => finish_of("stop", calls > 0),
    };
    Ok(Reply {
        id: answer.id,
        model: answer.model,
        created: answer.created,
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
pub(super) struct Answer<'a> {
    pub(super) id: Option<Cow<'a, str>>,
    pub(super) model: Option<Cow<'a, str>>,
    created: Option<u64>,
    choices: Option<&'a RawValue>,
    pub(super) usage: Option<&'a RawValue>,
}

/// One answer, or a piece of it.
pub(super) struct Choice<'a> {
    /// The message, or the delta of one.
    pub(super) turn: Option<Turn<'a>>,
    /// JSON text.
    pub(super) finish_reason: &'a str,
}

impl<'a> Answer<'a> {
    /// `None` where the bytes are neither a reply nor an error.
    ///
    /// # Errors
    ///
    /// The provider's own, which it also sends with status 200 and in the middle of a stream.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Option<Self>, ApiError> {
        let names = ["id", "model", "created", "choices", "usage", "object", "error", "detail"];
        let Some([id, model, created, choices, usage, object, failed, detail]) = pick_bytes(bytes, names)
        else {
            return Ok(None);
        };
        let bare = choices.is_none() && detail.is_some();
        if bare || failed.is_some() || text(object).as_deref() == Some("error") {
            return Err(error::read(200, bytes));
        }
        let created = created.and_then(|raw| serde_json::from_str(raw.get()).ok());
        Ok(Some(Self { id: text(id), model: text(model), created, choices, usage }))
    }

    /// The first answer; the gateway asks for no others.
    pub(super) fn first(&self) -> Option<Choice<'a>> {
        list(self.choices).into_iter().find_map(|raw| {
            let names = ["index", "message", "delta", "finish_reason"];
            let [index, message, delta, reason] = pick_bytes(raw.get().as_bytes(), names)?;
            let turn = message.or(delta).and_then(Turn::read);
            let finish_reason = reason.map_or("null", RawValue::get);
            index.is_none_or(|index| index.get() == "0").then_some(Choice { turn, finish_reason })
        })
    }
}

/// A message, or a delta of one.
pub(super) struct Turn<'a> {
    content: Option<&'a RawValue>,
    calls: Option<&'a RawValue>,
}

/// What content means to a client. No text is empty, but for a thought that is a signature alone.
pub(super) enum Piece<'a> {
    Text(Cow<'a, str>),
    Thought { text: Cow<'a, str>, signature: Option<Cow<'a, str>> },
}

/// A call of a tool, or more of one. No text is empty.
pub(super) struct Call<'a> {
    pub(super) index: Option<u64>,
    pub(super) id: Option<Cow<'a, str>>,
    pub(super) name: Option<Cow<'a, str>>,
    pub(super) arguments: Option<Cow<'a, str>>,
}

impl<'a> Turn<'a> {
    fn read(raw: &'a RawValue) -> Option<Self> {
        let [content, calls] = pick_bytes(raw.get().as_bytes(), ["content", "tool_calls"])?;
        Some(Self { content, calls })
    }

    /// Gives what it says, in order.
    pub(super) fn pieces(&self, each: &mut dyn FnMut(Piece<'a>)) {
        if let Some(text) = some(text(self.content)) {
            return each(Piece::Text(text));
        }
        for chunk in list(self.content) {
            let names = ["type", "text", "thinking", "signature"];
            let Some([kind, said, thought, signature]) = pick_bytes(chunk.get().as_bytes(), names) else {
                continue;
            };
            match text(kind).as_deref() {
                // The type may be left out of a chunk of text.
                Some("text") | None => {
                    if let Some(text) = some(text(said)) {
                        each(Piece::Text(text));
                    }
                }
                Some("thinking") => {
                    let (text, signature) = (joined(thought).unwrap_or_default(), some(text(signature)));
                    if !text.is_empty() || signature.is_some() {
                        each(Piece::Thought { text, signature });
                    }
                }
                Some(_) => {}
            }
        }
    }

    /// Its calls, in order.
    pub(super) fn calls(&self) -> impl Iterator<Item = Call<'a>> + use<'a> {
        list(self.calls).into_iter().filter_map(|raw| {
            let [index, id, function] = pick_bytes(raw.get().as_bytes(), ["index", "id", "function"])?;
            let function = function.and_then(|raw| pick_bytes(raw.get().as_bytes(), ["name", "arguments"]));
            let [name, arguments] = function.unwrap_or_default();
            Some(Call {
                index: index.and_then(|raw| serde_json::from_str(raw.get()).ok()),
                // The SDK's word for no id.
                id: some(text(id)).filter(|id| id != "null"),
                name: some(text(name)),
                arguments: some(arguments.and_then(arguments_of)),
            })
        })
    }
}

/// A text, or the texts of a list of chunks joined; `None` where it is neither.
pub(super) fn joined(raw: Option<&RawValue>) -> Option<Cow<'_, str>> {
    fn said(chunk: &RawValue) -> Option<Cow<'_, str>> {
        pick_bytes(chunk.get().as_bytes(), ["text"]).and_then(|[said]| text(said))
    }
    let texts = text(raw).into_iter().chain(list(raw).into_iter().filter_map(said));
    texts.reduce(|joined, text| Cow::Owned(joined.into_owned() + &text))
}

/// JSON text, or an object in its place.
fn arguments_of(raw: &RawValue) -> Option<Cow<'_, str>> {
    if raw.get().starts_with('{') { Some(compact(raw.get())) } else { text(Some(raw)) }
}

/// A text that is not empty.
fn some(text: Option<Cow<'_, str>>) -> Option<Cow<'_, str>> {
    text.filter(|text| !text.is_empty())
}
