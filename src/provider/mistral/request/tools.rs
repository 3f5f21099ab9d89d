//! Tools, and whether the model must call one.

use hashbrown::HashSet;

use crate::{
    ir::{ApiError, Request, Tool, ToolChoice},
    provider::json::{Array, Object, value},
};

/// `parameters` is required; this takes nothing.
const NO_PARAMETERS: &str = r#"{"type":"object","properties":{}}"#;

/// Appends `tools`, `tool_choice` and `parallel_tool_calls`, where there are tools.
///
/// # Errors
///
/// For a `tool_choice` that names no tool or forces one where there is none, and for a schema that is none.
pub(super) fn write(request: &Request<'_>, object: &mut Object<'_>) -> Result<(), ApiError> {
    check(request)?;
    let allowed: Option<HashSet<&str>> = match &request.tool_choice {
        Some(ToolChoice::Allowed { names, .. }) => Some(names.iter().map(AsRef::as_ref).collect()),
        _ => None,
    };
    let is_allowed =
        |tool: &Tool<'_>| allowed.as_ref().is_none_or(|names| names.contains(tool.name.as_ref()));
    let mut tools = request.tools.iter().enumerate().filter(|(_, tool)| is_allowed(tool)).peekable();
    if tools.peek().is_none() {
        return Ok(());
    }
    let mut array = Array::begin(object.key("tools"));
    for (index, tool) in tools {
        write_tool(tool, index, array.item())?;
    }
    array.end();
    match &request.tool_choice {
        None => {}
        Some(ToolChoice::Auto | ToolChoice::Allowed { required: false, .. }) => {
            object.text("tool_choice", "auto")
        }
        Some(ToolChoice::None) => object.text("tool_choice", "none"),
        Some(ToolChoice::Required | ToolChoice::Allowed { required: true, .. }) => {
            object.text("tool_choice", "any")
        }
        Some(ToolChoice::Named(name)) => {
            let mut choice = Object::begin(object.key("tool_choice"));
            choice.text("type", "function");
            let mut function = Object::begin(choice.key("function"));
            function.text("name", name);
            function.end();
            choice.end();
        }
    }
    if let Some(parallel) = request.parallel_tool_calls {
        value(object.key("parallel_tool_calls"), &parallel);
    }
    Ok(())
}

fn check(request: &Request<'_>) -> Result<(), ApiError> {
    // A set: both lists are the client's, and as long as it likes.
    let declared: HashSet<&str> = request.tools.iter().map(|tool| tool.name.as_ref()).collect();
    let missing = match &request.tool_choice {
        Some(ToolChoice::Named(name)) => Some(name).filter(|name| !declared.contains(name.as_ref())),
        Some(ToolChoice::Allowed { names, .. }) => {
            names.iter().find(|name| !declared.contains(name.as_ref()))
        }
        _ => None,
    };
    if let Some(name) = missing {
        let message = format!("`tool_choice` names `{name}`, which is not among `tools`.");
        return Err(ApiError::invalid("tool_choice", message));
    }
    let forced = matches!(
        request.tool_choice,
        Some(ToolChoice::Required | ToolChoice::Allowed { required: true, .. })
    );
    if forced && request.tools.is_empty() {
        return Err(ApiError::invalid("tool_choice", "There is no tool to choose in `tools`."));
    }
    Ok(())
}

fn write_tool(tool: &Tool<'_>, index: usize, out: &mut Vec<u8>) -> Result<(), ApiError> {
    let parameters = tool.parameters.map(|raw| raw.get()).filter(|schema| *schema != "null");
    let parameters = parameters.unwrap_or(NO_PARAMETERS);
    if !parameters.starts_with('{') {
        let param = format!("tools[{index}].function.parameters");
        let message = format!("`{param}` must be a JSON Schema of type object.");
        return Err(ApiError::invalid(param, message));
    }
    let mut object = Object::begin(out);
    object.text("type", "function");
    let mut function = Object::begin(object.key("function"));
    function.text("name", &tool.name);
    if let Some(description) = &tool.description {
        function.text("description", description);
    }
    function.raw("parameters", parameters);
    if let Some(strict) = tool.strict {
        value(function.key("strict"), &strict);
    }
    function.end();
    object.end();
    Ok(())
}
