//! A streamed reply in the form of `chat.completion.chunk` events.
//!
//! The order is OpenAI's: a chunk with the role, chunks with what is new, a chunk with the finish reason, a chunk with
//! the usage if the client asked for it, `[DONE]`. All chunks have the same id, time and model.

use super::{error, json, words};
use crate::{
    dialect::ReplyContext,
    ir::{ApiError, Citation, Encoder, ErrorKind, Event, Usage},
};

#[cfg(test)]
mod tests;

/// Behind the head of a chunk: the one choice, up to the members of its delta.
const CHOICE: &[u8] = b",\"choices\":[{\"index\":0,\"delta\":{";

/// Behind the text of a chunk of text: what [`ChatEncoder::choice`] writes, in one piece.
const TEXT_TAIL: &[u8] = b"\"},\"logprobs\":null,\"finish_reason\":null}]}\n\n";
/// The same for clients that asked for usage.
const TEXT_TAIL_USAGE: &[u8] = b"\"},\"logprobs\":null,\"finish_reason\":null}],\"usage\":null}\n\n";

/// Writes one stream.
#[derive(Debug)]
pub struct ChatEncoder {
    context: ReplyContext,
    /// What every chunk begins with, `data: ` included, up to its `choices`. Empty until the stream begins.
    head: Vec<u8>,
    /// What every chunk of text begins with, up to the text: nearly all chunks are such. Empty until then too.
    text_head: Vec<u8>,
    /// Which block of reasoning is next, or open.
    block: u32,
    /// Whether reasoning came that no signature has closed.
    thinks: bool,
    /// Which source is next.
    source: u32,
    /// Held back until the provider's last event, so that a stream that is cut never looks finished.
    finish: Option<&'static str>,
    usage: Option<Usage>,
    /// `[DONE]` or an error was written; nothing follows it.
    closed: bool,
}

impl ChatEncoder {
    /// A stream that has not begun.
    pub fn new(context: ReplyContext) -> Self {
        Self {
            context,
            head: Vec::new(),
            text_head: Vec::new(),
            block: 0,
            thinks: false,
            source: 0,
            finish: None,
            usage: None,
            closed: false,
        }
    }

    fn start(&mut self, id: Option<&str>, model: Option<&str>, out: &mut Vec<u8>) {
        if !self.head.is_empty() {
            return;
        }
        self.head.extend_from_slice(b"data: ");
        words::head("chat.completion.chunk", id, None, model, &self.context, &mut self.head);
        self.text_head.extend_from_slice(&self.head);
        self.text_head.extend_from_slice(CHOICE);
        self.text_head.extend_from_slice(b"\"content\":\"");
        self.delta(out, |out| {
            out.extend_from_slice(b"\"role\":\"assistant\",\"content\":\"\",\"refusal\":null")
        });
    }

    /// Appends one chunk whose delta has the members that `members` writes.
    fn delta(&mut self, out: &mut Vec<u8>, members: impl FnOnce(&mut Vec<u8>)) {
        self.choice(out, None, members);
    }

    fn choice(&mut self, out: &mut Vec<u8>, finish: Option<&str>, members: impl FnOnce(&mut Vec<u8>)) {
        if self.head.is_empty() {
            self.start(None, None, out);
        }
        out.extend_from_slice(&self.head);
        out.extend_from_slice(CHOICE);
        members(out);
        out.extend_from_slice(b"},\"logprobs\":null,\"finish_reason\":");
        json::string_or_null(finish, out);
        out.extend_from_slice(b"}]");
        // Clients that asked see by it that the count is still to come.
        if self.context.include_usage {
            out.extend_from_slice(b",\"usage\":null");
        }
        out.extend_from_slice(b"}\n\n");
    }

    /// Appends a chunk of text, unless the text is empty.
    fn text(&mut self, text: &str, out: &mut Vec<u8>) {
        if text.is_empty() {
            return;
        }
        if self.head.is_empty() {
            self.start(None, None, out);
        }
        let tail = if self.context.include_usage { TEXT_TAIL_USAGE } else { TEXT_TAIL };
        out.reserve(self.text_head.len() + text.len() + tail.len());
        out.extend_from_slice(&self.text_head);
        json::escaped(text, out);
        out.extend_from_slice(tail);
    }

    /// Appends a chunk of text that declines to answer, unless the text is empty.
    fn refusal(&mut self, text: &str, out: &mut Vec<u8>) {
        if text.is_empty() {
            return;
        }
        self.delta(out, |out| {
            out.extend_from_slice(b"\"refusal\":");
            json::string(text, out);
        });
    }

