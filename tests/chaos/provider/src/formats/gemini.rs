//! Gemini's generateContent.

use serde_json::Value;

use super::{Answer, Api, Asked, Event, Failure, quoted, shape, unnamed, words};
use crate::faults::Refusal;

pub(super) struct Gemini;

const KEYS: [&str; 3] = ["systemInstruction", "contents", "generationConfig"];

impl Api for Gemini {
    fn credential(&self) -> (&'static str, &'static str) {
        ("x-goog-api-key", "")
    }

    fn ask(&self, target: &str, body: &Value) -> Asked {
        let mut wrong = Vec::new();
        let (model, method) = shape::model_in_path(target, "/v1beta/models/", ':', &mut wrong);
        let stream = method == "streamGenerateContent?alt=sse";
        if !model.is_empty() && !stream && method != "generateContent" {
            wrong.push(format!("method {method:?}"));
        }
        shape::unknown("the request", body, &KEYS, &mut wrong);
        let turns = shape::list(body, "contents", &mut wrong);
        shape::roles(turns, &["user", "model"], &mut wrong);
        let text = shape::last_text(turns, "parts", &mut wrong);
        Asked { stream, usage: true, model, text, wrong }
    }

    fn whole(&self, answer: &Answer) -> Vec<u8> {
        reply(answer, &answer.text(), true).into_bytes()
    }

    fn opening(&self, _: &Answer) -> Vec<Event> {
        Vec::new()
    }

    fn delta(&self, answer: &Answer, text: &str) -> Event {
        Event::new("", reply(answer, text, false))
    }

    fn closing(&self, answer: &Answer) -> Vec<Event> {
        vec![Event::new("", reply(answer, "", true))]
    }

    fn wire(&self, event: &Event) -> Vec<u8> {
        unnamed(event, b"\r\n")
    }

    fn error(&self, status: u16) -> Failure {
        let name = match status {
            401 => "UNAUTHENTICATED",
            403 => "PERMISSION_DENIED",
            404 => "NOT_FOUND",
            408 | 504 => "DEADLINE_EXCEEDED",
            409 => "ABORTED",
            429 => "RESOURCE_EXHAUSTED",
            502 | 503 | 529 => "UNAVAILABLE",
            400..=499 => "INVALID_ARGUMENT",
            _ => "INTERNAL",
        };
        Failure::new(status, body(status, name, words(status)))
    }

    fn refusal(&self, why: Refusal) -> Failure {
        match why {
            Refusal::ContextLength => {
                let what =
                    "The input token count (1048577) exceeds the maximum number of tokens allowed (1048576).";
                Failure::new(400, body(400, "INVALID_ARGUMENT", what))
            }
            Refusal::ContentPolicy => {
                let blocked = r#"{"promptFeedback":{"blockReason":"PROHIBITED_CONTENT"},"usageMetadata":{"promptTokenCount":9,"totalTokenCount":9}}"#;
                Failure { event: true, ..Failure::new(200, blocked.into()) }
            }
            Refusal::Quota => {
                let what = "You exceeded your current quota, please check your plan and billing details.";
                Failure::new(429, body(429, "RESOURCE_EXHAUSTED", what))
            }
        }
    }

    fn error_event(&self) -> Event {
        Event::new("", body(503, "UNAVAILABLE", "The model is overloaded. Please try again later."))
    }
}

fn body(code: u16, name: &str, message: &str) -> String {
    format!(r#"{{"error":{{"code":{code},"message":{},"status":"{name}"}}}}"#, quoted(message))
}

/// A reply, or a chunk of one: the same object.
fn reply(answer: &Answer, text: &str, last: bool) -> String {
    let (prompt, completion, total) = (answer.prompt(), answer.completion(), answer.total());
    let finish = if last { r#","finishReason":"STOP""# } else { "" };
    let usage = if last {
        format!(
            r#"{{"promptTokenCount":{prompt},"candidatesTokenCount":{completion},"totalTokenCount":{total}}}"#
        )
    } else {
        format!(r#"{{"promptTokenCount":{prompt},"totalTokenCount":{prompt}}}"#)
    };
    let (text, model, id) = (quoted(text), quoted(&answer.model), answer.id);
    let candidate =
        format!(r#"{{"content":{{"parts":[{{"text":{text}}}],"role":"model"}}{finish},"index":0}}"#);
    format!(
        r#"{{"candidates":[{candidate}],"usageMetadata":{usage},"modelVersion":{model},"responseId":"{id:016x}"}}"#
    )
}
