//! Tools, whether the model must call one, and calls: what OpenAI and Mistral write in nearly the same way.

use crate::{
    ir::{ApiError, Part, Request, Tool},
    provider::{
        json::{Array, Object, value},
        tools::{Choice, NO_PARAMETERS, Offer, offer},
    },
};

use super::parts::mark;

/// What is a provider's own.
#[derive(Clone, Copy, Debug)]
pub(in crate::provider) struct Own {
    /// Its word for a tool that must be called, whichever.
    pub(in crate::provider) any: &'static str,
    /// It takes tools without `parameters`.
    pub(in crate::provider) bare: bool,
    /// It takes marks of prompt caches.
    pub(in crate::provider) marks: bool,
}

/// Appends `tools`, `tool_choice` and `parallel_tool_calls`, where there are tools. A choice among some of the tools is
/// made by not offering the others: `allowed_tools` is known to OpenAI alone, and means the same.
///
/// # Errors
///
/// For a `tool_choice` that names no tool or forces one where there is none, and for a schema that is none.
pub(in crate::provider) fn write(
    request: &Request<'_>,
    own: Own,
    object: &mut Object<'_>,
) -> Result<(), ApiError> {
    let Offer { tools, choice, .. } = offer(request)?;
    if tools.is_empty() {
        return Ok(());
    }
    let mut array = Array::begin(object.key("tools"));
    for (index, tool) in tools {
        write_tool(tool, index, own, array.item())?;
    }
    array.end();
    match choice {
        None => {}
        Some(Choice::Auto) => object.text("tool_choice", "auto"),
        Some(Choice::None) => object.text("tool_choice", "none"),
        Some(Choice::Any) => object.text("tool_choice", own.any),
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

fn write_tool(tool: &Tool<'_>, index: usize, own: Own, out: &mut Vec<u8>) -> Result<(), ApiError> {
    let parameters = tool.parameters.map(|raw| raw.get()).filter(|schema| *schema != "null");
    let parameters = parameters.or((!own.bare).then_some(NO_PARAMETERS));
    if parameters.is_some_and(|schema| !schema.starts_with('{')) {
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
    if let Some(parameters) = parameters {
        function.raw("parameters", parameters);
    }
    if let Some(strict) = tool.strict {
        value(function.key("strict"), &strict);
    }
    function.end();
    mark(tool.cache.filter(|_| own.marks), &mut object);
    object.end();
    Ok(())
}

/// Appends a call that the model made, by this id; any other part is passed over. `signed` says whether the signature of
/// the reasoning behind it goes with it, in the place where Google's OpenAI-compatible API has it.
pub(in crate::provider) fn call(part: &Part<'_>, id: &str, signed: bool, array: &mut Array<'_>) {
    let Part::ToolCall { name, arguments, signature, .. } = part else { return };
    let mut object = Object::begin(array.item());
    object.text("id", id);
    object.text("type", "function");
    let mut function = Object::begin(object.key("function"));
    function.text("name", name);
    let arguments = if arguments.trim().is_empty() { "{}" } else { arguments };
    function.text("arguments", arguments);
    function.end();
    if let Some(signature) = signature.as_deref().filter(|_| signed) {
        let mut extra = Object::begin(object.key("extra_content"));
        let mut google = Object::begin(extra.key("google"));
        google.text("thought_signature", signature);
        google.end();
        extra.end();
    }
    object.end();
}
