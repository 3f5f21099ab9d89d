//! Checks of JSON that the formats share.

use serde_json::Value;

/// Members of an object that are not among the known ones.
pub(super) fn unknown(of: &str, value: &Value, known: &[&str], wrong: &mut Vec<String>) {
    match value.as_object() {
        Some(map) => wrong.extend(
            map.keys()
                .filter(|key| !known.contains(&key.as_str()))
                .map(|key| format!("unknown key {key} of {of}")),
        ),
        None => wrong.push(format!("{of} is not an object")),
    }
}

/// A member that must be a text with something in it.
pub(super) fn text(value: &Value, member: &str, wrong: &mut Vec<String>) -> String {
    match value.get(member).and_then(Value::as_str) {
        Some(text) if !text.is_empty() => text.into(),
        _ => {
            wrong.push(format!("{member} is not a text"));
            String::new()
        }
    }
}

/// The member `stream`: true, false, or not there.
pub(super) fn stream(body: &Value, wrong: &mut Vec<String>) -> bool {
    match body.get("stream") {
        None => false,
        Some(Value::Bool(stream)) => *stream,
        Some(other) => {
            wrong.push(format!("stream {other}"));
            false
        }
    }
}

/// An array that must have something in it.
pub(super) fn list<'v>(value: &'v Value, member: &str, wrong: &mut Vec<String>) -> &'v [Value] {
    match value.get(member).and_then(Value::as_array) {
        Some(list) if !list.is_empty() => list,
        _ => {
            wrong.push(format!("{member} is not a list with something in it"));
            &[]
        }
    }
}

/// The roles of turns: only known ones, the last one the user's.
pub(super) fn roles(turns: &[Value], known: &[&str], wrong: &mut Vec<String>) {
    let roles: Vec<&str> =
        turns.iter().map(|turn| turn.get("role").and_then(Value::as_str).unwrap_or("")).collect();
    if roles.iter().any(|role| !known.contains(role)) || roles.last() != Some(&"user") {
        wrong.push(format!("roles {roles:?}"));
    }
}

/// The text of the last turn of the user: one string, or parts that have a `text`.
pub(super) fn last_text(turns: &[Value], content: &str, wrong: &mut Vec<String>) -> String {
    let last = turns.iter().rev().find(|turn| turn.get("role").and_then(Value::as_str) == Some("user"));
    match last.and_then(|turn| turn.get(content)) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(parts)) if !parts.is_empty() => parts
            .iter()
            .filter_map(|part| {
                let text = part.get("text").and_then(Value::as_str);
                if text.is_none_or(str::is_empty) {
                    wrong.push("a part without text".into());
                }
                text
            })
            .collect(),
        _ => {
            wrong.push(format!("no {content} of the user"));
            String::new()
        }
    }
}

/// The path must be this one.
pub(super) fn path(target: &str, expected: &str, wrong: &mut Vec<String>) {
    if target != expected {
        wrong.push(format!("path {target:?}, not {expected:?}"));
    }
}

/// The model in a path, percent signs decoded; what comes after it; nothing else before it.
pub(super) fn model_in_path<'t>(
    target: &'t str,
    before: &str,
    mark: char,
    wrong: &mut Vec<String>,
) -> (String, &'t str) {
    let found = target.strip_prefix(before).and_then(|rest| rest.rsplit_once(mark));
    match found {
        Some((model, method)) if !model.is_empty() && !model.contains('/') => (decoded(model), method),
        _ => {
            wrong.push(format!("path {target:?}"));
            (String::new(), "")
        }
    }
}

/// A model's name with its percent escapes undone.
fn decoded(model: &str) -> String {
    let mut parts = model.split('%');
    let mut out: Vec<u8> = parts.next().unwrap_or_default().into();
    for part in parts {
        match part.split_at_checked(2).map(|(hex, rest)| (u8::from_str_radix(hex, 16), rest)) {
            Some((Ok(byte), rest)) => {
                out.push(byte);
                out.extend_from_slice(rest.as_bytes());
            }
            _ => {
                out.push(b'%');
                out.extend_from_slice(part.as_bytes());
            }
        }
    }
    String::from_utf8(out).unwrap_or_default()
}
