//! A whole reply of an OpenAI-compatible provider in the intermediate form, for clients of other APIs.

use std::borrow::Cow;

use super::answer::{Answer, Piece, citations, finish_of};
use crate::{
    ir::{ApiError, Reply, ReplyPart},
    provider::{
        fault::{no_call, no_reply},
        ids::call_id,
        openai::{
            finish::{self, Reason},
            usage,
        },
    },
};

#[cfg(test)]
mod tests;

/// Reads a reply with status 200. `id` is what the ids of calls are made of where the provider gave none: nothing that
/// another reply has too, so that they are not repeated within a conversation.
///
/// # Errors
///
/// Where the bytes are no reply: what they say instead, or [`crate::ir::ErrorKind::Server`].
pub fn parse<'a>(body: &'a [u8], id: &str) -> Result<Reply<'a>, ApiError> {
    let answer = Answer::read(body)?.ok_or_else(no_reply)?;
    let choice = answer.first()?.ok_or_else(no_reply)?;
    let turn = choice.turn.ok_or_else(no_reply)?;
    let mut parts = Vec::new();
    turn.pieces(&mut |piece| {
        parts.push(match piece {
            Piece::Text(text) => ReplyPart::Text(text),
            Piece::Refusal(text) => ReplyPart::Refusal(text),
            Piece::Thought { text, signature } => ReplyPart::Thinking { text, signature },
            Piece::Citation(citation) => ReplyPart::Citation(citation),
        });
    });
    if !parts.iter().any(|part| matches!(part, ReplyPart::Citation(_))) {
        citations(answer.sources, &mut |citation| parts.push(ReplyPart::Citation(citation)));
    }
    let mut calls = 0;
    for call in turn.calls() {
        let name = call.name.ok_or_else(no_call)?;
        let id = call.id.unwrap_or_else(|| Cow::Owned(call_id(id, calls)));
        let arguments = call.arguments.unwrap_or(Cow::Borrowed("{}"));
        parts.push(ReplyPart::ToolCall { id, name, arguments, signature: call.signature });
        calls += 1;
    }
    let finish = match finish::read(choice.finish_reason) {
        Reason::Failed(error) => return Err(error.with_upstream_status(200)),
        Reason::Stopped(word) => finish_of(word, calls > 0),
        // The answer is whole, whatever its reason.
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
