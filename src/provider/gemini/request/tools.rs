//! Tools, and whether the model must call one.
//!
//! Source: guide "Function calling", and the reference of `FunctionDeclaration` and `FunctionCallingConfig`.

use hashbrown::HashSet;

use crate::ir::{ApiError, Request, Tool, ToolChoice};

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
    let mut tools: Vec<_> = request.tools.iter().enumerate().collect();
    let (mode, allowed): (_, Vec<&str>) = match &request.tool_choice {
        None => (None, Vec::new()),
        Some(ToolChoice::Auto) => (Some("AUTO"), Vec::new()),
        Some(ToolChoice::None) => (Some("NONE"), Vec::new()),
        Some(ToolChoice::Required) => (Some("ANY"), Vec::new()),
        Some(ToolChoice::Named(name)) => (Some("ANY"), vec![name]),
        Some(ToolChoice::Allowed { names, required }) => {
            let mode = if *required { "ANY" } else { "AUTO" };
            (Some(mode), names.iter().map(AsRef::as_ref).collect())
        }
    };
    // Sets: both lists are the client's, and as long as it likes.
    let declared: HashSet<&str> = request.tools.iter().map(|tool| tool.name.as_ref()).collect();
    if let Some(name) = allowed.iter().find(|name| !declared.contains(*name)) {
        let message = format!("`tool_choice` names `{name}`, which is not among `tools`.");
        return Err(ApiError::invalid("tool_choice", message));
    }
    if mode == Some("ANY") && tools.is_empty() {
        return Err(ApiError::invalid("tool_choice", "There is no tool to choose in `tools`."));
    }
    if mode == Some("ANY") {
        return Ok(Plan { tools, mode, allowed });
    }
    // A choice among some of them that may be none of them: the others are not declared.
    if let Some(ToolChoice::Allowed { .. }) = &request.tool_choice {
        let allowed: HashSet<&str> = allowed.into_iter().collect();
        tools.retain(|(_, tool)| allowed.contains(tool.name.as_ref()));
    }
    let mode = mode.filter(|_| !tools.is_empty());
    Ok(Plan { tools, mode, allowed: Vec::new() })
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
