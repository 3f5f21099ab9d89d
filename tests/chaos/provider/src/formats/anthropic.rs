//! Anthropic's messages.

use serde_json::Value;

use super::{Answer, Api, Asked, Event, Failure, named, quoted, shape, words};
use crate::faults::Refusal;

pub(super) struct Anthropic;

const KEYS: [&str; 7] = ["model", "messages", "system", "max_tokens", "stream", "temperature", "metadata"];

impl Api for Anthropic {
    fn credential(&self) -> (&'static str, &'static str) {
        ("x-api-key", "")
    }

    fn needs(&self) -> &'static [(&'static str, &'static str)] {
        &[("anthropic-version", "2023-06-01")]
    }

    fn ask(&self, target: &str, body: &Value) -> Asked {
        let mut wrong = Vec::new();
        shape::path(target, "/v1/messages", &mut wrong);
        shape::unknown("the request", body, &KEYS, &mut wrong);
        let model = shape::text(body, "model", &mut wrong);
        let stream = shape::stream(body, &mut wrong);
        if !body.get("max_tokens").is_some_and(Value::is_u64) {
            wrong.push("max_tokens is not a number".into());
        }
        let turns = shape::list(body, "messages", &mut wrong);
        shape::roles(turns, &["user", "assistant"], &mut wrong);
        let text = shape::last_text(turns, "content", &mut wrong);
        Asked { stream, usage: true, model, text, wrong }
    }

    fn whole(&self, answer: &Answer) -> Vec<u8> {
        let content = format!(r#"[{{"type":"text","text":{}}}]"#, quoted(&answer.text()));
        message(answer, &content, r#""end_turn""#, answer.completion()).into_bytes()
    }

    fn opening(&self, answer: &Answer) -> Vec<Event> {
        let message = message(answer, "[]", "null", 1);
        vec![
            Event::new("message_start", format!(r#"{{"type":"message_start","message":{message}}}"#)),
            Event::new(
                "content_block_start",
                r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
            ),
            Event::new("ping", r#"{"type": "ping"}"#),
        ]
    }

    fn delta(&self, _: &Answer, text: &str) -> Event {
        let delta = format!(r#"{{"type":"text_delta","text":{}}}"#, quoted(text));
        Event::new(
            "content_block_delta",
            format!(r#"{{"type":"content_block_delta","index":0,"delta":{delta}}}"#),
        )
    }

    fn closing(&self, answer: &Answer) -> Vec<Event> {
        let usage = usage(answer, answer.completion());
        let delta = r#"{"stop_reason":"end_turn","stop_sequence":null}"#;
        vec![
            Event::new("content_block_stop", r#"{"type":"content_block_stop","index":0}"#),
            Event::new(
                "message_delta",
                format!(r#"{{"type":"message_delta","delta":{delta},"usage":{usage}}}"#),
            ),
            Event::new("message_stop", r#"{"type":"message_stop"}"#),
        ]
    }

    fn wire(&self, event: &Event) -> Vec<u8> {
        named(event)
    }

    fn error(&self, status: u16) -> Failure {
        let kind = match status {
            401 => "authentication_error",
            402 => "billing_error",
            403 => "permission_error",
            404 => "not_found_error",
            408 | 504 => "timeout_error",
            413 => "request_too_large",
            429 => "rate_limit_error",
            503 | 529 => "overloaded_error",
            400..=499 => "invalid_request_error",
            _ => "api_error",
        };
        Failure::new(status, body(kind, words(status)))
    }

    fn refusal(&self, why: Refusal) -> Failure {
        let (kind, message) = match why {
            Refusal::ContextLength => {
                ("invalid_request_error", "prompt is too long: 213462 tokens > 200000 maximum")
            }
            Refusal::ContentPolicy => ("invalid_request_error", "Output blocked by content filtering policy"),
            Refusal::Quota => (
                "invalid_request_error",
                "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade \
                 or purchase credits.",
            ),
        };
        Failure::new(400, body(kind, message))
    }

    fn error_event(&self) -> Event {
        Event::new(
            "error",
            r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"req_01"}"#,
        )
    }
}

fn body(kind: &str, message: &str) -> String {
    let error = format!(r#"{{"type":"{kind}","message":{}}}"#, quoted(message));
    format!(r#"{{"type":"error","error":{error},"request_id":"req_01"}}"#)
}

fn usage(answer: &Answer, output: u64) -> String {
    let input = answer.prompt();
    format!(
        r#"{{"input_tokens":{input},"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":{output}}}"#
    )
}

fn message(answer: &Answer, content: &str, stop: &str, output: u64) -> String {
    let (id, model, usage) = (answer.id, quoted(&answer.model), usage(answer, output));
    format!(
        r#"{{"model":{model},"id":"msg_{id:016x}","type":"message","role":"assistant","content":{content},"stop_reason":{stop},"stop_sequence":null,"usage":{usage}}}"#
    )
}
