use std::borrow::Cow;

use serde_json::{Value, json};

use super::*;
use crate::ir::{Finish, Usage};

fn context() -> ReplyContext {
    ReplyContext {
        id: "0123456789abcdefghijklmn".into(),
        created: 7,
        model: "up".into(),
        include_usage: false,
        ..ReplyContext::default()
    }
}

fn written(reply: &Reply<'_>) -> Value {
    let mut out = Vec::new();
    write(reply, &context(), &mut out);
    serde_json::from_slice(&out).unwrap()
}

fn of<'a>(parts: Vec<ReplyPart<'a>>, finish: Finish<'a>) -> Reply<'a> {
    Reply { id: None, model: None, created: None, parts, finish, usage: None }
}

fn text(text: &str) -> ReplyPart<'_> {
    ReplyPart::Text(Cow::Borrowed(text))
}

fn call<'a>(id: &'a str, arguments: &'a str) -> ReplyPart<'a> {
    ReplyPart::ToolCall { id: id.into(), name: "f".into(), arguments: arguments.into(), signature: None }
}

#[test]
fn a_plain_reply() {
    let usage = Usage { input: Some(3), output: Some(4), ..Usage::default() };
    let reply = Reply {
        id: Some("msg_1".into()),
        model: Some("claude".into()),
        created: Some(9),
        usage: Some(usage),
        ..of(vec![text("a\"b"), text("\u{1f600}")], Finish::Stop)
    };
    let expected = json!({"id": "msg_1", "object": "chat.completion", "created": 9, "model": "claude", "choices": [
        {"index": 0, "message": {"role": "assistant", "content": "a\"b\u{1f600}", "refusal": null}, "logprobs": null,
         "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}});
    assert_eq!(written(&reply), expected);
}

#[test]
fn what_the_provider_does_not_tell_comes_from_the_context() {
    let found = written(&of(vec![], Finish::Stop));
    assert_eq!(found["id"], "chatcmpl-0123456789abcdefghijklmn");
    assert_eq!((&found["created"], &found["model"]), (&json!(7), &json!("up")));
    assert_eq!(found.get("usage"), None);
}

#[test]
fn content_is_null_only_beside_another_answer() {
    for (parts, content, refusal) in [
        (vec![], json!(""), json!(null)),
        (vec![text("")], json!(""), json!(null)),
        (vec![call("c", "{}")], json!(null), json!(null)),
        (vec![text("t"), call("c", "{}")], json!("t"), json!(null)),
        (vec![ReplyPart::Refusal("n".into()), ReplyPart::Refusal("o".into())], json!(null), json!("no")),
        (vec![ReplyPart::Thinking { text: "x".into(), signature: None }], json!(""), json!(null)),
    ] {
        let found = written(&of(parts, Finish::Stop));
        let message = &found["choices"][0]["message"];
        assert_eq!((&message["content"], &message["refusal"]), (&content, &refusal));
    }
}

#[test]
fn tool_calls_keep_their_order() {
    let found = written(&of(vec![call("a", "{\"x\":1}"), call("b", "{}")], Finish::ToolCalls));
    let expected = json!([
        {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{\"x\":1}"}},
        {"id": "b", "type": "function", "function": {"name": "f", "arguments": "{}"}},
    ]);
    assert_eq!(found["choices"][0]["message"]["tool_calls"], expected);
    assert_eq!(found["choices"][0]["finish_reason"], "tool_calls");
}

#[test]
fn reasoning_is_shown_and_can_be_sent_back() {
    let parts = vec![
        ReplyPart::Thinking { text: "a".into(), signature: Some("s1".into()) },
        ReplyPart::RedactedThinking("r".into()),
        ReplyPart::Thinking { text: "b".into(), signature: None },
        text("t"),
    ];
    let found = written(&of(parts, Finish::Stop));
    let message = &found["choices"][0]["message"];
    assert_eq!(message["reasoning_content"], "ab");
    let blocks = json!([{"type": "thinking", "thinking": "a", "signature": "s1"},
        {"type": "redacted_thinking", "data": "r"}, {"type": "thinking", "thinking": "b"}]);
    assert_eq!(message["thinking_blocks"], blocks);

    let withheld = ReplyPart::Thinking { text: "".into(), signature: Some("s".into()) };
    let found = written(&of(vec![withheld], Finish::Stop));
    let message = &found["choices"][0]["message"];
    assert_eq!(message.get("reasoning_content"), None);
    assert_eq!(message["thinking_blocks"][0]["signature"], "s");
}

#[test]
fn every_finish_has_a_word_that_openai_knows() {
    for (finish, word) in [
        (Finish::Stop, "stop"),
        (Finish::StopSequence(Some("x".into())), "stop"),
        (Finish::Length, "length"),
        (Finish::ToolCalls, "tool_calls"),
        (Finish::ContentFilter, "content_filter"),
        (Finish::Refusal, "content_filter"),
    ] {
        assert_eq!(written(&of(vec![], finish))["choices"][0]["finish_reason"], word);
    }
}

#[test]
fn usage_tells_what_is_reported_and_no_more() {
    let all = Usage {
        input: Some(1),
        cache_read: Some(2),
        cache_write: Some(4),
        output: Some(8),
        reasoning: Some(3),
    };
    let some = Usage { input: Some(1), cache_write: Some(0), ..Usage::default() };
    for (usage, expected) in [
        (
            all,
            json!({"prompt_tokens": 7, "completion_tokens": 8, "total_tokens": 15,
                "prompt_tokens_details": {"cached_tokens": 2, "cache_write_tokens": 4},
                "completion_tokens_details": {"reasoning_tokens": 3}}),
        ),
        (
            some,
            json!({"prompt_tokens": 1, "completion_tokens": 0, "total_tokens": 1,
                "prompt_tokens_details": {"cache_write_tokens": 0}}),
        ),
    ] {
        let found = written(&Reply { usage: Some(usage), ..of(vec![], Finish::Stop) });
        assert_eq!(found["usage"], expected);
    }
}
