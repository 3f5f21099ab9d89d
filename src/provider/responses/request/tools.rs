//! Tools, and whether the model must call one.
//!
//! Source: guides "Function calling" and "Migrate to the Responses API".

use crate::{
    ir::{ApiError, Request, Tool, ToolChoice},
    provider::tools::{NO_PARAMETERS, nothing_to_choose},
};

use super::super::json::{Array, Object, value};

/// Appends `tools`, `tool_choice` and `parallel_tool_calls`.
///
/// # Errors
///
/// For a `tool_choice` that forces a tool where there is none.
pub(super) fn write(request: &Request<'_>, object: &mut Object<'_>) -> Result<(), ApiError> {
    if let Some(parallel) = request.parallel_tool_calls {
        value(object.key("parallel_tool_calls"), &parallel);
    }
    if request.tools.is_empty() {
        // There is nothing to choose, and the API refuses a choice then.
        return match &request.tool_choice {
            None | Some(ToolChoice::Auto | ToolChoice::None) => Ok(()),
            Some(_) => Err(nothing_to_choose()),
        };
    }
    let mut tools = Array::begin(object.key("tools"));
    request.tools.iter().for_each(|tool| write_tool(tool, tools.item()));
    tools.end();
    if let Some(choice) = &request.tool_choice {
        write_choice(choice, object.key("tool_choice"));
    }
    Ok(())
}

/// `strict` is always written: what it means to say nothing is the one thing here in which the two APIs differ. In chat
/// completions it is false, here the schema would be made strict, and optional parameters required.
fn write_tool(tool: &Tool<'_>, out: &mut Vec<u8>) {
    let mut object = Object::begin(out);
    object.text("type", "function");
    object.text("name", &tool.name);
    if let Some(description) = &tool.description {
        object.text("description", description);
    }
    object.raw("parameters", tool.parameters.map_or(NO_PARAMETERS, |raw| raw.get()));
    value(object.key("strict"), &tool.strict.unwrap_or(false));
    object.end();
}

fn write_choice(choice: &ToolChoice<'_>, out: &mut Vec<u8>) {
    match choice {
        ToolChoice::Auto => value(out, "auto"),
        ToolChoice::None => value(out, "none"),
        ToolChoice::Required => value(out, "required"),
        ToolChoice::Named(name) => write_name(name, out),
        ToolChoice::Allowed { names, required } => {
            let mut object = Object::begin(out);
            object.text("type", "allowed_tools");
            object.text("mode", if *required { "required" } else { "auto" });
            let mut tools = Array::begin(object.key("tools"));
            names.iter().for_each(|name| write_name(name, tools.item()));
            tools.end();
            object.end();
        }
    }
}

fn write_name(name: &str, out: &mut Vec<u8>) {
    let mut object = Object::begin(out);
    object.text("type", "function");
    object.text("name", name);
    object.end();
}
