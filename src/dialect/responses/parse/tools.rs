//! Tools and the choice among them.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::{
    dialect::{
        chat::parse::{content::cache, settings::raw_object},
        node::{Node, Object, Path},
        responses::{names::Names, tool::Kind},
    },
    ir::{ApiError, Tool, ToolChoice},
};

/// The arguments of the function that a custom tool is ([`crate::dialect::responses::custom`]).
pub(super) const CUSTOM: &str = r#"{"type":"object","properties":{"input":{"type":"string","description":"The input of the tool, as plain text."}},"required":["input"],"additionalProperties":false}"#;

/// Reads a list of tools, and adds to `offered` those that any provider can be told of. One that was declared before is
/// not declared again.
pub(super) fn list<'a>(
    value: Node<'a>,
    path: &Path<'_>,
    names: &mut Names,
    offered: &mut Vec<Tool<'a>>,
) -> Result<(), ApiError> {
    let mut space = Space { name: None, about: None };
    for (index, tool) in value.array(path)?.into_iter().enumerate() {
        offer(tool, &path.index(index), &mut space, names, offered)?;
    }
    Ok(())
}

/// The namespace that a tool stands in.
struct Space<'a> {
    name: Option<Cow<'a, str>>,
    /// What it is for: told with its first tool.
    about: Option<Cow<'a, str>>,
}

fn offer<'a>(
    value: Node<'a>,
    path: &Path<'_>,
    space: &mut Space<'a>,
    names: &mut Names,
    offered: &mut Vec<Tool<'a>>,
) -> Result<(), ApiError> {
    let mut tool = value.object(path)?;
    let kind = tool.string("type", path)?;
    let schema = tool.0.iter().any(|(name, value)| name == "input_schema" && !matches!(value, Node::Null));
    let (kind, inner) = match Kind::of(kind.as_deref(), schema) {
        Kind::Namespace if space.name.is_none() => return namespace(tool, path, names, offered),
        kind @ Kind::Function => (kind, "function"),
        kind @ Kind::Custom => (kind, "custom"),
        // The provider's own, which the model may do without; what it may not do without was refused.
        _ => return Ok(()),
    };
    let mark = tool.read("cache_control", path, cache)?;
    // A chat request has it one level down.
    let inner_path = path.key(inner);
    let (mut tool, path) = match tool.take(inner, path)? {
        Some(function) => (function.object(&inner_path)?, &inner_path),
        None => (tool, path),
    };
    let mut read = if kind == Kind::Custom { custom(&mut tool, path)? } else { function(&mut tool, path)? };
    if read.name.is_empty() {
        return Err(path.key("name").error("must not be empty"));
    }
    let custom = kind == Kind::Custom;
    let Some(flat) = names.declare(space.name.as_deref(), &read.name, custom) else { return Ok(()) };
    if flat != read.name {
        read.name = Cow::Owned(flat);
    }
    if let (Some(name), Some(about)) = (&space.name, space.about.take()) {
        read.description = Some(Cow::Owned(introduced(name, &about, read.description.as_deref())));
    }
    read.cache = mark.or(read.cache);
    offered.push(read);
    Ok(())
}

fn namespace<'a>(
    mut tool: Object<'a>,
    path: &Path<'_>,
    names: &mut Names,
    offered: &mut Vec<Tool<'a>>,
) -> Result<(), ApiError> {
    let name = tool.need("name", path, Node::string)?;
    let about = tool.string("description", path)?.filter(|text| !text.is_empty());
    let mut space = Space { name: Some(name), about };
    tool.read("tools", path, |value, path| {
        let tools = value.array(path)?.into_iter().enumerate();
        tools
            .into_iter()
            .try_for_each(|(index, tool)| offer(tool, &path.index(index), &mut space, names, offered))
    })?;
    Ok(())
}

/// The first tool of a namespace says what all of them are for.
fn introduced(name: &str, about: &str, own: Option<&str>) -> String {
    let own = own.unwrap_or_default();
    ["(All tools whose names begin with `", name, "`: ", about, ")\n\n", own].concat()
}

/// A function. Anthropic calls its schema `input_schema`.
fn function<'a>(function: &mut Object<'a>, path: &Path<'_>) -> Result<Tool<'a>, ApiError> {
    let parameters = function.read("parameters", path, raw_object)?;
    Ok(Tool {
        name: function.need("name", path, Node::string)?,
        description: function.string("description", path)?,
        parameters: match parameters {
            Some(raw) => Some(raw),
            None => function.read("input_schema", path, raw_object)?,
        },
        strict: function.read("strict", path, Node::boolean)?,
        cache: function.read("cache_control", path, cache)?,
    })
}

