//! The conversation in Anthropic's order: a system prompt, then turns that alternate.

use crate::{
    ir::{ApiError, Message, Part, Request, Role},
    provider::model::ModelFacts,
};

use super::blocks;

/// A message with its place in the client's list, which errors name.
pub(in crate::provider) type Placed<'r> = (usize, &'r Message<'r>);

/// Who speaks in a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::provider) enum Voice {
    /// The user, tools that answer, and system messages that have no other place.
    User,
    /// The model.
    Assistant,
    /// A system message behind the first user turn.
    System,
}

/// Messages that make one turn.
#[derive(Debug)]
pub(in crate::provider) struct Turn<'r> {
    /// Who speaks.
    pub(in crate::provider) voice: Voice,
    /// Never empty, and none of them is blank.
    pub(in crate::provider) messages: Vec<Placed<'r>>,
}

/// A request's messages, without those that say nothing.
#[derive(Debug)]
pub(in crate::provider) struct Conversation<'r> {
    /// The leading run of system and developer messages.
    pub(in crate::provider) system: Vec<Placed<'r>>,
    /// All others; consecutive ones of one voice are one turn.
    pub(in crate::provider) turns: Vec<Turn<'r>>,
}

impl<'r> Conversation<'r> {
    /// Sorts the messages of `request`.
    ///
    /// # Errors
    ///
    /// Where no message says anything.
    pub(in crate::provider) fn of(request: &'r Request<'_>, facts: &ModelFacts) -> Result<Self, ApiError> {
        let said: Vec<Placed<'r>> =
            request.messages.iter().enumerate().filter(|(_, message)| !is_blank(message)).collect();
        let said = without_bare_reasoning(&said);
        if said.is_empty() {
            return Err(ApiError::invalid(
                "messages",
                "`messages` must hold at least one message with content.",
            ));
        }
        let leading = said.iter().take_while(|(_, message)| is_system(message)).count();
        let (system, rest) = said.split_at(leading);
        // Anthropic needs a user turn; a conversation of instructions alone is answered as one.
        if rest.is_empty() {
            let turn = Turn { voice: Voice::User, messages: system.to_vec() };
            return Ok(Self { system: Vec::new(), turns: vec![turn] });
        }
        Ok(Self { system: system.to_vec(), turns: turns(rest, facts) })
    }
}

fn turns<'r>(messages: &[Placed<'r>], facts: &ModelFacts) -> Vec<Turn<'r>> {
    let mut turns: Vec<Turn<'r>> = Vec::new();
    for (placed, may_stand) in messages.iter().zip(may_stand(messages)) {
        let voice = match placed.1.role {
            Role::Assistant => Voice::Assistant,
            Role::User | Role::Tool => Voice::User,
            Role::System | Role::Developer if facts.system_anywhere && may_stand => Voice::System,
            Role::System | Role::Developer => Voice::User,
        };
        match turns.last_mut().filter(|turn| turn.voice == voice) {
            Some(turn) => turn.messages.push(*placed),
            None => turns.push(Turn { voice, messages: vec![*placed] }),
        }
    }
    turns
}

/// For each message whether it could stand as a system message: a run of these must directly follow a user turn, and
/// be last or followed by the model.
fn may_stand(messages: &[Placed<'_>]) -> Vec<bool> {
    let mut fits = true;
    let before_the_model = |(_, message): &Placed<'_>| {
        let fitted = fits;
        if !is_system(message) {
            fits = message.role == Role::Assistant;
        }
        fitted
    };
    let mut stand: Vec<bool> = messages.iter().rev().map(before_the_model).collect();
    stand.reverse();
    let mut after_the_user = false;
    for (stands, (_, message)) in stand.iter_mut().zip(messages) {
        *stands &= after_the_user;
        if !is_system(message) {
            after_the_user = message.role != Role::Assistant;
        }
    }
    stand
}

/// Leaves out turns of the model that hold nothing but reasoning, as an answer does that `max_tokens` cut off there:
/// the API refuses a turn that ends with it.
fn without_bare_reasoning<'r>(said: &[Placed<'r>]) -> Vec<Placed<'r>> {
    let is_answer = |(_, message): &Placed<'_>| message.role == Role::Assistant;
    let reasons = |part: &Part<'_>| matches!(part, Part::Thinking { .. } | Part::RedactedThinking(_));
    let is_blank = |part: &Part<'_>| matches!(part, Part::Text { text, .. } | Part::Refusal(text) if text.trim().is_empty());
    let is_bare =
        |(_, message): &Placed<'_>| message.parts.iter().all(|part| reasons(part) || is_blank(part));
    said.chunk_by(|one, next| is_answer(one) && is_answer(next))
        .filter(|turn| !turn.iter().all(|placed| is_answer(placed) && is_bare(placed)))
        .flatten()
        .copied()
        .collect()
}

pub(in crate::provider) fn is_system(message: &Message<'_>) -> bool {
    matches!(message.role, Role::System | Role::Developer)
}

/// A message without one block that Anthropic would take: it refuses text that is nothing but white space.
fn is_blank(message: &Message<'_>) -> bool {
    message.parts.iter().all(|part| match part {
        Part::Text { text, .. } | Part::Refusal(text) => text.trim().is_empty(),
        // Reasoning goes back only with the signature that Anthropic gave it.
        Part::Thinking { .. } | Part::RedactedThinking(_) => {
            message.role != Role::Assistant || !blocks::is_checkable(part)
        }
        Part::Image { .. }
        | Part::File { .. }
        | Part::Audio { .. }
        | Part::ToolCall { .. }
        | Part::ToolResult { .. } => false,
    })
}
