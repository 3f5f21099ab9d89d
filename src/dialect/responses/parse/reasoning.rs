//! How the model is to reason, and what it reasoned in earlier turns.

use std::borrow::Cow;

use crate::{
    dialect::{
        chat::parse::reasoning,
        node::{Node, Object, Path},
    },
    ir::{ApiError, Part, Reasoning},
    signature::{Carried, Encrypted},
};

/// Between two pieces of reasoning: each is a paragraph or more.
const BREAK: &str = "\n\n";

/// Reads `reasoning`; `None` where it leaves the effort to the model.
pub(super) fn effort(value: Node<'_>, path: &Path<'_>) -> Result<Option<Reasoning>, ApiError> {
    value.object(path)?.read("effort", path, reasoning::effort)
}

/// What an item of reasoning is.
pub(super) enum Item<'a> {
    /// Reasoning, of the turn that follows.
    Thought(Part<'a>),
    /// The signature of the turn's text.
    OfText(Cow<'a, str>),
    /// The signature of the call that follows.
    OfCall(Cow<'a, str>),
}

/// Reads an item of reasoning; `None` where it has nothing that anyone but its provider can read.
pub(super) fn item<'a>(mut item: Object<'a>, path: &Path<'_>) -> Result<Option<Item<'a>>, ApiError> {
    let encrypted = item.string("encrypted_content", path)?.unwrap_or_default();
    let mut texts = item.read("summary", path, texts)?.unwrap_or_default();
    texts.extend(item.read("content", path, self::texts)?.unwrap_or_default());
    let mut texts = texts.into_iter().filter(|text| !text.is_empty());
    let mut text = texts.next().unwrap_or_default();
    for more in texts {
        let text = text.to_mut();
        text.push_str(BREAK);
        text.push_str(&more);
    }
    let tail = |rest: &str| encrypted.len() - rest.len();
    let (read, from): (fn(Cow<'a, str>, Cow<'a, str>) -> Item<'a>, usize) = match Encrypted::of(&encrypted) {
        Some(Encrypted::Thinking(signature)) => (
            |text, signature| Item::Thought(Part::Thinking { text, signature: Some(signature) }),
            tail(signature),
        ),
        Some(Encrypted::Redacted(data)) => {
            (|_, data| Item::Thought(Part::RedactedThinking(data)), tail(data))
        }
        Some(Encrypted::Carried(Carried::OfCall(signature))) => {
            (|_, signature| Item::OfCall(signature), tail(signature))
        }
        Some(Encrypted::Carried(Carried::OfText(signature))) => {
            (|_, signature| Item::OfText(signature), tail(signature))
        }
        // Its provider can read it, and no one else.
        Some(Encrypted::At { .. }) | None => {
            let thought = Item::Thought(Part::Thinking { text: text.clone(), signature: None });
            return Ok((!text.is_empty()).then_some(thought));
        }
    };
    Ok(Some(read(text, behind(encrypted, from))))
}

/// The texts of a summary or of the reasoning itself.
fn texts<'a>(value: Node<'a>, path: &Path<'_>) -> Result<Vec<Cow<'a, str>>, ApiError> {
    let parts = value.array(path)?.into_iter().enumerate();
    parts
        .map(|(index, part)| {
            let path = path.index(index);
            part.object(&path)?.need("text", &path, Node::string)
        })
        .collect()
}

fn behind(text: Cow<'_, str>, from: usize) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.get(from..).unwrap_or_default()),
        Cow::Owned(text) => Cow::Owned(text.get(from..).unwrap_or_default().to_owned()),
    }
}
