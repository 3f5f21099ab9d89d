//! The conversation in Gemini's order: an instruction, then turns that alternate, the user's first.

use crate::ir::{ApiError, Message, Part, Request, Role};

/// A message with its place in the client's list, which errors name.
pub(super) type Placed<'r> = (usize, &'r Message<'r>);

/// Messages that make one turn.
#[derive(Debug)]
pub(super) struct Turn<'r> {
    /// Said by the model; else by the user, tools that answer, and system messages that have no other place.
    pub(super) model: bool,
    /// Never empty, and none of them is blank.
    pub(super) messages: Vec<Placed<'r>>,
}

/// A request's messages, without those that say nothing.
#[derive(Debug)]
pub(super) struct Conversation<'r> {
    /// The leading run of system and developer messages.
    pub(super) system: Vec<Placed<'r>>,
    /// All others; consecutive ones of one side are one turn.
    pub(super) turns: Vec<Turn<'r>>,
}

impl<'r> Conversation<'r> {
    /// Sorts the messages of `request`.
    ///
    /// # Errors
    ///
    /// Where no message says anything.
    pub(super) fn of(request: &'r Request<'_>) -> Result<Self, ApiError> {
        let said: Vec<Placed<'r>> =
            request.messages.iter().enumerate().filter(|(_, message)| !is_blank(message)).collect();
        if said.is_empty() {
            let message = "`messages` must hold at least one message with content.";
            return Err(ApiError::invalid("messages", message));
        }
        let leading = said.iter().take_while(|(_, message)| is_system(message)).count();
        let (system, rest) = said.split_at(leading);
        // Gemini needs a turn to answer; a conversation of instructions alone is answered as one.
        if rest.is_empty() {
            return Ok(Self {
                system: Vec::new(),
                turns: vec![Turn { model: false, messages: system.to_vec() }],
            });
        }
        let mut turns: Vec<Turn<'r>> = Vec::new();
        for placed in rest {
            let model = placed.1.role == Role::Assistant;
            match turns.last_mut().filter(|turn| turn.model == model) {
                Some(turn) => turn.messages.push(*placed),
                None => turns.push(Turn { model, messages: vec![*placed] }),
            }
        }
        Ok(Self { system: system.to_vec(), turns })
    }

    /// Whether there is nothing but instructions.
    pub(super) fn is_instruction(&self) -> bool {
        self.turns.iter().flat_map(|turn| &turn.messages).all(|(_, message)| is_system(message))
    }
}

pub(super) fn is_system(message: &Message<'_>) -> bool {
    matches!(message.role, Role::System | Role::Developer)
}

/// A message without one part that Gemini would take: it refuses empty text.
fn is_blank(message: &Message<'_>) -> bool {
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
