//! The conversation of formats that want turns: a system prompt, then turns that alternate.

use super::{
    conversation::{self, Placed, behind_system, is_system},
    model::ModelFacts,
};
use crate::{
    ir::{ApiError, Message, Part, Request, Role},
    signature::is_checkable,
};

/// Who speaks in a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Voice {
    /// The user, tools that answer, and system messages that have no other place.
    User,
    /// The model.
    Assistant,
    /// A system message behind the first user turn.
    System,
}

/// Messages that make one turn.
#[derive(Debug)]
pub(super) struct Turn<'r> {
    /// Who speaks.
    pub(super) voice: Voice,
    /// Never empty, and none of them is blank.
    pub(super) messages: Vec<Placed<'r>>,
}

/// A request's messages, without those that say nothing.
#[derive(Debug)]
pub(super) struct Conversation<'r> {
    /// The leading run of system and developer messages.
    pub(super) system: Vec<Placed<'r>>,
    /// All others; consecutive ones of one voice are one turn.
    pub(super) turns: Vec<Turn<'r>>,
}

impl<'r> Conversation<'r> {
    /// Sorts messages. `system_anywhere` says that a system message may be a turn of its own.
    pub(super) fn of(said: &[Placed<'r>], system_anywhere: bool) -> Self {
        let (system, rest) = behind_system(said);
        // There must be a turn to answer; a conversation of instructions alone is answered as one.
        if rest.is_empty() {
            let turn = Turn { voice: Voice::User, messages: system.to_vec() };
            return Self { system: Vec::new(), turns: vec![turn] };
        }
        Self { system: system.to_vec(), turns: turns(rest, system_anywhere) }
    }

    /// Sorts the messages of `request` for an API that wants reasoning back with its signature: Anthropic's, and
    /// Bedrock's.
    ///
    /// # Errors
    ///
    /// Where no message says anything.
    pub(super) fn with_reasoning(request: &'r Request<'_>, facts: &ModelFacts) -> Result<Self, ApiError> {
        let said = without_bare_reasoning(&conversation::said(request, &is_blank)?);
        if said.is_empty() {
            return Err(conversation::nothing_said());
        }
        Ok(Self::of(&said, facts.system_anywhere))
    }

    /// Whether there is nothing but instructions: they are the prompt then, with nothing to set them apart from.
    pub(super) fn is_instruction(&self) -> bool {
        self.turns.iter().flat_map(|turn| &turn.messages).all(|(_, message)| is_system(message))
    }
}

fn turns<'r>(messages: &[Placed<'r>], system_anywhere: bool) -> Vec<Turn<'r>> {
    let mut turns: Vec<Turn<'r>> = Vec::new();
    for (placed, may_stand) in messages.iter().zip(may_stand(messages)) {
        let voice = match placed.1.role {
            Role::Assistant => Voice::Assistant,
            Role::User | Role::Tool => Voice::User,
            Role::System | Role::Developer if system_anywhere && may_stand => Voice::System,
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

/// A message without one block that Anthropic or Bedrock would take: they refuse text that is nothing but white space.
fn is_blank(message: &Message<'_>) -> bool {
    message.parts.iter().all(|part| match part {
        Part::Text { text, .. } | Part::Refusal(text) => text.trim().is_empty(),
        // Reasoning goes back only with the signature that the provider gave it.
        Part::Thinking { .. } | Part::RedactedThinking(_) => {
            message.role != Role::Assistant || !is_checkable(part)
        }
        Part::Image { .. }
        | Part::File { .. }
        | Part::Audio { .. }
        | Part::ToolCall { .. }
        | Part::ToolResult { .. } => false,
    })
}
