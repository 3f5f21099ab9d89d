//! Tools, and whether the model must call one.
//!
//! Source: guide "Function calling", and the reference of `FunctionDeclaration` and `FunctionCallingConfig`.

use crate::{
    ir::{ApiError, Request, Tool, ToolChoice},
    provider::tools::{Choice, Offer, offer},
};

use super::super::json::{Array, Object, value};

/// Longest name of a function (reference of `FunctionDeclaration`).
const NAME_BYTES: usize = 128;

/// Which tools are declared, and the choice among them.
#[derive(Debug)]
pub(super) struct Plan<'r> {
    /// With their place in the client's list.
    tools: Vec<(usize, &'r Tool<'r>)>,
    mode: Option<&'static str>,
    /// `allowedFunctionNames`, which goes with `ANY` only.
    allowed: Vec<&'r str>,
}

/// Decides.
///
/// # Errors
///
/// For a `tool_choice` that names no declared tool, or forces one where there is none.
pub(super) fn plan<'r>(request: &'r Request<'_>) -> Result<Plan<'r>, ApiError> {
    let Offer { mut tools, choice, .. } = offer(request)?;
    let mut allowed = Vec::new();
    let mode = choice.map(|choice| match choice {
        Choice::Auto => "AUTO",
        Choice::None => "NONE",
        Choice::Any => {
            // All are declared, so that the provider's cache holds whichever are allowed.
            if let Some(ToolChoice::Allowed { names, .. }) = &request.tool_choice {
                tools = request.tools.iter().enumerate().collect();
                allowed = names.iter().map(AsRef::as_ref).collect();
            }
            "ANY"
        }
        Choice::Named(name) => {
            allowed.push(name);
            "ANY"
        }
    });
    Ok(Plan { tools, mode, allowed })
}

impl Plan<'_> {
    /// Appends `tools` and `toolConfig`.
    ///
    /// # Errors
    ///
    /// For a name or a schema that Gemini does not take.
    pub(super) fn write(&self, object: &mut Object<'_>) -> Result<(), ApiError> {
        if self.tools.is_empty() {
            return Ok(());
        }
        let mut tools = Array::begin(object.key("tools"));
        let mut tool = Object::begin(tools.item());
        let mut declarations = Array::begin(tool.key("functionDeclarations"));
        for (index, tool) in &self.tools {
            write_tool(tool, *index, declarations.item())?;
        }
        declarations.end();
        tool.end();
        tools.end();
        let Some(mode) = self.mode else { return Ok(()) };
        let mut config = Object::begin(object.key("toolConfig"));
        let mut calling = Object::begin(config.key("functionCallingConfig"));
        calling.text("mode", mode);
        if !self.allowed.is_empty() {
            let mut names = Array::begin(calling.key("allowedFunctionNames"));
            self.allowed.iter().for_each(|name| value(names.item(), name));
            names.end();
        }
        calling.end();
        config.end();
        Ok(())
    }
}

/// The schema goes as the client wrote it: `parametersJsonSchema` takes JSON Schema, where `parameters` would take only
/// what OpenAPI 3.0 knows.
fn write_tool(tool: &Tool<'_>, index: usize, out: &mut Vec<u8>) -> Result<(), ApiError> {
    check_name(&tool.name, || format!("tools[{index}].function.name"))?;
    let mut object = Object::begin(out);
    object.text("name", &tool.name);
    if let Some(description) = tool.description.as_deref().filter(|text| !text.is_empty()) {
        object.text("description", description);
    }
    if let Some(schema) = tool.parameters.map(|raw| raw.get()).filter(|schema| *schema != "null") {
        if !schema.starts_with('{') {
            let param = format!("tools[{index}].function.parameters");
            let message = format!("`{param}` must be a JSON Schema of type object.");
            return Err(ApiError::invalid(param, message));
        }
        object.raw("parametersJsonSchema", schema);
    }
    object.end();
    Ok(())
}

/// Names are `^[a-zA-Z_][a-zA-Z0-9_.:-]{0,127}$`.
///
/// # Errors
///
/// For any other, naming `param`.
pub(super) fn check_name(name: &str, param: impl FnOnce() -> String) -> Result<(), ApiError> {
    let legal = |b: u8| b.is_ascii_alphanumeric() || b"_.:-".contains(&b);
    let begins = name.bytes().next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_');
    if begins && name.len() <= NAME_BYTES && name.bytes().all(legal) {
        return Ok(());
    }
    let mut quoted = Vec::new();
    value(&mut quoted, name);
    let quoted = String::from_utf8(quoted).unwrap_or_default();
    let message = format!(
        "A Gemini function's name must be 1 to 128 letters, digits, `_`, `.`, `:` or `-`, with a letter or `_` first; \
         this one is {quoted}"
    );
    Err(ApiError::invalid(param(), message))
}
