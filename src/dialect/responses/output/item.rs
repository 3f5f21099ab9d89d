//! The items themselves: what each holds until it ends, and how it is written.

use crate::dialect::responses::words::{self, Frames, escaped_member, key, member};

/// An item of text.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) at: usize,
    pub(super) id: String,
    /// Parts that have ended, as JSON, each behind a comma but the first.
    pub(super) content: Vec<u8>,
    /// How many those are.
    pub(super) parts: u64,
    pub(super) part: Option<Part>,
}

/// A part of it: text, or a refusal.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) refuses: bool,
    /// Escaped for a JSON string.
    pub(super) text: Vec<u8>,
    /// As JSON, each behind a comma but the first.
    pub(super) annotations: Vec<u8>,
    pub(super) sources: u64,
    /// Characters of the answer before it.
    pub(super) start: u64,
}

/// An item of reasoning.
#[derive(Debug)]
pub(super) struct Reasoning {
    pub(super) at: usize,
    pub(super) id: String,
    /// Escaped for a JSON string.
    pub(super) text: Vec<u8>,
}

/// A call of a tool.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) index: u32,
    pub(super) at: usize,
    pub(super) id: String,
    /// Its members besides type, status and arguments, each behind a comma.
    pub(super) members: Vec<u8>,
    pub(super) custom: bool,
    /// Escaped for a JSON string; of a custom tool as they came.
    pub(super) arguments: Vec<u8>,
}

impl Message {
    pub(super) fn item(&self, status: &str) -> Vec<u8> {
        let mut item = b"{\"type\":\"message\"".to_vec();
        member("id", &self.id, &mut item);
        member("status", status, &mut item);
        item.extend_from_slice(b",\"role\":\"assistant\",\"content\":[");
        item.extend_from_slice(&self.content);
        item.extend_from_slice(b"]}");
        item
    }

    pub(super) fn end_part(&mut self, frames: &mut Frames, out: &mut Vec<u8>) {
        let Some(part) = self.part.take() else { return };
        let (kind, name, rest): (_, _, &[u8]) = match part.refuses {
            true => ("response.refusal.done", "refusal", b""),
            false => ("response.output_text.done", "text", b",\"logprobs\":[]"),
        };
        if frames.begin(kind, out) {
            content_place(&self.id, self.at, self.parts, out);
            escaped_member(name, &part.text, out);
            out.extend_from_slice(rest);
            words::end(out);
        }
        if frames.begin("response.content_part.done", out) {
            content_place(&self.id, self.at, self.parts, out);
            key("part", out);
            part.write(out);
            words::end(out);
        }
        let mut json = Vec::new();
        part.write(&mut json);
        append(&json, &mut self.content);
        self.parts += 1;
    }
}

impl Part {
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        if self.refuses {
            out.extend_from_slice(b"{\"type\":\"refusal\"");
            escaped_member("refusal", &self.text, out);
        } else {
            out.extend_from_slice(b"{\"type\":\"output_text\"");
            escaped_member("text", &self.text, out);
            out.extend_from_slice(b",\"annotations\":[");
            out.extend_from_slice(&self.annotations);
            out.extend_from_slice(b"],\"logprobs\":[]");
        }
        out.push(b'}');
    }
}

impl Reasoning {
    pub(super) fn item(&self, encrypted: Option<&str>) -> Vec<u8> {
        let mut item = b"{\"type\":\"reasoning\"".to_vec();
        member("id", &self.id, &mut item);
        item.extend_from_slice(b",\"summary\":[");
        if !self.text.is_empty() {
            summary(&self.text, &mut item);
        }
        item.push(b']');
        if let Some(encrypted) = encrypted {
            member("encrypted_content", encrypted, &mut item);
        }
        item.push(b'}');
        item
    }
}

impl Call {
    /// `arguments` are escaped, or the input of a custom tool, which has no status.
    pub(super) fn item(&self, status: &str, arguments: &[u8]) -> Vec<u8> {
        let mut item = Vec::with_capacity(128 + self.members.len() + arguments.len());
        item.extend_from_slice(b"{\"type\":\"");
        item.extend_from_slice(if self.custom { b"custom_tool_call" } else { b"function_call" });
        item.push(b'"');
        member("id", &self.id, &mut item);
        if !self.custom {
            member("status", status, &mut item);
        }
        item.extend_from_slice(&self.members);
        escaped_member(if self.custom { "input" } else { "arguments" }, arguments, &mut item);
        item.push(b'}');
        item
    }
}

/// Appends a summary of reasoning, whose text is escaped already.
pub(super) fn summary(text: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"type\":\"summary_text\"");
    escaped_member("text", text, out);
    out.push(b'}');
}

/// Appends the members that say which item an event is of.
pub(super) fn item_place(id: &str, at: usize, out: &mut Vec<u8>) {
    member("item_id", id, out);
    words::count("output_index", at as u64, out);
}

/// The same, of which part of a message.
pub(super) fn content_place(id: &str, at: usize, part: u64, out: &mut Vec<u8>) {
    item_place(id, at, out);
    words::count("content_index", part, out);
}

/// The same, of the one summary of reasoning.
pub(super) fn summary_place(id: &str, at: usize, out: &mut Vec<u8>) {
    item_place(id, at, out);
    words::count("summary_index", 0, out);
}

/// Appends an element to others.
pub(super) fn append(element: &[u8], elements: &mut Vec<u8>) {
    if !elements.is_empty() {
        elements.push(b',');
    }
    elements.extend_from_slice(element);
}
