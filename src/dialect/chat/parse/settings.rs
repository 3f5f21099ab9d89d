//! The request's simple fields.

use std::borrow::Cow;

use crate::{
    dialect::chat::node::{Node, Path},
    ir::{ApiError, ResponseFormat},
};

/// A whole number from 1 on. (Zero tokens mean something else to some providers, and nothing to OpenAI.)
pub(in crate::dialect) fn count(value: Node<'_>, path: &Path<'_>) -> Result<u64, ApiError> {
    match whole(value, path)? {
        0 => Err(path.error("must be at least 1")),
        count => Ok(count),
    }
}

/// A whole number from 0 on.
pub(in crate::dialect) fn whole(value: Node<'_>, path: &Path<'_>) -> Result<u64, ApiError> {
    u64::try_from(value.integer(path)?).map_err(|_| path.error("must not be negative"))
}

/// A number within OpenAI's documented range, ends included.
pub(in crate::dialect) fn within(low: i8, high: i8) -> impl Fn(Node<'_>, &Path<'_>) -> Result<f64, ApiError> {
    move |value, path| match value.number(path)? {
        number if (f64::from(low)..=f64::from(high)).contains(&number) => Ok(number),
        _ => Err(path.error(format_args!("must be between {low} and {high}"))),
    }
}

/// One stop sequence or several.
pub(super) fn stop<'a>(value: Node<'a>, path: &Path<'_>) -> Result<Vec<Cow<'a, str>>, ApiError> {
    match value {
        Node::String(text) => Ok(vec![text]),
        Node::Array(list) => {
            list.into_iter().enumerate().map(|(index, item)| item.string(&path.index(index))).collect()
        }
        other => Err(other.wrong("a string or an array of strings", path)),
    }
}

/// `stream_options.include_usage`.
pub(in crate::dialect) fn include_usage(value: Node<'_>, path: &Path<'_>) -> Result<bool, ApiError> {
    Ok(value.object(path)?.read("include_usage", path, Node::boolean)?.unwrap_or(false))
}

/// `response_format`.
pub(super) fn response_format<'a>(value: Node<'a>, path: &Path<'_>) -> Result<ResponseFormat<'a>, ApiError> {
    let mut format = value.object(path)?;
    let kind = format.need("type", path, Node::string)?;
    match kind.as_ref() {
        "text" => Ok(ResponseFormat::Text),
        "json_object" => Ok(ResponseFormat::JsonObject),
        "json_schema" => format.need("json_schema", path, json_schema),
        _ => Err(path.key("type").error("must be text, json_object or json_schema")),
    }
}

fn json_schema<'a>(value: Node<'a>, path: &Path<'_>) -> Result<ResponseFormat<'a>, ApiError> {
    let mut schema = value.object(path)?;
    Ok(ResponseFormat::JsonSchema {
        name: schema.string("name", path)?,
        description: schema.string("description", path)?,
        strict: schema.read("strict", path, Node::boolean)?,
        schema: schema.need("schema", path, raw_object)?,
    })
}

/// The exact text of an object.
pub(in crate::dialect) fn raw_object<'a>(
    value: Node<'a>,
    path: &Path<'_>,
) -> Result<&'a serde_json::value::RawValue, ApiError> {
    match value {
        Node::Raw(raw) if raw.get().starts_with('{') => Ok(raw),
        other => Err(other.wrong("an object", path)),
    }
}
