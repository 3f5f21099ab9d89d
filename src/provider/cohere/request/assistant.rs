//! Turns of the model.
//!
//! Beside calls Cohere takes no text but a plan (`tool_plan`), and reasoning in `content` only from models that reason
//! and are not told not to: "text content is not allowed when tool_calls are provided".

use crate::{
    ir::{ApiError, Part, Reasoning, Request},
    provider::{
        conversation::{Placed, content_of},
        ids::Ids,
        model::{ModelFacts, Thinking},
        tools::input,
    },
};

use super::{
    super::json::{Array, Object},
    misplaced,
    parts::{self, Block, of_text},
};

/// Whether the model reasons before it answers this request.
pub(super) fn thinks(request: &Request<'_>, facts: &ModelFacts) -> bool {
    facts.thinking != Thinking::None && request.reasoning != Some(Reasoning::Off)
}

/// Appends a turn of the model. `thinks` says that it may hold reasoning in its content.
///
/// # Errors
///
/// For parts other than text, reasoning and calls, and for arguments that are no object, naming them.
pub(super) fn write<'r>(
    (index, message): Placed<'r>,
    thinks: bool,
    ids: &mut Ids<'r>,
    out: &mut Vec<u8>,
) -> Result<(), ApiError> {
    if let Some((at, _)) = content_of(message).find(|(_, part)| !is_text(part)) {
        return Err(misplaced((index, at), "an assistant message holds text only"));
    }
    // In one piece: clients that keep what was streamed to them keep pieces of it.
    let thought: String = message.parts.iter().filter_map(reasoning).collect();
    let mut object = Object::begin(out);
    object.text("role", "assistant");
    if message.parts.iter().any(|part| matches!(part, Part::ToolCall { .. })) {
        let said = message.parts.iter().filter_map(text);
        let plan: Vec<&str> =
            Some(thought.as_str()).filter(|text| !text.is_empty()).into_iter().chain(said).collect();
        if !plan.is_empty() {
            object.text("tool_plan", &plan.join("\n\n"));
        }
        write_calls((index, message), ids, object.key("tool_calls"))?;
    } else {
        let thinking = (thinks && !thought.is_empty()).then_some(Block::Thinking(&thought));
        let said = message.parts.iter().filter_map(text).filter_map(of_text);
        let blocks: Vec<Block<'_>> = thinking.into_iter().chain(said).collect();
        parts::write(&blocks, object.key("content"));
    }
    object.end();
    Ok(())
}

fn write_calls<'r>(
    (index, message): Placed<'r>,
    ids: &mut Ids<'r>,
    out: &mut Vec<u8>,
) -> Result<(), ApiError> {
    let mut array = Array::begin(out);
    let calls = message.parts.iter().filter_map(|part| match part {
        Part::ToolCall { id, name, arguments, .. } => Some((id, name, arguments)),
        _ => None,
    });
    for (at, (id, name, given)) in calls.enumerate() {
        let mut call = Object::begin(array.item());
        call.text("id", &ids.call(id));
        call.text("type", "function");
        let mut function = Object::begin(call.key("function"));
        function.text("name", name);
        let param = || format!("messages[{index}].tool_calls[{at}].function.arguments");
        function.text("arguments", input(given, param)?);
        function.end();
        call.end();
    }
    array.end();
    Ok(())
}

fn is_text(part: &Part<'_>) -> bool {
    matches!(part, Part::Text { .. } | Part::Refusal(_))
}

fn text<'p>(part: &'p Part<'_>) -> Option<&'p str> {
    match part {
        Part::Text { text, .. } | Part::Refusal(text) => Some(text.as_ref()).filter(|text| !text.is_empty()),
        _ => None,
    }
}

/// Cohere's own reasoning has no signature; what is signed is another provider's.
fn reasoning<'p>(part: &'p Part<'_>) -> Option<&'p str> {
    match part {
        Part::Thinking { text, signature: None } => Some(text.as_ref()),
        _ => None,
    }
}
