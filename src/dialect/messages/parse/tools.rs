//! Tools and the choice among them.

use std::borrow::Cow;

use super::super::kinds::{self, ToolKind};
use crate::{
    dialect::{
        chat::parse::{content, settings::raw_object},
        node::{Node, Object, Path},
    },
    ir::{ApiError, Tool, ToolChoice},
};

/// `tool_choice`.
#[derive(Debug)]
pub(super) struct Choice<'a> {
    pub(super) choice: ToolChoice<'a>,
    /// One call at a time.
    pub(super) single: bool,
}

/// `tools`, without those that Anthropic runs.
pub(super) fn tools<'a>(request: &mut Object<'a>) -> Result<Vec<Tool<'a>>, ApiError> {
    let list = request.read("tools", &Path::Root, |value, path| {
        let mut tools = Vec::new();
        for (index, value) in value.array(path)?.into_iter().enumerate() {
            tools.extend(tool(value, &path.index(index))?);
        }
        Ok(tools)
    })?;
    Ok(list.unwrap_or_default())
}

/// For each tool that is read of the request, which of the client's it is.
pub(super) fn positions(body: &[u8]) -> Vec<usize> {
    let list = super::object(body).and_then(|mut request| request.take("tools", &Path::Root));
    let Ok(Some(Node::Array(list))) = list else { return Vec::new() };
    let list = list.into_iter().enumerate();
    list.filter(|(_, value)| is_read(value)).map(|(index, _)| index).collect()
}

fn is_read(value: &Node<'_>) -> bool {
    let Node::Object(Object(members)) = value else { return true };
    let member = |name: &str| members.iter().find(|(known, _)| known == name).map(|(_, value)| value);
    let Some(Node::String(kind)) = member("type") else { return true };
    let has_schema = !matches!(member("input_schema"), None | Some(Node::Null));
    !matches!(kinds::tool(Some(kind), has_schema), ToolKind::Server(_))
}

fn tool<'a>(value: Node<'a>, path: &Path<'_>) -> Result<Option<Tool<'a>>, ApiError> {
    let mut tool = value.object(path)?;
    let kind = tool.string("type", path)?;
    let parameters = tool.read("input_schema", path, raw_object)?;
    let cache = tool.read("cache_control", path, content::cache)?;
    let (default_name, parameters) = match kinds::tool(kind.as_deref(), parameters.is_some()) {
        ToolKind::Server(_) => return Ok(None),
        ToolKind::Computer => return Err(path.key("type").error("is of a tool that only Claude was taught")),
        ToolKind::Client(name, schema) => (Some(name), serde_json::from_str(schema).ok()),
        ToolKind::Function => (None, parameters),
    };
    let name = match (tool.string("name", path)?, default_name) {
        (Some(name), _) => name,
        (None, Some(name)) => Cow::Borrowed(name),
        (None, None) => return Err(path.key("name").error("is missing")),
    };
    let strict = tool.read("strict", path, Node::boolean)?;
    Ok(Some(Tool {
        name,
        description: tool.string("description", path)?,
        parameters,
        strict: strict.filter(|strict| !strict || parameters.is_some_and(super::strict::fits)),
        cache,
    }))
}

/// Reads `tool_choice`.
pub(super) fn choice<'a>(value: Node<'a>, path: &Path<'_>) -> Result<Choice<'a>, ApiError> {
    let mut object = value.object(path)?;
    let kind = object.need("type", path, Node::string)?;
    let choice = match kind.as_ref() {
        "auto" => ToolChoice::Auto,
        "none" => ToolChoice::None,
        "any" => ToolChoice::Required,
        "tool" => ToolChoice::Named(object.need("name", path, Node::string)?),
        _ => return Err(path.key("type").error("must be auto, any, tool or none")),
    };
    let single = object.read("disable_parallel_tool_use", path, Node::boolean)?.unwrap_or(false);
    Ok(Choice { choice, single })
}
