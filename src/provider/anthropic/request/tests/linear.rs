//! A client decides how long the lists are.

use super::*;

/// The time that a request takes must grow with its size, not with its square: a body of 32 MiB holds a million
/// small pieces, and a worker that reads it serves nobody else.
#[track_caller]
fn assert_quick(request: &Request<'_>, facts: &ModelFacts) {
    let begun = std::time::Instant::now();
    let mut out = Vec::new();
    write(
        request,
        Format::Anthropic,
        &Upstream { model: "m", facts, quirks: Quirks::NONE, provider: "p" },
        &mut out,
    )
    .unwrap();
    assert!(begun.elapsed().as_secs() < 3, "took {:?}", begun.elapsed());
}

#[test]
fn calls_with_one_id_take_linear_time() {
    let call = |_| Part::ToolCall {
        id: "0".into(),
        name: "f".into(),
        arguments: "".into(),
        signature: None,
        cache: None,
    };
    let calls = (0..30_000).map(call).collect();
    assert_quick(&request(vec![message(Role::Assistant, calls)]), &ModelFacts::default());
}

#[test]
fn a_run_of_system_messages_takes_linear_time() {
    let mut messages = vec![message(Role::User, vec![text("hi")])];
    messages.extend((0..60_000).map(|_| message(Role::System, vec![text("s")])));
    let facts = ModelFacts { system_anywhere: true, ..ModelFacts::default() };
    assert_quick(&request(messages), &facts);
}

#[test]
fn many_allowed_tools_take_linear_time() {
    let names: Vec<String> = (0..20_000).map(|at| format!("tool_{at}")).collect();
    let tool = |name: &String| crate::ir::Tool {
        name: name.clone().into(),
        description: None,
        parameters: None,
        strict: None,
        cache: None,
    };
    let mut request = request(vec![message(Role::User, vec![text("hi")])]);
    request.tools = names.iter().map(tool).collect();
    let names = names.iter().map(|name| name.as_str().into()).collect();
    request.tool_choice = Some(crate::ir::ToolChoice::Allowed { names, required: false });
    assert_quick(&request, &ModelFacts::default());
}
