//! Tools, and whether the model must call one.

use crate::{
    ir::{ApiError, Request, Tool},
    provider::tools::{Choice, Offer, offer, write_parameters},
};

use super::super::json::{Array, Object};

/// Which tools are declared, and the choice among them.
#[derive(Debug)]
pub(super) struct Plan<'r> {
    offer: Offer<'r>,
    choice: Option<&'static str>,
}

/// Decides. Cohere has no choice by name: the model must call a tool, and has that one only.
///
/// # Errors
///
/// For a `tool_choice` that names no declared tool, or forces one where there is none.
pub(super) fn plan<'r>(request: &'r Request<'_>) -> Result<Plan<'r>, ApiError> {
    let mut offer = offer(request)?;
    let choice = match offer.choice {
        None | Some(Choice::Auto) => None,
        Some(Choice::None) => Some("NONE"),
        Some(Choice::Any) => Some("REQUIRED"),
        Some(Choice::Named(name)) => {
            offer.tools.retain(|(_, tool)| tool.name == name);
            Some("REQUIRED")
        }
    };
    Ok(Plan { offer, choice })
}

impl Plan<'_> {
    /// Appends `tools`, `strict_tools` and `tool_choice`.
    ///
    /// # Errors
    ///
    /// For a schema that is none.
    pub(super) fn write(&self, object: &mut Object<'_>) -> Result<(), ApiError> {
        let tools = &self.offer.tools;
        if tools.is_empty() {
            return Ok(());
        }
        let mut array = Array::begin(object.key("tools"));
        for (index, tool) in tools {
            write_tool(tool, *index, array.item())?;
        }
        array.end();
        // For all of them or none.
        if tools.iter().any(|(_, tool)| tool.strict == Some(true)) {
            object.raw("strict_tools", "true");
        }
        if let Some(choice) = self.choice {
            object.text("tool_choice", choice);
        }
        Ok(())
    }
}

fn write_tool(tool: &Tool<'_>, index: usize, out: &mut Vec<u8>) -> Result<(), ApiError> {
    let mut object = Object::begin(out);
    object.text("type", "function");
    let mut function = Object::begin(object.key("function"));
    function.text("name", &tool.name);
    if let Some(description) = tool.description.as_deref().filter(|text| !text.is_empty()) {
        function.text("description", description);
    }
    let param = format!("tools[{index}].function.parameters");
    write_parameters(tool.parameters, function.key("parameters"), &param)?;
    function.end();
    object.end();
    Ok(())
}
