//! What a chat request cannot hold, or not yet: other dialects will. The rest is in `tests/golden`.

use std::{borrow::Cow, time::Instant};

use serde_json::{Value, json};

use super::*;
use crate::{
    ir::{AudioFormat, CacheControl, Media, Message, Part, Role},
    provider::{model::ModelFacts, quirks::Quirks},
};

fn text(text: &str) -> Part<'_> {
    Part::Text { text: Cow::Borrowed(text), cache: None }
}

fn message(role: Role, parts: Vec<Part<'_>>) -> Message<'_> {
    Message { role, parts, name: None, signature: None }
}

fn request(messages: Vec<Message<'_>>) -> Request<'_> {
    Request {
        model: Cow::Borrowed("x"),
        messages,
        tools: Vec::new(),
        tool_choice: None,
        parallel_tool_calls: None,
        max_tokens: None,
        temperature: None,
        top_p: None,
        top_k: None,
        frequency_penalty: None,
        presence_penalty: None,
        seed: None,
        n: None,
        stop: Vec::new(),
        response_format: None,
        reasoning: None,
        user: None,
        stream: false,
        include_usage: false,
        extra: Vec::new(),
    }
}

fn sent_to(model: &str, request: &Request<'_>) -> Result<Value, ApiError> {
    let facts = ModelFacts::default();
    let mut out = b"before".to_vec();
    let written =
        write(request, &Upstream { model, facts: &facts, quirks: Quirks::NONE, provider: "p" }, &mut out);
    let rest = out.strip_prefix(b"before").unwrap();
    match written {
        Ok(()) => Ok(serde_json::from_slice(rest).unwrap()),
        Err(error) => {
            assert!(rest.is_empty(), "an error leaves nothing behind");
            Err(error)
        }
    }
}

fn sent(request: &Request<'_>) -> Result<Value, ApiError> {
    sent_to("anthropic.claude-sonnet-4-5-20250929-v1:0", request)
}

#[test]
fn a_failed_result_is_marked_where_the_model_knows_the_mark() {
    let result = |id: &'static str, is_error: bool, content: Vec<Part<'static>>| Part::ToolResult {
        id: Cow::Borrowed(id),
        content,
        is_error,
        cache: is_error.then_some(CacheControl::Hour1),
    };
    let request = request(vec![
        message(Role::Tool, vec![result("a", true, vec![text("no")]), result("b", false, vec![text(" ")])]),
        message(Role::User, vec![text("hi")]),
    ]);
    let hour = json!({"cachePoint": {"type": "default", "ttl": "1h"}});
    let empty = json!({"toolResult": {"toolUseId": "b", "content": []}});
    assert_eq!(
        sent(&request).unwrap()["messages"][0]["content"],
        json!([
            {"toolResult": {"toolUseId": "a", "content": [{"text": "no"}], "status": "error"}},
            hour, empty, {"text": "hi"},
        ])
    );
    let others = sent_to("us.meta.llama4-maverick-17b-instruct-v1:0", &request).unwrap();
    let plain = json!({"toolResult": {"toolUseId": "a", "content": [{"text": "no"}]}});
    assert_eq!(others["messages"][0]["content"], json!([plain, empty, {"text": "hi"}]));
}

#[test]
fn parts_out_of_place_are_named() {
    let audio = || Part::Audio { data: Cow::Borrowed("AA=="), format: AudioFormat::Wav };
    let image = |source| Part::Image { source, detail: None, cache: None };
    let hi = || message(Role::User, vec![text("hi")]);
    let places = [
        (vec![message(Role::System, vec![audio()]), hi()], "messages[0].content[0]"),
        (vec![hi(), message(Role::Assistant, vec![text("x"), audio()])], "messages[1].content[1]"),
        (vec![hi(), hi(), message(Role::System, vec![audio()])], "messages[2].content[0]"),
        (vec![message(Role::User, vec![image(Media::FileId("f".into()))])], "messages[0].content[0]"),
        (
            vec![message(Role::User, vec![text("x"), image(Media::Url("https://a/b.png".into()))])],
            "messages[0].content[1]",
        ),
    ];
    for (messages, place) in places {
        assert_eq!(sent(&request(messages)).unwrap_err().param.unwrap(), place);
    }
    let result = Part::ToolResult {
        id: Cow::Borrowed("a"),
        content: vec![text("x"), audio()],
        is_error: false,
        cache: None,
    };
    let error = sent(&request(vec![hi(), message(Role::Tool, vec![result])])).unwrap_err();
    assert_eq!(error.param.unwrap(), "messages[1].content[1]");
}

#[test]
fn text_can_be_a_document() {
    let file = Part::File {
        source: Media::Text("plain".into()),
        filename: Some("notes.txt".into()),
        cache: Some(CacheControl::Minutes5),
    };
    let sent = sent(&request(vec![message(Role::User, vec![file, text("read")])])).unwrap();
    assert_eq!(
        sent["messages"][0]["content"],
        json!([
            {"document": {"format": "txt", "name": "notes", "source": {"text": "plain"}}},
            {"cachePoint": {"type": "default"}},
            {"text": "read"},
        ])
    );
}

#[test]
fn reasoning_that_cannot_be_checked_is_not_sent() {
    let thinking = |signature: Option<&'static str>| Part::Thinking {
        text: Cow::Borrowed("hm"),
        signature: signature.map(Cow::Borrowed),
    };
    let encrypted = |data: &'static str| Part::RedactedThinking(Cow::Borrowed(data));
    let sent = sent(&request(vec![
        message(Role::User, vec![thinking(Some("s")), text("hi")]),
        message(Role::Assistant, vec![thinking(None)]),
        message(
            Role::Assistant,
            vec![text("first"), thinking(Some("s")), encrypted("eA=="), encrypted("no base64!")],
        ),
        message(Role::User, vec![text("go")]),
    ]))
    .unwrap();
    assert_eq!(
        sent["messages"],
        json!([
            {"role": "user", "content": [{"text": "hi"}]},
            {"role": "assistant", "content": [
                {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "s"}}},
                {"reasoningContent": {"redactedContent": "eA=="}},
                {"text": "first"},
            ]},
            {"role": "user", "content": [{"text": "go"}]},
        ])
    );
}

#[test]
fn zero_tokens_are_refused() {
    let mut request = request(vec![message(Role::User, vec![text("hi")])]);
    request.max_tokens = Some(0);
    for model in ["anthropic.claude-opus-4-6-v1", "amazon.nova-pro-v1:0"] {
        assert_eq!(sent_to(model, &request).unwrap_err().param.as_deref(), Some("max_tokens"));
    }
}

/// The time that a request takes must grow with its size, not with its square.
#[test]
fn many_documents_and_calls_take_linear_time() {
    let file = |_| Part::File {
        source: Media::Base64 { media_type: "application/pdf".into(), data: "JVBERi0=".into() },
        filename: Some("a.pdf".into()),
        cache: None,
    };
    let call = |_| Part::ToolCall {
        id: "a".repeat(64).into(),
        name: "f".into(),
        arguments: "".into(),
        signature: None,
        cache: None,
    };
    let request = request(vec![
        message(Role::User, (0..20_000).map(file).collect()),
        message(Role::Assistant, (0..20_000).map(call).collect()),
    ]);
    let begun = Instant::now();
    let sent = sent(&request).unwrap();
    assert!(begun.elapsed().as_secs() < 5, "took {:?}", begun.elapsed());
    let id = sent["messages"][1]["content"][19_999]["toolUse"]["toolUseId"].as_str().unwrap();
    assert!(id.len() <= 64 && id.ends_with("_20000"), "{id}");
}
