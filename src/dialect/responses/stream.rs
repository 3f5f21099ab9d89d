//! A streamed reply in the form of Responses events.
//!
//! The order is OpenAI's: `response.created`, `response.in_progress`, the events of each item, and at the end
//! `response.completed` or `response.incomplete` with all of it once more. There is no `[DONE]`.

use super::{
    output::{MAX_KEPT, Output},
    words::{Body, Head, Status},
};
use crate::{
    dialect::ReplyContext,
    ir::{ApiError, Encoder, ErrorKind, Event, Usage},
};

#[cfg(test)]
mod tests;

/// Writes one stream.
#[derive(Debug)]
pub struct ResponsesEncoder {
    context: ReplyContext,
    /// `None` until the stream begins.
    head: Option<Head>,
    output: Output,
    /// Held back until the provider's last event, so that a stream that is cut never looks finished.
    finish: Option<Status<'static>>,
    usage: Option<Usage>,
    /// The last event was written; nothing follows it.
    closed: bool,
}

impl ResponsesEncoder {
    /// A stream that has not begun.
    pub fn new(context: ReplyContext) -> Self {
        let output = Output::new(&context, false);
        Self { context, head: None, output, finish: None, usage: None, closed: false }
    }

    fn start(&mut self, id: Option<&str>, model: Option<&str>, out: &mut Vec<u8>) {
        if self.head.is_some() {
            return;
        }
        let head = Head::new(id, None, model, &self.context);
        self.output.frames.created(&head, out);
        self.output.frames.response(Status::InProgress, &head, &Body::default(), out);
        self.head = Some(head);
    }

    fn content(&mut self, event: Event<'_>, out: &mut Vec<u8>) {
        self.start(None, None, out);
        let output = &mut self.output;
        match event {
            Event::Text(text) => output.text(false, &text, out),
            Event::Refusal(text) => output.text(true, &text, out),
            Event::Thinking(text) => output.thinking(&text, out),
            Event::Signature(signature) => output.signature(&signature, out),
            Event::RedactedThinking(data) => output.redacted(&data, out),
            Event::ToolStart { index, id, name, signature } => {
                output.call((index, &id, &name), signature.as_deref(), out);
            }
            Event::ToolArguments { index, fragment } => output.arguments(index, &fragment, out),
            Event::ToolEnd { index } => output.end_call(index, out),
            Event::Citation(citation) => output.citation(&citation, out),
            Event::Extra(extra) => output.extra(&extra, out),
            _ => {}
        }
        if self.output.is_full() {
            let message = ["the answer is longer than ", &(MAX_KEPT >> 20).to_string(), " MiB"].concat();
            self.fail(&ApiError::new(ErrorKind::Server, message), out);
        }
    }

    fn done(&mut self, out: &mut Vec<u8>) {
        let Some(status) = self.finish else {
            let error =
                ApiError::new(ErrorKind::Server, "the provider's stream ended without a finish reason");
            return self.fail(&error, out);
        };
        self.start(None, None, out);
        self.output.end(status.word(), out);
        if let Some(head) = &self.head {
            self.output.told(status, head, self.usage, out);
        }
        self.closed = true;
    }

    fn fail(&mut self, error: &ApiError, out: &mut Vec<u8>) {
        let head = self.head.take().unwrap_or_else(|| Head::new(None, None, None, &self.context));
        self.output.failed(error, &head, self.usage, out);
        self.closed = true;
    }
}

impl Encoder for ResponsesEncoder {
    fn encode(&mut self, event: Event<'_>, out: &mut Vec<u8>) {
        if self.closed {
            return;
        }
        match event {
            Event::Start { id, model } => self.start(id.as_deref(), model.as_deref(), out),
            Event::Usage(usage) => self.usage.get_or_insert_default().merge(usage),
            Event::Finish(finish) => self.finish = Some(Status::of(&finish)),
            Event::Error(error) => self.fail(&error, out),
            Event::Done => self.done(out),
            content => self.content(content, out),
        }
    }
}
