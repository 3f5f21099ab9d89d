use super::*;
use crate::ir::{Extra, Usage};

fn text(text: &str) -> ReplyPart<'_> {
    ReplyPart::Text(text.into())
}

#[test]
fn every_part_in_order() {
    let body = br#"{
        "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-x",
        "content": [
            {"type": "thinking", "thinking": "hm", "signature": "c2ln"},
            {"type": "redacted_thinking", "data": "eA=="},
            {"type": "text", "text": "one", "citations": null},
            {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"q": 1}},
            {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": [], "text": {"a": 1}},
            {"type": "text", "text": ""},
            {"type": "text", "text": "two \u00e9"},
            {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"z": 1, "a": ["x y", 2.50]}},
            {"type": "tool_use", "id": "toolu_2", "name": "g", "input": {}},
            {"type": "tool_use", "id": "toolu_3", "name": "h"}
        ],
        "stop_reason": "tool_use", "stop_sequence": null, "stop_details": null, "container": null,
        "usage": {"input_tokens": 10, "output_tokens": 20, "cache_read_input_tokens": 3,
            "cache_creation_input_tokens": 4, "output_tokens_details": {"thinking_tokens": 5},
            "server_tool_use": {"web_search_requests": 1}, "service_tier": "standard"}
    }"#;
    let reply = read(body).unwrap();
    let call = |id: &'static str, name: &'static str, arguments: &'static str| ReplyPart::ToolCall {
        id: id.into(),
        name: name.into(),
        arguments: arguments.into(),
        signature: None,
    };
    assert_eq!(
        reply.parts,
        [
            ReplyPart::Thinking { text: "hm".into(), signature: Some("c2ln".into()) },
            ReplyPart::RedactedThinking("eA==".into()),
            text("one"),
            text("two é"),
            call("toolu_1", "f", r#"{"z":1,"a":["x y",2.50]}"#),
            call("toolu_2", "g", "{}"),
            call("toolu_3", "h", "{}"),
            ReplyPart::Extra(Extra {
                vendor: "anthropic",
                name: "blocks",
                json: concat!(
                    r#"[{"type":"server_tool_use","id":"srvtoolu_1","name":"web_search","input":{"q":1}},"#,
                    r#"{"type":"web_search_tool_result","tool_use_id":"srvtoolu_1","content":[],"text":{"a":1}}]"#
                )
                .into(),
            }),
        ]
    );
    assert_eq!(reply.id.as_deref(), Some("msg_1"));
    assert_eq!(reply.model.as_deref(), Some("claude-x"));
    assert_eq!(reply.finish, Finish::ToolCalls);
    let usage = Usage {
        input: Some(10),
        cache_read: Some(3),
        cache_write: Some(4),
        output: Some(20),
        reasoning: Some(5),
    };
    assert_eq!(reply.usage, Some(usage));
    assert_eq!(usage.prompt(), 17);
}

fn finish_of(reason: &str, content: &str) -> Finish<'static> {
    let body = format!(
        r#"{{"type":"message","content":[{content}],"stop_reason":{reason},"stop_sequence":"END","usage":null}}"#
    );
    match read(body.as_bytes()).unwrap().finish {
        Finish::StopSequence(sequence) => Finish::StopSequence(sequence.map(|s| s.into_owned().into())),
        Finish::Stop => Finish::Stop,
        Finish::Length => Finish::Length,
        Finish::ToolCalls => Finish::ToolCalls,
        Finish::ContentFilter => Finish::ContentFilter,
        Finish::Refusal => Finish::Refusal,
    }
}

#[test]
fn every_stop_reason() {
    for (reason, finish) in [
        (r#""end_turn""#, Finish::Stop),
        (r#""pause_turn""#, Finish::Stop),
        (r#""stop_sequence""#, Finish::StopSequence(Some("END".into()))),
        (r#""max_tokens""#, Finish::Length),
        (r#""model_context_window_exceeded""#, Finish::Length),
        (r#""compaction""#, Finish::Length),
        (r#""tool_use""#, Finish::ToolCalls),
        (r#""refusal""#, Finish::Refusal),
        (r#""something_new""#, Finish::Stop),
        ("null", Finish::Stop),
        ("7", Finish::Stop),
    ] {
        assert_eq!(finish_of(reason, ""), finish, "{reason}");
    }
    let call = r#"{"type":"tool_use","id":"a","name":"f","input":{}}"#;
    assert_eq!(finish_of("null", call), Finish::ToolCalls);
    assert_eq!(finish_of(r#""max_tokens""#, call), Finish::Length);
}

#[test]
fn tolerates_what_is_absent_or_odd() {
    let reply = read(br#"{"type":"message","content":null}"#).unwrap();
    assert_eq!((reply.parts.len(), reply.usage, reply.id), (0, None, None));
    let reply =
        read(br#"{"content":[{"type":"text","text":"x"},3,null,{"type":5},{}],"id":7,"usage":[]}"#).unwrap();
    assert_eq!(reply.parts, [text("x")]);
    let odd = br#"{"type":"message","content":[],"usage":{"input_tokens":null,"output_tokens":"3",
        "cache_creation":{"ephemeral_5m_input_tokens":2,"ephemeral_1h_input_tokens":5}}}"#;
    let usage = read(odd).unwrap().usage.unwrap();
    assert_eq!(usage, Usage { cache_write: Some(7), ..Usage::default() });
}

#[test]
fn what_is_no_message_is_an_error() {
    let error =
        read(br#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#).unwrap_err();
    assert_eq!((error.kind, error.message.as_str()), (ErrorKind::Overloaded, "Overloaded"));
    let bodies: [&[u8]; 9] = [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"<html>",
        b"{\"content\":{}}",
        b"\xff",
        b"{\"type\":\"x\"}",
        b"[\"message\"]",
    ];
    for body in bodies {
        assert_eq!(read(body).unwrap_err().kind, ErrorKind::Server, "{body:?}");
    }
}
