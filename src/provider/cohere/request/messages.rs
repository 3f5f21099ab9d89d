//! Writes the messages, in the client's order.

use std::borrow::Cow;

use crate::{
    ir::{ApiError, Message, Part, Request, Role},
    provider::{
        conversation::{Placed, SYSTEM_NOTE, behind_system, content_of, is_system},
        ids::{Ids, PLAIN},
        model::ModelFacts,
    },
};

use super::{
    super::json::{Array, Object},
    assistant, misplaced,
    parts::{self, Block},
};

/// Stands before the pictures that a call gave, and its id.
const FROM: &str = "From the result of the tool call ";

/// A message without anything that Cohere would take: it refuses a turn without text.
pub(super) fn is_blank(message: &Message<'_>) -> bool {
    message.parts.iter().all(|part| match part {
        Part::Text { text, .. } | Part::Refusal(text) => text.is_empty(),
        // An answer that was cut off within its reasoning says nothing.
        Part::Thinking { .. } | Part::RedactedThinking(_) => true,
        Part::Image { .. }
        | Part::File { .. }
        | Part::Audio { .. }
        | Part::ToolCall { .. }
        | Part::ToolResult { .. } => false,
    })
}

/// Appends `messages`. The system message must be the first of them (API reference, "Errors"), so that there is one; an
/// instruction that comes later stays in its place as marked text of the user.
///
/// # Errors
///
/// For parts that Cohere has no place for, naming them.
pub(super) fn write<'r>(
    said: &[Placed<'r>],
    request: &Request<'_>,
    facts: &ModelFacts,
    object: &mut Object<'_>,
) -> Result<(), ApiError> {
    let (system, rest) = behind_system(said);
    let mut ids = Ids::new(PLAIN);
    let mut array = Array::begin(object.key("messages"));
    if !system.is_empty() {
        // There must be something to answer: alone, instructions are the prompt.
        let role = if rest.is_empty() { "user" } else { "system" };
        let mut blocks = Vec::new();
        system.iter().try_for_each(|placed| add_texts(*placed, "", &mut blocks))?;
        write_message(role, &blocks, array.item());
    }
    let mut beside: Vec<Block<'_>> = Vec::new();
    for placed in rest {
        let (index, message) = *placed;
        if message.role != Role::Tool {
            write_beside(&mut beside, &mut array);
        }
        match message.role {
            _ if is_system(message) => {
                let (role, note) = if facts.system_anywhere { ("system", "") } else { ("user", SYSTEM_NOTE) };
                let mut blocks = Vec::new();
                add_texts(*placed, note, &mut blocks)?;
                write_message(role, &blocks, array.item());
            }
            Role::Assistant => {
                assistant::write(*placed, assistant::thinks(request, facts), &mut ids, array.item())?;
            }
            Role::Tool => write_results(*placed, &mut ids, &mut beside, &mut array)?,
            Role::User | Role::System | Role::Developer => {
                let mut blocks = Vec::new();
                for (at, part) in content_of(message) {
                    blocks.extend(parts::of_user(part, (index, at))?);
                }
                write_message("user", &blocks, array.item());
            }
        }
    }
    write_beside(&mut beside, &mut array);
    array.end();
    Ok(())
}

/// Appends what the results before it could not hold, as a message of the user.
fn write_beside(beside: &mut Vec<Block<'_>>, array: &mut Array<'_>) {
    if !beside.is_empty() {
        write_message("user", &std::mem::take(beside), array.item());
    }
}

fn write_message(role: &str, blocks: &[Block<'_>], out: &mut Vec<u8>) {
    let mut object = Object::begin(out);
    object.text("role", role);
    parts::write(blocks, object.key("content"));
    object.end();
}

/// Adds the texts of a system message, each behind `note`.
fn add_texts<'r>(
    (index, message): Placed<'r>,
    note: &str,
    blocks: &mut Vec<Block<'r>>,
) -> Result<(), ApiError> {
    for (at, part) in content_of(message) {
        match part {
            Part::Text { text, .. } if text.is_empty() || note.is_empty() => {
                blocks.extend(parts::of_text(text))
            }
            Part::Text { text, .. } => blocks.push(Block::Text(Cow::Owned(format!("{note}{text}")))),
            _ => return Err(misplaced((index, at), "a system message holds text only")),
        }
    }
    Ok(())
}

/// Appends results of tools. Text alone can stand in one; pictures go to `beside`, each list of them behind the call's id.
fn write_results<'r>(
    (index, message): Placed<'r>,
    ids: &mut Ids<'r>,
    beside: &mut Vec<Block<'r>>,
    array: &mut Array<'_>,
) -> Result<(), ApiError> {
    for part in &message.parts {
        let Part::ToolResult { id, content, is_error, .. } = part else { continue };
        let mut object = Object::begin(array.item());
        object.text("role", "tool");
        let id = ids.result(id);
        object.text("tool_call_id", &id);
        parts::write_result(content, *is_error, index, object.key("content"))?;
        object.end();
        let is_picture = |(_, part): &(usize, &Part<'_>)| matches!(part, Part::Image { .. });
        let mut pictures = content.iter().enumerate().filter(is_picture).peekable();
        if pictures.peek().is_some() {
            beside.push(Block::Text(Cow::Owned([FROM, "`", &id, "`:"].concat())));
        }
        for (at, part) in pictures {
            beside.extend(parts::of_user(part, (index, at))?);
        }
    }
    Ok(())
}
