//! The conversation as `input`: a flat list of items, in the client's order.
//!
//! Instructions stay where they are, as messages of their role: `instructions` would stand before all that was said,
//! and is not searched for the word "JSON", which the API wants to find where `json_object` is asked for.

use crate::{
    ir::{ApiError, Message, Part, Request, Role},
    provider::conversation::{FAILED, content_of, nothing_said},
    signature,
};

use super::{
    super::json::{Array, Object},
    media,
};

/// Appends `input`. `reasoning`: the provider's name, where the model takes reasoning back.
///
/// # Errors
///
/// For parts that have no place, naming them, and where no message says anything.
pub(super) fn write(
    request: &Request<'_>,
    reasoning: Option<&str>,
    object: &mut Object<'_>,
) -> Result<(), ApiError> {
    if request.messages.iter().all(is_blank) {
        return Err(nothing_said());
    }
    let mut items = Array::begin(object.key("input"));
    for (index, message) in request.messages.iter().enumerate().filter(|(_, message)| !is_blank(message)) {
        match message.role {
            Role::System => said("system", index, message, &mut items)?,
            Role::Developer => said("developer", index, message, &mut items)?,
            Role::User => said("user", index, message, &mut items)?,
            Role::Assistant => answered(index, message, reasoning, &mut items)?,
            Role::Tool => results(index, message, &mut items)?,
        }
    }
    items.end();
    Ok(())
}

/// A message that makes no item: one without parts, or a turn of the model that says nothing. Reasoning alone is
/// nothing: the API refuses it without what it led to.
fn is_blank(message: &Message<'_>) -> bool {
    message.parts.iter().all(|part| match part {
        Part::Text { text, .. } | Part::Refusal(text) => message.role == Role::Assistant && text.is_empty(),
        Part::Thinking { .. } | Part::RedactedThinking(_) => true,
        _ => false,
    })
}

/// What the user or the operator says.
fn said(role: &str, index: usize, message: &Message<'_>, items: &mut Array<'_>) -> Result<(), ApiError> {
    let mut item = Object::begin(items.item());
    item.text("type", "message");
    item.text("role", role);
    write_parts("content", &message.parts, index, &mut item)?;
    item.end();
    Ok(())
}

/// A single text as a string, anything else as parts.
fn write_parts(name: &str, parts: &[Part<'_>], index: usize, item: &mut Object<'_>) -> Result<(), ApiError> {
    match parts {
        [] => item.text(name, ""),
        [Part::Text { text, .. }] => item.text(name, text),
        parts => {
            let mut content = Array::begin(item.key(name));
            for (at, part) in parts.iter().enumerate() {
                media::write(part, (index, at), content.item())?;
            }
            content.end();
        }
    }
    Ok(())
}

/// A turn of the model: its reasoning, what it said, its calls.
fn answered(
    index: usize,
    message: &Message<'_>,
    reasoning: Option<&str>,
    items: &mut Array<'_>,
) -> Result<(), ApiError> {
    if let Some(provider) = reasoning {
        message.parts.iter().for_each(|part| write_reasoning(part, provider, items));
    }
    write_said(index, message, items)?;
    for part in &message.parts {
        let Part::ToolCall { id, name, arguments, .. } = part else { continue };
        let mut item = Object::begin(items.item());
        item.text("type", "function_call");
        item.text("call_id", id);
        item.text("name", name);
        // A call without arguments comes as an empty string, or null.
        let arguments = if matches!(arguments.trim(), "" | "null") { "{}" } else { arguments };
        item.text("arguments", arguments);
        item.end();
    }
    Ok(())
}

/// Reasoning that this provider gave; it could not read that of others.
fn write_reasoning(part: &Part<'_>, provider: &str, items: &mut Array<'_>) {
    let Part::Thinking { text, signature: Some(signature) } = part else { return };
    let Some((id, encrypted)) = signature::openai(signature, provider) else { return };
    let mut item = Object::begin(items.item());
    item.text("type", "reasoning");
    item.text("id", id);
    let mut summary = Array::begin(item.key("summary"));
    let text = text.trim();
    if !text.is_empty() {
        let mut part = Object::begin(summary.item());
        part.text("type", "summary_text");
        part.text("text", text);
        part.end();
    }
    summary.end();
    item.text("encrypted_content", encrypted);
    item.end();
}

/// What the model said: a string where it is one text; else parts, which the API takes in messages with an id alone.
/// That it has not seen the id before does not matter to it.
fn write_said(index: usize, message: &Message<'_>, items: &mut Array<'_>) -> Result<(), ApiError> {
    let mut said = Vec::new();
    for (at, part) in content_of(message) {
        match part {
            Part::Text { text, .. } => said.push(("output_text", "text", text)),
            Part::Refusal(text) => said.push(("refusal", "refusal", text)),
            _ => return Err(super::misplaced((index, at), "an assistant message holds text only")),
        }
    }
    said.retain(|(_, _, text)| !text.is_empty());
    if said.is_empty() {
        return Ok(());
    }
    let mut item = Object::begin(items.item());
    item.text("type", "message");
    item.text("role", "assistant");
    if let [("output_text", _, text)] = said.as_slice() {
        item.text("content", text);
        item.end();
        return Ok(());
    }
    item.text("id", &format!("msg_{index}"));
    item.text("status", "completed");
    let mut content = Array::begin(item.key("content"));
    for (kind, member, text) in said {
        let mut part = Object::begin(content.item());
        part.text("type", kind);
        part.text(member, text);
        if kind == "output_text" {
            part.raw("annotations", "[]");
        }
        part.end();
    }
    content.end();
    item.end();
    Ok(())
}

fn results(index: usize, message: &Message<'_>, items: &mut Array<'_>) -> Result<(), ApiError> {
    for part in &message.parts {
        let Part::ToolResult { id, content, is_error, .. } = part else { continue };
        let mut item = Object::begin(items.item());
        item.text("type", "function_call_output");
        item.text("call_id", id);
        if *is_error {
            let mut output = Array::begin(item.key("output"));
            media::write_text(FAILED, output.item());
            for (at, part) in content.iter().enumerate() {
                media::write(part, (index, at), output.item())?;
            }
            output.end();
        } else {
            write_parts("output", content, index, &mut item)?;
        }
        item.end();
    }
    Ok(())
}
