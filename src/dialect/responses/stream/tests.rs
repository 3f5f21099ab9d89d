//! What the schemas and golden cases do not show.

use std::rc::Rc;

use serde_json::{Value, json};

use super::*;
use crate::{
    dialect::responses::{Asked, scan::Named},
    ir::{Citation, Extra, Finish},
};

fn named(flat: &str, namespace: Option<&str>, name: &str, custom: bool) -> Named {
    Named { flat: flat.into(), namespace: namespace.map(str::to_owned), name: name.into(), custom }
}

fn context() -> ReplyContext {
    let tools = vec![
        named("functions__exec", Some("functions"), "exec", true),
        named("agents__close", Some("agents"), "close", false),
        named("patch", None, "patch", true),
    ];
    let echo = r#""instructions":"Be brief.","tools":[]"#.into();
    ReplyContext {
        id: "id".into(),
        created: 7,
        model: "m".into(),
        asked: Some(Rc::new(Asked { echo, tools })),
        ..ReplyContext::default()
    }
}

/// The events of a stream, whose frames and numbers are checked.
fn read(bytes: &[u8]) -> Vec<Value> {
    let text = str::from_utf8(bytes).unwrap();
    let blocks = text.split_terminator("\n\n").enumerate();
    blocks
        .map(|(number, block)| {
            let (name, data) =
                block.strip_prefix("event: ").and_then(|block| block.split_once("\ndata: ")).unwrap();
            let event: Value = serde_json::from_str(data).unwrap();
            assert_eq!(
                (event["type"].as_str(), event["sequence_number"].as_u64()),
                (Some(name), Some(number as u64))
            );
            event
        })
        .collect()
}

fn encode(events: impl IntoIterator<Item = Event<'static>>) -> Vec<Value> {
    let mut encoder = ResponsesEncoder::new(context());
    let mut out = Vec::new();
    events.into_iter().for_each(|event| encoder.encode(event, &mut out));
    read(&out)
}

fn ended(events: impl IntoIterator<Item = Event<'static>>, finish: Finish<'static>) -> Vec<Value> {
    encode(events.into_iter().chain([Event::Finish(finish), Event::Done]))
}

fn start(index: u32, name: &'static str) -> Event<'static> {
    Event::ToolStart { index, id: format!("call_{index}").into(), name: name.into(), signature: None }
}

fn more(index: u32, fragment: &'static str) -> Event<'static> {
    Event::ToolArguments { index, fragment: fragment.into() }
}

fn kinds(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["type"].as_str().unwrap().trim_start_matches("response.")).collect()
}

fn of<'e>(events: &'e [Value], kind: &str) -> Vec<&'e Value> {
    events.iter().filter(|event| event["type"] == format!("response.{kind}")).collect()
}

#[test]
fn calls_may_interleave() {
    let events = ended(
        [
            start(0, "a"),
            more(0, "{"),
            start(1, "agents__close"),
            more(1, "{}"),
            more(0, "\"x\":\"\\\"\"}"),
            Event::ToolEnd { index: 1 },
            Event::ToolEnd { index: 0 },
        ],
        Finish::ToolCalls,
    );
    let places: Vec<_> = events.iter().filter_map(|event| event["output_index"].as_u64()).collect();
    assert_eq!(places, [0, 0, 1, 1, 0, 1, 1, 0, 0]);
    let last = &events.last().unwrap()["response"];
    assert_eq!(
        last["output"],
        json!([
            {"type": "function_call", "id": "fc_id_0", "status": "completed", "call_id": "call_0", "name": "a",
                "arguments": "{\"x\":\"\\\"\"}"},
            {"type": "function_call", "id": "fc_id_1", "status": "completed", "call_id": "call_1", "name": "close",
                "namespace": "agents", "arguments": "{}"},
        ])
    );
    assert_eq!(
        (&last["instructions"], &last["created_at"], &last["model"]),
        (&json!("Be brief."), &json!(7), &json!("m"))
    );
}

