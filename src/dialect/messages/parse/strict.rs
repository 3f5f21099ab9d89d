//! Whether a schema may be told to be strict. To Anthropic that is any closed schema; to OpenAI, whose word others took
//! over, one in which every property is required too: it refuses all others.

use serde_json::value::RawValue;

use crate::provider::json::members;

/// Deepest nesting that is followed.
const MAX_DEPTH: usize = 64;

/// Whether every object in the schema is closed, and all its properties are required.
pub(super) fn fits(schema: &RawValue) -> bool {
    is_strict(schema, 0)
}

fn is_strict(schema: &RawValue, depth: usize) -> bool {
    let Some(members) = members(schema).filter(|_| depth < MAX_DEPTH) else { return false };
    let get = |name: &str| members.iter().find(|(known, _)| known == name).map(|(_, raw)| *raw);
    let each = |raw: &RawValue| {
        crate::provider::json::members(raw)
            .is_some_and(|all| all.iter().all(|(_, schema)| is_strict(schema, depth + 1)))
    };
    let any = |raw: &RawValue| {
        serde_json::from_str::<Vec<&RawValue>>(raw.get())
            .is_ok_and(|all| all.iter().all(|schema| is_strict(schema, depth + 1)))
    };
    let is_object = get("properties").is_some() || get("type").is_some_and(|kind| kind.get() == "\"object\"");
    let closed = get("additionalProperties").is_some_and(|raw| raw.get() == "false");
    (!is_object || (closed && requires_all(get("properties"), get("required"))))
        && ["properties", "$defs", "definitions"].into_iter().filter_map(get).all(each)
        && ["anyOf", "allOf"].into_iter().filter_map(get).all(any)
        && get("items").is_none_or(|items| is_strict(items, depth + 1))
        && get("oneOf").is_none()
}

fn requires_all(properties: Option<&RawValue>, required: Option<&RawValue>) -> bool {
    let properties = properties.and_then(members).unwrap_or_default();
    let required: Vec<std::borrow::Cow<'_, str>> =
        required.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default();
    let required: hashbrown::HashSet<&str> = required.iter().map(AsRef::as_ref).collect();
    properties.iter().all(|(name, _)| required.contains(name.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_property_is_required_everywhere() {
        let open = r#"{"type":"object","properties":{"a":{}},"required":["a"]}"#;
        let strict = r#"{"type":"object","properties":{"a":{"type":"string"}},"required":["a"],"additionalProperties":false}"#;
        let optional = r#"{"type":"object","properties":{"a":{}},"additionalProperties":false}"#;
        for (schema, expected) in
            [(strict, true), (open, false), (optional, false), ("true", false), ("{}", true)]
        {
            let nested = format!(
                r#"{{"type":"object","properties":{{"b":{{"type":"array","items":{{"anyOf":[{schema}]}}}}}},"required":["b"],"additionalProperties":false}}"#
            );
            for json in [schema, nested.as_str()] {
                assert_eq!(fits(serde_json::from_str(json).unwrap()), expected, "{json}");
            }
        }
        let deep = format!("{}{{}}{}", r#"{"items":"#.repeat(100), "}".repeat(100));
        assert!(!fits(serde_json::from_str(&deep).unwrap()));
    }
}
