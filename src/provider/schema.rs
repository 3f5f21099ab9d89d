//! JSON Schemas brought to the subset that structured outputs take, at Anthropic and on Bedrock.
//!
//! Source: API guide "Structured outputs", section "JSON Schema limitations", and what the official SDKs do about it:
//! constraints that are not enforced move into the description, so that the model still reads them.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::json::{Array, Object, compact, members};
use crate::ir::ApiError;

/// Deepest nesting that is followed; a schema beyond it is refused rather than walked without end.
const MAX_DEPTH: usize = 64;

/// Formats of strings that are enforced.
const FORMATS: [&str; 9] =
    ["date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6"];

/// Appends the schema with every object closed and every keyword that is not enforced moved to its description.
///
/// # Errors
///
/// Where a schema stands that is no object, or deeper than 64 levels, naming `param`.
pub(super) fn write_closed(raw: &RawValue, out: &mut Vec<u8>, param: &str) -> Result<(), ApiError> {
    schema(raw, out, param, 0)
}

type Fields<'a> = Vec<(Cow<'a, str>, &'a RawValue)>;

fn schema(raw: &RawValue, out: &mut Vec<u8>, param: &str, depth: usize) -> Result<(), ApiError> {
    if depth > MAX_DEPTH {
        return Err(ApiError::invalid(param, format!("`{param}` is nested too deeply.")));
    }
    let Some(fields) = members(raw) else {
        return Err(ApiError::invalid(
            param,
            format!("`{param}` must hold a JSON object wherever a schema stands."),
        ));
    };
    let is_object = describes_object(&fields);
    let has_properties = fields.iter().any(|(name, _)| name == "properties");
    let has_any_of = fields.iter().any(|(name, _)| name == "anyOf");
    let mut object = Object::begin(out);
    let mut notes = Vec::new();
    let mut description = None;
    for (name, field) in fields {
        match name.as_ref() {
            "description" => description = serde_json::from_str::<String>(field.get()).ok(),
            "properties" | "$defs" | "definitions" => map(field, object.key(&name), param, depth)?,
            "anyOf" | "allOf" => list(field, object.key(&name), param, depth)?,
            "oneOf" if !has_any_of => list(field, object.key("anyOf"), param, depth)?,
            "items" => schema(field, object.key("items"), param, depth + 1)?,
            "additionalProperties" if is_object => closes(field, has_properties, param)?,
            _ if is_enforced(&name, field) => object.any_key(&name).extend_from_slice(field.get().as_bytes()),
            _ => notes.push((name, field)),
        }
    }
    if is_object {
        object.raw("additionalProperties", "false");
    }
    if let Some(text) = describe(description, &notes) {
        object.text("description", &text);
    }
    object.end();
    Ok(())
}

/// A schema with `properties` is one of objects, whether or not it says so.
fn describes_object(fields: &Fields<'_>) -> bool {
    fields.iter().any(|(name, field)| match name.as_ref() {
        "properties" => true,
        "type" => match serde_json::from_str::<&str>(field.get()) {
            Ok(kind) => kind == "object",
            Err(_) => serde_json::from_str::<Vec<Cow<'_, str>>>(field.get())
                .is_ok_and(|kinds| kinds.iter().any(|kind| kind == "object")),
        },
        _ => false,
    })
}

/// Objects with any keys cannot be had: closing one that has no others would leave `{}` for an answer.
fn closes(field: &RawValue, has_properties: bool, param: &str) -> Result<(), ApiError> {
    let typed = members(field).is_some_and(|fields| !fields.is_empty());
    if typed && !has_properties {
        return Err(ApiError::invalid(
            param,
            format!("`{param}`: Anthropic takes no objects with arbitrary keys (`additionalProperties`)."),
        ));
    }
    Ok(())
}

fn is_enforced(name: &str, field: &RawValue) -> bool {
    match name {
        "type" | "enum" | "const" | "$ref" | "required" | "default" | "title" => true,
        "format" => serde_json::from_str::<&str>(field.get())
            .is_ok_and(|format| FORMATS.contains(&format) || format == "uuid"),
        "minItems" => matches!(field.get(), "0" | "1"),
        _ => false,
    }
}

fn map(raw: &RawValue, out: &mut Vec<u8>, param: &str, depth: usize) -> Result<(), ApiError> {
    let Some(fields) = members(raw) else {
        return Err(ApiError::invalid(
            param,
            format!("`{param}`: `properties` and `$defs` must be objects."),
        ));
    };
    let mut object = Object::begin(out);
    for (name, field) in fields {
        schema(field, object.any_key(&name), param, depth + 1)?;
    }
    object.end();
    Ok(())
}

