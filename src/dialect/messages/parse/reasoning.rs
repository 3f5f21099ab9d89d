//! How the model is to reason, and the form of its answer: `thinking` and `output_config`.

use crate::{
    dialect::{
        chat::parse::settings::{count, raw_object},
        node::{Node, Object, Path},
    },
    ir::{ApiError, Effort, Reasoning, ResponseFormat},
};

/// Reads both. `thinking` is the more exact of the two, so it decides, but where it leaves the effort open.
pub(super) fn output<'a>(
    request: &mut Object<'a>,
) -> Result<(Option<Reasoning>, Option<ResponseFormat<'a>>), ApiError> {
    let root = &Path::Root;
    let old = request.read("output_format", root, format)?;
    let config = request.read("output_config", root, |value, path| {
        let mut config = value.object(path)?;
        Ok((config.read("effort", path, effort)?, config.read("format", path, format)?))
    })?;
    let (effort, format) = config.unwrap_or_default();
    let thinking = request.read("thinking", root, thinking)?;
    let effort = effort.map(Reasoning::Effort);
    let reasoning = match thinking {
        Some(Thinking::Is(reasoning)) => Some(reasoning),
        Some(Thinking::Adaptive) => effort.or(Some(Reasoning::Effort(Effort::Medium))),
        None => effort,
    };
    Ok((reasoning, format.or(old)))
}

enum Thinking {
    Is(Reasoning),
    /// The model decides by itself, at whatever effort is asked for.
    Adaptive,
}

fn thinking(value: Node<'_>, path: &Path<'_>) -> Result<Thinking, ApiError> {
    let mut thinking = value.object(path)?;
    let kind = thinking.need("type", path, Node::string)?;
    Ok(match kind.as_ref() {
        "enabled" => Thinking::Is(Reasoning::Budget(thinking.need("budget_tokens", path, count)?)),
        "adaptive" => Thinking::Adaptive,
        // Between calls of tools is not before the answer, which is what others can be told.
        "disabled" | "between_tools" => Thinking::Is(Reasoning::Off),
        _ => return Err(path.key("type").error("must be enabled, adaptive, between_tools or disabled")),
    })
}

fn effort(value: Node<'_>, path: &Path<'_>) -> Result<Effort, ApiError> {
    let name = value.string(path)?;
    effort_named(&name).ok_or_else(|| path.error("must be low, medium, high, xhigh or max"))
}

/// The effort of this name.
pub(crate) fn effort_named(name: &str) -> Option<Effort> {
    Some(match name {
        "low" => Effort::Low,
        "medium" => Effort::Medium,
        "high" => Effort::High,
        "xhigh" => Effort::Xhigh,
        "max" => Effort::Max,
        _ => return None,
    })
}

fn format<'a>(value: Node<'a>, path: &Path<'_>) -> Result<ResponseFormat<'a>, ApiError> {
    let mut format = value.object(path)?;
    if format.need("type", path, Node::string)? != "json_schema" {
        return Err(path.key("type").error("must be json_schema"));
    }
    let schema = format.need("schema", path, raw_object)?;
    let strict = super::strict::fits(schema).then_some(true);
    Ok(ResponseFormat::JsonSchema { name: None, description: None, schema, strict })
}
