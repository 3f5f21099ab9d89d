use serde_json::{Value, json};

use super::*;
use crate::ir::Finish;

fn encoder(include_usage: bool) -> ChatEncoder {
    let id = "0123456789abcdefghijklmn".into();
    ChatEncoder::new(ReplyContext {
        id,
        created: 7,
        model: "up".into(),
        include_usage,
        ..ReplyContext::default()
    })
}

fn encode(include_usage: bool, events: Vec<Event<'static>>) -> Vec<u8> {
    let mut encoder = encoder(include_usage);
    let mut out = Vec::new();
    events.into_iter().for_each(|event| encoder.encode(event, &mut out));
    out
}

/// The chunks of a stream; its last event, which is `[DONE]` or not there, apart.
fn chunks(out: &[u8]) -> (Vec<Value>, bool) {
    let text = std::str::from_utf8(out).unwrap();
    let mut events: Vec<_> =
        text.split_terminator("\n\n").map(|event| event.strip_prefix("data: ").unwrap()).collect();
    let done = events.pop_if(|event| *event == "[DONE]").is_some();
    (events.into_iter().map(|event| serde_json::from_str(event).unwrap()).collect(), done)
}

fn start() -> Event<'static> {
    Event::Start { id: Some("msg_1".into()), model: Some("claude".into()) }
}

fn usage(input: u64, output: u64) -> Event<'static> {
    Event::Usage(Usage { input: Some(input), output: Some(output), ..Usage::default() })
}

#[test]
fn the_bytes_of_a_plain_stream() {
    let events = vec![
        start(),
        Event::Text("a\"b".into()),
        Event::Text("".into()),
        Event::Finish(Finish::Stop),
        Event::Done,
    ];
    let head = r#"data: {"id":"msg_1","object":"chat.completion.chunk","created":7,"model":"claude","choices":[{"index":0,"#;
    let expected = format!(
        "{head}\"delta\":{{\"role\":\"assistant\",\"content\":\"\",\"refusal\":null}},\"logprobs\":null,\"finish_reason\":null}}]}}\n\n\
         {head}\"delta\":{{\"content\":\"a\\\"b\"}},\"logprobs\":null,\"finish_reason\":null}}]}}\n\n\
         {head}\"delta\":{{}},\"logprobs\":null,\"finish_reason\":\"stop\"}}]}}\n\n\
         data: [DONE]\n\n"
    );
    assert_eq!(String::from_utf8(encode(false, events)).unwrap(), expected);
}

