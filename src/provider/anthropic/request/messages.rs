//! Writes the system prompt and the turns.

use crate::{
    ir::{ApiError, Message, Part, ResponseFormat, Role},
    provider::{
        Format,
        conversation::{self, JSON_NOTE, Placed, SYSTEM_NOTE, content_of, is_system},
        ids::{Ids, PLAIN},
        tools::{check_name, input},
        turns::{Conversation, Turn, Voice},
    },
};

use super::{
    super::json::{Array, Object},
    blocks, media,
    tools::NAME_BYTES,
};

/// Appends `system`, where there is anything to say.
///
/// # Errors
///
/// For parts other than text.
pub(super) fn write_system(
    conversation: &Conversation<'_>,
    format: Option<&ResponseFormat<'_>>,
    object: &mut Object<'_>,
) -> Result<(), ApiError> {
    let json = matches!(format, Some(ResponseFormat::JsonObject));
    if conversation.system.is_empty() && !json {
        return Ok(());
    }
    let mut array = Array::begin(object.key("system"));
    for placed in &conversation.system {
        write_texts(*placed, "", &mut array)?;
    }
    if json {
        blocks::write_text(JSON_NOTE, None, array.item());
    }
    array.end();
    Ok(())
}

/// Appends `messages`.
///
/// # Errors
///
/// For parts that Anthropic has no place for, naming them.
pub(super) fn write(conversation: &Conversation<'_>, object: &mut Object<'_>) -> Result<(), ApiError> {
    let mut ids = Ids::new(PLAIN);
    let mut array = Array::begin(object.key("messages"));
    for (at, turn) in conversation.turns.iter().enumerate() {
        let mut message = Object::begin(array.item());
        let last = at + 1 == conversation.turns.len();
        match turn.voice {
            Voice::User => message.text("role", "user"),
            Voice::Assistant => message.text("role", "assistant"),
            Voice::System => message.text("role", "system"),
        }
        let mut content = Array::begin(message.key("content"));
        match turn.voice {
            // Alone, instructions are the prompt: nothing to set them apart from.
            Voice::User if conversation.is_instruction() => {
                system_turn(turn, &mut content)?;
            }
            Voice::User => user_turn(turn, &mut ids, &mut content)?,
            Voice::Assistant => assistant_turn(turn, last, &mut ids, &mut content)?,
            Voice::System => system_turn(turn, &mut content)?,
        }
        content.end();
        message.end();
    }
    array.end();
    Ok(())
}

fn system_turn(turn: &Turn<'_>, content: &mut Array<'_>) -> Result<(), ApiError> {
    turn.messages.iter().try_for_each(|placed| write_texts(*placed, "", content))
}

/// The texts of a system message, each behind `note`.
fn write_texts((index, message): Placed<'_>, note: &str, content: &mut Array<'_>) -> Result<(), ApiError> {
    for (at, part) in content_of(message) {
        match part {
            Part::Text { text, .. } if text.trim().is_empty() => {}
            Part::Text { text, cache } if note.is_empty() => blocks::write_text(text, *cache, content.item()),
            Part::Text { text, cache } => {
                blocks::write_text(&format!("{note}{text}"), *cache, content.item())
            }
            _ => return Err(misplaced((index, at), "a system message holds text only")),
        }
    }
    Ok(())
}

/// Results first: Anthropic wants them at the start of the turn that follows the calls.
fn user_turn<'r>(turn: &Turn<'r>, ids: &mut Ids<'r>, content: &mut Array<'_>) -> Result<(), ApiError> {
    for (index, message) in &turn.messages {
        for part in &message.parts {
            if let Part::ToolResult { id, content: parts, is_error, cache } = part {
                let id = ids.result(id);
                let result = blocks::ToolResult { id: &id, parts, is_error: *is_error, cache: *cache };
                result.write(*index, content.item())?;
            }
        }
    }
    for (index, message) in &turn.messages {
        if is_system(message) {
            write_texts((*index, message), SYSTEM_NOTE, content)?;
        } else if message.role == Role::User {
            for (at, part) in content_of(message) {
                write_user_part(part, *index, at, content)?;
            }
        }
    }
    Ok(())
}

fn write_user_part(
    part: &Part<'_>,
    index: usize,
    at: usize,
    content: &mut Array<'_>,
) -> Result<(), ApiError> {
    let param = || format!("messages[{index}].content[{at}]");
    match part {
        Part::Text { text, .. } | Part::Refusal(text) if text.trim().is_empty() => Ok(()),
        Part::Text { text, cache } => {
            blocks::write_text(text, *cache, content.item());
            Ok(())
        }
        Part::Refusal(text) => {
            blocks::write_text(text, None, content.item());
            Ok(())
        }
        Part::Image { source, cache, .. } => media::write_image(source, *cache, param, content.item()),
        Part::File { source, filename, cache } => {
            media::write_file(source, filename.as_deref(), *cache, param, content.item())
        }
        Part::Audio { .. } => Err(misplaced((index, at), "Anthropic models take no audio")),
        Part::ToolCall { .. } => Err(misplaced((index, at), "only an assistant message holds tool calls")),
        Part::Thinking { .. } | Part::RedactedThinking(_) | Part::ToolResult { .. } => Ok(()),
    }
}

/// Reasoning, text, calls, in that order: the API wants the reasoning first and the calls last. `last` says that
/// nothing follows: the text may then not end in white space.
fn assistant_turn<'r>(
    turn: &Turn<'r>,
    last: bool,
    ids: &mut Ids<'r>,
    content: &mut Array<'_>,
) -> Result<(), ApiError> {
    for (_, message) in &turn.messages {
        for part in &message.parts {
            blocks::write_thinking(part, content);
        }
    }
    for (index, message) in &turn.messages {
        for (at, part) in content_of(message) {
            match part {
                Part::Text { text, .. } | Part::Refusal(text) if text.trim().is_empty() => {}
                Part::Text { text, cache } => {
                    blocks::write_text(if last { text.trim_end() } else { text }, *cache, content.item());
                }
                Part::Refusal(text) => {
                    blocks::write_text(if last { text.trim_end() } else { text }, None, content.item());
                }
                _ => return Err(misplaced((*index, at), "an assistant message holds text only")),
            }
        }
    }
    for (index, message) in &turn.messages {
        write_calls(*index, message, ids, content)?;
    }
    Ok(())
}

fn write_calls<'r>(
    index: usize,
    message: &'r Message<'r>,
    ids: &mut Ids<'r>,
    content: &mut Array<'_>,
) -> Result<(), ApiError> {
    let calls = message.parts.iter().filter_map(|part| match part {
        Part::ToolCall { id, name, arguments, cache, .. } => Some((id, name, arguments, *cache)),
        _ => None,
    });
    for (at, (id, name, arguments, cache)) in calls.enumerate() {
        let param = |field: &str| format!("messages[{index}].tool_calls[{at}].function.{field}");
        check_name(name, NAME_BYTES, || param("name"))?;
        let input = input(arguments, || param("arguments"))?;
        let mut block = Object::begin(content.item());
        block.text("type", "tool_use");
        block.text("id", &ids.call(id));
        block.text("name", name);
        block.raw("input", input);
        blocks::write_cache(cache, &mut block);
        block.end();
    }
    Ok(())
}

fn misplaced(place: (usize, usize), why: &str) -> ApiError {
    conversation::misplaced(Format::Anthropic, place, why)
}
