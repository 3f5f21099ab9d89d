//! A chat request into the intermediate form.
//!
//! One pass makes a tree that borrows from the body; what follows only moves its pieces. Checked are types and
//! OpenAI's own ranges. What a provider has no place for is not decided here.

use std::{borrow::Cow, fmt};

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::node::{self, Node, Object, Path};
use crate::ir::{ApiError, ErrorKind, Message, Request};

pub(in crate::dialect) mod content;
mod history;
pub(in crate::dialect) mod media;
mod message;
pub(in crate::dialect) mod reasoning;
pub(in crate::dialect) mod settings;
mod tools;

#[cfg(test)]
mod tests;

/// The fields that have a place in the intermediate form; all others become [`Request::extra`].
const READ: &[&str] = &[
    "model",
    "messages",
    "stream",
    "stream_options",
    "max_tokens",
    "max_completion_tokens",
    "temperature",
    "top_p",
    "top_k",
    "n",
    "stop",
    "tools",
    "functions",
    "tool_choice",
    "function_call",
    "parallel_tool_calls",
    "response_format",
    "reasoning_effort",
    "thinking",
    "seed",
    "presence_penalty",
    "frequency_penalty",
    "user",
];

/// Schemas, which are handed on as they were sent.
const RAW: &[&str] = &["parameters", "schema"];

/// Reads a whole chat request.
///
/// # Errors
///
/// [`ErrorKind::InvalidRequest`], naming the field in `param`.
pub fn parse(body: &[u8]) -> Result<Request<'_>, ApiError> {
    let mut body = Body::read(body)?;
    let messages = body.read.need("messages", &Path::Root, message::messages)?;
    request(body, messages)
}

/// The request of these messages whose other members `body` has.
///
/// # Errors
///
/// As [`parse`].
pub(in crate::dialect) fn request<'a>(
    body: Body<'a>,
    messages: Vec<Message<'a>>,
) -> Result<Request<'a>, ApiError> {
    let Body { model, mut read, mut extra } = body;
    let root = &Path::Root;
    let tools = tools::tools(&mut read)?;
    let tool_choice = tools::choice(&mut read)?;
    let reasoning = reasoning::reasoning(&mut read)?;
    let max_completion_tokens = read.read("max_completion_tokens", root, settings::count)?;
    let max_tokens = read.read("max_tokens", root, settings::count)?;
    Ok(Request {
        model,
        messages,
        tools,
        tool_choice,
        reasoning,
        parallel_tool_calls: read.read("parallel_tool_calls", root, Node::boolean)?,
        max_tokens: max_completion_tokens.or(max_tokens),
        temperature: read.read("temperature", root, settings::within(0, 2))?,
        top_p: read.read("top_p", root, settings::within(0, 1))?,
        top_k: read.read("top_k", root, settings::whole)?,
        frequency_penalty: read.read("frequency_penalty", root, settings::within(-2, 2))?,
        presence_penalty: read.read("presence_penalty", root, settings::within(-2, 2))?,
        seed: read.read("seed", root, Node::integer)?,
        n: read.read("n", root, settings::count)?,
        stop: read.read("stop", root, settings::stop)?.unwrap_or_default(),
        response_format: read.read("response_format", root, settings::response_format)?,
        user: user(&mut read, &mut extra)?,
        stream: read.read("stream", root, Node::boolean)?.unwrap_or(false),
        include_usage: read.read("stream_options", root, settings::include_usage)?.unwrap_or(false),
        extra,
    })
}

/// `user`, or its successor `safety_identifier`, which stays among the others where both are there.
fn user<'a>(
    read: &mut Object<'a>,
    extra: &mut Vec<(Cow<'a, str>, &'a RawValue)>,
) -> Result<Option<Cow<'a, str>>, ApiError> {
    if let Some(user) = read.string("user", &Path::Root)? {
        return Ok(Some(user));
    }
    let Some(at) = extra.iter().position(|(name, _)| name == "safety_identifier") else { return Ok(None) };
    let (name, raw) = extra.remove(at);
    let value: Node<'a> = serde_json::from_str(raw.get()).unwrap_or(Node::Null);
    value.string(&Path::Root.key(&name)).map(Some)
}

/// The members of a request.
pub(in crate::dialect) struct Body<'a> {
    /// The model, read.
    model: Cow<'a, str>,
    /// Those that are [`READ`].
    read: Object<'a>,
    /// All others but nulls, which say nothing.
    pub(in crate::dialect) extra: Vec<(Cow<'a, str>, &'a RawValue)>,
}

impl<'a> Body<'a> {
    pub(in crate::dialect) fn read(body: &'a [u8]) -> Result<Self, ApiError> {
        node::begin(RAW);
        let mut body: Self = serde_json::from_slice(body).map_err(|error| {
            ApiError::new(
                ErrorKind::InvalidRequest,
                format!("the request body is not a valid JSON object: {error}"),
            )
        })?;
        body.model = body.read.need("model", &Path::Root, Node::string)?;
        Ok(body)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Body<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(BodyVisitor)
    }
}

struct BodyVisitor;

impl<'de> Visitor<'de> for BodyVisitor {
    type Value = Body<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Body<'de>, A::Error> {
        let mut body = Body { model: Cow::default(), read: Object::default(), extra: Vec::new() };
        while let Some(Node::String(name)) = object.next_key()? {
            if READ.contains(&name.as_ref()) {
                body.read.0.push((name, object.next_value()?));
            } else if let Some(raw) = object.next_value::<Option<&RawValue>>()? {
                body.extra.push((name, raw));
            }
        }
        Ok(body)
    }
}
