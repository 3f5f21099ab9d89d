//! A reply in the form of a Messages `message`.
//!
//! Blocks come in the order in which the provider gave them. Texts with nothing but sources between them are one block,
//! as they are in a stream.

use super::words;
use crate::{
    dialect::{ReplyContext, chat::json},
    ir::{Reply, ReplyPart},
    provider::json::is_object,
    signature::Carried,
};

#[cfg(test)]
mod tests;

/// Appends `reply` to `out` as one JSON object.
pub fn write(reply: &Reply<'_>, context: &ReplyContext, out: &mut Vec<u8>) {
    words::head(reply.id.as_deref(), reply.model.as_deref(), context, out);
    out.extend_from_slice(b",\"content\":[");
    let mut content = Content { any: false, text: false, cited: Vec::new(), of_text: None, out };
    content.of_text = reply.parts.iter().find_map(|part| match part {
        ReplyPart::Extra(extra) => words::of_text(extra),
        _ => None,
    });
    content.parts(&reply.parts);
    let calls = reply.parts.iter().any(|part| matches!(part, ReplyPart::ToolCall { .. }));
    let declines = reply.parts.iter().any(|part| matches!(part, ReplyPart::Refusal(_)));
    out.extend_from_slice(b"],");
    words::stop(&reply.finish, calls, declines, out);
    out.extend_from_slice(b",\"usage\":");
    words::usage(&reply.usage.unwrap_or_default(), out);
    out.extend_from_slice(words::USAGE_REST);
    out.push(b'}');
}

/// The list of blocks under construction.
struct Content<'o> {
    /// A block was begun.
    any: bool,
    /// The last one is of text, and is open.
    text: bool,
    /// The sources of the block of text that is open or comes next: elements of a list.
    cited: Vec<u8>,
    /// The data of the block that is to stand before the first text.
    of_text: Option<String>,
    out: &'o mut Vec<u8>,
}

impl Content<'_> {
    fn parts(&mut self, parts: &[ReplyPart<'_>]) {
        for (at, part) in parts.iter().enumerate() {
            let rest = || parts.get(at..).unwrap_or_default();
            match part {
                ReplyPart::Text(text) | ReplyPart::Refusal(text) => self.text(text),
                ReplyPart::Citation(citation) => {
                    if !self.cited.is_empty() {
                        self.cited.push(b',');
                    }
                    words::source(citation, &mut self.cited);
                }
                ReplyPart::Thinking { text, signature } => {
                    self.thinking(text, signature.as_deref(), rest());
                }
                ReplyPart::RedactedThinking(data) => self.redacted(data, rest()),
                ReplyPart::ToolCall { id, name, arguments, signature } => {
                    if let Some(signature) = signature {
                        self.redacted(&Carried::OfCall(signature).data(), rest());
                    }
                    self.call((id, name), arguments, rest());
                }
                ReplyPart::Extra(_) => {}
            }
        }
        self.close_text(&[]);
        if let Some(data) = self.of_text.take() {
            self.redacted(&data, &[]);
        }
        // Clients take a block for granted; an empty text is none where there is another.
        if !self.any {
            self.out.extend_from_slice(b"{\"type\":\"text\",\"text\":\"\"}");
        }
    }

    fn text(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        if !self.text {
            if let Some(data) = self.of_text.take() {
                self.redacted(&data, &[]);
            }
            self.separate();
            self.out.extend_from_slice(b"{\"type\":\"text\",\"text\":\"");
            self.text = true;
        }
        json::escaped(text, self.out);
    }

    /// Closes the block of text that is open. Where no text comes in the `rest` of the parts, its sources do belong to
    /// this one.
    fn close_text(&mut self, rest: &[ReplyPart<'_>]) {
        if !std::mem::take(&mut self.text) {
            return;
        }
        let is_text = |part: &ReplyPart<'_>| matches!(part, ReplyPart::Text(_) | ReplyPart::Refusal(_));
        if !rest.iter().any(is_text) {
            for part in rest {
                let ReplyPart::Citation(citation) = part else { continue };
                if !self.cited.is_empty() {
                    self.cited.push(b',');
                }
                words::source(citation, &mut self.cited);
            }
        }
        self.out.push(b'"');
        if !self.cited.is_empty() {
            self.out.extend_from_slice(b",\"citations\":[");
            self.out.append(&mut self.cited);
            self.out.push(b']');
        }
        self.out.push(b'}');
    }

    fn separate(&mut self) {
        if std::mem::replace(&mut self.any, true) {
            self.out.push(b',');
        }
    }

    /// A signature has to be there: the SDKs' types, and clients that send the block back, want a string.
    fn thinking(&mut self, text: &str, signature: Option<&str>, rest: &[ReplyPart<'_>]) {
        self.close_text(rest);
        self.separate();
        self.out.extend_from_slice(b"{\"type\":\"thinking\",\"thinking\":");
        json::string(text, self.out);
        self.out.extend_from_slice(b",\"signature\":");
        json::string(signature.unwrap_or_default(), self.out);
        self.out.push(b'}');
    }

    fn redacted(&mut self, data: &str, rest: &[ReplyPart<'_>]) {
        self.close_text(rest);
        self.separate();
        words::redacted(data, self.out);
    }

    /// Arguments that are no object (a model wrote them, and may have been cut off) are told as Anthropic's guide
    /// "Fine-grained tool streaming" wraps them, so that no tool runs without what it was to get.
    fn call(&mut self, (id, name): (&str, &str), arguments: &str, rest: &[ReplyPart<'_>]) {
        self.close_text(rest);
        self.separate();
        words::call(id, name, self.out);
        if is_object(arguments) {
            self.out.extend_from_slice(arguments.as_bytes());
        } else {
            self.out.extend_from_slice(b"{\"INVALID_JSON\":");
            json::string(arguments, self.out);
            self.out.push(b'}');
        }
        self.out.push(b'}');
    }
}
