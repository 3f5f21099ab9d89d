//! What is of a chat request in one that has items and is to be answered as chat (Cursor sends such), in the words of
//! Responses, whose providers take no others.

use serde_json::value::RawValue;

use super::Member;
use crate::provider::json::{Array, Object, elements, members, text, value};

/// A chat request's names for the one limit that Responses has, the newer one first.
const LIMITS: &[&str] = &["max_output_tokens", "max_completion_tokens", "max_tokens"];

/// Writes a member in the words of Responses; false, with nothing written, where it may stand as it is.
pub(super) fn write(name: &str, raw: &RawValue, all: &[Member<'_>], object: &mut Object<'_>) -> bool {
    match name {
        // Usage is always told there, and the gateway shows it where it was asked for.
        "stream_options" => {}
        name if LIMITS.contains(&name) => {
            let there = |limit: &&&str| all.iter().any(|(name, raw)| name == **limit && raw.get() != "null");
            if LIMITS.iter().find(there) == Some(&name) {
                object.raw("max_output_tokens", raw.get());
            }
        }
        "tools" => {
            let Some(tools) = elements(raw) else { return false };
            let mut array = Array::begin(object.key("tools"));
            tools.iter().for_each(|tool| flat(tool, array.item()));
            array.end();
        }
        "tool_choice" => flat(raw, object.key("tool_choice")),
        _ => return false,
    }
    true
}

/// Appends a tool, or a choice of one, with its members beside its type: a chat request has them one level down, and
/// Anthropic calls a schema `input_schema`.
fn flat(raw: &RawValue, out: &mut Vec<u8>) {
    let all = members(raw).unwrap_or_default();
    let named = |name: &str| all.iter().find(|(found, _)| found == name).map(|(_, raw)| *raw);
    let kind = text(named("type"));
    let inner = ["function", "custom"].into_iter().find_map(|kind| Some((kind, members(named(kind)?)?)));
    match (inner, kind.as_deref()) {
        (Some((kind, inner)), _) => {
            let is_tool = kind == "function" && inner.len() > 1;
            let mut object = Object::begin(out);
            object.text("type", kind);
            for (name, raw) in &inner {
                if name == "format" {
                    format(raw, object.key("format"));
                } else if name != "cache_control" {
                    object.any_key(name).extend_from_slice(raw.get().as_bytes());
                }
            }
            // What it means to say nothing: in chat completions no, in Responses yes.
            if is_tool && !inner.iter().any(|(name, _)| name == "strict") {
                object.raw("strict", "false");
            }
            object.end();
        }
        (None, _) if named("input_schema").is_some() => {
            let mut object = Object::begin(out);
            object.text("type", "function");
            for (name, ours) in
                [("name", "name"), ("description", "description"), ("input_schema", "parameters")]
            {
                if let Some(raw) = named(name) {
                    object.raw(ours, raw.get());
                }
            }
            object.raw("strict", "false");
            object.end();
        }
        (None, Some("auto")) => value(out, "auto"),
        (None, Some("none")) => value(out, "none"),
        (None, Some("any")) => value(out, "required"),
        (None, Some("tool")) => {
            let mut object = Object::begin(out);
            object.text("type", "function");
            if let Some(name) = named("name") {
                object.raw("name", name.get());
            }
            object.end();
        }
        (None, _) => out.extend_from_slice(raw.get().as_bytes()),
    }
}

/// The form of a custom tool's input, of which a chat request has the grammar one level down.
fn format(raw: &RawValue, out: &mut Vec<u8>) {
    let all = members(raw).unwrap_or_default();
    let grammar = all.iter().find(|(name, _)| name == "grammar").and_then(|(_, raw)| members(raw));
    let Some(grammar) = grammar else { return out.extend_from_slice(raw.get().as_bytes()) };
    let mut object = Object::begin(out);
    object.text("type", "grammar");
    for (name, raw) in grammar {
        object.any_key(&name).extend_from_slice(raw.get().as_bytes());
    }
    object.end();
}
