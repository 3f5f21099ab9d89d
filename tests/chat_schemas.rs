//! What a chat client gets is valid by the types of OpenAI's own SDK.

// Helpers of tests are not seen as tests by the lints.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, unreachable_pub)]

use std::{fs, path::Path};

use jsonschema::Validator;
use serde_json::Value;
use switchyard::{
    dialect::{
        ReplyContext,
        chat::{reply, stream::ChatEncoder},
    },
    ir::{Encoder, Event, Finish, Reply, ReplyPart, Usage},
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

/// The extensions for reasoning, which OpenAI's types do not have.
fn without_extensions(message: &mut Value) {
    let members = message.as_object_mut().unwrap();
    members.remove("reasoning_content");
    members.remove("thinking_blocks");
}

fn context(include_usage: bool) -> ReplyContext {
    ReplyContext {
        id: "0123456789abcdefghijklmn".into(),
        created: 1_700_000_000,
        model: "m".into(),
        include_usage,
        provider: "p".into(),
        ..ReplyContext::default()
    }
}

fn usages() -> [Option<Usage>; 3] {
    let full = Usage {
        input: Some(1),
        cache_read: Some(2),
        cache_write: Some(3),
        output: Some(4),
        reasoning: Some(5),
    };
    [None, Some(Usage::default()), Some(full)]
}

fn finishes() -> [Finish<'static>; 6] {
    [
        Finish::Stop,
        Finish::StopSequence(None),
        Finish::Length,
        Finish::ToolCalls,
        Finish::ContentFilter,
        Finish::Refusal,
    ]
}

#[test]
fn replies_are_valid() {
    let Some(schema) = schema("openai.response.json") else { return };
    let parts = [
        ReplyPart::Thinking { text: "t".into(), signature: Some("s".into()) },
        ReplyPart::RedactedThinking("r".into()),
        ReplyPart::Text("a\u{0}\"".into()),
        ReplyPart::Refusal("n".into()),
        ReplyPart::ToolCall { id: "a".into(), name: "f".into(), arguments: "{}".into(), signature: None },
        ReplyPart::ToolCall {
            id: "b".into(),
            name: "g".into(),
            arguments: "{\"x\":1}".into(),
            signature: None,
        },
    ];
    for selection in 0..1usize << parts.len() {
        let chosen =
            parts.iter().enumerate().filter(|(at, _)| selection & 1 << at != 0).map(|(_, part)| part.clone());
        let (finish, usage) = (finishes()[selection % 6].clone(), usages()[selection % 3]);
        let id = (selection % 2 == 0).then(|| "msg_1".into());
        let reply = Reply { id, model: None, created: None, parts: chosen.collect(), finish, usage };
        let mut out = Vec::new();
        reply::write(&reply, &context(false), &mut out);
        let mut value: Value = serde_json::from_slice(&out).unwrap();
        without_extensions(&mut value["choices"][0]["message"]);
        check(&schema, &value);
    }
}

#[test]
fn chunks_are_valid() {
    let Some(schema) = schema("openai.chunk.json") else { return };
    let content = || {
        [
            Event::Start { id: None, model: Some("up".into()) },
            Event::Thinking("t".into()),
            Event::Signature("s".into()),
            Event::RedactedThinking("r".into()),
            Event::Text("a".into()),
            Event::Refusal("n".into()),
            Event::ToolStart { index: 0, id: "a".into(), name: "f".into(), signature: None },
            Event::ToolArguments { index: 0, fragment: "{}".into() },
            Event::ToolEnd { index: 0 },
        ]
    };
    let mut count = 0;
    for (finish, usage) in finishes().into_iter().zip(usages().into_iter().cycle()) {
        for include_usage in [true, false] {
            let mut encoder = ChatEncoder::new(context(include_usage));
            let mut out = Vec::new();
            content()
                .into_iter()
                .chain(usage.map(Event::Usage))
                .for_each(|event| encoder.encode(event, &mut out));
            encoder.encode(Event::Finish(finish.clone()), &mut out);
            encoder.encode(Event::Done, &mut out);
            let text = String::from_utf8(out).unwrap();
            for data in
                text.lines().filter_map(|line| line.strip_prefix("data: ")).filter(|data| *data != "[DONE]")
            {
                let mut value: Value = serde_json::from_str(data).unwrap();
                if let Some(delta) = value.pointer_mut("/choices/0/delta") {
                    without_extensions(delta);
                }
                check(&schema, &value);
                count += 1;
            }
        }
    }
    // 8 with content (an end of a tool call has none) and one that finishes in each of 12 streams, and the usage
    // of those that tell it.
    assert_eq!(count, 12 * 9 + 4);
}
