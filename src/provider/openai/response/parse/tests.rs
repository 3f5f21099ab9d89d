use super::*;
use crate::ir::{Citation, ErrorKind, Finish, Usage};

fn read(choice: &str) -> Result<Reply<'static>, ApiError> {
    let body = format!(r#"{{"id":"c","model":"m","created":7,"choices":[{{"index":0,{choice}}}]}}"#);
    parse(body.leak().as_bytes(), "x")
}

fn parts(message: &str) -> Vec<ReplyPart<'static>> {
    read(&format!(r#""message":{{{message}}},"finish_reason":"stop""#)).unwrap().parts
}

fn thinking(text: &str) -> ReplyPart<'_> {
    ReplyPart::Thinking { text: text.into(), signature: None }
}

fn called<'a>(id: &'a str, name: &'a str, arguments: &'a str) -> ReplyPart<'a> {
    ReplyPart::ToolCall { id: id.into(), name: name.into(), arguments: arguments.into(), signature: None }
}

#[test]
fn a_reply_of_openais() {
    let body = br#"{"id":"chatcmpl-1","object":"chat.completion","created":1700000000,"model":"gpt-4.1-2025-04-14","choices":[
        {"index":1,"message":{"content":"another"}},
        {"index":0,"message":{"role":"assistant","content":"a\u00e9","refusal":null,"annotations":[]},"logprobs":null,"finish_reason":"length"}],
        "usage":{"prompt_tokens":7,"completion_tokens":5,"total_tokens":12},"service_tier":"default"}"#;
    let reply = parse(body, "x").unwrap();
    let usage = Usage { input: Some(7), output: Some(5), ..Usage::default() };
    let expected = Reply {
        id: Some("chatcmpl-1".into()),
        model: Some("gpt-4.1-2025-04-14".into()),
        created: Some(1_700_000_000),
        parts: vec![ReplyPart::Text("aé".into())],
        finish: Finish::Length,
        usage: Some(usage),
    };
    assert_eq!(reply, expected);
}

#[test]
fn reasoning_content_refusals_and_calls_in_this_order() {
    let found = parts(
        r#""tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":""}},
            {"function":{"name":"g","arguments":{"x": 1}}},{"id":"","function":{"name":"h"}}],
            "refusal":"n","reasoning":"t","content":"s""#,
    );
    let expected = [
        thinking("t"),
        ReplyPart::Text("s".into()),
        ReplyPart::Refusal("n".into()),
        called("a", "f", "{}"),
        called("call_x_1", "g", "{\"x\":1}"),
        called("call_x_2", "h", "{}"),
    ];
    assert_eq!(found, expected);
    let legacy = read(
        r#""message":{"content":null,"function_call":{"name":"f","arguments":"{}"}},"finish_reason":"function_call""#,
    );
    let legacy = legacy.unwrap();
    assert_eq!((legacy.parts, legacy.finish), (vec![called("call_x_0", "f", "{}")], Finish::ToolCalls));
}

#[test]
fn content_of_any_form() {
    for (message, expected) in [
        (r#""content":null"#, vec![]),
        (r#""content":"""#, vec![]),
        (r#""content":7"#, vec![]),
        (
            r#""content":[{"type":"text","text":"a"},{"text":"b"},{"type":"refusal","refusal":"n"},{"type":"image"},3]"#,
            vec![ReplyPart::Text("a".into()), ReplyPart::Text("b".into()), ReplyPart::Refusal("n".into())],
        ),
        (r#""reasoning_content":"a","reasoning":"b""#, vec![thinking("a")]),
        (
            r#""reasoning_details":[{"type":"reasoning.text","text":"a"},{"summary":"b"},{"data":"x"}]"#,
            vec![thinking("ab")],
        ),
        (r#""reasoning":{"effort":"low"},"reasoning_content":"""#, vec![]),
    ] {
        assert_eq!(parts(message), expected, "{message}");
    }
}

#[test]
fn sources_of_any_form() {
    let cite = |url: &'static str, title: &'static str, span| {
        ReplyPart::Citation(Citation { url: url.into(), title: title.into(), span })
    };
    let annotation = r#""annotations":[{"type":"url_citation","url_citation":{"start_index":0,"end_index":2,"title":"t","url":"u"}},{"type":"other"}]"#;
    assert_eq!(parts(annotation), [cite("u", "t", Some((0, 2)))]);
    let beside = |more: &str| {
        let body = format!(r#"{{"choices":[{{"message":{{"content":""}}}}],{more}}}"#);
        parse(body.leak().as_bytes(), "x").unwrap().parts
    };
    assert_eq!(beside(r#""citations":["u","v"]"#), [cite("u", "", None), cite("v", "", None)]);
    assert_eq!(
        beside(r#""citations":["u"],"search_results":[{"title":"t","url":"u","date":null}]"#),
        [cite("u", "t", None)]
    );
}

#[test]
fn an_end_that_does_not_speak_of_calls_is_one_of_calls() {
    let call = r#""message":{"tool_calls":[{"id":"a","function":{"name":"f"}}]}"#;
    for (reason, expected) in [
        (r#","finish_reason":"stop""#, Finish::ToolCalls),
        (r#","finish_reason":null"#, Finish::ToolCalls),
        ("", Finish::ToolCalls),
        (r#","finish_reason":"length""#, Finish::Length),
    ] {
        assert_eq!(read(&format!("{call}{reason}")).unwrap().finish, expected, "{reason}");
    }
    assert_eq!(
        read(r#""message":{"content":"a"},"finish_reason":"sensitive""#).unwrap().finish,
        Finish::ContentFilter
    );
}

#[test]
fn what_is_no_reply_is_an_error() {
    for (body, kind) in [
        ("", ErrorKind::Server),
        ("<html>", ErrorKind::Server),
        ("[]", ErrorKind::Server),
        ("{}", ErrorKind::Server),
        (r#"{"choices":[]}"#, ErrorKind::Server),
        (r#"{"choices":[{"index":0}]}"#, ErrorKind::Server),
        (
            r#"{"choices":[{"message":{"tool_calls":[{"id":"a","function":{"arguments":"{}"}}]}}]}"#,
            ErrorKind::Server,
        ),
        (r#"{"error":{"message":"slow","type":"rate_limit_error"}}"#, ErrorKind::RateLimit),
        (r#"{"object":"error","message":"no such model","code":404}"#, ErrorKind::NotFound),
        (r#"{"detail":"no"}"#, ErrorKind::Server),
        (
            r#"{"choices":[{"error":{"code":502,"message":"gone"},"message":{"content":""}}]}"#,
            ErrorKind::Server,
        ),
        (r#"{"choices":[{"message":{"content":"half"},"finish_reason":"error"}]}"#, ErrorKind::Server),
    ] {
        assert_eq!(parse(body.as_bytes(), "x").unwrap_err().kind, kind, "{body}");
    }
}
