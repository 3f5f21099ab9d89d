//! Writes the instruction and the turns.

use crate::{
    ir::{ApiError, Message, Part, Role},
    provider::{
        Format,
        conversation::{Placed, SYSTEM_NOTE, content_of, is_system},
        model::ModelFacts,
        turns::{Conversation, Turn, Voice},
    },
};

use super::{
    super::json::{Array, Object},
    Target,
    calls::{self, Names},
    media, misplaced, write_signed, write_text,
};

/// A conversation must begin with the user; one that begins with the model gets a turn that says nothing. Empty text is
/// refused.
const NOTHING: &str = r#"{"role":"user","parts":[{"text":" "}]}"#;

/// A message without one part that Gemini would take: it refuses empty text.
pub(super) fn is_blank(message: &Message<'_>) -> bool {
    message.parts.iter().all(|part| match part {
        Part::Text { text, .. } | Part::Refusal(text) => text.is_empty(),
        // Thoughts do not go back.
        Part::Thinking { .. } | Part::RedactedThinking(_) => true,
        Part::Image { .. }
        | Part::File { .. }
        | Part::Audio { .. }
        | Part::ToolCall { .. }
        | Part::ToolResult { .. } => false,
    })
}

/// Appends `systemInstruction`, where there is anything to say.
///
/// # Errors
///
/// For parts other than text.
pub(super) fn write_system(conversation: &Conversation<'_>, object: &mut Object<'_>) -> Result<(), ApiError> {
    if conversation.system.is_empty() {
        return Ok(());
    }
    let mut instruction = Object::begin(object.key("systemInstruction"));
    let mut parts = Array::begin(instruction.key("parts"));
    for placed in &conversation.system {
        write_texts(*placed, "", &mut parts)?;
    }
    parts.end();
    instruction.end();
    Ok(())
}

/// Appends `contents`.
///
/// # Errors
///
/// For parts that Gemini has no place for, naming them.
pub(super) fn write(
    conversation: &Conversation<'_>,
    target: Target<'_>,
    object: &mut Object<'_>,
) -> Result<(), ApiError> {
    let mut names = Names::default();
    let mut array = Array::begin(object.key("contents"));
    if conversation.turns.first().is_some_and(|turn| turn.voice == Voice::Assistant) {
        array.item().extend_from_slice(NOTHING.as_bytes());
    }
    // Alone, instructions are the prompt: nothing to set them apart from.
    let note = if conversation.is_instruction() { "" } else { SYSTEM_NOTE };
    for turn in &conversation.turns {
        let mut content = Object::begin(array.item());
        let model = turn.voice == Voice::Assistant;
        content.text("role", if model { "model" } else { "user" });
        let mut parts = Array::begin(content.key("parts"));
        if model {
            model_turn(turn, target.facts, &mut names, &mut parts)?;
        } else {
            user_turn(turn, note, target, &mut names, &mut parts)?;
        }
        parts.end();
        content.end();
    }
    array.end();
    Ok(())
}

/// Results first: they must directly follow the turn with the calls.
fn user_turn<'r>(
    turn: &Turn<'r>,
    note: &str,
    target: Target<'_>,
    names: &mut Names<'r>,
    parts: &mut Array<'_>,
) -> Result<(), ApiError> {
    for placed in &turn.messages {
        calls::write_result(*placed, target, names, parts)?;
    }
    for (index, message) in &turn.messages {
        if is_system(message) {
            write_texts((*index, message), note, parts)?;
        } else if message.role == Role::User {
            for (at, part) in content_of(message) {
                write_user_part(part, (*index, at), target.format, parts)?;
            }
        }
    }
    Ok(())
}

fn write_user_part(
    part: &Part<'_>,
    place: (usize, usize),
    format: Format,
    parts: &mut Array<'_>,
) -> Result<(), ApiError> {
    match part {
        Part::Text { text, .. } | Part::Refusal(text) => {
            if !text.is_empty() {
                write_text(text, parts);
            }
            Ok(())
        }
        Part::Image { .. } | Part::File { .. } | Part::Audio { .. } => {
            media::write(part, place, format, parts)
        }
        Part::ToolCall { .. } => Err(misplaced(place, "only an assistant message holds tool calls")),
        Part::Thinking { .. } | Part::RedactedThinking(_) | Part::ToolResult { .. } => Ok(()),
    }
}

/// Text, then calls: the order in which Gemini gives them.
fn model_turn<'r>(
    turn: &Turn<'r>,
    facts: &ModelFacts,
    names: &mut Names<'r>,
    parts: &mut Array<'_>,
) -> Result<(), ApiError> {
    for (index, message) in &turn.messages {
        let signature = message.signature.as_deref();
        calls::check_signature(signature, || format!("messages[{index}].{}", calls::SIGNATURE))?;
        let said = |part: &Part<'_>| matches!(part, Part::Text { text, .. } | Part::Refusal(text) if !text.is_empty());
        let last = content_of(message).filter(|(_, part)| said(part)).last().map(|(at, _)| at);
        for (at, part) in content_of(message) {
            match part {
                Part::Text { text, .. } | Part::Refusal(text) if text.is_empty() => {}
                Part::Text { text, .. } | Part::Refusal(text) => {
                    write_signed(text, signature.filter(|_| last == Some(at)), parts);
                }
                _ => return Err(misplaced((*index, at), "an assistant message holds text only")),
            }
        }
    }
    calls::write_calls(&turn.messages, facts, names, parts)
}

/// The texts of a system message, each behind `note`.
fn write_texts((index, message): Placed<'_>, note: &str, parts: &mut Array<'_>) -> Result<(), ApiError> {
    for (at, part) in content_of(message) {
        match part {
            Part::Text { text, .. } if text.is_empty() => {}
            Part::Text { text, .. } => write_text(&format!("{note}{text}"), parts),
            _ => return Err(misplaced((index, at), "a system message holds text only")),
        }
    }
    Ok(())
}
