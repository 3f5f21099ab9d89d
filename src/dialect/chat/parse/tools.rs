//! Tools and the choice among them, in OpenAI's present form and in its first one (`functions`).

use std::borrow::Cow;

use super::{content::cache, settings::raw_object};
use crate::{
    dialect::chat::node::{Node, Object, Path},
    ir::{ApiError, Tool, ToolChoice},
};

/// `tools`, and `functions` behind them.
pub(super) fn tools<'a>(request: &mut Object<'a>) -> Result<Vec<Tool<'a>>, ApiError> {
    let list = request.read("tools", &Path::Root, |value, path| each(value, path, tool))?;
    let mut tools = list.unwrap_or_default();
    if let Some(functions) =
        request.read("functions", &Path::Root, |value, path| each(value, path, function))?
    {
        tools.extend(functions);
    }
    Ok(tools)
}

/// `tool_choice`, or `function_call`.
pub(super) fn choice<'a>(request: &mut Object<'a>) -> Result<Option<ToolChoice<'a>>, ApiError> {
    let choice = request.read("tool_choice", &Path::Root, tool_choice)?;
    let legacy = request.read("function_call", &Path::Root, |value, path| match value {
        Node::String(word) => mode(&word, path),
        other => named(other, path).map(ToolChoice::Named),
    })?;
    Ok(choice.or(legacy))
}

fn each<'a, T>(
    value: Node<'a>,
    path: &Path<'_>,
    read: impl Fn(Node<'a>, &Path<'_>) -> Result<T, ApiError>,
) -> Result<Vec<T>, ApiError> {
    value.array(path)?.into_iter().enumerate().map(|(index, item)| read(item, &path.index(index))).collect()
}

fn tool<'a>(value: Node<'a>, path: &Path<'_>) -> Result<Tool<'a>, ApiError> {
    let mut object = value.object(path)?;
    is_function(&mut object, path)?;
    let outer = object.read("cache_control", path, cache)?;
    // Some clients (Cursor) write a function as Responses has it, with all of it beside the type.
    let is_flat = object.0.iter().any(|(name, _)| name == "name");
    let mut tool = match object.take("function", path)? {
        Some(inner) => function(inner, &path.key("function"))?,
        None if is_flat => function(Node::Object(object), path)?,
        None => return Err(path.key("function").error("is missing")),
    };
    tool.cache = outer.or(tool.cache);
    Ok(tool)
}

fn function<'a>(value: Node<'a>, path: &Path<'_>) -> Result<Tool<'a>, ApiError> {
    let mut function = value.object(path)?;
    Ok(Tool {
        name: function.need("name", path, Node::string)?,
        description: function.string("description", path)?,
        parameters: function.read("parameters", path, raw_object)?,
        strict: function.read("strict", path, Node::boolean)?,
        cache: function.read("cache_control", path, cache)?,
    })
}

/// Refuses what is no function; no type at all is taken for one.
pub(super) fn is_function(object: &mut Object<'_>, path: &Path<'_>) -> Result<(), ApiError> {
    match object.string("type", path)? {
        Some(kind) if kind != "function" => Err(path.key("type").error("must be function")),
        _ => Ok(()),
    }
}

fn tool_choice<'a>(value: Node<'a>, path: &Path<'_>) -> Result<ToolChoice<'a>, ApiError> {
    let mut object = match value {
        Node::String(word) => return mode(&word, path),
        other => other.object(path)?,
    };
    let kind = object.need("type", path, Node::string)?;
    match kind.as_ref() {
        "function" => object.need("function", path, named).map(ToolChoice::Named),
        "allowed_tools" => object.need("allowed_tools", path, allowed),
        _ => Err(path.key("type").error("must be function or allowed_tools")),
    }
}

fn mode(word: &str, path: &Path<'_>) -> Result<ToolChoice<'static>, ApiError> {
    match word {
        "none" => Ok(ToolChoice::None),
        "auto" => Ok(ToolChoice::Auto),
        // Mistral's word for the same.
        "required" | "any" => Ok(ToolChoice::Required),
        _ => Err(path.error("must be none, auto, required or an object")),
    }
}

/// The name in `{"name": …}`.
fn named<'a>(value: Node<'a>, path: &Path<'_>) -> Result<Cow<'a, str>, ApiError> {
    value.object(path)?.need("name", path, Node::string)
}

fn allowed<'a>(value: Node<'a>, path: &Path<'_>) -> Result<ToolChoice<'a>, ApiError> {
    let mut object = value.object(path)?;
    let required = match object.string("mode", path)?.as_deref() {
        Some("required") => true,
        Some("auto") | None => false,
        Some(_) => return Err(path.key("mode").error("must be auto or required")),
    };
    let names = object.need("tools", path, |value, path| {
        each(value, path, |tool, path| {
            let mut tool = tool.object(path)?;
            is_function(&mut tool, path)?;
            tool.need("function", path, named)
        })
    })?;
    Ok(ToolChoice::Allowed { names, required })
}
