//! What golden cases do not show.

use serde_json::{Value, json};

use super::*;
use crate::ir::ErrorKind;

fn frame(events: &[Value]) -> Vec<u8> {
    events.iter().flat_map(|event| format!("data: {event}\n\n").into_bytes()).collect()
}

/// What the events say, one word each.
fn told(stream: &[u8]) -> Vec<String> {
    let mut told = Vec::new();
    let mut sink = |event: Event<'_>| {
        told.push(match event {
            Event::Start { id, .. } => format!("start {}", id.unwrap_or_default()),
            Event::Text(text) => format!("text {text}"),
            Event::Refusal(text) => format!("refusal {text}"),
            Event::Thinking(text) => format!("thinking {text}"),
            Event::Signature(signature) => format!("signature {signature}"),
            Event::ToolStart { index, id, name, .. } => format!("call {index} {id} {name}"),
            Event::ToolArguments { index, fragment } => format!("arguments {index} {fragment}"),
            Event::ToolEnd { index } => format!("end {index}"),
            Event::Extra(extra) => format!("extra {} {}", extra.name, extra.json),
            Event::Citation(citation) => format!("citation {:?}", citation.span),
            Event::Usage(usage) => format!("usage {:?}", usage.output),
            Event::Finish(finish) => format!("{finish:?}"),
            Event::Error(error) => format!("{:?}", error.kind),
            other => format!("{other:?}"),
        });
    };
    let mut decoder = ResponsesDecoder::new("x", "p");
    decoder.push(stream, &mut sink);
    decoder.end(&mut sink);
    // Nothing follows the end.
    decoder.push(&frame(&[json!({"type": "response.output_text.delta", "delta": "x"})]), &mut sink);
    decoder.end(&mut sink);
    told
}

fn text(delta: &str) -> Value {
    json!({"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": delta})
}

fn completed(output: Value) -> Value {
    json!({"type": "response.completed", "response": {"status": "completed", "output": output,
        "usage": {"input_tokens": 1, "output_tokens": 2}}})
}

#[test]
fn the_answer_begins_with_its_first_item() {
    let created = json!({"type": "response.created", "response": {"id": "resp_1", "status": "in_progress", "output": []}});
    let mut stream = frame(&[created]);
    assert_eq!(told(&stream), ["Server"]);
    stream.extend(frame(&[
        json!({"type": "response.output_item.added", "output_index": 0, "item": {"type": "reasoning"}}),
    ]));
    assert_eq!(told(&stream), ["start resp_1", "Server"]);
}

#[test]
fn failures_tell_what_they_took() {
    for (event, kind) in [
        ("failed", json!({"status": "failed", "error": {"code": "server_error", "message": "x"}})),
        ("failed", json!({})),
        ("cancelled", json!({"status": "cancelled"})),
        ("completed", json!({"status": "failed"})),
    ] {
        let mut response = json!({"usage": {"output_tokens": 3}});
        response.as_object_mut().unwrap().extend(kind.as_object().unwrap().clone());
        let last = json!({"type": format!("response.{event}"), "response": response});
        assert_eq!(
            told(&frame(&[text("a"), last])),
            ["start ", "text a", "usage Some(3)", "Server"],
            "{event} {kind}"
        );
    }
    // A last event without its response is none.
    assert_eq!(told(&frame(&[json!({"type": "response.completed"})])), ["Server"]);
}

#[test]
fn incomplete_is_told_by_the_event_too() {
    let last = json!({"type": "response.incomplete", "response": {"output": []}});
    assert_eq!(told(&frame(&[text("a"), last])), ["start ", "text a", "Length", "Done"]);
}

#[test]
fn an_item_that_is_sent_twice_is_given_once() {
    let done = |index: u64, item: Value| json!({"type": "response.output_item.done", "output_index": index, "item": item});
    let call = json!({"type": "function_call", "call_id": "c", "name": "f", "arguments": "{\"a\":1}"});
    let search = json!({"type": "web_search_call", "id": "w"});
    let stream = [
        done(0, call.clone()),
        done(0, call.clone()),
        done(1, search.clone()),
        done(1, search.clone()),
        completed(json!([call, search])),
    ];
    let expected = [
        "start ",
        "call 0 c f",
        "arguments 0 {\"a\":1}",
        "end 0",
        "extra server_tools [{\"id\":\"w\",\"type\":\"web_search_call\"}]",
        "usage Some(2)",
        "ToolCalls",
        "Done",
    ];
    assert_eq!(told(&frame(&stream)), expected);
}

#[test]
fn arguments_of_the_providers_own_tools_are_not_the_clients() {
    let arguments =
        json!({"type": "response.function_call_arguments.delta", "output_index": 3, "delta": "{}"});
    let mcp = json!({"type": "response.mcp_call_arguments.delta", "output_index": 4, "delta": "{}"});
    assert_eq!(
        told(&frame(&[arguments, mcp, text("a"), completed(json!([]))])),
        ["start ", "text a", "usage Some(2)", "Stop", "Done"]
    );
}

#[test]
fn there_is_an_end_to_the_items() {
    let items: Vec<Value> = (0..5000)
        .map(|index| json!({"type": "response.output_text.delta", "output_index": index, "delta": "x"}))
        .collect();
    let told = told(&frame(&items));
    assert_eq!(told.len(), 1 + 4096 + 1);
    assert_eq!(told.last().map(String::as_str), Some("Server"));
}

#[test]
fn an_error_keeps_its_kind() {
    for (event, kind) in [
        (json!({"type": "error", "code": "rate_limit_exceeded", "message": "slow"}), ErrorKind::RateLimit),
        (
            json!({"type": "error", "error": {"code": "context_length_exceeded", "message": "long"}}),
            ErrorKind::ContextLength,
        ),
        (json!({"type": "error"}), ErrorKind::Server),
        (
            json!({"type": "response.failed", "response": {"error": {"code": "invalid_prompt", "message": "no"}}}),
            ErrorKind::ContentPolicy,
        ),
    ] {
        assert_eq!(told(&frame(&[event])), [format!("{kind:?}")]);
    }
}

#[test]
fn sources_of_several_parts_count_from_the_start_of_the_text() {
    let link = |start: u64| json!({"type": "url_citation", "url": "u", "title": "", "start_index": start, "end_index": start + 1});
    let parts = json!([{"type": "output_text", "text": "äb", "annotations": [link(0)]},
        {"type": "output_text", "text": "cd", "annotations": [link(1)]}]);
    let item = json!({"type": "message", "content": parts});
    let done = json!({"type": "response.output_item.done", "output_index": 0, "item": item});
    let told = told(&frame(&[text("äb"), done, completed(json!([]))]));
    assert_eq!(told[1..5], ["text äb", "text cd", "citation Some((0, 1))", "citation Some((3, 4))"]);
}
