//! OpenAI's chat completions.

use serde_json::Value;

use super::{Answer, Api, Asked, Event, Failure, quoted, shape, unnamed, words};
use crate::faults::Refusal;

pub(super) struct OpenAi;

const KEYS: [&str; 10] = [
    "model",
    "messages",
    "stream",
    "stream_options",
    "max_tokens",
    "max_completion_tokens",
    "temperature",
    "user",
    "metadata",
    "seed",
];

impl Api for OpenAi {
    fn credential(&self) -> (&'static str, &'static str) {
        ("authorization", "Bearer ")
    }

    fn ask(&self, target: &str, body: &Value) -> Asked {
        let mut wrong = Vec::new();
        shape::path(target, "/v1/chat/completions", &mut wrong);
        shape::unknown("the request", body, &KEYS, &mut wrong);
        let model = shape::text(body, "model", &mut wrong);
        let stream = shape::stream(body, &mut wrong);
        let turns = shape::list(body, "messages", &mut wrong);
        shape::roles(turns, &["system", "developer", "user", "assistant"], &mut wrong);
        let text = shape::last_text(turns, "content", &mut wrong);
        let usage = body.pointer("/stream_options/include_usage") == Some(&Value::Bool(true));
        if usage && !stream {
            wrong.push("stream_options without stream".into());
        }
        Asked { stream, usage, model, text, wrong }
    }

    fn whole(&self, answer: &Answer) -> Vec<u8> {
        let head = head(answer, "chat.completion");
        let (text, usage) = (quoted(&answer.text()), usage(answer));
        let message = format!(r#"{{"role":"assistant","content":{text},"refusal":null,"annotations":[]}}"#);
        let choice = format!(r#"{{"index":0,"message":{message},"logprobs":null,"finish_reason":"stop"}}"#);
        format!(r#"{{{head},"choices":[{choice}],"usage":{usage},"service_tier":"default"}}"#).into_bytes()
    }

    fn opening(&self, answer: &Answer) -> Vec<Event> {
        vec![chunk(answer, r#"{"role":"assistant","content":"","refusal":null}"#, "null")]
    }

    fn delta(&self, answer: &Answer, text: &str) -> Event {
        chunk(answer, &format!(r#"{{"content":{}}}"#, quoted(text)), "null")
    }

    fn closing(&self, answer: &Answer) -> Vec<Event> {
        let mut events = vec![chunk(answer, "{}", r#""stop""#)];
        if answer.usage {
            let head = head(answer, "chat.completion.chunk");
            events.push(Event::new("", format!(r#"{{{head},"choices":[],"usage":{}}}"#, usage(answer))));
        }
        events.push(Event::new("", "[DONE]"));
        events
    }

    fn wire(&self, event: &Event) -> Vec<u8> {
        unnamed(event, b"\n")
    }

    fn error(&self, status: u16) -> Failure {
        let (kind, code) = match status {
            401 => ("invalid_request_error", r#""invalid_api_key""#),
            402 => ("insufficient_quota", r#""billing_not_active""#),
            403 => ("permission_error", "null"),
            404 => ("invalid_request_error", r#""model_not_found""#),
            408 | 504 => ("timeout", "null"),
            429 => ("requests", r#""rate_limit_exceeded""#),
            400..=499 => ("invalid_request_error", "null"),
            _ => ("server_error", "null"),
        };
        Failure::new(status, body(words(status), kind, code))
    }

    fn refusal(&self, why: Refusal) -> Failure {
        let (status, message, kind, code) = match why {
            Refusal::ContextLength => (
                400,
                "This model's maximum context length is 128000 tokens. However, your messages resulted in 130001 \
                 tokens. Please reduce the length of the messages.",
                "invalid_request_error",
                r#""context_length_exceeded""#,
            ),
            Refusal::ContentPolicy => (
                400,
                "Your request was rejected by our content policy.",
                "invalid_request_error",
                r#""content_policy_violation""#,
            ),
            Refusal::Quota => (
                429,
                "You exceeded your current quota, please check your plan and billing details.",
                "insufficient_quota",
                r#""insufficient_quota""#,
            ),
        };
        Failure::new(status, body(message, kind, code))
    }

    fn error_event(&self) -> Event {
        Event::new("", body("The server is overloaded.", "server_error", "null"))
    }
}

fn body(message: &str, kind: &str, code: &str) -> String {
    format!(r#"{{"error":{{"message":{},"type":"{kind}","param":null,"code":{code}}}}}"#, quoted(message))
}

fn head(answer: &Answer, object: &str) -> String {
    let model = quoted(&answer.model);
    format!(r#""id":"chatcmpl-{:016x}","object":"{object}","created":1760000000,"model":{model}"#, answer.id)
}

fn usage(answer: &Answer) -> String {
    let (prompt, completion, total) = (answer.prompt(), answer.completion(), answer.total());
    format!(
        r#"{{"prompt_tokens":{prompt},"completion_tokens":{completion},"total_tokens":{total},"prompt_tokens_details":{{"cached_tokens":0}},"completion_tokens_details":{{"reasoning_tokens":0}}}}"#
    )
}

fn chunk(answer: &Answer, delta: &str, finish: &str) -> Event {
    let head = head(answer, "chat.completion.chunk");
    let choice = format!(r#"{{"index":0,"delta":{delta},"logprobs":null,"finish_reason":{finish}}}"#);
    let usage = if answer.usage { r#","usage":null"# } else { "" };
    Event::new("", format!(r#"{{{head},"choices":[{choice}]{usage}}}"#))
}
