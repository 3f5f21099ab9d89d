//! A Messages request into the intermediate form.
//!
//! One pass makes a tree that borrows from the body; what follows only moves its pieces, as in a chat request
//! ([`crate::dialect::chat::parse`]).

use std::borrow::Cow;

use serde::de::Deserialize;

use super::super::node::{self, Node, Object, Path};
use crate::{
    dialect::chat::parse::{content, settings},
    ir::{ApiError, ErrorKind, Request, ResponseFormat},
};

mod blocks;
mod media;
mod messages;
pub(crate) mod place;
pub(crate) mod reasoning;
mod server;
mod strict;
#[cfg(test)]
mod tests;
mod tools;

/// Schemas and the arguments of calls, which are handed on as they were sent.
const RAW: &[&str] = &["input_schema", "schema", "input"];

/// Reads a whole Messages request, or one for the count of its tokens. Members that have no place in the intermediate form
/// are left out: [`crate::provider::fate::messages`] says why each may be, or which keep the request from other formats.
///
/// # Errors
///
/// [`crate::ir::ErrorKind::InvalidRequest`], naming the field in `param`.
pub fn parse(body: &[u8]) -> Result<Request<'_>, ApiError> {
    parse_for(body, Form::Schema)
}

/// As [`parse`], with the form of the answer told as the model takes it.
///
/// # Errors
///
/// As [`parse`].
pub(crate) fn parse_for(body: &[u8], form: Form) -> Result<Request<'_>, ApiError> {
    read(body, form).map(|(request, _)| request)
}

/// How a model is told of the form of its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// By a JSON Schema.
    Schema,
    /// By an instruction, which it may fail to follow: it takes no schema.
    Words,
}

/// The request, and which of the client's messages each message was made of; `None` for `system`.
fn read(body: &[u8], form: Form) -> Result<(Request<'_>, Vec<Option<usize>>), ApiError> {
    let mut read = object(body)?;
    let root = &Path::Root;
    let model = read.need("model", root, Node::string)?;
    let (reasoning, mut response_format) = reasoning::output(&mut read)?;
    let note = match &response_format {
        Some(ResponseFormat::JsonSchema { schema, .. }) if form == Form::Words => Some(*schema),
        _ => None,
    };
    if note.is_some() {
        response_format = None;
    }
    let (mut messages, origins) = messages::messages(&mut read, note)?;
    if let Some(mark) = read.read("cache_control", root, content::cache)? {
        // The vendor's API marks the last block that can be marked.
        if let Some(last) = messages.last_mut() {
            content::mark(&mut last.parts, mark);
        }
    }
    let tools = tools::tools(&mut read)?;
    let choice = read.read("tool_choice", root, tools::choice)?;
    let request = Request {
        model,
        messages,
        tools,
        parallel_tool_calls: choice.as_ref().filter(|choice| choice.single).map(|_| false),
        tool_choice: choice.map(|choice| choice.choice),
        reasoning,
        max_tokens: read.read("max_tokens", root, settings::count)?,
        temperature: read.read("temperature", root, settings::within(0, 1))?,
        top_p: read.read("top_p", root, settings::within(0, 1))?,
        top_k: read.read("top_k", root, settings::whole)?,
        frequency_penalty: None,
        presence_penalty: None,
        seed: None,
        n: None,
        stop: read.read("stop_sequences", root, stop)?.unwrap_or_default(),
        response_format,
        user: read.read("metadata", root, user)?.flatten(),
        stream: read.read("stream", root, Node::boolean)?.unwrap_or(false),
        // The client's stream always tells it.
        include_usage: true,
        extra: Vec::new(),
    };
    Ok((request, origins))
}

fn object(body: &[u8]) -> Result<Object<'_>, ApiError> {
    node::begin(RAW);
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let tree = Node::deserialize(&mut deserializer).and_then(|tree| deserializer.end().map(|()| tree));
    match tree {
        Ok(Node::Object(object)) => Ok(object),
        Ok(_) => Err(ApiError::new(ErrorKind::InvalidRequest, "the request body must be one JSON object")),
        Err(error) => Err(ApiError::new(
            ErrorKind::InvalidRequest,
            format!("the request body is not a valid JSON object: {error}"),
        )),
    }
}

fn stop<'a>(value: Node<'a>, path: &Path<'_>) -> Result<Vec<Cow<'a, str>>, ApiError> {
    let list = value.array(path)?.into_iter().enumerate();
    list.map(|(index, item)| item.string(&path.index(index))).collect()
}

fn user<'a>(value: Node<'a>, path: &Path<'_>) -> Result<Option<Cow<'a, str>>, ApiError> {
    let user = value.object(path)?.string("user_id", path)?;
    Ok(user.filter(|user| user.len() <= super::MAX_USER_ID))
}
