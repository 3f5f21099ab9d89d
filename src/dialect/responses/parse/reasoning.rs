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
    Ok(match Encrypted::of(&encrypted) {
        Some(Encrypted::Thinking(signature)) => {
            let signature = Some(tail(&encrypted, signature));
            Some(Item::Thought(Part::Thinking { text, signature }))
        }
        Some(Encrypted::Redacted(data)) => {
            Some(Item::Thought(Part::RedactedThinking(tail(&encrypted, data))))
        }
        Some(Encrypted::Carried(Carried::OfCall(signature))) => {
            Some(Item::OfCall(tail(&encrypted, signature)))
        }
        Some(Encrypted::Carried(Carried::OfText(signature))) => {
            Some(Item::OfText(tail(&encrypted, signature)))
        }
        // Its provider can read it, and no one else.
        Some(Encrypted::At { .. }) | None => {
            (!text.is_empty()).then_some(Item::Thought(Part::Thinking { text, signature: None }))
        }
    })
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

/// `rest`, which ends `whole`, for as long as that lives where it is no copy.
fn tail<'a>(whole: &Cow<'a, str>, rest: &str) -> Cow<'a, str> {
    match whole {
        Cow::Borrowed(whole) => Cow::Borrowed(whole.get(whole.len() - rest.len()..).unwrap_or_default()),
        Cow::Owned(_) => Cow::Owned(rest.to_owned()),
    }
}
