//! A whole reply of Gemini's `generateContent`.
//!
//! Parts of kinds that are not the client's concern (code that the provider ran, and whatever comes next) are told beside
//! the answer: they must not look like calls that the client is to make.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::{
    error,
    json::{compact, count, list, members, pick, text},
    told::Told,
    usage,
};
use crate::{
    ir::{ApiError, ErrorKind, Finish, Reply, ReplyPart},
    provider::{
        fault::{no_call, no_reply, server},
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
    let reason = candidate.as_ref().and_then(|candidate| candidate.finish_reason.as_deref());
    Ok(Reply {
        finish: if candidate.is_none() { Finish::ContentFilter } else { finish(reason, calls > 0) },
        parts,
        usage: chunk.usage_metadata.and_then(usage::read),
        id: chunk.response_id,
        model: chunk.model_version,
        created: None,
    })
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
pub(super) struct Chunk<'a> {
    candidates: Option<&'a RawValue>,
    pub(super) prompt_feedback: Option<&'a RawValue>,
    pub(super) usage_metadata: Option<&'a RawValue>,
    pub(super) model_version: Option<Cow<'a, str>>,
    pub(super) response_id: Option<Cow<'a, str>>,
}

impl<'a> Chunk<'a> {
    /// `None` where the bytes are neither a reply nor an error.
    ///
    /// # Errors
    ///
    /// The provider's own, which it also sends with status 200 and in the middle of a stream.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Option<Self>, ApiError> {
        let names = ["candidates", "promptFeedback", "usageMetadata", "modelVersion", "responseId", "error"];
        let chunk = str::from_utf8(bytes).ok().and_then(|text| pick(text, names));
        // Errors come in a list too.
        let failed = bytes.trim_ascii_start().starts_with(b"[") || matches!(chunk, Some([.., Some(_)]));
        if let Some(error) = failed.then(|| error::parse(bytes, ErrorKind::Server)).flatten() {
            return Err(error);
        }
        let Some([candidates, prompt_feedback, usage_metadata, model_version, response_id, _]) = chunk else {
            return Ok(None);
        };
        let (model_version, response_id) = (text(model_version), text(response_id));
        Ok(Some(Self { candidates, prompt_feedback, usage_metadata, model_version, response_id }))
    }

    /// The first answer; the gateway asks for no others.
    pub(super) fn first(&self) -> Option<Candidate<'a>> {
        list(self.candidates).into_iter().find_map(Candidate::read)
    }

    /// Whether the prompt was refused: there is no answer then.
    pub(super) fn blocked(&self) -> bool {
        let feedback = self.prompt_feedback.and_then(|raw| pick(raw.get(), ["blockReason"]));
        feedback.is_some_and(|[reason]| text(reason).is_some())
    }
}

/// One answer, or a piece of it.
pub(super) struct Candidate<'a> {
    content: Option<&'a RawValue>,
    pub(super) finish_reason: Option<Cow<'a, str>>,
    pub(super) finish_message: Option<&'a RawValue>,
    pub(super) safety_ratings: Option<&'a RawValue>,
    pub(super) citation_metadata: Option<&'a RawValue>,
    pub(super) grounding_metadata: Option<&'a RawValue>,
    pub(super) url_context_metadata: Option<&'a RawValue>,
}

impl<'a> Candidate<'a> {
    /// `None` for what is no answer, and for one that is not the first.
    fn read(raw: &'a RawValue) -> Option<Self> {
        let names = [
            "content",
            "finishReason",
            "index",
            "finishMessage",
            "safetyRatings",
            "citationMetadata",
            "groundingMetadata",
            "urlContextMetadata",
        ];
        let [
            content,
            reason,
            index,
            finish_message,
            safety_ratings,
            citation_metadata,
            grounding_metadata,
            urls,
        ] = pick(raw.get(), names)?;
        (count(index).unwrap_or(0) == 0).then(|| Self {
            content,
            finish_reason: text(reason),
            finish_message,
            safety_ratings,
            citation_metadata,
            grounding_metadata,
            url_context_metadata: urls,
        })
    }

    /// What it says, in order. There may be no content at all.
    pub(super) fn parts(&self) -> impl Iterator<Item = Said<'a>> + use<'a> {
        let content = self.content.and_then(|raw| pick(raw.get(), ["parts"]));
        list(content.and_then(|[parts]| parts)).into_iter().map(Said::read)
    }
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

impl<'a> Said<'a> {
    fn read(raw: &'a RawValue) -> Self {
        let names = ["text", "thought", "thoughtSignature", "functionCall"];
        let [said, thought, signature, call] = pick(raw.get(), names).unwrap_or_default();
        if let Some(call) = call {
            return Said { piece: Some(Piece::Call(read_call(call, text(signature)))), ..Said::default() };
        }
        let said = text(said);
        let other = (said.is_none() && holds_more(raw)).then_some(raw);
        let of = if thought.is_some_and(|raw| raw.get() == "true") { Piece::Thought } else { Piece::Text };
        let piece = said.filter(|text| !text.is_empty()).map(of);
        // The other part brings its own.
        let signature = text(signature).filter(|text| !text.is_empty() && other.is_none());
        Said { piece, signature, other }
    }
}

/// Whether a part has anything besides what is read of it.
fn holds_more(part: &RawValue) -> bool {
    const READ: &[&str] = &["text", "thought", "thoughtSignature", "functionCall"];
    members(part).is_some_and(|members| members.iter().any(|(name, _)| !READ.contains(&name.as_ref())))
}

fn read_call<'a>(raw: &'a RawValue, signature: Option<Cow<'a, str>>) -> Result<Call<'a>, ApiError> {
    let names = ["id", "name", "args", "partialArgs", "willContinue"];
    let [id, name, args, partial, continued] = pick(raw.get(), names).ok_or_else(no_call)?;
    // Arguments come in pieces only where `streamFunctionCallArguments` asks for it, which is never sent: what a
    // proxy in between asked for is not guessed at.
    if continued.is_some_and(|raw| raw.get() == "true") || partial.is_some() {
        let message = "The provider sent a tool call's arguments in pieces, which it was not asked for.";
        return Err(server(message));
    }
    let name = text(name).filter(|name| !name.is_empty()).ok_or_else(no_call)?;
    let arguments = match args.map(RawValue::get) {
        None => Cow::Borrowed("{}"),
        Some(args) if args.starts_with('{') => compact(args),
        Some(_) => return Err(no_call()),
    };
    let some = |text: Option<Cow<'a, str>>| text.filter(|text| !text.is_empty());
    Ok(Call { id: some(text(id)), name, arguments, signature: some(signature) })
}
