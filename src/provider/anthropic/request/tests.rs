//! What a chat request cannot hold, or not yet: other dialects will. The rest is in `tests/golden`.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::*;
use crate::{
    ir::{AudioFormat, CacheControl, Media, Message, Part, Role},
    provider::{model::ModelFacts, quirks::Quirks},
};

mod linear;
mod reasoning;

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

fn sent(request: &Request<'_>) -> Result<Value, ApiError> {
    let facts = ModelFacts::default();
    let mut out = b"before".to_vec();
    let written = write(
        request,
        Format::Anthropic,
        &Upstream { model: "m", facts: &facts, quirks: Quirks::NONE, provider: "p" },
        &mut out,
    );
    let rest = out.strip_prefix(b"before").unwrap();
    match written {
        Ok(()) => Ok(serde_json::from_slice(rest).unwrap()),
        Err(error) => {
            assert!(rest.is_empty(), "an error leaves nothing behind");
            Err(error)
        }
    }
}

fn param(messages: Vec<Message<'_>>) -> String {
    sent(&request(messages)).unwrap_err().param.unwrap()
}

#[test]
fn a_failed_result_is_marked() {
    let result = |id: &'static str, is_error: bool, content: Vec<Part<'static>>| Part::ToolResult {
        id: Cow::Borrowed(id),
        content,
        is_error,
        cache: Some(CacheControl::Minutes5),
    };
    let image = Part::Image {
        source: Media::FileId(Cow::Borrowed("file_1")),
        detail: None,
        cache: Some(CacheControl::Hour1),
    };
    let sent = sent(&request(vec![
        message(
            Role::Tool,
            vec![result("a", true, vec![text("no")]), result("b", false, vec![text(" "), image])],
        ),
        message(Role::User, vec![text("hi")]),
    ]))
    .unwrap();
    let cache = json!({"type": "ephemeral"});
    let hour = json!({"type": "ephemeral", "ttl": "1h"});
    let image =
        json!({"type": "image", "source": {"type": "file", "file_id": "file_1"}, "cache_control": hour});
    assert_eq!(
        sent["messages"][0]["content"],
        json!([
            {"type": "tool_result", "tool_use_id": "a", "content": "no", "is_error": true, "cache_control": cache},
            {"type": "tool_result", "tool_use_id": "b", "content": [image], "cache_control": cache},
            {"type": "text", "text": "hi"},
        ])
    );
}

#[test]
fn parts_out_of_place_are_named() {
    let audio = || Part::Audio { data: Cow::Borrowed("AA=="), format: AudioFormat::Wav };
    let file = |media_type: &'static str, data: &'static str| Part::File {
        source: Media::Base64 { media_type: Cow::Borrowed(media_type), data: Cow::Borrowed(data) },
        filename: None,
        cache: None,
    };
    let hi = || message(Role::User, vec![text("hi")]);
    let places = [
        (vec![hi(), message(Role::User, vec![text("x"), audio()])], "messages[1].content[1]"),
        (vec![message(Role::System, vec![audio()]), hi()], "messages[0].content[0]"),
        (vec![hi(), message(Role::Assistant, vec![text("x"), audio()])], "messages[1].content[1]"),
        (vec![hi(), hi(), message(Role::System, vec![audio()])], "messages[2].content[0]"),
        // Not UTF-8, and not base64.
        (vec![message(Role::User, vec![file("text/plain", "/w==")])], "messages[0].content[0]"),
        (vec![message(Role::User, vec![file("text/plain", "?")])], "messages[0].content[0]"),
    ];
    for (messages, place) in places {
        assert_eq!(param(messages), place);
    }
    let result = Part::ToolResult {
        id: Cow::Borrowed("a"),
        content: vec![text("x"), audio()],
        is_error: false,
        cache: None,
    };
    assert_eq!(param(vec![hi(), message(Role::Tool, vec![result])]), "messages[1].content[1]");
}

#[test]
fn images_have_the_names_that_anthropic_knows() {
    for (given, known) in
        [("image/jpg", "image/jpeg"), ("image/x-png", "image/png"), ("image/webp", "image/webp")]
    {
        let source = || Media::Base64 { media_type: Cow::Borrowed(given), data: Cow::Borrowed("AA==") };
        let parts = vec![
            Part::Image { source: source(), detail: None, cache: None },
            Part::File { source: source(), filename: None, cache: None },
        ];
        let sent = sent(&request(vec![message(Role::User, parts)])).unwrap();
        for at in [0, 1] {
            let block = &sent["messages"][0]["content"][at];
            assert_eq!((&block["type"], &block["source"]["media_type"]), (&json!("image"), &json!(known)));
        }
    }
}

#[test]
fn reasoning_of_others_is_not_sent() {
    let thinking = |signature: Option<&'static str>| Part::Thinking {
        text: Cow::Borrowed("hm"),
        signature: signature.map(Cow::Borrowed),
    };
    let sent = sent(&request(vec![
        message(Role::User, vec![thinking(Some("s")), text("hi")]),
        message(Role::Assistant, vec![thinking(None)]),
        message(Role::Assistant, vec![text("first"), thinking(Some("s"))]),
        message(Role::User, vec![text("go")]),
    ]))
    .unwrap();
    assert_eq!(sent["messages"].as_array().unwrap().len(), 3);
    assert_eq!(sent["messages"][0]["content"].as_array().unwrap().len(), 1);
    let content = &sent["messages"][1]["content"];
    assert_eq!((&content[0]["type"], &content[1]["type"]), (&json!("thinking"), &json!("text")));
}

#[test]
fn zero_tokens_would_only_fill_the_cache() {
    let mut request = request(vec![message(Role::User, vec![text("hi")])]);
    request.max_tokens = Some(0);
    assert_eq!(sent(&request).unwrap_err().param.as_deref(), Some("max_tokens"));
}

#[test]
fn a_files_id_asks_for_the_files_api() {
    let body =
        |content: &str| format!(r#"{{"model":"m","messages":[{{"role":"user","content":[{content}]}}]}}"#);
    let file = body(r#"{"type":"file","file":{"file_id":"file_1"}}"#);
    let text = body(r#"{"type":"text","text":"Hi"}"#);
    let asked = |body: &str, format: Format, configured: &[&'static str]| {
        let request = crate::dialect::chat::parse::parse(body.as_bytes()).unwrap();
        let facts = ModelFacts::default();
        let upstream = Upstream { model: "m", facts: &facts, quirks: Quirks::NONE, provider: "p" };
        let (mut betas, mut out) = (configured.to_vec(), Vec::new());
        write_with_betas(&request, format, &upstream, &mut betas, &mut out).unwrap();
        let out: Value = serde_json::from_slice(&out).unwrap();
        (betas.join(","), out["anthropic_beta"].clone())
    };
    const MORE: &str = "context-1m-2025-08-07";
    let header = |value: &str| (value.to_owned(), Value::Null);
    assert_eq!(asked(&file, Format::Anthropic, &[]), header(beta::FILES));
    assert_eq!(
        asked(&file, Format::Anthropic, &[beta::FILES, MORE]),
        header("files-api-2025-04-14,context-1m-2025-08-07")
    );
    assert_eq!(asked(&text, Format::Anthropic, &[]), header(""));
    assert_eq!(asked(&text, Format::VertexAnthropic, &[MORE, beta::FILES]), header(MORE));
    // On Bedrock they stand in the body.
    assert_eq!(asked(&text, Format::BedrockAnthropic, &[MORE]), (String::new(), serde_json::json!([MORE])));
}