    /// Appends a chunk of reasoning. It is written in both extensions: `reasoning_content` is what clients show,
    /// and those that join `thinking_blocks` need the text there too for the signature to be good.
    fn thinking(&mut self, text: &str, out: &mut Vec<u8>) {
        if text.is_empty() {
            return;
        }
        self.thinks = true;
        let at = Some(self.block);
        self.delta(out, |out| {
            out.extend_from_slice(b"\"reasoning_content\":");
            json::string(text, out);
            out.extend_from_slice(b",\"thinking_blocks\":[");
            words::thinking_block(text, None, at, out);
            out.push(b']');
        });
    }

    /// Appends what closes a block of reasoning: its signature, or the whole of one that is encrypted.
    fn block(&mut self, out: &mut Vec<u8>, block: impl FnOnce(Option<u32>, &mut Vec<u8>)) {
        let at = Some(self.block);
        self.block = self.block.saturating_add(1);
        self.thinks = false;
        self.delta(out, |out| {
            out.extend_from_slice(b"\"thinking_blocks\":[");
            block(at, out);
            out.push(b']');
        });
    }

    fn redacted(&mut self, data: &str, out: &mut Vec<u8>) {
        // It is no part of the reasoning before it.
        self.block = self.block.saturating_add(self.thinks.into());
        self.block(out, |at, out| words::redacted_block(data, at, out));
    }

    fn citation(&mut self, citation: &Citation<'_>, out: &mut Vec<u8>) {
        let at = Some(self.source);
        self.source = self.source.saturating_add(1);
        self.delta(out, |out| {
            out.extend_from_slice(b"\"annotations\":[");
            words::annotation(citation, at, out);
            out.push(b']');
        });
    }

    fn tool_start(&mut self, index: u32, id: &str, name: &str, signature: Option<&str>, out: &mut Vec<u8>) {
        self.delta(out, |out| {
            out.extend_from_slice(b"\"tool_calls\":[{\"index\":");
            json::number(index.into(), out);
            out.extend_from_slice(b",\"id\":");
            json::string(id, out);
            out.extend_from_slice(b",\"type\":\"function\",\"function\":{\"name\":");
            json::string(name, out);
            out.extend_from_slice(b",\"arguments\":\"\"}");
            words::signature(signature, out);
            out.extend_from_slice(b"}]");
        });
    }

    fn tool_arguments(&mut self, index: u32, fragment: &str, out: &mut Vec<u8>) {
        if fragment.is_empty() {
            return;
        }
        self.delta(out, |out| {
            out.extend_from_slice(b"\"tool_calls\":[{\"index\":");
            json::number(index.into(), out);
            out.extend_from_slice(b",\"function\":{\"arguments\":");
            json::string(fragment, out);
            out.extend_from_slice(b"}}]");
        });
    }

    fn done(&mut self, out: &mut Vec<u8>) {
        let Some(finish) = self.finish else {
            let error =
                ApiError::new(ErrorKind::Server, "the provider's stream ended without a finish reason");
            return self.fail(&error, out);
        };
        self.choice(out, Some(finish), |_| ());
        if let Some(usage) = self.usage.filter(|_| self.context.include_usage) {
            out.extend_from_slice(&self.head);
            out.extend_from_slice(b",\"choices\":[],\"usage\":");
            words::usage(&usage, out);
            out.extend_from_slice(b"}\n\n");
        }
        out.extend_from_slice(b"data: [DONE]\n\n");
        self.closed = true;
    }

    fn fail(&mut self, error: &ApiError, out: &mut Vec<u8>) {
        error::write_event(error, out);
        self.closed = true;
    }
}

impl Encoder for ChatEncoder {
    fn encode(&mut self, event: Event<'_>, out: &mut Vec<u8>) {
        if self.closed {
            return;
        }
        match event {
            Event::Start { id, model } => self.start(id.as_deref(), model.as_deref(), out),
            Event::Text(text) => self.text(&text, out),
            Event::Refusal(text) => self.refusal(&text, out),
            Event::Thinking(text) => self.thinking(&text, out),
            Event::Signature(signature) => {
                self.block(out, |at, out| words::thinking_block("", Some(&signature), at, out));
            }
            Event::RedactedThinking(data) => self.redacted(&data, out),
            Event::ToolStart { index, id, name, signature } => {
                self.tool_start(index, &id, &name, signature.as_deref(), out)
            }
            Event::ToolArguments { index, fragment } => self.tool_arguments(index, &fragment, out),
            Event::ToolEnd { .. } => (),
            Event::Citation(citation) => self.citation(&citation, out),
            Event::Extra(extra) => self.delta(out, |out| words::extra_content([&extra], out)),
            Event::Usage(usage) => self.usage.get_or_insert_default().merge(usage),
            Event::Finish(finish) => self.finish = Some(words::finish_reason(&finish)),
            Event::Error(error) => self.fail(&error, out),
            Event::Done => self.done(out),
        }
    }
}
