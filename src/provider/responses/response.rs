//! A whole reply of OpenAI's `POST /v1/responses`.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::{
    beside::Beside,
    item::{BREAK, Call, Item, Kind, Response, characters, citation},
    json::Fields,
    usage,
};
use crate::{
    ir::{ApiError, Reply, ReplyPart},
    provider::{fault::server, ids::call_id},
};

#[cfg(test)]
mod tests;

/// Reads a reply with status 200. `id` is what the ids of calls are made of where the provider gave none: nothing that
/// another reply has too, so that they are not repeated within a conversation. `provider` is the name that its reasoning
/// is marked with.
///
/// # Errors
///
/// Where the bytes are no reply: what they say instead, or [`crate::ir::ErrorKind::Server`].
pub fn read<'a>(body: &'a [u8], id: &str, provider: &str) -> Result<Reply<'a>, ApiError> {
    let response = Fields::read(body).map(Response).ok_or_else(no_response)?;
    if let Some(error) = response.failure(body).or_else(|| response.pending()) {
        return Err(error);
    }
    let mut answer =
        Answer { id, provider, parts: Vec::new(), calls: 0, characters: 0, beside: Beside::default() };
    for raw in response.items().ok_or_else(no_response)? {
        answer.item(raw)?;
    }
    let Answer { mut parts, calls, beside, .. } = answer;
    for extra in beside.extras() {
        parts.push(ReplyPart::Extra(extra));
    }
    Ok(Reply {
        created: response.created(),
        finish: response.finish(calls > 0, false),
        usage: response.0.object("usage").and_then(|counts| usage::of(&counts)),
        id: response.0.text("id"),
        model: response.0.text("model"),
        parts,
    })
}

/// What was read so far.
struct Answer<'a, 'i> {
    id: &'i str,
    provider: &'i str,
    parts: Vec<ReplyPart<'a>>,
    calls: u32,
    /// Of the text so far.
    characters: u64,
    beside: Beside,
}

impl<'a> Answer<'a, '_> {
    fn item(&mut self, raw: &'a RawValue) -> Result<(), ApiError> {
        let Some(item) = Item::read(raw) else { return Ok(()) };
        match item.kind() {
            Kind::Message => self.message(&item),
            Kind::Reasoning => self.reasoning(&item),
            Kind::Other => self.beside.item(raw, &item),
            Kind::Call => {
                let Call { id, name, arguments } = item.call(|| call_id(self.id, self.calls))?;
                let arguments = if arguments.is_empty() { Cow::Borrowed("{}") } else { arguments };
                self.parts.push(ReplyPart::ToolCall { id, name, arguments, signature: None });
                self.calls += 1;
            }
        }
        Ok(())
    }

    fn message(&mut self, item: &Item<'a>) {
        for part in item.parts() {
            let before = self.characters;
            if let Some(text) = part.some_text("text") {
                self.characters += characters(&text);
                self.parts.push(ReplyPart::Text(text));
            } else if let Some(text) = part.some_text("refusal") {
                self.parts.push(ReplyPart::Refusal(text));
            }
            for raw in part.list("annotations") {
                match citation(raw, before) {
                    Some(citation) => self.parts.push(ReplyPart::Citation(citation)),
                    None => self.beside.annotation(raw),
                }
            }
        }
    }

    fn reasoning(&mut self, item: &Item<'a>) {
        let mut text = item.thoughts();
        let signature = item.signature(self.provider).map(Cow::Owned);
        if text.is_empty() && signature.is_none() {
            return;
        }
        let before =
            |part: &ReplyPart<'_>| matches!(part, ReplyPart::Thinking { text, .. } if !text.is_empty());
        if !text.is_empty() && self.parts.iter().any(before) {
            text.to_mut().insert_str(0, BREAK);
        }
        self.parts.push(ReplyPart::Thinking { text, signature });
    }
}

fn no_response() -> ApiError {
    server("The provider answered with something that is no response.")
}
