//! Writes the system prompt and the turns.

use crate::{
    ir::{ApiError, CacheControl, Part, ResponseFormat, Role},
    provider::{
        Format,
        conversation::{self, JSON_NOTE, Placed, SYSTEM_NOTE, content_of, is_system},
        ids::Ids,
        tools::{check_name, input},
        turns::{Conversation, Turn, Voice},
    },
};

use super::{
    super::json::{Array, Object},
    Family, blocks, media,
    tool_config::NAME_BYTES,
};

/// What the user says where the conversation begins with the model's turn: the API wants the user's first.
const OPENING: &str = "Begin.";

/// What stands beside a document that comes without text: the API refuses it alone.
const DOCUMENT_NOTE: &str = "The document is attached.";

/// Appends `system`, where there is anything to say.
///
/// # Errors
///
/// For parts other than text.
pub(super) fn write_system(
    conversation: &Conversation<'_>,
    format: Option<&ResponseFormat<'_>>,
    family: Family,
    object: &mut Object<'_>,
) -> Result<(), ApiError> {
    let json = matches!(format, Some(ResponseFormat::JsonObject));
    if conversation.system.is_empty() && !json {
        return Ok(());
    }
    let mut array = Array::begin(object.key("system"));
    for placed in &conversation.system {
        write_texts(*placed, "", family, &mut array)?;
    }
    if json {
        blocks::write_text(JSON_NOTE, None, family, &mut array);
    }
    array.end();
    Ok(())
}

/// Appends `messages`.
///
/// # Errors
///
/// For parts that Bedrock has no place for, naming them.
pub(super) fn write(
    conversation: &Conversation<'_>,
    family: Family,
    object: &mut Object<'_>,
) -> Result<(), ApiError> {
    let rule = if family == Family::Claude { blocks::CLAUDE_IDS } else { blocks::IDS };
    let mut writer = Writer { family, ids: Ids::new(rule), names: media::Names::default() };
    let mut array = Array::begin(object.key("messages"));
    if conversation.turns.first().is_some_and(|turn| turn.voice == Voice::Assistant) {
        let mut opening = Object::begin(array.item());
        opening.text("role", "user");
        let mut content = Array::begin(opening.key("content"));
        blocks::write_text(OPENING, None, family, &mut content);
        content.end();
        opening.end();
    }
    for (at, turn) in conversation.turns.iter().enumerate() {
        let mut message = Object::begin(array.item());
        let last = at + 1 == conversation.turns.len();
        message.text(
            "role",
            match turn.voice {
                Voice::User => "user",
                Voice::Assistant => "assistant",
                Voice::System => "system",
            },
        );
        let mut content = Array::begin(message.key("content"));
        match turn.voice {
            // Alone, instructions are the prompt: nothing to set them apart from.
            Voice::User if conversation.is_instruction() => {
                writer.system_turn(turn, &mut content)?;
            }
            Voice::User => writer.user_turn(turn, &mut content)?,
            Voice::Assistant => writer.assistant_turn(turn, last, &mut content)?,
            Voice::System => writer.system_turn(turn, &mut content)?,
        }
        content.end();
        message.end();
    }
    array.end();
    Ok(())
}

/// What the turns of one conversation share.
#[derive(Debug)]
struct Writer<'r> {
    family: Family,
    ids: Ids<'r>,
    names: media::Names,
}

impl<'r> Writer<'r> {
    fn system_turn(&self, turn: &Turn<'_>, content: &mut Array<'_>) -> Result<(), ApiError> {
        turn.messages.iter().try_for_each(|placed| write_texts(*placed, "", self.family, content))
    }

    /// Results first: the API wants all of them in the turn that follows the calls, and models want them at its start.
    fn user_turn(&mut self, turn: &Turn<'r>, content: &mut Array<'_>) -> Result<(), ApiError> {
        for (index, message) in &turn.messages {
            for part in &message.parts {
                if let Part::ToolResult { id, content: parts, is_error, cache } = part {
                    let id = self.ids.result(id);
                    let result = blocks::ToolResult { id: &id, parts, is_error: *is_error };
                    result.write(*index, self.family, &mut self.names, content)?;
                    blocks::write_cache(cache.or(cache_of(parts)), self.family, content);
                }
            }
        }
        let (mut documents, mut texts) = (false, false);
        for (index, message) in &turn.messages {
            if is_system(message) {
                write_texts((*index, message), SYSTEM_NOTE, self.family, content)?;
                texts = true;
            } else if message.role == Role::User {
                for (at, part) in content_of(message) {
                    let written = self.user_part(part, (*index, at), content)?;
                    documents |= written == Written::Document;
                    texts |= written == Written::Text;
                }
            }
        }
        if documents && !texts {
            blocks::write_text(DOCUMENT_NOTE, None, self.family, content);
        }
        Ok(())
    }