/// A tool that takes free text is a function with one string. What the text must look like is told in the description.
fn custom<'a>(tool: &mut Object<'a>, path: &Path<'_>) -> Result<Tool<'a>, ApiError> {
    let name = tool.need("name", path, Node::string)?;
    let mut description = tool.string("description", path)?;
    let grammar = tool.read("format", path, |value, path| {
        let mut format = value.object(path)?;
        // A chat request has it one level down.
        match format.take("grammar", path)? {
            Some(inner) => grammar(&mut inner.object(path)?, path),
            None => grammar(&mut format, path),
        }
    })?;
    if let Some((syntax, definition)) = grammar.flatten() {
        let text = description.get_or_insert_default().to_mut();
        if !text.is_empty() {
            text.push_str("\n\n");
        }
        text.push_str("The text of `input` must match this grammar");
        if let Some(syntax) = syntax {
            text.push_str(" (");
            text.push_str(&syntax);
            text.push(')');
        }
        text.push_str(":\n");
        text.push_str(&definition);
    }
    let parameters = serde_json::from_str::<&'static RawValue>(CUSTOM).ok();
    Ok(Tool { name, description, parameters, strict: None, cache: None })
}

/// The syntax and the definition of a grammar; `None` where any text will do.
type Grammar<'a> = Option<(Option<Cow<'a, str>>, Cow<'a, str>)>;

fn grammar<'a>(format: &mut Object<'a>, path: &Path<'_>) -> Result<Grammar<'a>, ApiError> {
    let definition = format.string("definition", path)?;
    Ok(definition.zip(Some(format.string("syntax", path)?)).map(|(definition, syntax)| (syntax, definition)))
}

/// Reads `tool_choice`.
pub(super) fn choice<'a>(
    value: Node<'a>,
    path: &Path<'_>,
    names: &Names,
) -> Result<ToolChoice<'a>, ApiError> {
    let mut object = match value {
        Node::String(word) => {
            return mode(&word).ok_or_else(|| path.error("must be none, auto, required or an object"));
        }
        other => other.object(path)?,
    };
    let kind = object.need("type", path, Node::string)?;
    match kind.as_ref() {
        "function" | "custom" | "tool" => named(object, path, names).map(ToolChoice::Named),
        "allowed_tools" => {
            // A chat request has it one level down.
            let inner = object.take("allowed_tools", path)?;
            let object = inner.map(|inner| inner.object(path)).transpose()?.unwrap_or(object);
            allowed(object, path, names)
        }
        word => mode(word).ok_or_else(|| path.key("type").error("must be function, custom or allowed_tools")),
    }
}

fn mode(word: &str) -> Option<ToolChoice<'static>> {
    match word {
        "none" => Some(ToolChoice::None),
        "auto" => Some(ToolChoice::Auto),
        // Anthropic's word for the same.
        "required" | "any" => Some(ToolChoice::Required),
        _ => None,
    }
}

/// The name of a tool, by which providers know it.
fn named<'a>(mut tool: Object<'a>, path: &Path<'_>, names: &Names) -> Result<Cow<'a, str>, ApiError> {
    let namespace = tool.string("namespace", path)?;
    for inner in ["function", "custom"] {
        if let Some(function) = tool.take(inner, path)? {
            tool = function.object(&path.key(inner))?;
        }
    }
    let name = tool.need("name", path, Node::string)?;
    let flat = names.called(namespace.as_deref(), &name).into_owned();
    Ok(if flat == name { name } else { Cow::Owned(flat) })
}

/// Tools of the provider's own among the allowed ones are not offered, and so are left out here too.
fn allowed<'a>(mut object: Object<'a>, path: &Path<'_>, names: &Names) -> Result<ToolChoice<'a>, ApiError> {
    let required = match object.string("mode", path)?.as_deref() {
        Some("required") => true,
        Some("auto") | None => false,
        Some(_) => return Err(path.key("mode").error("must be auto or required")),
    };
    let list = object.need("tools", path, Node::array)?;
    let tools_path = path.key("tools");
    let mut allowed = Vec::new();
    for (index, tool) in list.into_iter().enumerate() {
        let path = tools_path.index(index);
        let mut tool = tool.object(&path)?;
        let kind = tool.string("type", &path)?;
        if matches!(Kind::of(kind.as_deref(), false), Kind::Function | Kind::Custom) {
            allowed.push(named(tool, &path, names)?);
        }
    }
    Ok(ToolChoice::Allowed { names: allowed, required })
}
