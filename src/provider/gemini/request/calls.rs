//! Calls of functions, and what they gave.
//!
//! Sources: guides "Function calling" and "Thought signatures".

use hashbrown::HashMap;

use crate::{
    ir::{ApiError, Part},
    provider::{
        Format,
        conversation::Placed,
        ids::Calls,
        model::{ModelFacts, Thinking},
        tools::input,
    },
};

use super::{
    super::json::{Array, Object, is_object},
    Target, media, misplaced, tools,
};

/// Gemini's own placeholder for a signature that is not there, as with turns of other models: models from 3 on refuse
/// a call without one ("Thought signatures", section "FAQs"). It is `skip_thought_signature_validator` in base64, since
/// the field holds bytes.
const NO_SIGNATURE: &str = "c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I=";

/// Which function each id of the conversation called: results are told by name.
#[derive(Debug, Default)]
pub(super) struct Names<'r>(HashMap<&'r str, Calls<&'r str>>);

impl<'r> Names<'r> {
    fn made(&mut self, id: &'r str, name: &'r str) {
        self.0.entry(id).or_default().made(name);
    }

    /// The function whose call the next result for `id` answers.
    fn answered(&mut self, id: &str) -> Option<&'r str> {
        self.0.get_mut(id)?.answered()
    }
}

/// Appends the calls of a model's turn.
///
/// # Errors
///
/// For a name, arguments or a signature that Gemini does not take, naming them.
pub(super) fn write_calls<'r>(
    messages: &[Placed<'r>],
    facts: &ModelFacts,
    names: &mut Names<'r>,
    parts: &mut Array<'_>,
) -> Result<(), ApiError> {
    let mut first = true;
    for (index, message) in messages {
        let calls = message.parts.iter().filter(|part| matches!(part, Part::ToolCall { .. }));
        for (at, part) in calls.enumerate() {
            let Part::ToolCall { id, name, arguments, signature, .. } = part else { continue };
            let param = |field: &str| format!("messages[{index}].tool_calls[{at}].{field}");
            tools::check_name(name, || param("function.name"))?;
            let args = input(arguments, || param("function.arguments"))?;
            check_signature(signature.as_deref(), || param(SIGNATURE))?;
            names.made(id, name);
            let mut object = Object::begin(parts.item());
            let mut call = Object::begin(object.key("functionCall"));
            write_id(id, facts, &mut call);
            call.text("name", name);
            call.raw("args", args);
            call.end();
            let stands_in = (first && facts.thinking == Thinking::Level).then_some(NO_SIGNATURE);
            if let Some(signature) = signature.as_deref().or(stands_in) {
                object.text("thoughtSignature", signature);
            }
            object.end();
            first = false;
        }
    }
    Ok(())
}

/// Models before 3 refuse ids.
fn write_id(id: &str, facts: &ModelFacts, object: &mut Object<'_>) {
    if facts.thinking == Thinking::Level && !id.is_empty() {
        object.text("id", id);
    }
}

/// Appends a result, and behind it, for models that take none within a result, its pictures and files.
///
/// # Errors
///
/// For a result of a call that is not in the conversation, and for a part that has no place in a result.
pub(super) fn write_result<'r>(
    (index, message): Placed<'r>,
    target: Target<'_>,
    names: &mut Names<'r>,
    parts: &mut Array<'_>,
) -> Result<(), ApiError> {
    let Target { facts, format } = target;
    for part in &message.parts {
        let Part::ToolResult { id, content, is_error, .. } = part else { continue };
        let Some(name) = names.answered(id).or(message.name.as_deref()) else {
            let param = format!("messages[{index}].tool_call_id");
            return Err(wrong(param, "names no tool call of an earlier message"));
        };
        let inside = facts.thinking == Thinking::Level;
        let mut object = Object::begin(parts.item());
        let mut response = Object::begin(object.key("functionResponse"));
        write_id(id, facts, &mut response);
        response.text("name", name);
        write_texts(content, *is_error, &mut response);
        if inside && content.iter().any(is_media) {
            let mut array = Array::begin(response.key("parts"));
            write_media(content, index, format, &mut array)?;
            array.end();
        }
        response.end();
        object.end();
        if !inside {
            write_media(content, index, format, parts)?;
        }
        check(content, index)?;
    }
    Ok(())
}

/// `response` must be an object: a text that is one as it came, any other as its `output` (guide "Function calling").
fn write_texts(content: &[Part<'_>], is_error: bool, response: &mut Object<'_>) {
    let texts = content.iter().filter_map(|part| match part {
        Part::Text { text, .. } => Some(text.as_ref()),
        _ => None,
    });
    let text = texts.collect::<Vec<_>>().join("\n");
    if !is_error && is_object(&text) {
        return response.raw("response", text.trim());
    }
    let mut object = Object::begin(response.key("response"));
    object.text(if is_error { "error" } else { "output" }, &text);
    object.end();
}

fn is_media(part: &Part<'_>) -> bool {
    matches!(part, Part::Image { .. } | Part::File { .. } | Part::Audio { .. })
}

fn write_media(
    content: &[Part<'_>],
    index: usize,
    format: Format,
    parts: &mut Array<'_>,
) -> Result<(), ApiError> {
    let media = content.iter().enumerate().filter(|(_, part)| is_media(part));
    media.into_iter().try_for_each(|(at, part)| media::write(part, (index, at), format, parts))
}

fn check(content: &[Part<'_>], index: usize) -> Result<(), ApiError> {
    let known = |part: &Part<'_>| matches!(part, Part::Text { .. }) || is_media(part);
    match content.iter().position(|part| !known(part)) {
        Some(at) => Err(misplaced((index, at), "text, pictures and files can stand in a tool's result")),
        None => Ok(()),
    }
}

/// Where a client has a signature, within a message or a call.
pub(super) const SIGNATURE: &str = "extra_content.google.thought_signature";

/// The field holds bytes.
///
/// # Errors
///
/// For what is not base64, naming `param()`.
pub(super) fn check_signature(
    signature: Option<&str>,
    param: impl FnOnce() -> String,
) -> Result<(), ApiError> {
    match signature {
        Some(signature) if !is_base64(signature) => Err(wrong(param(), "is not base64")),
        _ => Ok(()),
    }
}

/// Either alphabet: the API takes both.
fn is_base64(text: &str) -> bool {
    let digits = text.trim_end_matches('=');
    digits.len() % 4 != 1
        && text.len() - digits.len() <= 2
        && digits.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/-_".contains(&byte))
}

fn wrong(param: String, what: &str) -> ApiError {
    let message = format!("`{param}` {what}.");
    ApiError::invalid(param, message)
}
