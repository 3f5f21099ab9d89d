//! A whole reply is what the last event of a stream holds.

use serde_json::Value;

use super::*;
use crate::{
    dialect::responses::stream::ResponsesEncoder,
    ir::{Citation, Encoder, Event, Extra, Finish, Usage},
};

fn context() -> ReplyContext {
    ReplyContext { id: "id".into(), created: 7, model: "m".into(), ..ReplyContext::default() }
}

fn parts() -> Vec<ReplyPart<'static>> {
    let call = |id: &'static str, signature: Option<&'static str>| ReplyPart::ToolCall {
        id: id.into(),
        name: "f".into(),
        arguments: "{\"x\":\"\\\"\"}".into(),
        signature: signature.map(Into::into),
    };
    vec![
        ReplyPart::Thinking { text: "t\u{0}".into(), signature: Some("s".into()) },
        ReplyPart::Thinking { text: "".into(), signature: Some("withheld".into()) },
        ReplyPart::RedactedThinking("r".into()),
        ReplyPart::Text("é\n".into()),
        ReplyPart::Citation(Citation { url: "u".into(), title: "".into(), span: Some((1, 2)) }),
        ReplyPart::Text("more".into()),
        ReplyPart::Refusal("n".into()),
        ReplyPart::Thinking { text: "unsigned".into(), signature: None },
        call("a", Some("c2ln")),
        call("b", None),
        ReplyPart::Extra(Extra { vendor: "google", name: "thought_signature", json: "\"dGV4\"".into() }),
        ReplyPart::Extra(Extra { vendor: "google", name: "safety_ratings", json: "[]".into() }),
    ]
}

fn events(parts: &[ReplyPart<'static>]) -> Vec<Event<'static>> {
    let mut events = vec![Event::Start { id: Some("x".into()), model: None }];
    let mut index = 0;
    for part in parts.iter().cloned() {
        match part {
            ReplyPart::Text(text) => events.push(Event::Text(text)),
            ReplyPart::Refusal(text) => events.push(Event::Refusal(text)),
            ReplyPart::Thinking { text, signature } => {
                events.push(Event::Thinking(text));
                events.extend(signature.map(Event::Signature));
            }
            ReplyPart::RedactedThinking(data) => events.push(Event::RedactedThinking(data)),
            ReplyPart::ToolCall { id, name, arguments, signature } => {
                events.push(Event::ToolStart { index, id, name, signature });
                events.push(Event::ToolArguments { index, fragment: arguments });
                events.push(Event::ToolEnd { index });
                index += 1;
            }
            ReplyPart::Citation(citation) => events.push(Event::Citation(citation)),
            ReplyPart::Extra(extra) => events.push(Event::Extra(extra)),
        }
    }
    events
}

#[test]
fn it_is_what_a_stream_ends_with() {
    let all = parts();
    let usage = Usage { input: Some(1), cache_read: Some(2), output: Some(4), ..Usage::default() };
    let finishes = [Finish::Stop, Finish::ToolCalls, Finish::Length, Finish::ContentFilter];
    for selection in 0..1usize << all.len() {
        let finish = &finishes[selection % 4];
        let chosen = all.iter().enumerate().filter(|(at, _)| selection & 1 << at != 0);
        let chosen: Vec<_> = chosen.map(|(_, part)| part.clone()).collect();
        let mut encoder = ResponsesEncoder::new(context());
        let mut out = Vec::new();
        let end = [Event::Usage(usage), Event::Finish(finish.clone()), Event::Done];
        events(&chosen).into_iter().chain(end).for_each(|event| encoder.encode(event, &mut out));
        let text = String::from_utf8(out).unwrap();
        let last: Value = serde_json::from_str(text.trim_end().rsplit_once("data: ").unwrap().1).unwrap();
        let reply = Reply {
            id: Some("x".into()),
            model: None,
            created: None,
            parts: chosen,
            finish: finish.clone(),
            usage: Some(usage),
        };
        let mut out = Vec::new();
        write(&reply, &context(), &mut out);
        assert_eq!(serde_json::from_slice::<Value>(&out).unwrap(), last["response"], "{selection}");
    }
}
