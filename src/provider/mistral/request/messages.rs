//! The conversation, in an order that Mistral takes.
//!
//! Mistral answers 400 to a message of the user directly after one of a tool, and to a system message after one of the
//! assistant or of a tool ("Unexpected role 'user' after role 'tool'", code 3230, and the validator of mistral-common).

use std::borrow::Cow;

use super::{
    ids::legal,
    parts::{self, Takes},
};
use crate::{
    ir::{ApiError, Message, Part, Request, Role},
    provider::{
        conversation::{FAILED, SYSTEM_NOTE, is_system, said},
        json::{Array, Object, value},
        model::{ModelFacts, Thinking},
        openai::request::compose::tools::call,
    },
};

/// Stands between the result of a tool and what the user says next.
const BETWEEN: &str = r#"{"role":"assistant","content":"Done."}"#;

/// Stands before what a call gave that failed.
const NOTE: Part<'static> = Part::Text { text: Cow::Borrowed(FAILED), cache: None };

/// Appends `messages`.
///
/// # Errors
///
/// Where no message says anything, and for parts that Mistral has no place for, naming them.
pub(super) fn write(
    request: &Request<'_>,
    facts: &ModelFacts,
    object: &mut Object<'_>,
) -> Result<(), ApiError> {
    let said = said(request, &|message| says_nothing(message, facts))?;
    let last = said.last().map(|(index, _)| *index);
    let mut array = Array::begin(object.key("messages"));
    let mut before = None;
    for (index, message) in said {
        // Where a system message cannot stand, the user says it.
        let is_system = is_system(message);
        let noted = is_system && matches!(before, Some(Role::Assistant | Role::Tool));
        let role = if noted { Role::User } else { message.role };
        if before == Some(Role::Tool) && role == Role::User {
            array.item().extend_from_slice(BETWEEN.as_bytes());
        }
        before = Some(if is_system && !noted { Role::System } else { role });
        match role {
            Role::Assistant => assistant(message, index, Some(index) == last, facts, array.item())?,
            Role::Tool => results(message, index, &mut array)?,
            Role::System | Role::Developer => plain("system", message, Takes::Text, "", index, array.item())?,
            Role::User if noted => plain("user", message, Takes::Text, SYSTEM_NOTE, index, array.item())?,
            Role::User => plain("user", message, Takes::Media, "", index, array.item())?,
        }
    }
    array.end();
    Ok(())
}

/// An assistant's message without content and calls is refused.
fn says_nothing(message: &Message<'_>, facts: &ModelFacts) -> bool {
    let is_empty = |part: &Part<'_>| match part {
        Part::Text { text, .. } | Part::Refusal(text) => text.is_empty(),
        Part::Thinking { text, .. } => text.is_empty() || facts.thinking == Thinking::None,
        Part::RedactedThinking(_) => true,
        _ => false,
    };
    message.role == Role::Assistant && message.parts.iter().all(is_empty)
}

fn plain(
    role: &str,
    message: &Message<'_>,
    takes: Takes,
    note: &str,
    index: usize,
    out: &mut Vec<u8>,
) -> Result<(), ApiError> {
    let mut object = Object::begin(out);
    object.text("role", role);
    parts::write(&mut message.parts.iter(), takes, note, index, object.key("content"))?;
    object.end();
    Ok(())
}

fn assistant(
    message: &Message<'_>,
    index: usize,
    is_last: bool,
    facts: &ModelFacts,
    out: &mut Vec<u8>,
) -> Result<(), ApiError> {
    let reasons = facts.thinking != Thinking::None;
    let is_call = |part: &&Part<'_>| matches!(part, Part::ToolCall { .. });
    let is_said = |part: &&Part<'_>| match part {
        Part::Thinking { text, .. } => reasons && !text.is_empty(),
        Part::RedactedThinking(_) => false,
        Part::Text { text, .. } | Part::Refusal(text) => !text.is_empty(),
        part => !is_call(part),
    };
    let mut said = message.parts.iter().filter(is_said).peekable();
    let mut object = Object::begin(out);
    object.text("role", "assistant");
    if said.peek().is_some() {
        parts::write(&mut said, Takes::Thoughts(reasons), "", index, object.key("content"))?;
    }
    let mut calls = message.parts.iter().filter(is_call).peekable();
    let has_calls = calls.peek().is_some();
    if has_calls {
        let mut array = Array::begin(object.key("tool_calls"));
        for part in calls {
            if let Part::ToolCall { id, .. } = part {
                call(part, &legal(id), false, &mut array);
            }
        }
        array.end();
    }
    // The model is to go on from here; without this it answers 400.
    if is_last && !has_calls {
        value(object.key("prefix"), &true);
    }
    object.end();
    Ok(())
}

fn results(message: &Message<'_>, index: usize, array: &mut Array<'_>) -> Result<(), ApiError> {
    for part in &message.parts {
        let Part::ToolResult { id, content, is_error, .. } = part else { continue };
        let mut object = Object::begin(array.item());
        object.text("role", "tool");
        object.text("tool_call_id", &legal(id));
        if let Some(name) = &message.name {
            object.text("name", name);
        }
        let failed = is_error.then_some(&NOTE).into_iter();
        parts::write(&mut failed.chain(content), Takes::Media, "", index, object.key("content"))?;
        object.end();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_of_a_call_that_failed_says_so() {
        let content = vec![Part::Text { text: "no".into(), cache: None }];
        let result = Part::ToolResult { id: "123456789".into(), content, is_error: true, cache: None };
        let message = Message { role: Role::Tool, parts: vec![result], name: None, signature: None };
        let mut out = Vec::new();
        let mut array = Array::begin(&mut out);
        results(&message, 0, &mut array).unwrap();
        array.end();
        let expected = r#"[{"role":"tool","tool_call_id":"123456789","content":[{"type":"text","text":"The call failed:"},{"type":"text","text":"no"}]}]"#;
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
