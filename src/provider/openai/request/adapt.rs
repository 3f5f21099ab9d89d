//! A request to a provider that differs from OpenAI: what its quirks name is changed, all other values stay as they
//! were sent.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::with_usage;
use crate::{
    dialect::chat::{field::Field, scan::Head},
    ir::ApiError,
    provider::{
        Upstream,
        json::{self, Array, Object, pick_bytes},
        quirks::{Quirks, lacking},
    },
};

#[cfg(test)]
mod tests;

/// What `refuses` calls a member of messages by.
const IN_MESSAGES: &str = "messages[].";

/// What becomes of a member.
enum Edit {
    Keep,
    Skip,
    /// Another value, as JSON text.
    Replace(Vec<u8>),
}

/// Refuses what the provider lacks. The gateway leaves such targets out before it comes to this, but for those that
/// share a class with one that serves the request.
pub(super) fn check(head: &Head, quirks: &Quirks) -> Result<(), ApiError> {
    let lacks = quirks.lacks();
    let lacked = head.fields.iter().find(|field| lacks.contains(*field));
    lacked.map_or(Ok(()), |field| {
        let (name, why) = (field.name(), lacking(field).unwrap_or_default());
        Err(ApiError::invalid(name, format!("`{name}` cannot be sent to this provider: {why}.")))
    })
}

/// Appends `body` to `out` as the provider takes it. Returns false, with `out` as it was, where no quirk has to do
/// with this request.
pub(super) fn write(body: &[u8], head: &Head, upstream: &Upstream<'_>, out: &mut Vec<u8>) -> bool {
    let Some(members) = serde_json::from_slice(body).ok().and_then(json::members) else { return false };
    let quirks = upstream.quirks;
    let rewrite = Rewrite { quirks, members: &members };
    let edits: Vec<Edit> = members.iter().map(|(name, raw)| rewrite.top(name, raw)).collect();
    let is_kept = edits.iter().all(|edit| matches!(edit, Edit::Keep));
    if is_kept && quirks.fixed.is_empty() && !rewrite.looks_into_lists() {
        return false;
    }
    out.reserve(body.len() + upstream.model.len() + 64);
    let mut object = Object::begin(out);
    for ((name, raw), edit) in members.iter().zip(edits) {
        let sent = rewrite.name(name);
        match edit {
            Edit::Skip => {}
            Edit::Replace(value) => object.any_key(sent).extend_from_slice(&value),
            Edit::Keep => rewrite.value(name, raw, head, upstream.model, object.any_key(sent)),
        }
    }
    if asks_for_usage(head, quirks) && head.stream_options_span.is_none() {
        object.raw("stream_options", "{\"include_usage\":true}");
    }
    for (name, value) in &quirks.fixed {
        object.any_key(name).extend_from_slice(value.get().as_bytes());
    }
    object.end();
    true
}

/// Whether usage is to be asked for: always in streams, where the provider lets.
pub(super) fn asks_for_usage(head: &Head, quirks: &Quirks) -> bool {
    head.stream && !quirks.refuses(Field::StreamOptions.name())
}

type Member<'a> = (Cow<'a, str>, &'a RawValue);

struct Rewrite<'a> {
    quirks: &'a Quirks,
    members: &'a [Member<'a>],
}

impl Rewrite<'_> {
    /// What becomes of a member of the request.
    fn top(&self, name: &str, raw: &RawValue) -> Edit {
        let quirks = self.quirks;
        let sent = self.name(name);
        let unknown = quirks.known_only && Field::top_level(name).is_none();
        let is_fixed = quirks.fixed.iter().any(|(fixed, _)| fixed == sent);
        if unknown || is_fixed || quirks.refuses(name) || self.source_of(sent) != name {
            return Edit::Skip;
        }
        if let Some((_, low, high)) = quirks.clamp.iter().find(|(of, ..)| of == name)
            && let Some(number) = clamped(raw, *low, *high)
        {
            return Edit::Replace(number);
        }
        let words = quirks.values.iter().filter(|(of, ..)| of == name);
        for (_, from, to) in words {
            if is_word(raw, from) {
                let mut text = Vec::new();
                json::value(&mut text, to);
                return Edit::Replace(text);
            }
        }
        // A member that goes by another name cannot be spliced.
        if sent == name { Edit::Keep } else { Edit::Replace(raw.get().as_bytes().to_vec()) }
    }

    /// The provider's name of a member.
    fn name<'n>(&'n self, name: &'n str) -> &'n str {
        let renamed = self.quirks.rename.iter().find(|(ours, _)| ours == name);
        renamed.map_or(name, |(_, theirs)| theirs)
    }

    /// Which member of the request is sent under the provider's name `sent`: one that is renamed to it, or else the
    /// one of this name.
    fn source_of<'n>(&'n self, sent: &'n str) -> &'n str {
        let is_there = |ours: &str| {
            self.members.iter().any(|(name, raw)| name == ours && raw.get() != "null")
                && !self.quirks.refuses(ours)
        };
        let mut renamed = self.quirks.rename.iter().filter(|(_, theirs)| theirs == sent);
        renamed.find(|(ours, _)| is_there(ours)).map_or(sent, |(ours, _)| ours)
    }

    /// Whether messages or tools may have to change.
    fn looks_into_lists(&self) -> bool {
        let inside = |name: &String| name.starts_with(IN_MESSAGES) || name == Field::CacheControl.name();
        self.quirks.developer_as_system || self.quirks.flat_content || self.quirks.refuses.iter().any(inside)
    }

    /// Appends the value of a member of the request that is kept.
    fn value(&self, name: &str, raw: &RawValue, head: &Head, model: &str, out: &mut Vec<u8>) {
        match name {
            "model" => json::value(out, model),
            "stream_options" if head.stream && !head.include_usage => {
                out.extend_from_slice(&with_usage(raw.get().as_bytes()));
            }
            "messages" if self.looks_into_lists() => list(raw, out, &|name, raw| self.in_message(name, raw)),
            "tools" if self.quirks.refuses(Field::CacheControl.name()) => {
                list(raw, out, &|name, raw| match name {
                    "function" => replaced(raw, &|name, _| self.marked(name)),
                    _ => self.marked(name),
                })
            }
            _ => out.extend_from_slice(raw.get().as_bytes()),
        }
    }

    /// What becomes of a member of a message.
    fn in_message(&self, name: &str, raw: &RawValue) -> Edit {
        let quirks = self.quirks;
        match name {
            "role" if quirks.developer_as_system && is_word(raw, "developer") => {
                Edit::Replace(b"\"system\"".to_vec())
            }
            "content" if raw.get().starts_with('[') => {
                let flat = if quirks.flat_content { joined(raw) } else { None };
                flat.map_or_else(|| replaced_list(raw, &|name, _| self.marked(name)), Edit::Replace)
            }
            "tool_calls" if quirks.refuses(Field::CallSignature.name()) => {
                replaced_list(raw, &|name, _| if name == "extra_content" { Edit::Skip } else { Edit::Keep })
            }
            "cache_control" => self.marked(name),
            _ => {
                let mut refused = quirks.refuses.iter();
                let is_refused = refused.any(|refused| refused.strip_prefix(IN_MESSAGES) == Some(name));
                if is_refused { Edit::Skip } else { Edit::Keep }
            }
        }
    }

    /// What becomes of a member of a part or a tool.
    fn marked(&self, name: &str) -> Edit {
        let marks = name == Field::CacheControl.name() && self.quirks.refuses(name);
        if marks { Edit::Skip } else { Edit::Keep }
    }
}

