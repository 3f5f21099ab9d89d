//! Which tools a request offers, whether the model must call one, and the arguments of calls: what writers of several
//! formats have in common.

use hashbrown::HashSet;
use serde_json::value::RawValue;

use super::{
    json::{Object, is_object, members, value},
    model::ModelFacts,
};
use crate::ir::{ApiError, Message, Part, Request, Tool, ToolChoice};

/// The schema of a tool without parameters, where one is required.
pub(super) const NO_PARAMETERS: &str = r#"{"type":"object","properties":{}}"#;

/// What a request offers the model.
#[derive(Debug)]
pub(super) struct Offer<'r> {
    /// The tools that it may call, with their place in the client's list.
    pub(super) tools: Vec<(usize, &'r Tool<'r>)>,
    /// Whether it must; `None` where the client did not say, or there is nothing to choose.
    pub(super) choice: Option<Choice<'r>>,
    /// The conversation holds calls, but there are no tools.
    pub(super) stand_in: bool,
    /// One call at a time.
    pub(super) single: bool,
}

/// Whether the model must call a tool that it is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Choice<'r> {
    /// It may.
    Auto,
    /// It must not.
    None,
    /// It must call one.
    Any,
    /// It must call this one.
    Named(&'r str),
}

/// Reads `tools` and `tool_choice`. A choice among some of the tools is made by not offering the others.
///
/// # Errors
///
/// For a `tool_choice` that names no declared tool, or forces one where there is none.
pub(super) fn offer<'r>(request: &'r Request<'_>) -> Result<Offer<'r>, ApiError> {
    // Sets: both lists are the client's, and as long as it likes.
    let allowed: Option<HashSet<&str>> = match &request.tool_choice {
        Some(ToolChoice::Allowed { names, .. }) => {
            let declared: HashSet<&str> = request.tools.iter().map(|tool| tool.name.as_ref()).collect();
            if let Some(name) = names.iter().find(|name| !declared.contains(name.as_ref())) {
                return Err(no_such_tool(name));
            }
            Some(names.iter().map(AsRef::as_ref).collect())
        }
        _ => None,
    };
    let may = |tool: &Tool<'_>| allowed.as_ref().is_none_or(|names| names.contains(tool.name.as_ref()));
    let tools: Vec<_> = request.tools.iter().enumerate().filter(|(_, tool)| may(tool)).collect();
    let choice = choose(request, tools.is_empty())?;
    let stand_in = tools.is_empty() && request.messages.iter().any(uses_tools);
    let single = request.parallel_tool_calls == Some(false) && !tools.is_empty();
    Ok(Offer { tools, choice, stand_in, single })
}

fn choose<'r>(request: &'r Request<'_>, none: bool) -> Result<Option<Choice<'r>>, ApiError> {
    let choice = match &request.tool_choice {
        None => return Ok(None),
        Some(ToolChoice::Auto | ToolChoice::Allowed { required: false, .. }) => Choice::Auto,
        Some(ToolChoice::None) => Choice::None,
        Some(ToolChoice::Required | ToolChoice::Allowed { required: true, .. }) => Choice::Any,
        Some(ToolChoice::Named(name)) if !request.tools.iter().any(|tool| tool.name == *name) => {
            return Err(no_such_tool(name));
        }
        Some(ToolChoice::Named(name)) => Choice::Named(name),
    };
    match choice {
        Choice::Any if none => Err(nothing_to_choose()),
        _ => Ok((!none).then_some(choice)),
    }
}

/// The error of a `tool_choice` that forces a call where there is no tool.
pub(super) fn nothing_to_choose() -> ApiError {
    ApiError::invalid("tool_choice", "There is no tool to choose in `tools`.")
}

fn no_such_tool(name: &str) -> ApiError {
    ApiError::invalid("tool_choice", format!("`tool_choice` names `{name}`, which is not among `tools`."))
}

/// Whether a message holds calls of tools or what they gave.
pub(super) fn uses_tools(message: &Message<'_>) -> bool {
    message.parts.iter().any(|part| matches!(part, Part::ToolCall { .. } | Part::ToolResult { .. }))
}

impl Offer<'_> {
    /// Whether a tool is forced.
    pub(super) fn forces(&self) -> bool {
        matches!(self.choice, Some(Choice::Any | Choice::Named(_)))
    }

    /// Checks that the model can be held to it.
    ///
    /// # Errors
    ///
    /// Where a tool is forced, and the model is known to refuse that.
    pub(super) fn check(&self, facts: &ModelFacts) -> Result<(), ApiError> {
        if !(self.forces() && facts.no_forced_tool) {
            return Ok(());
        }
        let message = "This model cannot be forced to call a tool; use `auto`, or another model.";
        Err(ApiError::invalid("tool_choice", message))
    }
}

/// Appends the JSON Schema of a tool's arguments as the client wrote it, but for the `type` that some require and OpenAI
/// does not. A tool without one takes no arguments.
///
/// # Errors
///
/// Where it is no object, naming `param`.
pub(super) fn write_parameters(
    parameters: Option<&RawValue>,
    out: &mut Vec<u8>,
    param: &str,
) -> Result<(), ApiError> {
    let Some(raw) = parameters.filter(|raw| raw.get() != "null") else {
        out.extend_from_slice(NO_PARAMETERS.as_bytes());
        return Ok(());
    };
    let Some(fields) = members(raw) else {
        return Err(ApiError::invalid(param, format!("`{param}` must be a JSON Schema of type object.")));
    };
    if fields.iter().any(|(name, _)| name == "type") {
        out.extend_from_slice(raw.get().as_bytes());
        return Ok(());
    }
    let mut object = Object::begin(out);
    object.text("type", "object");
    for (name, field) in fields {
        object.any_key(&name).extend_from_slice(field.get().as_bytes());
    }
    object.end();
    Ok(())
}

/// Names are `^[a-zA-Z0-9_-]+$`, of at most `longest` bytes.
///
/// # Errors
///
/// For any other, naming `param`.
pub(super) fn check_name(name: &str, longest: usize, param: impl FnOnce() -> String) -> Result<(), ApiError> {
    let legal = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    if !name.is_empty() && name.len() <= longest && name.bytes().all(legal) {
        return Ok(());
    }
    let mut message =
        format!("A tool's name must be 1 to {longest} letters, digits, `_` or `-`; this one is ");
    let mut quoted = Vec::new();
    value(&mut quoted, name);
    message.push_str(&String::from_utf8(quoted).unwrap_or_default());
    Err(ApiError::invalid(param(), message))
}

/// A call's arguments as the object that they must be. A call without any comes with an empty string, or null.
///
/// # Errors
///
/// Where they are no object, naming `param`.
pub(super) fn input(arguments: &str, param: impl FnOnce() -> String) -> Result<&str, ApiError> {
    let arguments = arguments.trim();
    let input = if matches!(arguments, "" | "null") { "{}" } else { arguments };
    if is_object(input) {
        return Ok(input);
    }
    let param = param();
    let message = format!("`{param}` must be a JSON object as a string.");
    Err(ApiError::invalid(param, message))
}
