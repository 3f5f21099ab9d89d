//! A whole reply of Gemini's `generateContent`.
//!
//! Parts of kinds that are not the client's concern (code that the provider ran, and whatever comes next) are told beside
//! the answer: they must not look like calls that the client is to make.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    error,
    json::{Count, MaybeText, compact, members},
    told::Told,
    usage,
};
use crate::ir::{ApiError, ErrorKind, Finish, Reply, ReplyPart};

/// Reads a reply with status 200. `id` is what the ids of calls are made of where the provider gave none: nothing that
/// another reply has too, so that they are not repeated within a conversation.
///
/// # Errors
///
/// Where the bytes are no reply: what they say instead, or [`crate::ir::ErrorKind::Server`].
pub fn read<'a>(body: &'a [u8], id: &str) -> Result<Reply<'a>, ApiError> {
    let chunk = Chunk::read(body)?.ok_or_else(no_reply)?;
    let candidate = chunk.first();
    if candidate.is_none() && !chunk.blocked() {
        return Err(no_reply());
    }
    let mut parts = Vec::new();
    let mut calls = 0;
    let mut told = Told::whole();
    told.member("prompt_feedback", chunk.prompt_feedback);
    candidate.iter().for_each(|candidate| told.candidate(candidate));
    for said in candidate.iter().flat_map(Candidate::parts) {
        told.begin_part();
        told.part(&said);
        let Some(piece) = said.piece else { continue };
        match piece {
            Piece::Text(text) => {
                told.text(&text);
                parts.push(ReplyPart::Text(text));
            }
            Piece::Thought(text) => parts.push(ReplyPart::Thinking { text, signature: None }),
            Piece::Call(call) => {
                let Call { name, arguments, signature, id: given } = call?;
                let id = given.unwrap_or_else(|| Cow::Owned(call_id(id, calls)));
                parts.push(ReplyPart::ToolCall { id, name, arguments, signature });
                calls += 1;
            }
        }
    }
    let (citations, extras) = told.finish();
    parts.extend(citations.into_iter().map(ReplyPart::Citation));
    parts.extend(extras.into_iter().map(ReplyPart::Extra));
    let reason = candidate.as_ref().and_then(|candidate| candidate.finish_reason.0.as_deref());
    Ok(Reply {
        finish: if candidate.is_none() { Finish::ContentFilter } else { finish(reason, calls > 0) },
        parts,
        usage: chunk.usage_metadata.and_then(usage::read),
        id: chunk.response_id.0,
        model: chunk.model_version.0,
        created: None,
    })
}

/// The id of the `count`th call of an answer whose provider gave it none.
pub(in crate::provider) fn call_id(answer: &str, count: u32) -> String {
    format!("call_{answer}_{count}")
}

/// The end of an answer. A reason that is new to us counts as an ordinary end; `calls` says whether the answer holds
/// calls, which then are why it ended: Gemini says `STOP` of these too.
pub(super) fn finish(reason: Option<&str>, calls: bool) -> Finish<'static> {
    match reason {
        Some("MAX_TOKENS") => Finish::Length,
        Some(
            "SAFETY"
            | "RECITATION"
            | "LANGUAGE"
            | "BLOCKLIST"
            | "PROHIBITED_CONTENT"
            | "SPII"
            | "MODEL_ARMOR"
            | "ESCALATION"
            | "IMAGE_SAFETY"
            | "IMAGE_PROHIBITED_CONTENT"
            | "IMAGE_RECITATION"
            | "IMAGE_OTHER",
        ) => Finish::ContentFilter,
        _ if calls => Finish::ToolCalls,
        _ => Finish::Stop,
    }
}

/// A reply, or one chunk of a stream: the same object.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Chunk<'a> {
    #[serde(borrow, default)]
    candidates: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) prompt_feedback: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) usage_metadata: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) model_version: MaybeText<'a>,
    #[serde(borrow, default)]
    pub(super) response_id: MaybeText<'a>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Feedback<'a> {
    #[serde(borrow, default)]
    block_reason: MaybeText<'a>,
}

impl<'a> Chunk<'a> {
    /// `None` where the bytes are neither a reply nor an error.
    ///
    /// # Errors
    ///
    /// The provider's own, which it also sends with status 200 and in the middle of a stream.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Option<Self>, ApiError> {
        // A list would be read as the members in their order.
        let is_object = bytes.trim_ascii_start().starts_with(b"{");
        let chunk: Option<Self> = is_object.then(|| serde_json::from_slice(bytes).ok()).flatten();
        let failed = !is_object || chunk.as_ref().is_some_and(|chunk| chunk.error.is_some());
        match failed.then(|| error::parse(bytes, ErrorKind::Server)).flatten() {
            Some(error) => Err(error),
            None => Ok(chunk),
        }
    }

    /// The first answer; the gateway asks for no others.
    pub(super) fn first(&self) -> Option<Candidate<'a>> {
        let all: Vec<&RawValue> = serde_json::from_str(self.candidates?.get()).ok()?;
        let mut all = all.into_iter().filter_map(object::<Candidate<'_>>);
        all.find(|candidate| candidate.index.0.unwrap_or(0) == 0)
    }

    /// Whether the prompt was refused: there is no answer then.
    pub(super) fn blocked(&self) -> bool {
        let feedback = self.prompt_feedback.and_then(object::<Feedback<'_>>);
        feedback.is_some_and(|feedback| feedback.block_reason.0.is_some())
    }
}