fn is_word(raw: &RawValue, word: &str) -> bool {
    serde_json::from_str::<Cow<'_, str>>(raw.get()).is_ok_and(|found| found == word)
}

type Decide<'d> = &'d dyn Fn(&str, &RawValue) -> Edit;

/// Appends an array of objects, each with its members as `decide` says; whatever is none is copied.
fn list(raw: &RawValue, out: &mut Vec<u8>, decide: Decide<'_>) {
    let Ok(elements) = serde_json::from_str::<Vec<&RawValue>>(raw.get()) else {
        return out.extend_from_slice(raw.get().as_bytes());
    };
    let mut array = Array::begin(out);
    for element in elements {
        object(element, array.item(), decide);
    }
    array.end();
}

/// Appends an object with its members as `decide` says: the very text where all are kept.
fn object(raw: &RawValue, out: &mut Vec<u8>, decide: Decide<'_>) {
    let members = json::members(raw).unwrap_or_default();
    let edits: Vec<Edit> = members.iter().map(|(name, raw)| decide(name, raw)).collect();
    if edits.iter().all(|edit| matches!(edit, Edit::Keep)) {
        return out.extend_from_slice(raw.get().as_bytes());
    }
    let mut object = Object::begin(out);
    for ((name, raw), edit) in members.iter().zip(edits) {
        match edit {
            Edit::Skip => {}
            Edit::Keep => object.any_key(name).extend_from_slice(raw.get().as_bytes()),
            Edit::Replace(value) => object.any_key(name).extend_from_slice(&value),
        }
    }
    object.end();
}

fn replaced(raw: &RawValue, decide: Decide<'_>) -> Edit {
    changed(raw, |out| object(raw, out, decide))
}

fn replaced_list(raw: &RawValue, decide: Decide<'_>) -> Edit {
    changed(raw, |out| list(raw, out, decide))
}

fn changed(raw: &RawValue, write: impl FnOnce(&mut Vec<u8>)) -> Edit {
    let mut out = Vec::with_capacity(raw.get().len());
    write(&mut out);
    if out == raw.get().as_bytes() { Edit::Keep } else { Edit::Replace(out) }
}

/// The number as JSON text, where it is out of the range.
fn clamped(raw: &RawValue, low: f64, high: f64) -> Option<Vec<u8>> {
    let number = serde_json::from_str::<f64>(raw.get()).ok()?;
    let bound = if number < low {
        low
    } else if number > high {
        high
    } else {
        return None;
    };
    let mut text = Vec::new();
    // Members that take whole numbers take no `8192.0`.
    if bound.fract() == 0.0 && bound.abs() < 9e15 {
        json::value(&mut text, &(bound as i64));
    } else {
        json::value(&mut text, &bound);
    }
    Some(text)
}

/// The texts of a list of parts, joined by line ends as servers of open models do, as a JSON string; `None` where a
/// part is no text.
fn joined(raw: &RawValue) -> Option<Vec<u8>> {
    let text = |part: &RawValue| {
        let [kind, said] = pick_bytes(part.get().as_bytes(), ["type", "text"])?;
        (json::text(kind)? == "text").then(|| json::text(said).map(Cow::into_owned)).flatten()
    };
    let texts: Vec<String> = json::list(Some(raw)).into_iter().map(text).collect::<Option<_>>()?;
    let mut out = Vec::with_capacity(raw.get().len());
    json::value(&mut out, &texts.join("\n"));
    Some(out)
}
