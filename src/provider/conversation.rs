//! The messages of a request: what writers of several formats have in common.

use crate::{
    ir::{ApiError, Message, Part, Request, Role},
    provider::Format,
};

/// Marks an instruction that stands in a turn of the user because the model takes no system message there.
pub(super) const SYSTEM_NOTE: &str = "[System message] ";

/// Asks for what some APIs have no setting for: "some JSON object".
pub(super) const JSON_NOTE: &str = "Answer with one JSON object and nothing else: no prose, no code fence.";

/// Stands before what a call gave that failed, where results have no mark for it.
pub(super) const FAILED: &str = "The call failed:";

/// A message with its place in the client's list, which errors name.
pub(super) type Placed<'r> = (usize, &'r Message<'r>);

/// The messages that say something; `is_blank` says which do not.
///
/// # Errors
///
/// Where none does.
pub(super) fn said<'r>(
    request: &'r Request<'_>,
    is_blank: &dyn Fn(&Message<'_>) -> bool,
) -> Result<Vec<Placed<'r>>, ApiError> {
    let said: Vec<Placed<'r>> =
        request.messages.iter().enumerate().filter(|(_, message)| !is_blank(message)).collect();
    if said.is_empty() { Err(nothing_said()) } else { Ok(said) }
}

/// The error of a request whose messages say nothing.
pub(super) fn nothing_said() -> ApiError {
    ApiError::invalid("messages", "`messages` must hold at least one message with content.")
}

/// Cuts the messages behind the leading run of system and developer messages.
pub(super) fn behind_system<'m, 'r>(said: &'m [Placed<'r>]) -> (&'m [Placed<'r>], &'m [Placed<'r>]) {
    let leading = said.iter().take_while(|(_, message)| is_system(message)).count();
    said.split_at(leading)
}

/// Whether a message is the operator's.
pub(super) fn is_system(message: &Message<'_>) -> bool {
    matches!(message.role, Role::System | Role::Developer)
}

/// The parts that stand in a message's `content`, counted as the client sees them.
pub(super) fn content_of<'m>(message: &'m Message<'_>) -> impl Iterator<Item = (usize, &'m Part<'m>)> {
    let beside = |part: &&Part<'_>| {
        !matches!(part, Part::Thinking { .. } | Part::RedactedThinking(_) | Part::ToolCall { .. })
    };
    message.parts.iter().filter(beside).enumerate()
}

/// An error that names a part of a message, by the places of both.
pub(super) fn misplaced(format: Format, (index, at): (usize, usize), why: &str) -> ApiError {
    let param = format!("messages[{index}].content[{at}]");
    let message = format!("`{param}` cannot be sent to {}: {why}.", format.whose_model());
    ApiError::invalid(param, message)
}

/// The error of a part that has no place in what a tool gave.
pub(super) fn no_result((index, at): (usize, usize)) -> ApiError {
    let param = format!("messages[{index}].content[{at}]");
    let message = format!("`{param}` cannot stand in a tool's result: text, images and files can.");
    ApiError::invalid(param, message)
}