#[test]
fn deltas_are_in_openai_words() {
    let source = |url: &'static str| Citation { url: url.into(), title: "t".into(), span: Some((1, 2)) };
    let events = vec![
        start(),
        Event::Thinking("hm".into()),
        Event::Signature("sig".into()),
        Event::RedactedThinking("xyz".into()),
        Event::Thinking("a".into()),
        Event::Thinking("b".into()),
        Event::RedactedThinking("z".into()),
        Event::Citation(source("https://a.example/")),
        Event::Citation(source("https://b.example/")),
        Event::Refusal("no".into()),
        Event::ToolStart { index: 0, id: "a".into(), name: "f".into(), signature: Some("c2ln".into()) },
        Event::ToolArguments { index: 0, fragment: "".into() },
        Event::ToolArguments { index: 0, fragment: "{\"x\"".into() },
        Event::ToolArguments { index: 0, fragment: ":1}".into() },
        Event::ToolEnd { index: 0 },
        Event::ToolStart { index: 1, id: "b".into(), name: "g".into(), signature: None },
        Event::ToolArguments { index: 1, fragment: "{}".into() },
        Event::ToolEnd { index: 1 },
        Event::Finish(Finish::ToolCalls),
        Event::Done,
    ];
    let (chunks, done) = chunks(&encode(false, events));
    let deltas: Vec<_> = chunks.iter().map(|chunk| chunk["choices"][0]["delta"].clone()).collect();
    let expected = json!([
        {"role": "assistant", "content": "", "refusal": null},
        {"reasoning_content": "hm", "thinking_blocks": [{"index": 0, "type": "thinking", "thinking": "hm"}]},
        {"thinking_blocks": [{"index": 0, "type": "thinking", "thinking": "", "signature": "sig"}]},
        {"thinking_blocks": [{"index": 1, "type": "redacted_thinking", "data": "xyz"}]},
        {"reasoning_content": "a", "thinking_blocks": [{"index": 2, "type": "thinking", "thinking": "a"}]},
        {"reasoning_content": "b", "thinking_blocks": [{"index": 2, "type": "thinking", "thinking": "b"}]},
        {"thinking_blocks": [{"index": 3, "type": "redacted_thinking", "data": "z"}]},
        {"annotations": [{"index": 0, "type": "url_citation", "url_citation":
            {"start_index": 1, "end_index": 2, "title": "t", "url": "https://a.example/"}}]},
        {"annotations": [{"index": 1, "type": "url_citation", "url_citation":
            {"start_index": 1, "end_index": 2, "title": "t", "url": "https://b.example/"}}]},
        {"refusal": "no"},
        {"tool_calls": [{"index": 0, "id": "a", "type": "function", "function": {"name": "f", "arguments": ""},
            "extra_content": {"google": {"thought_signature": "c2ln"}}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": "{\"x\""}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": ":1}"}}]},
        {"tool_calls": [{"index": 1, "id": "b", "type": "function", "function": {"name": "g", "arguments": ""}}]},
        {"tool_calls": [{"index": 1, "function": {"arguments": "{}"}}]},
        {},
    ]);
    assert_eq!(json!(deltas), expected);
    assert_eq!(chunks.last().unwrap()["choices"][0]["finish_reason"], "tool_calls");
    assert!(done);
}

#[test]
fn usage_is_told_once_and_only_to_who_asked() {
    let events = || {
        vec![
            start(),
            usage(3, 1),
            Event::Text("a".into()),
            usage(5, 9),
            Event::Finish(Finish::Stop),
            Event::Done,
        ]
    };
    let (told, done) = chunks(&encode(true, events()));
    assert!(done);
    let (last, earlier) = told.split_last().unwrap();
    assert_eq!(last["choices"], json!([]));
    assert_eq!(last["usage"], json!({"prompt_tokens": 5, "completion_tokens": 9, "total_tokens": 14}));
    assert!(
        earlier
            .iter()
            .all(|chunk| chunk.get("usage") == Some(&Value::Null) && chunk["choices"][0].is_object())
    );
    assert!(
        told.iter()
            .all(|chunk| chunk["id"] == "msg_1" && chunk["created"] == 7 && chunk["model"] == "claude")
    );

    let (hidden, done) = chunks(&encode(false, events()));
    assert!(done && hidden.iter().all(|chunk| chunk.get("usage").is_none()));
    assert_eq!(hidden.len(), told.len() - 1);

    // Nothing was reported: no numbers are made up.
    let (none, done) = chunks(&encode(true, vec![start(), Event::Finish(Finish::Stop), Event::Done]));
    assert!(done && none.iter().all(|chunk| chunk["usage"].is_null()));
}

#[test]
fn an_error_is_the_last_event() {
    let error = ApiError::new(ErrorKind::Overloaded, "busy");
    for before in [vec![], vec![start()], vec![start(), Event::Text("a".into()), Event::Finish(Finish::Stop)]]
    {
        let count = before.iter().filter(|event| !matches!(event, Event::Finish(_))).count();
        let after = [Event::Error(error.clone()), Event::Text("late".into()), Event::Done];
        let out = encode(true, before.into_iter().chain(after).collect());
        let (chunks, done) = chunks(&out);
        assert_eq!((chunks.len(), done), (count + 1, false));
        assert_eq!(chunks.last().unwrap()["error"]["message"], "busy");
        assert!(
            chunks.iter().all(|chunk| chunk["choices"][0]["finish_reason"].is_null()),
            "a cut stream looks finished"
        );
    }
}

#[test]
fn nothing_follows_done() {
    let mut encoder = encoder(false);
    let mut out = Vec::new();
    for event in [start(), Event::Finish(Finish::Stop), Event::Done] {
        encoder.encode(event, &mut out);
    }
    let length = out.len();
    for event in
        [Event::Done, Event::Text("late".into()), Event::Error(ApiError::new(ErrorKind::Server, "late"))]
    {
        encoder.encode(event, &mut out);
    }
    assert_eq!(out.len(), length);
}

#[test]
fn a_decoder_that_leaves_out_the_start_or_the_finish() {
    let (begun, done) = chunks(&encode(false, vec![Event::Text("a".into()), Event::Done]));
    assert_eq!(begun[0]["id"], "chatcmpl-0123456789abcdefghijklmn");
    assert_eq!(begun[0]["choices"][0]["delta"]["role"], "assistant");
    assert_eq!(begun[1]["choices"][0]["delta"]["content"], "a");
    assert!(begun[2]["error"].is_object() && !done, "no finish reason is invented");
}
