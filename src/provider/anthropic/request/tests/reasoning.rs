//! Reasoning that comes back in a conversation.

use super::*;

fn signed(text: &str) -> Part<'_> {
    Part::Thinking { text: text.into(), signature: Some("sig".into()) }
}

/// An answer that `max_tokens` cut off within its reasoning. Anthropic: "The final block in an assistant message
/// cannot be `thinking`".
#[test]
fn a_turn_of_reasoning_alone_is_left_out() {
    let messages = vec![
        message(Role::User, vec![text("one")]),
        message(Role::Assistant, vec![signed("hm"), text("")]),
        message(Role::User, vec![text("two")]),
        message(Role::Assistant, vec![signed("so")]),
        message(Role::Assistant, vec![text("yes")]),
    ];
    let sent = sent(&request(messages)).unwrap();
    let expected = json!([
        {"role": "user", "content": [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]},
        {"role": "assistant", "content": [{"type": "thinking", "thinking": "so", "signature": "sig"},
            {"type": "text", "text": "yes"}]},
    ]);
    assert_eq!(sent["messages"], expected);
}

/// Whether a model that thinks within a budget is told to, in a conversation that goes on from `messages`.
fn thinks(messages: Vec<Message<'_>>) -> bool {
    let mut request = request(messages);
    request.reasoning = Some(crate::ir::Reasoning::Budget(2000));
    let facts = ModelFacts { thinking: crate::provider::model::Thinking::Budget, ..ModelFacts::default() };
    let mut out = Vec::new();
    write(
        &request,
        Format::Anthropic,
        &Upstream { model: "m", facts: &facts, quirks: Quirks::NONE, provider: "p" },
        &mut out,
    )
    .unwrap();
    !serde_json::from_slice::<Value>(&out).unwrap()["thinking"].is_null()
}

#[test]
fn thinking_goes_on_where_the_run_of_calls_began_with_it() {
    let call = |id: &'static str| Part::ToolCall {
        id: id.into(),
        name: "f".into(),
        arguments: "{}".into(),
        signature: None,
        cache: None,
    };
    let result = |id: &'static str| {
        let content = vec![text("r")];
        message(Role::Tool, vec![Part::ToolResult { id: id.into(), content, is_error: false, cache: None }])
    };
    let run = |first: Vec<Part<'static>>, rest: Vec<Message<'static>>| {
        let mut messages = vec![message(Role::User, vec![text("go")]), message(Role::Assistant, first)];
        messages.extend(rest);
        thinks(messages)
    };
    let said = || message(Role::User, vec![text("and be quick")]);
    // The model thinks once, before the first call of a run.
    let second = || vec![result("a"), message(Role::Assistant, vec![call("b")]), result("b")];
    assert!(run(vec![signed("hm"), call("a")], second()));
    assert!(!run(vec![call("a")], second()));
    // The user's words go into the turn that answers the calls.
    assert!(!run(vec![call("a")], vec![result("a"), said()]));
    assert!(run(vec![signed("hm"), call("a")], vec![result("a"), said()]));
    // A turn of the user's own begins anew.
    assert!(run(vec![call("a")], vec![result("a"), message(Role::Assistant, vec![text("done")]), said()]));
}