    fn user_part(
        &mut self,
        part: &Part<'_>,
        place: (usize, usize),
        content: &mut Array<'_>,
    ) -> Result<Written, ApiError> {
        match part {
            Part::Text { text, .. } | Part::Refusal(text) if text.trim().is_empty() => Ok(Written::Other),
            Part::Text { text, cache } => {
                blocks::write_text(text, *cache, self.family, content);
                Ok(Written::Text)
            }
            Part::Refusal(text) => {
                blocks::write_text(text, None, self.family, content);
                Ok(Written::Text)
            }
            Part::Image { cache, .. } | Part::File { cache, .. } => {
                let document = media::write(part, place, &mut self.names, content)?;
                blocks::write_cache(*cache, self.family, content);
                Ok(if document { Written::Document } else { Written::Other })
            }
            Part::Audio { .. } => {
                media::write(part, place, &mut self.names, content)?;
                Ok(Written::Other)
            }
            Part::ToolCall { .. } => Err(misplaced(place, "only an assistant message holds tool calls")),
            Part::Thinking { .. } | Part::RedactedThinking(_) | Part::ToolResult { .. } => Ok(Written::Other),
        }
    }

    /// Reasoning, text, calls, in that order: the models want the reasoning first and the calls last. `last` says that
    /// nothing follows: the text may then not end in white space.
    fn assistant_turn(
        &mut self,
        turn: &Turn<'r>,
        last: bool,
        content: &mut Array<'_>,
    ) -> Result<(), ApiError> {
        let parts = || turn.messages.iter().flat_map(|(_, message)| &message.parts);
        parts().for_each(|part| blocks::write_reasoning(part, content));
        for (index, message) in &turn.messages {
            for (at, part) in content_of(message) {
                let (text, cache) = match part {
                    Part::Text { text, cache } => (text, *cache),
                    Part::Refusal(text) => (text, None),
                    _ => return Err(misplaced((*index, at), "an assistant message holds text only")),
                };
                if !text.trim().is_empty() {
                    let text = if last { text.trim_end() } else { text };
                    blocks::write_text(text, cache, self.family, content);
                }
            }
        }
        turn.messages.iter().try_for_each(|placed| self.calls(*placed, content))
    }

    fn calls(&mut self, (index, message): Placed<'r>, content: &mut Array<'_>) -> Result<(), ApiError> {
        let calls = message.parts.iter().filter(|part| matches!(part, Part::ToolCall { .. }));
        for (at, part) in calls.enumerate() {
            let Part::ToolCall { id, name, arguments, cache, .. } = part else { continue };
            let param = |field: &str| format!("messages[{index}].tool_calls[{at}].function.{field}");
            check_name(name, NAME_BYTES, || param("name"))?;
            let input = input(arguments, || param("arguments"))?;
            let mut block = Object::begin(content.item());
            let mut call = Object::begin(block.key("toolUse"));
            call.text("toolUseId", &self.ids.call(id));
            call.text("name", name);
            call.raw("input", input);
            call.end();
            block.end();
            blocks::write_cache(*cache, self.family, content);
        }
        Ok(())
    }
}

/// What a part of the user's became.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Written {
    Text,
    Document,
    /// Anything else, or nothing.
    Other,
}

/// The last point of the cache within a result.
fn cache_of(parts: &[Part<'_>]) -> Option<CacheControl> {
    parts.iter().rev().find_map(|part| match part {
        Part::Text { cache, .. } | Part::Image { cache, .. } | Part::File { cache, .. } => *cache,
        _ => None,
    })
}

/// The texts of a system message, each behind `note`.
fn write_texts(
    (index, message): Placed<'_>,
    note: &str,
    family: Family,
    content: &mut Array<'_>,
) -> Result<(), ApiError> {
    for (at, part) in content_of(message) {
        match part {
            Part::Text { text, .. } if text.trim().is_empty() => {}
            Part::Text { text, cache } if note.is_empty() => {
                blocks::write_text(text, *cache, family, content)
            }
            Part::Text { text, cache } => {
                blocks::write_text(&format!("{note}{text}"), *cache, family, content);
            }
            _ => return Err(misplaced((index, at), "a system message holds text only")),
        }
    }
    Ok(())
}

fn misplaced(place: (usize, usize), why: &str) -> ApiError {
    conversation::misplaced(Format::Bedrock, place, why)
}