#[test]
fn a_custom_tool_gets_its_text() {
    let cases: [(&[&'static str], &str); 5] = [
        (&["{\"inp", "ut\":\"a\\n\\u00e4\"}"], "a\nä"),
        // Models that do not keep to the one property.
        (&["{\"code\":\"x\"}"], "x"),
        (&["{\"input\":1}"], "{\"input\":1}"),
        (&["plain \"text\""], "plain \"text\""),
        (&["{\"input\":\"\"}"], ""),
    ];
    for (pieces, input) in cases {
        let calls = [start(0, "functions__exec")].into_iter();
        let calls =
            calls.chain(pieces.iter().map(|piece| more(0, piece))).chain([Event::ToolEnd { index: 0 }]);
        let events = ended(calls, Finish::ToolCalls);
        let item = |input: &str| {
            json!({"type": "custom_tool_call", "id": "ctc_id_0", "call_id": "call_0", "name": "exec",
                "namespace": "functions", "input": input})
        };
        assert_eq!(of(&events, "output_item.added")[0]["item"], item(""));
        let deltas = of(&events, "custom_tool_call_input.delta");
        assert_eq!(deltas.iter().map(|event| event["delta"].as_str().unwrap()).collect::<String>(), input);
        assert_eq!(of(&events, "custom_tool_call_input.done")[0]["input"], input);
        assert_eq!(of(&events, "output_item.done")[0]["item"], item(input));
    }
    let events = ended([start(0, "patch"), Event::ToolEnd { index: 0 }], Finish::ToolCalls);
    assert_eq!(of(&events, "output_item.done")[0]["item"].get("namespace"), None);
}

#[test]
fn an_item_of_each_kind_in_its_order() {
    let source = Citation { url: "https://a.example".into(), title: "A".into(), span: Some((2, 4)) };
    let late = Citation { span: Some((0, 2)), ..source.clone() };
    let events = ended(
        [
            Event::Start { id: Some("resp_x".into()), model: Some("up".into()) },
            Event::Thinking("Hm".into()),
            Event::Thinking("".into()),
            Event::Text("hé".into()),
            Event::Refusal("No.".into()),
            Event::Text("aé".into()),
            Event::Citation(source),
            start(0, "f"),
            Event::ToolEnd { index: 0 },
            Event::Citation(late),
            Event::Text("z".into()),
            Event::Signature("late".into()),
        ],
        Finish::Length,
    );
    let last = &events.last().unwrap()["response"];
    assert_eq!(last["id"], "resp_x");
    assert_eq!(
        (&last["status"], &last["incomplete_details"]),
        (&json!("incomplete"), &json!({"reason": "max_output_tokens"}))
    );
    let text = |text: &str, span: [u64; 2]| {
        json!({"type": "output_text", "text": text, "logprobs": [], "annotations": [{"type": "url_citation",
            "start_index": span[0], "end_index": span[1], "url": "https://a.example", "title": "A"}]})
    };
    let plain = json!({"type": "output_text", "text": "hé", "logprobs": [], "annotations": []});
    let refusal = json!({"type": "refusal", "refusal": "No."});
    assert_eq!(
        last["output"],
        json!([
            {"type": "reasoning", "id": "rs_id_0", "summary": [{"type": "summary_text", "text": "Hm"}]},
            {"type": "message", "id": "msg_id_1", "status": "completed", "role": "assistant",
                "content": [plain, refusal, text("aé", [0, 2])]},
            {"type": "function_call", "id": "fc_id_2", "status": "completed", "call_id": "call_0", "name": "f", "arguments": ""},
            // A source of text that has ended is not lost.
            {"type": "message", "id": "msg_id_3", "status": "completed", "role": "assistant",
                "content": [text("z", [0, 0])]},
            {"type": "reasoning", "id": "rs_id_4", "summary": [], "encrypted_content": "switchyard:thinking:v1:late"},
        ])
    );
    // What was being written is marked where it was cut.
    let events = ended([Event::Text("a".into())], Finish::Refusal);
    let last = &events.last().unwrap()["response"];
    assert_eq!(last["output"][0]["status"], "incomplete");
    assert_eq!(last["incomplete_details"]["reason"], "content_filter");
}

#[test]
fn signatures_without_a_place_are_items() {
    let call =
        Event::ToolStart { index: 0, id: "c".into(), name: "f".into(), signature: Some("c2ln".into()) };
    let extra = |name, json: &'static str| Event::Extra(Extra { vendor: "google", name, json: json.into() });
    let events = ended(
        [
            Event::Thinking("Hm".into()),
            call,
            more(0, "{}"),
            Event::ToolEnd { index: 0 },
            extra("thought_signature", "\"dGV4\""),
            extra("safety_ratings", "[]"),
        ],
        Finish::ToolCalls,
    );
    let last = &events.last().unwrap()["response"];
    let seen: Vec<_> = last["output"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["encrypted_content"].as_str().or(item["type"].as_str()).unwrap())
        .collect();
    assert_eq!(seen, ["reasoning", "switchyard:call:v1:c2ln", "function_call", "switchyard:text:v1:dGV4"]);
    assert_eq!(last["extra_content"], json!({"google": {"safety_ratings": []}}));
}

#[test]
fn a_failure_is_told_as_openai_tells_it() {
    let error = ApiError::new(ErrorKind::RateLimit, "slow \"down\"");
    let text = |text: &'static str| Event::Text(text.into());
    let events = encode([text("a"), start(0, "f"), text("b"), Event::Error(error), text("c"), Event::Done]);
    let [.., told, failed] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(told["error"]["code"], "rate_limit_exceeded");
    assert_eq!(
        (&told["code"], &told["message"], &told["param"]),
        (&json!("rate_limit_exceeded"), &json!("slow \"down\""), &json!(null))
    );
    let response = &failed["response"];
    assert_eq!((&response["status"], &response["id"]), (&json!("failed"), &json!("resp_id")));
    assert_eq!(response["error"], json!({"code": "rate_limit_exceeded", "message": "slow \"down\""}));
    // What had ended.
    assert_eq!(response["output"].as_array().unwrap().len(), 1);
    assert!(!kinds(&events).contains(&"completed"));

    use ErrorKind::*;
    for (kind, code) in [
        (ContextLength, "context_length_exceeded"),
        (ContentPolicy, "invalid_prompt"),
        (InvalidRequest, "invalid_prompt"),
        (Overloaded, "server_error"),
        (Timeout, "server_error"),
        (Server, "server_error"),
    ] {
        let events = encode([Event::Error(ApiError::new(kind, "m").with_code("own"))]);
        assert_eq!(kinds(&events), ["error", "failed"]);
        assert_eq!(
            (&events[0]["code"], &events[1]["response"]["error"]["code"]),
            (&json!("own"), &json!(code)),
            "{kind:?}"
        );
    }
}

#[test]
fn an_end_without_a_reason_is_a_failure() {
    let events = encode([Event::Text("a".into()), Event::Done]);
    assert_eq!(kinds(&events).last(), Some(&"failed"));
    let empty = ended([], Finish::Stop);
    assert_eq!(kinds(&empty), ["created", "in_progress", "completed"]);
}

#[test]
fn there_is_an_end_to_what_is_kept() {
    let piece = "x".repeat(1 << 20);
    let mut encoder = ResponsesEncoder::new(context());
    let mut out = Vec::new();
    for _ in 0..40 {
        out.clear();
        encoder.encode(Event::Text(piece.as_str().into()), &mut out);
        if encoder.closed {
            break;
        }
    }
    let text = String::from_utf8(out).unwrap();
    assert!(text.contains("the answer is longer than 16 MiB") && text.contains("event: response.failed"));
    let mut encoder = ResponsesEncoder::new(context());
    let mut out = Vec::new();
    (0..100_000).for_each(|index| {
        out.clear();
        encoder.encode(start(index, "f"), &mut out);
    });
    assert!(encoder.closed);
}
