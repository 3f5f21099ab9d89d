//! The system prompt and the messages of a request.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::{
    super::BILLING,
    blocks::{self, Turn},
};
use crate::{
    dialect::{
        chat::parse::content,
        node::{Node, Object, Path},
    },
    ir::{ApiError, Message, Part, Role},
};

/// Messages, and which of the client's each was made of; `None` for the system prompt.
type Messages<'a> = (Vec<Message<'a>>, Vec<Option<usize>>);

/// Asks for an answer of a form that the model has no setting for.
const SCHEMA_NOTE: &str = "Answer with one JSON value that this JSON Schema describes and nothing else: no prose, no code \
                           fence.\n";

/// Reads `system` and `messages`, in the order in which the model is told them. `schema` is told at the end of the system
/// prompt.
pub(super) fn messages<'a>(
    request: &mut Object<'a>,
    schema: Option<&RawValue>,
) -> Result<Messages<'a>, ApiError> {
    let root = &Path::Root;
    let mut read = Vec::new();
    let mut system = request.read("system", root, instructions)?.unwrap_or_default();
    if let Some(schema) = schema {
        let text = Cow::Owned([SCHEMA_NOTE, schema.get()].concat());
        system.push(Part::Text { text, cache: None });
    }
    if !system.is_empty() {
        read.push(said(Role::System, system));
    }
    let mut origins = vec![None; read.len()];
    request.need("messages", root, |value, path| {
        let list = value.array(path)?;
        if list.is_empty() {
            return Err(path.error("must not be empty"));
        }
        for (index, value) in list.into_iter().enumerate() {
            message(value, &path.index(index), &mut read)?;
            origins.resize(read.len(), Some(index));
        }
        Ok(())
    })?;
    Ok((read, origins))
}

/// Appends what a message is made of: what tools gave, each for itself, then what the user says.
fn message<'a>(value: Node<'a>, path: &Path<'_>, read: &mut Vec<Message<'a>>) -> Result<(), ApiError> {
    let mut object = value.object(path)?;
    let role = object.need("role", path, Node::string)?;
    let mark = object.read("cache_control", path, content::cache)?;
    let first = read.len();
    match role.as_ref() {
        "user" => {
            let parts = object.need("content", path, blocks::user)?;
            let (results, parts): (Vec<_>, Vec<_>) =
                parts.into_iter().partition(|part| matches!(part, Part::ToolResult { .. }));
            let nothing_else = !results.is_empty() && parts.is_empty();
            read.extend(results.into_iter().map(|result| said(Role::Tool, vec![result])));
            if !nothing_else {
                read.push(said(Role::User, parts));
            }
        }
        "assistant" => {
            let Turn { parts, signature } = object.need("content", path, blocks::assistant)?;
            read.push(Message { signature, ..said(Role::Assistant, parts) });
        }
        "system" => {
            let parts = object.need("content", path, instructions)?;
            read.push(said(Role::System, parts));
        }
        _ => return Err(path.key("role").error("must be user, assistant or system")),
    }
    if let (Some(mark), Some(last)) = (mark, read.get_mut(first..).and_then(<[_]>::last_mut)) {
        content::mark(&mut last.parts, mark);
    }
    Ok(())
}

fn said<'a>(role: Role, parts: Vec<Part<'a>>) -> Message<'a> {
    Message { role, parts, name: None, signature: None }
}

/// Instructions: a string, or blocks of text. What is for Anthropic's books alone is left out: it changes with every
/// request, so that no other provider's prompt cache would hold.
fn instructions<'a>(value: Node<'a>, path: &Path<'_>) -> Result<Vec<Part<'a>>, ApiError> {
    let mut parts = match value {
        Node::String(text) if text.is_empty() => Vec::new(),
        Node::String(text) => vec![Part::Text { text, cache: None }],
        Node::Array(list) => {
            let list = list.into_iter().enumerate();
            list.map(|(index, value)| instruction(value, &path.index(index))).collect::<Result<_, _>>()?
        }
        other => return Err(other.wrong("a string or an array of blocks", path)),
    };
    parts.retain(|part| !matches!(part, Part::Text { text, .. } if text.starts_with(BILLING)));
    Ok(parts)
}

fn instruction<'a>(value: Node<'a>, path: &Path<'_>) -> Result<Part<'a>, ApiError> {
    let mut block = value.object(path)?;
    let kind = block.need("type", path, Node::string)?;
    if kind != "text" {
        return Err(path.key("type").error("must be text in instructions"));
    }
    let cache = block.read("cache_control", path, content::cache)?;
    let text: Cow<'a, str> = block.need("text", path, Node::string)?;
    Ok(Part::Text { text, cache })
}
