//! A reply in the form of a `chat.completion`.
//!
//! `message.refusal` and `choices[].logprobs` are there although they may be null: OpenAI's own document requires
//! both.

use super::{json, words};
use crate::{
    dialect::ReplyContext,
    ir::{Reply, ReplyPart},
};

#[cfg(test)]
mod tests;

/// Appends `reply` to `out` as one JSON object.
pub fn write(reply: &Reply<'_>, context: &ReplyContext, out: &mut Vec<u8>) {
    let (id, model) = (reply.id.as_deref(), reply.model.as_deref());
    words::head("chat.completion", id, reply.created, model, context, out);
    out.extend_from_slice(b",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":");
    content(&reply.parts, out);
    out.extend_from_slice(b",\"refusal\":");
    if !joined(&reply.parts, refusal_of, out) {
        out.extend_from_slice(b"null");
    }
    reasoning(&reply.parts, out);
    tool_calls(&reply.parts, out);
    beside(&reply.parts, out);
    out.extend_from_slice(b"},\"logprobs\":null,\"finish_reason\":");
    json::string(words::finish_reason(&reply.finish), out);
    out.extend_from_slice(b"}]");
    if let Some(usage) = &reply.usage {
        out.extend_from_slice(b",\"usage\":");
        words::usage(usage, out);
    }
    out.push(b'}');
}

/// All text as one string: a message of OpenAI's has one. It is null only where something else is the answer, since
/// clients take text for granted.
fn content(parts: &[ReplyPart<'_>], out: &mut Vec<u8>) {
    if joined(parts, text_of, out) {
        return;
    }
    let other = |part: &ReplyPart<'_>| matches!(part, ReplyPart::ToolCall { .. } | ReplyPart::Refusal(_));
    out.extend_from_slice(if parts.iter().any(other) { b"null" } else { b"\"\"" });
}

/// Reasoning as `reasoning_content` (all of it as one text) and as `thinking_blocks` (piece by piece, with what is
/// needed to send it back).
fn reasoning(parts: &[ReplyPart<'_>], out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(b",\"reasoning_content\":");
    if !joined(parts, thinking_of, out) {
        out.truncate(start);
    }
    let mut before: &[u8] = b",\"thinking_blocks\":[";
    for part in parts {
        match part {
            ReplyPart::Thinking { text, signature } => {
                out.extend_from_slice(before);
                words::thinking_block(text, signature.as_deref(), None, out);
            }
            ReplyPart::RedactedThinking(data) => {
                out.extend_from_slice(before);
                words::redacted_block(data, None, out);
            }
            _ => continue,
        }
        before = b",";
    }
    if before == b"," {
        out.push(b']');
    }
}

fn tool_calls(parts: &[ReplyPart<'_>], out: &mut Vec<u8>) {
    let mut before: &[u8] = b",\"tool_calls\":[";
    for part in parts {
        let ReplyPart::ToolCall { id, name, arguments, signature } = part else { continue };
        out.extend_from_slice(before);
        out.extend_from_slice(b"{\"id\":");
        json::string(id, out);
        out.extend_from_slice(b",\"type\":\"function\",\"function\":{\"name\":");
        json::string(name, out);
        out.extend_from_slice(b",\"arguments\":");
        json::string(arguments, out);
        out.push(b'}');
        words::signature(signature.as_deref(), out);
        out.push(b'}');
        before = b",";
    }
    if before == b"," {
        out.push(b']');
    }
}

/// Sources, and what only the vendor's own API tells.
fn beside(parts: &[ReplyPart<'_>], out: &mut Vec<u8>) {
    let mut before: &[u8] = b",\"annotations\":[";
    for part in parts {
        let ReplyPart::Citation(citation) = part else { continue };
        out.extend_from_slice(before);
        words::annotation(citation, None, out);
        before = b",";
    }
    if before == b"," {
        out.push(b']');
    }
    // All of one reply are of one vendor.
    let extras = parts.iter().filter_map(|part| match part {
        ReplyPart::Extra(extra) => Some(extra),
        _ => None,
    });
    let mut extras = extras.peekable();
    if extras.peek().is_some() {
        out.push(b',');
        words::extra_content(extras, out);
    }
}

/// Appends as one JSON string what `select` finds in the parts. Returns whether it found anything; if not, nothing
/// is appended.
fn joined<'r>(
    parts: &'r [ReplyPart<'_>],
    select: fn(&'r ReplyPart<'_>) -> Option<&'r str>,
    out: &mut Vec<u8>,
) -> bool {
    let mut found = parts.iter().filter_map(select).peekable();
    if found.peek().is_none() {
        return false;
    }
    out.push(b'"');
    found.for_each(|text| json::escaped(text, out));
    out.push(b'"');
    true
}

fn text_of<'r>(part: &'r ReplyPart<'_>) -> Option<&'r str> {
    if let ReplyPart::Text(text) = part { Some(text) } else { None }
}

fn refusal_of<'r>(part: &'r ReplyPart<'_>) -> Option<&'r str> {
    if let ReplyPart::Refusal(text) = part { Some(text) } else { None }
}

fn thinking_of<'r>(part: &'r ReplyPart<'_>) -> Option<&'r str> {
    // A provider that withholds its reasoning sends a signature with an empty text: no reasoning to show.
    if let ReplyPart::Thinking { text, .. } = part {
        Some(text.as_ref()).filter(|text| !text.is_empty())
    } else {
        None
    }
}