/// One answer, or a piece of it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Candidate<'a> {
    #[serde(borrow, default)]
    content: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) finish_reason: MaybeText<'a>,
    #[serde(default)]
    index: Count,
    #[serde(borrow, default)]
    pub(super) finish_message: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) safety_ratings: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) citation_metadata: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) grounding_metadata: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) url_context_metadata: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Content<'a> {
    #[serde(borrow, default)]
    parts: Option<&'a RawValue>,
}

impl<'a> Candidate<'a> {
    /// What it says, in order. There may be no content at all.
    pub(super) fn parts(&self) -> impl Iterator<Item = Said<'a>> + use<'a> {
        let parts = self.content.and_then(object::<Content<'_>>).and_then(|content| content.parts);
        let parts: Vec<&RawValue> =
            parts.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default();
        parts.into_iter().map(|raw| object::<Part<'_>>(raw).map(|part| part.said(raw)).unwrap_or_default())
    }
}

/// One part; each kind uses some of these.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Part<'a> {
    #[serde(borrow, default)]
    text: MaybeText<'a>,
    #[serde(borrow, default)]
    thought: Option<&'a RawValue>,
    #[serde(borrow, default)]
    thought_signature: MaybeText<'a>,
    #[serde(borrow, default)]
    function_call: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FunctionCall<'a> {
    #[serde(borrow, default)]
    id: MaybeText<'a>,
    #[serde(borrow, default)]
    name: MaybeText<'a>,
    #[serde(borrow, default)]
    args: Option<&'a RawValue>,
    #[serde(borrow, default)]
    partial_args: Option<&'a RawValue>,
    #[serde(borrow, default)]
    will_continue: Option<&'a RawValue>,
}

/// What a part says.
#[derive(Default)]
pub(super) struct Said<'a> {
    pub(super) piece: Option<Piece<'a>>,
    /// The signature of the reasoning behind it, if it is no call.
    pub(super) signature: Option<Cow<'a, str>>,
    /// The part itself, where it is one that a chat client has no place for.
    pub(super) other: Option<&'a RawValue>,
}

/// What a part means to a client.
pub(super) enum Piece<'a> {
    /// Text for the user; not empty.
    Text(Cow<'a, str>),
    /// Reasoning; not empty.
    Thought(Cow<'a, str>),
    /// A call, or why it cannot be read.
    Call(Result<Call<'a>, ApiError>),
}

/// A call of a tool.
pub(super) struct Call<'a> {
    /// Models from 3 on give one.
    pub(super) id: Option<Cow<'a, str>>,
    pub(super) name: Cow<'a, str>,
    /// A JSON object.
    pub(super) arguments: Cow<'a, str>,
    pub(super) signature: Option<Cow<'a, str>>,
}

impl<'a> Part<'a> {
    fn said(self, raw: &'a RawValue) -> Said<'a> {
        if let Some(raw) = self.function_call.filter(|raw| raw.get() != "null") {
            let piece = Some(Piece::Call(call(raw, self.thought_signature.0)));
            return Said { piece, ..Said::default() };
        }
        let other = (self.text.0.is_none() && holds_more(raw)).then_some(raw);
        let thought = self.thought.is_some_and(|raw| raw.get() == "true");
        let of = if thought { Piece::Thought } else { Piece::Text };
        let piece = self.text.0.filter(|text| !text.is_empty()).map(of);
        // The other part brings its own.
        let signature = self.thought_signature.0.filter(|text| !text.is_empty() && other.is_none());
        Said { piece, signature, other }
    }
}

/// Whether a part has anything besides what is read of it.
fn holds_more(part: &RawValue) -> bool {
    const READ: &[&str] = &["text", "thought", "thoughtSignature", "functionCall"];
    members(part).is_some_and(|members| members.iter().any(|(name, _)| !READ.contains(&name.as_ref())))
}

fn call<'a>(raw: &'a RawValue, signature: Option<Cow<'a, str>>) -> Result<Call<'a>, ApiError> {
    let call: FunctionCall<'_> = object(raw).ok_or_else(no_call)?;
    // Arguments come in pieces only where `streamFunctionCallArguments` asks for it, which is never sent: what a
    // proxy in between asked for is not guessed at.
    let continued = call.will_continue.is_some_and(|raw| raw.get() == "true");
    if continued || call.partial_args.is_some() {
        let message = "The provider sent a tool call's arguments in pieces, which it was not asked for.";
        return Err(ApiError::new(ErrorKind::Server, message));
    }
    let name = call.name.0.filter(|name| !name.is_empty()).ok_or_else(no_call)?;
    let arguments = match call.args.map(RawValue::get) {
        None | Some("null") => Cow::Borrowed("{}"),
        Some(args) if args.starts_with('{') => compact(args),
        Some(_) => return Err(no_call()),
    };
    let some = |text: Option<Cow<'a, str>>| text.filter(|text| !text.is_empty());
    Ok(Call { id: some(call.id.0), name, arguments, signature: some(signature) })
}

pub(super) fn object<'a, T: Deserialize<'a>>(raw: &'a RawValue) -> Option<T> {
    raw.get().starts_with('{').then(|| serde_json::from_str(raw.get()).ok()).flatten()
}

fn no_reply() -> ApiError {
    ApiError::new(ErrorKind::Server, "The provider answered with something that is no reply.")
}

fn no_call() -> ApiError {
    ApiError::new(ErrorKind::Server, "The provider sent a tool call that cannot be read.")
}
