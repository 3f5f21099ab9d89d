//! The messages of a request.

use std::borrow::Cow;

use super::{
    content::{self, Takes, cache, content},
    history::Calls,
    tools::is_function,
};
use crate::{
    dialect::chat::node::{Node, Object, Path},
    ir::{ApiError, Message, Part, Role},
};

/// Reads `messages`, in their order.
pub(super) fn messages<'a>(value: Node<'a>, path: &Path<'_>) -> Result<Vec<Message<'a>>, ApiError> {
    let list = value.array(path)?;
    if list.is_empty() {
        return Err(path.error("must not be empty"));
    }
    let mut calls = Calls::default();
    let list = list.into_iter().enumerate();
    list.map(|(index, value)| message(value, &mut calls, &path.index(index))).collect()
}

fn message<'a>(value: Node<'a>, calls: &mut Calls<'a>, path: &Path<'_>) -> Result<Message<'a>, ApiError> {
    let mut object = value.object(path)?;
    let role = object.need("role", path, Node::string)?;
    let name = object.string("name", path)?;
    let mark = object.read("cache_control", path, cache)?;
    let mut signed = None;
    let (role, mut parts) = match role.as_ref() {
        "system" => (Role::System, plain(Takes::Text, &mut object, path)?),
        "developer" => (Role::Developer, plain(Takes::Text, &mut object, path)?),
        "user" => (Role::User, plain(Takes::Media, &mut object, path)?),
        "assistant" => {
            signed = object.read("extra_content", path, signature)?.flatten();
            (Role::Assistant, assistant(&mut object, calls, path)?)
        }
        "tool" => {
            let id = object.need("tool_call_id", path, Node::string)?;
            (Role::Tool, result(id, &mut object, path)?)
        }
        "function" => {
            let id = calls.answered(name.as_deref(), path)?;
            return Ok(Message {
                role: Role::Tool,
                parts: result(id, &mut object, path)?,
                name: None,
                signature: None,
            });
        }
        _ => {
            let roles = "must be developer, system, user, assistant, tool or function";
            return Err(path.key("role").error(roles));
        }
    };
    if let Some(mark) = mark {
        content::mark(&mut parts, mark);
    }
    Ok(Message { role, parts, name, signature: signed })
}

fn plain<'a>(takes: Takes, message: &mut Object<'a>, path: &Path<'_>) -> Result<Vec<Part<'a>>, ApiError> {
    message.need("content", path, |value, path| content(takes, value, path))
}

fn result<'a>(
    id: Cow<'a, str>,
    message: &mut Object<'a>,
    path: &Path<'_>,
) -> Result<Vec<Part<'a>>, ApiError> {
    let content = plain(Takes::Media, message, path)?;
    Ok(vec![Part::ToolResult { id, content, is_error: false, cache: None }])
}

/// Reasoning first, then what was said, then the calls: the order in which every provider gives them.
fn assistant<'a>(
    message: &mut Object<'a>,
    calls: &mut Calls<'a>,
    path: &Path<'_>,
) -> Result<Vec<Part<'a>>, ApiError> {
    let mut parts = content::thinking(message, path)?;
    let said = message.read("content", path, |value, path| content(Takes::Answer, value, path))?;
    parts.extend(said.unwrap_or_default());
    if let Some(refusal) = message.string("refusal", path)?.filter(|text| !text.is_empty()) {
        parts.push(Part::Refusal(refusal));
    }
    let tool_calls = message.read("tool_calls", path, |value, path| {
        let list = value.array(path)?.into_iter().enumerate();
        list.map(|(index, value)| tool_call(value, &path.index(index))).collect::<Result<Vec<_>, _>>()
    })?;
    parts.extend(tool_calls.unwrap_or_default());
    if let Some((name, arguments)) = message.read("function_call", path, function)? {
        let id = Cow::Owned(calls.made(name.clone()));
        parts.push(Part::ToolCall { id, name, arguments, signature: None, cache: None });
    }
    Ok(parts)
}

fn tool_call<'a>(value: Node<'a>, path: &Path<'_>) -> Result<Part<'a>, ApiError> {
    let mut call = value.object(path)?;
    is_function(&mut call, path)?;
    let id = call.need("id", path, Node::string)?;
    let (name, arguments) = call.need("function", path, function)?;
    let signature = call.read("extra_content", path, signature)?.flatten();
    Ok(Part::ToolCall { id, name, arguments, signature, cache: call.read("cache_control", path, cache)? })
}

/// `extra_content.google.thought_signature`: where Google's own OpenAI-compatible API has the signature of a call, and
/// replies of this gateway that of a text. What else is in there is not for a provider.
fn signature<'a>(value: Node<'a>, path: &Path<'_>) -> Result<Option<Cow<'a, str>>, ApiError> {
    let google = value
        .object(path)?
        .read("google", path, |value, path| value.object(path)?.string("thought_signature", path))?;
    Ok(google.flatten().filter(|signature| !signature.is_empty()))
}

/// A call's name and arguments; none are as good as an empty text.
fn function<'a>(value: Node<'a>, path: &Path<'_>) -> Result<(Cow<'a, str>, Cow<'a, str>), ApiError> {
    let mut function = value.object(path)?;
    let name = function.need("name", path, Node::string)?;
    Ok((name, function.string("arguments", path)?.unwrap_or(Cow::Borrowed(""))))
}
