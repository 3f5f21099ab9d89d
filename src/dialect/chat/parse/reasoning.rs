//! How the model is to reason: `reasoning_effort`, and the `thinking` extension in Anthropic's form.

use crate::{
    dialect::chat::node::{Node, Object, Path},
    ir::{ApiError, Effort, Reasoning},
};

/// Reads both fields. `thinking` is the more exact of the two, so it decides, but where it leaves the effort open.
pub(super) fn reasoning(request: &mut Object<'_>) -> Result<Option<Reasoning>, ApiError> {
    let effort = request.read("reasoning_effort", &Path::Root, effort)?;
    let thinking = request.read("thinking", &Path::Root, thinking)?;
    Ok(match thinking {
        Some(Thinking::Is(reasoning)) => Some(reasoning),
        Some(Thinking::Adaptive) => effort.or(Some(Reasoning::Effort(Effort::Medium))),
        None => effort,
    })
}

enum Thinking {
    Is(Reasoning),
    /// The model decides by itself, at whatever effort is asked for.
    Adaptive,
}

/// A word for how much to think.
pub(in crate::dialect) fn effort(value: Node<'_>, path: &Path<'_>) -> Result<Reasoning, ApiError> {
    let name = value.string(path)?;
    let effort = match name.as_ref() {
        "none" => return Ok(Reasoning::Off),
        "minimal" => Effort::Minimal,
        "low" => Effort::Low,
        "medium" => Effort::Medium,
        "high" => Effort::High,
        "xhigh" => Effort::Xhigh,
        "max" => Effort::Max,
        _ => return Err(path.error("must be none, minimal, low, medium, high, xhigh or max")),
    };
    Ok(Reasoning::Effort(effort))
}

fn thinking(value: Node<'_>, path: &Path<'_>) -> Result<Thinking, ApiError> {
    let mut thinking = value.object(path)?;
    let kind = thinking.need("type", path, Node::string)?;
    match kind.as_ref() {
        "enabled" => {
            let budget = thinking.need("budget_tokens", path, super::settings::count)?;
            Ok(Thinking::Is(Reasoning::Budget(budget)))
        }
        "disabled" => Ok(Thinking::Is(Reasoning::Off)),
        "adaptive" => Ok(Thinking::Adaptive),
        _ => Err(path.key("type").error("must be enabled, adaptive or disabled")),
    }
}