fn list(raw: &RawValue, out: &mut Vec<u8>, param: &str, depth: usize) -> Result<(), ApiError> {
    let Ok(items) = serde_json::from_str::<Vec<&RawValue>>(raw.get()) else {
        return Err(ApiError::invalid(
            param,
            format!("`{param}`: `anyOf`, `oneOf` and `allOf` must be arrays."),
        ));
    };
    let mut array = Array::begin(out);
    for item in items {
        schema(item, array.item(), param, depth + 1)?;
    }
    array.end();
    Ok(())
}

/// The description with what is not enforced behind it: `{"minimum":0}`.
fn describe(description: Option<String>, notes: &[(Cow<'_, str>, &RawValue)]) -> Option<String> {
    // `$schema` and the like speak of the schema, not of the answer.
    let told = notes.iter().filter(|(name, _)| !name.starts_with('$') && name != "additionalProperties");
    let mut text = Vec::new();
    let mut object = Object::begin(&mut text);
    let mut any = false;
    for (name, field) in told {
        any = true;
        object.any_key(name).extend_from_slice(compact(field.get()).as_bytes());
    }
    object.end();
    if !any {
        return description;
    }
    let text = String::from_utf8(text).unwrap_or_default();
    Some(match description {
        Some(description) if !description.is_empty() => format!("{description}\n\n{text}"),
        _ => text,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn closed(json: &str) -> Result<String, ApiError> {
        let raw: &RawValue = serde_json::from_str(json).unwrap();
        let mut out = Vec::new();
        write_closed(raw, &mut out, "p").map(|()| String::from_utf8(out).unwrap())
    }

    #[test]
    fn order_stays_and_objects_are_closed() {
        assert_eq!(
            closed(
                r#"{"type":"object","properties":{"z":{"type":"string"},"a":{"type":["object","null"],"properties":{}}},
                "required":["z"],"additionalProperties":true}"#
            )
            .unwrap(),
            r#"{"type":"object","properties":{"z":{"type":"string"},"a":{"type":["object","null"],"properties":{},"additionalProperties":false}},"required":["z"],"additionalProperties":false}"#
        );
    }

    #[test]
    fn what_is_not_enforced_is_described() {
        assert_eq!(
            closed(r#"{"type":"integer","minimum": 1,"maximum":5,"description":"Stars."}"#).unwrap(),
            r#"{"type":"integer","description":"Stars.\n\n{\"minimum\":1,\"maximum\":5}"}"#
        );
        assert_eq!(
            closed(r#"{"type":"string","pattern":"^a+$","format":"colour"}"#).unwrap(),
            r#"{"type":"string","description":"{\"pattern\":\"^a+$\",\"format\":\"colour\"}"}"#
        );
        assert_eq!(
            closed(r#"{"$schema":"x","type":"string","format":"date"}"#).unwrap(),
            r#"{"type":"string","format":"date"}"#
        );
    }

    #[test]
    fn one_of_becomes_any_of() {
        assert_eq!(
            closed(r##"{"oneOf":[{"type":"string"},{"$ref":"#/$defs/n"}],"$defs":{"n":{"type":"number","multipleOf":2}}}"##)
                .unwrap(),
            r##"{"anyOf":[{"type":"string"},{"$ref":"#/$defs/n"}],"$defs":{"n":{"type":"number","description":"{\"multipleOf\":2}"}}}"##
        );
        assert_eq!(
            closed(r#"{"type":"array","items":{"type":"object"},"minItems":1,"maxItems":3}"#).unwrap(),
            r#"{"type":"array","items":{"type":"object","additionalProperties":false},"minItems":1,"description":"{\"maxItems\":3}"}"#
        );
    }

    #[test]
    fn refuses_what_is_no_schema() {
        let map = r#"{"type":"object","additionalProperties":{"type":"string"}}"#;
        for json in [map, "[]", "3", r#"{"properties":[]}"#, r#"{"anyOf":{}}"#, r#"{"items":[{}]}"#] {
            assert_eq!(closed(json).unwrap_err().param.as_deref(), Some("p"), "{json}");
        }
        let deep = format!("{}{{}}{}", r#"{"items":"#.repeat(100), "}".repeat(100));
        assert!(closed(&deep).unwrap_err().message.contains("too deep"));
    }
}
