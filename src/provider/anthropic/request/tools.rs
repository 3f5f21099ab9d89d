//! Tools, and whether the model must call one.

use hashbrown::HashSet;
use serde_json::value::RawValue;

use crate::{
    ir::{ApiError, Message, Part, Request, Tool, ToolChoice},
    provider::model::ModelFacts,
};

use super::{
    super::json::{Array, Object, members, value},
    blocks, schema,
};

/// Longest name of a tool (API reference, "Create a Message").
const NAME_BYTES: usize = 128;

/// The API refuses tool calls in a conversation that declares no tools; this one stands in for them. `tool_choice`
/// keeps the model from calling it.
const STAND_IN: &str = concat!(
    r#"[{"name":"no_longer_available","description":"Stands for tools of earlier turns.","#,
    r#""input_schema":{"type":"object","properties":{}}}]"#
);

/// Which tools are declared, and the choice among them.
#[derive(Debug)]
pub(super) struct Plan<'r> {
    /// With their place in the client's list.
    tools: Vec<(usize, &'r Tool<'r>)>,
    choice: Option<Choice<'r>>,
    stand_in: bool,
    single: bool,
    strict: bool,
}

#[derive(Debug)]
enum Choice<'r> {
    Auto,
    None,
    Any,
    Named(&'r str),
}

/// Decides.
///
/// # Errors
///
/// For a `tool_choice` that names no declared tool, or forces one where there is none or the model refuses that.
pub(super) fn plan<'r>(request: &'r Request<'_>, facts: &ModelFacts) -> Result<Plan<'r>, ApiError> {
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
    let choice = choose(request, facts, tools.is_empty())?;
    let stand_in = tools.is_empty() && request.messages.iter().any(uses_tools);
    let single = request.parallel_tool_calls == Some(false) && !tools.is_empty();
    Ok(Plan { tools, choice, stand_in, single, strict: facts.json_schema })
}

fn choose<'r>(
    request: &'r Request<'_>,
    facts: &ModelFacts,
    none: bool,
) -> Result<Option<Choice<'r>>, ApiError> {
    let choice = match &request.tool_choice {
        None => return Ok(None),
        Some(ToolChoice::Auto | ToolChoice::Allowed { required: false, .. }) => Choice::Auto,
        Some(ToolChoice::None) => Choice::None,
        Some(ToolChoice::Required | ToolChoice::Allowed { required: true, .. }) => Choice::Any,
        Some(ToolChoice::Named(name)) => {
            if !request.tools.iter().any(|tool| tool.name == *name) {
                return Err(no_such_tool(name));
            }
            Choice::Named(name)
        }
    };
    match choice {
        Choice::Auto | Choice::None => Ok((!none).then_some(choice)),
        Choice::Any if none => {
            Err(ApiError::invalid("tool_choice", "There is no tool to choose in `tools`."))
        }
        Choice::Any | Choice::Named(_) if facts.no_forced_tool => Err(ApiError::invalid(
            "tool_choice",
            "This Anthropic model cannot be forced to call a tool; use `auto`, or another model.",
        )),
        Choice::Any | Choice::Named(_) => Ok(Some(choice)),
    }
}

fn no_such_tool(name: &str) -> ApiError {
    ApiError::invalid("tool_choice", format!("`tool_choice` names `{name}`, which is not among `tools`."))
}

fn uses_tools(message: &Message<'_>) -> bool {
    message.parts.iter().any(|part| matches!(part, Part::ToolCall { .. } | Part::ToolResult { .. }))
}

impl Plan<'_> {
    /// Whether a tool is forced.
    pub(super) fn forced(&self) -> bool {
        matches!(self.choice, Some(Choice::Any | Choice::Named(_)))
    }

    /// Appends `tools` and `tool_choice`.
    ///
    /// # Errors
    ///
    /// For a name or a schema that Anthropic does not take.
    pub(super) fn write(&self, object: &mut Object<'_>) -> Result<(), ApiError> {
        if self.stand_in {
            object.raw("tools", STAND_IN);
            object.raw("tool_choice", r#"{"type":"none"}"#);
            return Ok(());
        }
        if self.tools.is_empty() {
            return Ok(());
        }
        let mut array = Array::begin(object.key("tools"));
        for (index, tool) in &self.tools {
            write_tool(tool, *index, self.strict, array.item())?;
        }
        array.end();
        self.write_choice(object);
        Ok(())
    }

    fn write_choice(&self, object: &mut Object<'_>) {
        if self.choice.is_none() && !self.single {
            return;
        }
        let mut choice = Object::begin(object.key("tool_choice"));
        choice.text(
            "type",
            match self.choice {
                None | Some(Choice::Auto) => "auto",
                Some(Choice::None) => "none",
                Some(Choice::Any) => "any",
                Some(Choice::Named(_)) => "tool",
            },
        );
        if let Some(Choice::Named(name)) = self.choice {
            choice.text("name", name);
        }
        if self.single && !matches!(self.choice, Some(Choice::None)) {
            choice.raw("disable_parallel_tool_use", "true");
        }
        choice.end();
    }
}

/// `strict` is sent only where it is true and the model is known to keep to schemas; the schema is then brought to
/// the subset that is legal under it.
fn write_tool(tool: &Tool<'_>, index: usize, can_strict: bool, out: &mut Vec<u8>) -> Result<(), ApiError> {
    check_name(&tool.name, || format!("tools[{index}].function.name"))?;
    let param = format!("tools[{index}].function.parameters");
    let strict = can_strict && tool.strict == Some(true);
    let mut object = Object::begin(out);
    object.text("name", &tool.name);
    if let Some(description) = tool.description.as_deref().filter(|text| !text.is_empty()) {
        object.text("description", description);
    }
    let parameters = tool.parameters.filter(|raw| raw.get() != "null");
    match parameters {
        Some(raw) if strict => schema::write_closed(raw, object.key("input_schema"), &param)?,
        Some(raw) => write_schema(raw, object.key("input_schema"), &param)?,
        None => object.raw("input_schema", r#"{"type":"object","properties":{}}"#),
    }
    if strict {
        object.raw("strict", "true");
    }
    blocks::write_cache(tool.cache, &mut object);
    object.end();
    Ok(())
}

/// A schema as the client wrote it, but for the `type` that Anthropic requires and OpenAI does not.
fn write_schema(raw: &RawValue, out: &mut Vec<u8>, param: &str) -> Result<(), ApiError> {
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

/// Names are `^[a-zA-Z0-9_-]{1,128}$`.
///
/// # Errors
///
/// For any other, naming `param`.
pub(super) fn check_name(name: &str, param: impl FnOnce() -> String) -> Result<(), ApiError> {
    let legal = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    if !name.is_empty() && name.len() <= NAME_BYTES && name.bytes().all(legal) {
        return Ok(());
    }
    let mut message = "A tool's name must be 1 to 128 letters, digits, `_` or `-`; this one is ".to_owned();
    let mut quoted = Vec::new();
    value(&mut quoted, name);
    message.push_str(&String::from_utf8(quoted).unwrap_or_default());
    Err(ApiError::invalid(param(), message))
}
