//! What a Responses client gets is valid by the types of OpenAI's own SDK.

// Helpers of tests are not seen as tests by the lints.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, unreachable_pub)]

use std::{fs, path::Path, rc::Rc};

use jsonschema::Validator;
use serde_json::Value;
use switchyard::{
    dialect::{
        ReplyContext,
        responses::{Asked, reply, scan::Named, stream::ResponsesEncoder},
    },
    ir::{ApiError, Citation, Encoder, ErrorKind, Event, Extra, Finish, Reply, ReplyPart, Usage},
};

/// The closed schema of this name; where there is none, a line that says so and nothing.
fn schema(name: &str) -> Option<Validator> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/validators/schemas");
    let Ok(text) = fs::read_to_string(folder.join(name)) else {
        println!("skipped: ../shared/validators/schemas/{name} is not there");
        return None;
    };
    Some(jsonschema::validator_for(&serde_json::from_str(&text).unwrap()).unwrap())
}

fn check(schema: &Validator, value: &Value) {
    let errors: Vec<_> =
        schema.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{value:#}\n{errors:#?}");
}

/// The members that the SDK's types do not have: what only a vendor's own API tells, and what OpenAI's `error` has in truth.
fn without_extensions(value: &mut Value) {
    value.as_object_mut().unwrap().remove("extra_content");
    if let Some(response) = value.get_mut("response") {
        without_extensions(response);
    }
    if value["type"] == "error" {
        assert!(value.as_object_mut().unwrap().remove("error").unwrap().is_object());
    }
}

/// With what a request said, and without.
fn context(asked: bool) -> ReplyContext {
    let named = |flat: &str, custom| Named {
        flat: flat.into(),
        namespace: Some("n".into()),
        name: flat.into(),
        custom,
    };
    let echo = r#""instructions":"i","metadata":{"a":"b"},"parallel_tool_calls":false,"temperature":0.5,"#;
    let echo = [echo, r#""tool_choice":"auto","tools":[],"top_p":1,"max_output_tokens":5"#].concat();
    ReplyContext {
        id: "0123456789abcdefghijklmn".into(),
        created: 1_700_000_000,
        model: "m".into(),
        provider: "p".into(),
        asked: asked
            .then(|| Rc::new(Asked { echo, tools: vec![named("custom", true), named("plain", false)] })),
        ..ReplyContext::default()
    }
}

fn usage(which: usize) -> Option<Usage> {
    let full = Usage {
        input: Some(1),
        cache_read: Some(2),
        cache_write: Some(3),
        output: Some(4),
        reasoning: Some(5),
    };
    [None, Some(Usage::default()), Some(full)][which % 3]
}

fn finish(which: usize) -> Finish<'static> {
    [
        Finish::Stop,
        Finish::StopSequence(None),
        Finish::Length,
        Finish::ToolCalls,
        Finish::ContentFilter,
        Finish::Refusal,
    ][which % 6]
        .clone()
}

#[test]
fn replies_are_valid() {
    let Some(schema) = schema("openai.responses_response.json") else { return };
    let call = |id: &'static str, name: &'static str| ReplyPart::ToolCall {
        id: id.into(),
        name: name.into(),
        arguments: "{\"input\":\"x\"}".into(),
        signature: Some("s".into()),
    };
    let parts = [
        ReplyPart::Thinking { text: "t".into(), signature: Some("s".into()) },
        ReplyPart::RedactedThinking("r".into()),
        ReplyPart::Text("a\u{0}\"".into()),
        ReplyPart::Citation(Citation { url: "u".into(), title: "t".into(), span: None }),
        ReplyPart::Refusal("n".into()),
        call("a", "plain"),
        call("b", "custom"),
        ReplyPart::Extra(Extra { vendor: "google", name: "safety_ratings", json: "[]".into() }),
    ];
    for selection in 0..1usize << parts.len() {
        let chosen =
            parts.iter().enumerate().filter(|(at, _)| selection & 1 << at != 0).map(|(_, part)| part.clone());
        let id = (selection % 2 == 0).then(|| "msg_1".into());
        let (finish, usage) = (finish(selection), usage(selection));
        let reply = Reply { id, model: None, created: None, parts: chosen.collect(), finish, usage };
        let mut out = Vec::new();
        reply::write(&reply, &context(selection % 5 != 0), &mut out);
        let mut value: Value = serde_json::from_slice(&out).unwrap();
        without_extensions(&mut value);
        check(&schema, &value);
    }
}

fn content() -> Vec<Event<'static>> {
    let start = |index, name: &'static str| Event::ToolStart {
        index,
        id: format!("call_{index}").into(),
        name: name.into(),
        signature: None,
    };
    let more = |index, fragment: &'static str| Event::ToolArguments { index, fragment: fragment.into() };
    vec![
        Event::Start { id: None, model: Some("up".into()) },
        Event::Thinking("t".into()),
        Event::Signature("s".into()),
        Event::RedactedThinking("r".into()),
        Event::Text("a".into()),
        Event::Citation(Citation { url: "u".into(), title: "t".into(), span: Some((0, 1)) }),
        Event::Refusal("n".into()),
        start(0, "plain"),
        start(1, "custom"),
        more(1, "{\"input\":\"x\"}"),
        more(0, "{}"),
        Event::ToolEnd { index: 0 },
        Event::ToolEnd { index: 1 },
        Event::Extra(Extra { vendor: "google", name: "safety_ratings", json: "[]".into() }),
    ]
}

#[test]
fn events_are_valid() {
    let Some(schema) = schema("openai.responses_event.json") else { return };
    for which in 0..24 {
        let events = content();
        let ends = if which % 4 == 0 {
            vec![Event::Error(ApiError::new(ErrorKind::RateLimit, "slow").with_param("x"))]
        } else {
            vec![Event::Finish(finish(which)), Event::Done]
        };
        // A stream that fails may do so at any point.
        let upto = if which % 4 == 0 { which % events.len() } else { events.len() };
        let mut encoder = ResponsesEncoder::new(context(which % 5 != 0));
        let mut out = Vec::new();
        let all = events.into_iter().take(upto).chain(usage(which).map(Event::Usage)).chain(ends);
        all.for_each(|event| encoder.encode(event, &mut out));
        let mut count = 0;
        for data in str::from_utf8(&out).unwrap().lines().filter_map(|line| line.strip_prefix("data: ")) {
            let mut value: Value = serde_json::from_str(data).unwrap();
            without_extensions(&mut value);
            check(&schema, &value);
            count += 1;
        }
        assert!(count >= 2, "{which}");
    }
}
