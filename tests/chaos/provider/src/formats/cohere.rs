//! Cohere's chat, version 2.

use serde_json::Value;

use super::{Answer, Api, Asked, Event, Failure, named, quoted, shape, words};
use crate::faults::Refusal;

pub(super) struct Cohere;

const KEYS: [&str; 6] = ["model", "messages", "stream", "max_tokens", "temperature", "seed"];

impl Api for Cohere {
    fn credential(&self) -> (&'static str, &'static str) {
        ("authorization", "Bearer ")
    }

    fn ask(&self, target: &str, body: &Value) -> Asked {
        let mut wrong = Vec::new();
        shape::path(target, "/v2/chat", &mut wrong);
        shape::unknown("the request", body, &KEYS, &mut wrong);
        let model = shape::text(body, "model", &mut wrong);
        let stream = shape::stream(body, &mut wrong);
        let turns = shape::list(body, "messages", &mut wrong);
        shape::roles(turns, &["system", "user", "assistant"], &mut wrong);
        let text = shape::last_text(turns, "content", &mut wrong);
        Asked { stream, usage: true, model, text, wrong }
    }

    fn whole(&self, answer: &Answer) -> Vec<u8> {
        let (id, text, usage) = (answer.id, quoted(&answer.text()), usage(answer));
        let message = format!(r#"{{"role":"assistant","content":[{{"type":"text","text":{text}}}]}}"#);
        format!(r#"{{"id":"{id:016x}","message":{message},"finish_reason":"COMPLETE","usage":{usage}}}"#)
            .into_bytes()
    }

    fn opening(&self, answer: &Answer) -> Vec<Event> {
        let message = r#"{"role":"assistant","content":[],"tool_plan":"","tool_calls":[],"citations":[]}"#;
        let id = answer.id;
        vec![
            Event::new(
                "message-start",
                format!(r#"{{"id":"{id:016x}","type":"message-start","delta":{{"message":{message}}}}}"#),
            ),
            Event::new(
                "content-start",
                r#"{"type":"content-start","index":0,"delta":{"message":{"content":{"type":"text","text":""}}}}"#,
            ),
        ]
    }

    fn delta(&self, _: &Answer, text: &str) -> Event {
        let message = format!(r#"{{"content":{{"text":{}}}}}"#, quoted(text));
        Event::new(
            "content-delta",
            format!(r#"{{"type":"content-delta","index":0,"delta":{{"message":{message}}}}}"#),
        )
    }

    fn closing(&self, answer: &Answer) -> Vec<Event> {
        let delta = format!(r#"{{"finish_reason":"COMPLETE","usage":{}}}"#, usage(answer));
        vec![
            Event::new("content-end", r#"{"type":"content-end","index":0}"#),
            Event::new("message-end", format!(r#"{{"type":"message-end","delta":{delta}}}"#)),
        ]
    }

    fn wire(&self, event: &Event) -> Vec<u8> {
        named(event)
    }

    fn error(&self, status: u16) -> Failure {
        let what = match status {
            401 => "invalid api token",
            404 => "model 'm' not found, make sure the correct model ID was used",
            _ => words(status),
        };
        Failure::new(status, body(what))
    }

    fn refusal(&self, why: Refusal) -> Failure {
        match why {
            Refusal::ContextLength => Failure::new(
                400,
                body(
                    "too many tokens: size limit exceeded by 1001 tokens. Try using shorter or fewer inputs.",
                ),
            ),
            Refusal::ContentPolicy => {
                Failure::new(498, body("The prompt was blocked because it violates our usage guidelines."))
            }
            Refusal::Quota => Failure::new(
                429,
                body("You are using a Trial key, which is limited to 1000 API calls / month."),
            ),
        }
    }

    fn error_event(&self) -> Event {
        Event::new(
            "message-end",
            r#"{"type":"message-end","delta":{"finish_reason":"ERROR","error":"The model crashed.","usage":{"tokens":{"input_tokens":3}}}}"#,
        )
    }
}

fn body(message: &str) -> String {
    format!(r#"{{"id":"co-error-01","message":{}}}"#, quoted(message))
}

fn usage(answer: &Answer) -> String {
    let (prompt, completion) = (answer.prompt(), answer.completion());
    format!(
        r#"{{"billed_units":{{"input_tokens":9,"output_tokens":4}},"tokens":{{"input_tokens":{prompt},"output_tokens":{completion}}}}}"#
    )
}
