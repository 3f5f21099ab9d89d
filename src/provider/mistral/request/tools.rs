//! Tools, and whether the model must call one.

use crate::{
    ir::{ApiError, Request, Tool},
    provider::{
        json::{Array, Object, value},
        tools::{Choice, NO_PARAMETERS, Offer, offer},
    },
};

/// Appends `tools`, `tool_choice` and `parallel_tool_calls`, where there are tools.
///
/// # Errors
///
/// For a `tool_choice` that names no tool or forces one where there is none, and for a schema that is none.
pub(super) fn write(request: &Request<'_>, object: &mut Object<'_>) -> Result<(), ApiError> {
    let Offer { tools, choice, .. } = offer(request)?;
    if tools.is_empty() {
        return Ok(());
    }
    let mut array = Array::begin(object.key("tools"));
    for (index, tool) in tools {
        write_tool(tool, index, array.item())?;
    }
    array.end();
    match choice {
        None => {}
        Some(Choice::Auto) => object.text("tool_choice", "auto"),
        Some(Choice::None) => object.text("tool_choice", "none"),
        Some(Choice::Any) => object.text("tool_choice", "any"),
        Some(Choice::Named(name)) => {
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
