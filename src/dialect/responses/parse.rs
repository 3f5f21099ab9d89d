//! A Responses request into the intermediate form.
//!
//! The intermediate form knows messages and functions. Items become messages: what the model gave in a row (reasoning,
//! text, calls) is one turn of it, and the output of a call a message of its own. A custom tool becomes a function with one
//! string, and a tool of a namespace one whose name has that of the namespace before it ([`super::Named`]). What the client
//! asks for that has no place here, the table of fates drops or refuses before it comes to this.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::names::Names;
use crate::{
    dialect::{
        chat::parse::settings,
        chat::scan::malformed,
        node::{self, Members, Node, Path},
    },
    ir::{ApiError, Message, Part, Request, Role},
};

mod content;
mod items;
pub(crate) mod place;
mod reasoning;
mod text;
mod tools;

#[cfg(test)]
mod tests;

/// Schemas, which are handed on as they were sent.
const RAW: &[&str] = &["parameters", "schema", "input_schema"];

/// Members that mean the same in a chat request, and go by its names where the intermediate form has no place for them.
const SAME: &[&str] = &["metadata", "service_tier", "prompt_cache_key", "prompt_cache_retention"];

/// Reads a whole Responses request.
///
/// # Errors
///
/// [`crate::ir::ErrorKind::InvalidRequest`], naming the field in `param`.
pub fn parse(body: &[u8]) -> Result<Request<'_>, ApiError> {
    placed(body).map(|(request, _)| request)
}

/// As [`parse`], with the item that each message begins with.
fn placed(body: &[u8]) -> Result<(Request<'_>, Vec<Option<usize>>), ApiError> {
    node::begin(RAW);
    let invalid = |error| malformed(format!("the request body is not a valid JSON object: {error}"));
    let Members(members) = serde_json::from_slice(body).map_err(invalid)?;
    let top = Top(members);
    let root = &Path::Root;
    let model = top.read("model", Node::string)?.ok_or_else(|| root.key("model").error("is missing"))?;
    let mut names = Names::default();
    let mut offered = Vec::new();
    top.read("tools", |value, path| tools::list(value, path, &mut names, &mut offered))?;
    let mut input = top.read("input", items::input)?.unwrap_or_default();
    items::take_tools(&mut input, &mut names, &mut offered)?;
    let mut turns = items::Turns::new(&names);
    if let Some(text) = top.read("instructions", Node::string)? {
        turns.instruct(text);
    }
    let path = root.key("input");
    for (index, item) in input.into_iter().enumerate() {
        turns.item(item, index, &path.index(index))?;
    }
    let (messages, places) = turns.end();
    let text = top.raw("text").map(text::text).transpose()?.unwrap_or_default();
    let mut extra: Vec<(Cow<'_, str>, &RawValue)> = Vec::new();
    extra.extend(text.verbosity.map(|raw| (Cow::Borrowed("verbosity"), raw)));
    extra.extend(SAME.iter().filter_map(|name| Some((Cow::Borrowed(*name), top.raw(name)?))));
    let request = Request {
        model,
        messages,
        tools: offered,
        tool_choice: top.read("tool_choice", |value, path| tools::choice(value, path, &names))?,
        reasoning: top.read("reasoning", reasoning::effort)?.flatten(),
        parallel_tool_calls: top.read("parallel_tool_calls", Node::boolean)?,
        max_tokens: limit(&top)?,
        temperature: top.read("temperature", settings::within(0, 2))?,
        top_p: top.read("top_p", settings::within(0, 1))?,
        top_k: None,
        frequency_penalty: None,
        presence_penalty: None,
        seed: None,
        n: None,
        stop: Vec::new(),
        response_format: text.format,
        user: user(&top, &mut extra)?,
        stream: top.read("stream", Node::boolean)?.unwrap_or(false),
        include_usage: top.read("stream_options", settings::include_usage)?.unwrap_or(false),
        extra,
    };
    Ok((request, places))
}

/// `max_output_tokens`, or a chat request's name for it, where such a request has items.
fn limit(top: &Top<'_>) -> Result<Option<u64>, ApiError> {
    for name in ["max_output_tokens", "max_completion_tokens", "max_tokens"] {
        if let Some(limit) = top.read(name, settings::count)? {
            return Ok(Some(limit));
        }
    }
    Ok(None)
}

/// `user`, or its successor `safety_identifier`, which stays among the others where both are there.
fn user<'a>(
    top: &Top<'a>,
    extra: &mut Vec<(Cow<'a, str>, &'a RawValue)>,
) -> Result<Option<Cow<'a, str>>, ApiError> {
    const SUCCESSOR: &str = "safety_identifier";
    let user = top.read("user", Node::string)?;
    match top.raw(SUCCESSOR) {
        Some(raw) if user.is_some() => {
            extra.push((Cow::Borrowed(SUCCESSOR), raw));
            Ok(user)
        }
        Some(_) => top.read(SUCCESSOR, Node::string),
        None => Ok(user),
    }
}

/// The members of the request, unread.
struct Top<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Top<'a> {
    /// The first of this name, if it is not null. The pass over the head refuses a second one.
    fn raw(&self, name: &str) -> Option<&'a RawValue> {
        let (_, raw) = self.0.iter().find(|(found, _)| found == name)?;
        Some(*raw).filter(|raw| raw.get() != "null")
    }

    fn read<T>(
        &self,
        name: &str,
        read: impl FnOnce(Node<'a>, &Path<'_>) -> Result<T, ApiError>,
    ) -> Result<Option<T>, ApiError> {
        let Some(raw) = self.raw(name) else { return Ok(None) };
        let path = Path::Root;
        let path = path.key(name);
        let value = serde_json::from_str(raw.get()).map_err(|error| path.error(error))?;
        read(value, &path).map(Some)
    }
}

/// A message of these parts.
fn message<'a>(role: Role, parts: Vec<Part<'a>>) -> Message<'a> {
    Message { role, parts, name: None, signature: None }
}
