//! A streamed reply in the form of `text_completion` objects: one for each piece of text, one with the finish reason, one
//! with the usage if the client asked for it, `[DONE]`.

use super::reply::{OBJECT, finish};
use crate::{
    dialect::{
        ReplyContext,
        chat::{error, json, words},
    },
    ir::{ApiError, Encoder, ErrorKind, Event, Usage},
};

/// Writes one stream.
#[derive(Debug)]
pub struct CompletionsEncoder {
    context: ReplyContext,
    /// What every object begins with, `data: ` included, up to its `choices`. Empty until the stream begins.
    head: Vec<u8>,
    /// Held back until the provider's last event, so that a stream that is cut never looks finished.
    finish: Option<&'static str>,
    usage: Option<Usage>,
    /// `[DONE]` or an error was written; nothing follows it.
    closed: bool,
}

impl CompletionsEncoder {
    /// A stream that has not begun.
    pub fn new(context: ReplyContext) -> Self {
        Self { context, head: Vec::new(), finish: None, usage: None, closed: false }
    }

    fn start(&mut self, id: Option<&str>, model: Option<&str>) {
        if self.head.is_empty() {
            self.head.extend_from_slice(b"data: ");
            words::head(OBJECT, id, None, model, &self.context, &mut self.head);
        }
    }

    fn text(&mut self, text: &str, ended: Option<&str>, out: &mut Vec<u8>) {
        self.start(None, None);
        out.extend_from_slice(&self.head);
        out.extend_from_slice(b",\"choices\":[{\"text\":");
        json::string(text, out);
        finish(ended, out);
        if self.context.include_usage {
            out.extend_from_slice(b",\"usage\":null");
        }
        out.extend_from_slice(b"}\n\n");
    }

    fn done(&mut self, out: &mut Vec<u8>) {
        let Some(finish) = self.finish else {
            return self.fail(&ApiError::new(ErrorKind::Server, NO_FINISH), out);
        };
        self.text("", Some(finish), out);
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

const NO_FINISH: &str = "the provider's stream ended without a finish reason";

impl Encoder for CompletionsEncoder {
    fn encode(&mut self, event: Event<'_>, out: &mut Vec<u8>) {
        if self.closed {
            return;
        }
        match event {
            Event::Start { id, model } => self.start(id.as_deref(), model.as_deref()),
            Event::Text(text) | Event::Refusal(text) if !text.is_empty() => self.text(&text, None, out),
            Event::Usage(usage) => self.usage.get_or_insert_default().merge(usage),
            Event::Finish(finish) => self.finish = Some(words::finish_reason(&finish)),
            Event::Error(error) => self.fail(&error, out),
            Event::Done => self.done(out),
            // Reasoning, calls and sources have no place.
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(include_usage: bool, events: Vec<Event<'_>>) -> String {
        let context = ReplyContext {
            id: "x".into(),
            created: 7,
            model: "m".into(),
            include_usage,
            ..ReplyContext::default()
        };
        let mut encoder = CompletionsEncoder::new(context);
        let mut out = Vec::new();
        events.into_iter().for_each(|event| encoder.encode(event, &mut out));
        String::from_utf8(out).unwrap()
    }

    fn events() -> Vec<Event<'static>> {
        let usage = Usage { input: Some(3), output: Some(2), ..Usage::default() };
        vec![
            Event::Start { id: Some("p1".into()), model: None },
            Event::Thinking("hm".into()),
            Event::Text("a".into()),
            Event::Text("".into()),
            Event::Usage(usage),
            Event::Finish(crate::ir::Finish::Length),
            Event::Done,
        ]
    }

    #[test]
    fn pieces_then_the_reason_then_the_end() {
        const HEAD: &str =
            r#"data: {"id":"p1","object":"text_completion","created":7,"model":"m","choices":["#;
        let plain = written(false, events());
        let wanted = format!(
            "{HEAD}{}\n\n{HEAD}{}\n\ndata: [DONE]\n\n",
            r#"{"text":"a","index":0,"logprobs":null,"finish_reason":null}]}"#,
            r#"{"text":"","index":0,"logprobs":null,"finish_reason":"length"}]}"#,
        );
        assert_eq!(plain, wanted);
        let counted = written(true, events());
        assert_eq!(counted.matches(r#""usage":null"#).count(), 2);
        assert!(
            counted.contains(
                r#""choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}"#
            )
        );
    }

    #[test]
    fn a_stream_without_a_reason_ends_as_an_error() {
        let mut cut = events();
        cut.remove(5);
        let told = written(false, cut);
        assert!(told.ends_with("}}\n\n") && told.contains("\"error\"") && !told.contains("[DONE]"), "{told}");
    }
}
