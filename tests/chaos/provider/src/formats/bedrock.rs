//! Bedrock's Converse.

use serde_json::Value;

use super::{Answer, Api, Asked, Event, Failure, quoted, shape, words};
use crate::{aws, faults::Refusal};

pub(super) struct Bedrock;

const KEYS: [&str; 5] =
    ["system", "messages", "inferenceConfig", "additionalModelRequestFields", "requestMetadata"];

/// Events whose name ends so are exceptions.
const EXCEPTION: &str = "Exception";

impl Api for Bedrock {
    fn credential(&self) -> (&'static str, &'static str) {
        ("authorization", "Bearer ")
    }

    fn ask(&self, target: &str, body: &Value) -> Asked {
        let mut wrong = Vec::new();
        let (model, method) = shape::model_in_path(target, "/model/", '/', &mut wrong);
        let stream = method == "converse-stream";
        if !model.is_empty() && !stream && method != "converse" {
            wrong.push(format!("method {method:?}"));
        }
        shape::unknown("the request", body, &KEYS, &mut wrong);
        let turns = shape::list(body, "messages", &mut wrong);
        shape::roles(turns, &["user", "assistant"], &mut wrong);
        let text = shape::last_text(turns, "content", &mut wrong);
        Asked { stream, usage: true, model, text, wrong }
    }

    fn whole(&self, answer: &Answer) -> Vec<u8> {
        let (text, usage) = (quoted(&answer.text()), usage(answer));
        let message = format!(r#"{{"content":[{{"text":{text}}}],"role":"assistant"}}"#);
        format!(
            r#"{{"metrics":{{"latencyMs":12}},"output":{{"message":{message}}},"stopReason":"end_turn","usage":{usage}}}"#
        )
        .into_bytes()
    }

    fn stream_type(&self) -> &'static str {
        "application/vnd.amazon.eventstream"
    }

    fn opening(&self, _: &Answer) -> Vec<Event> {
        vec![Event::new("messageStart", r#"{"p":"abcdefgh","role":"assistant"}"#)]
    }

    fn delta(&self, _: &Answer, text: &str) -> Event {
        let text = quoted(text);
        Event::new(
            "contentBlockDelta",
            format!(r#"{{"contentBlockIndex":0,"delta":{{"text":{text}}},"p":"abcdefghijklmnopqr"}}"#),
        )
    }

    fn closing(&self, answer: &Answer) -> Vec<Event> {
        let usage = usage(answer);
        vec![
            Event::new("contentBlockStop", r#"{"contentBlockIndex":0,"p":"abc"}"#),
            Event::new("messageStop", r#"{"p":"abcdefghijkl","stopReason":"end_turn"}"#),
            Event::new("metadata", format!(r#"{{"metrics":{{"latencyMs":12}},"p":"abcd","usage":{usage}}}"#)),
        ]
    }

    fn wire(&self, event: &Event) -> Vec<u8> {
        let (name, kind) = if event.name.ends_with(EXCEPTION) {
            (":exception-type", "exception")
        } else {
            (":event-type", "event")
        };
        let headers = [(name, event.name), (":content-type", "application/json"), (":message-type", kind)];
        aws::message(&headers, &event.data)
    }

    fn error(&self, status: u16) -> Failure {
        let name = match status {
            401 => "UnrecognizedClientException",
            403 => "AccessDeniedException",
            404 => "ResourceNotFoundException",
            408 => "ModelTimeoutException",
            409 => "ConflictException",
            429 => "ThrottlingException",
            502..=599 => "ServiceUnavailableException",
            400..=499 => "ValidationException",
            _ => "InternalServerException",
        };
        failure(status, name, words(status))
    }

    fn refusal(&self, why: Refusal) -> Failure {
        match why {
            Refusal::ContextLength => {
                failure(400, "ValidationException", "Input is too long for requested model.")
            }
            Refusal::ContentPolicy => failure(
                400,
                "ValidationException",
                "The model returned the following errors: Output blocked by content filtering policy",
            ),
            Refusal::Quota => failure(
                400,
                "ServiceQuotaExceededException",
                "Your request exceeds the service quota for your account.",
            ),
        }
    }

    fn error_event(&self) -> Event {
        Event::new("serviceUnavailableException", r#"{"message":"The service is unavailable."}"#)
    }
}

fn failure(status: u16, name: &str, message: &str) -> Failure {
    let kind = format!("{name}:http://internal.amazon.com/coral/com.amazon.bedrock/");
    let headers = vec![("x-amzn-errortype", kind)];
    Failure { headers, ..Failure::new(status, format!(r#"{{"message":{}}}"#, quoted(message))) }
}

fn usage(answer: &Answer) -> String {
    let (prompt, completion, total) = (answer.prompt(), answer.completion(), answer.total());
    format!(r#"{{"inputTokens":{prompt},"outputTokens":{completion},"totalTokens":{total}}}"#)
}
