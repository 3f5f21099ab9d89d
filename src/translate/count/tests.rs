use serde_json::{Value, json};

use super::*;
use crate::{
    dialect::Ask,
    provider::{model::ModelFacts, quirks::Quirks},
};

fn messages() -> (Vec<u8>, Head) {
    let body =
        json!({"model": "asked", "system": "Be brief.", "messages": [{"role": "user", "content": "Hi"}]});
    let body = body.to_string().into_bytes();
    let head = Head::scan(Ask::CountMessages, &body).unwrap();
    (body, head)
}

fn sent(format: Format, model: &str, body: &[u8], head: &Head) -> Value {
    let upstream = Upstream { model, facts: &ModelFacts::default(), quirks: Quirks::NONE, provider: "p" };
    let mut out = Vec::new();
    let outcome = request(format, body, head, &upstream, &mut Vec::new(), &mut out).unwrap();
    serde_json::from_slice(if outcome == Outcome::AsIs { body } else { &out }).unwrap()
}

#[test]
fn every_format_that_counts_is_asked() {
    let (body, head) = messages();
    let text = json!([{"text": "Hi"}]);
    for (format, model, wanted) in [
        (
            Format::Anthropic,
            "m",
            json!({"model": "m", "system": "Be brief.",
            "messages": [{"role": "user", "content": "Hi"}]}),
        ),
        (
            Format::VertexAnthropic,
            "m",
            json!({"model": "m", "anthropic_version": "vertex-2023-10-16",
            "system": "Be brief.", "messages": [{"role": "user", "content": "Hi"}]}),
        ),
        (
            Format::Bedrock,
            "us.anthropic.m",
            json!({"input": {"converse": {"system": [{"text": "Be brief."}],
            "messages": [{"role": "user", "content": text}]}}}),
        ),
        (
            Format::Gemini,
            "g",
            json!({"generateContentRequest": {"model": "models/g",
            "contents": [{"role": "user", "parts": text}],
            "systemInstruction": {"parts": [{"text": "Be brief."}]}}}),
        ),
        (
            Format::Vertex,
            "g",
            json!({"contents": [{"role": "user", "parts": text}],
            "systemInstruction": {"parts": [{"text": "Be brief."}]}}),
        ),
    ] {
        assert_eq!(sent(format, model, &body, &head), wanted, "{format:?}");
    }
    for format in [Format::Openai, Format::Responses] {
        let sent = sent(format, "gpt", &body, &head);
        let names: Vec<&str> = sent.as_object().unwrap().keys().map(String::as_str).collect();
        assert!(names.iter().all(|name| ["model", "input", "instructions"].contains(name)), "{sent}");
        assert_eq!(sent["model"], "gpt");
    }
    let invoked = sent(Format::BedrockAnthropic, "anthropic.m", &body, &head);
    assert!(invoked["input"]["invokeModel"]["body"].is_string());
}

#[test]
fn who_counts_nothing_is_not_asked() {
    let (body, head) = messages();
    for (format, model) in
        [(Format::Cohere, "c"), (Format::Mistral, "m"), (Format::Bedrock, "us.amazon.nova-pro-v1:0")]
    {
        let upstream = Upstream { model, facts: &ModelFacts::default(), quirks: Quirks::NONE, provider: "p" };
        let error = request(format, &body, &head, &upstream, &mut Vec::new(), &mut Vec::new()).unwrap_err();
        assert_eq!(error.param.as_deref(), Some("model"), "{format:?}");
    }
}

#[test]
fn a_count_is_told_in_the_clients_words() {
    let (_, head) = messages();
    let body = br#"{"model":"m","input":"Hi"}"#;
    let responses = Head::scan(Ask::CountResponses, body).unwrap();
    for (head, wanted) in [
        (&head, r#"{"input_tokens":7}"#),
        (&responses, r#"{"object":"response.input_tokens","input_tokens":7}"#),
    ] {
        let mut out = Vec::new();
        assert_eq!(
            reply(Format::Gemini, br#"{"totalTokens":7}"#, head, &mut out),
            Ok((Outcome::Replaced, None))
        );
        assert_eq!(String::from_utf8(out).unwrap(), wanted);
        assert_eq!(reply(Format::Gemini, b"{}", head, &mut Vec::new()).unwrap_err().kind, ErrorKind::Server);
    }
    // Of the same API it passes with all that it tells.
    let told = br#"{"input_tokens":7,"context_management":{"original_input_tokens":9}}"#;
    let mut out = Vec::new();
    assert_eq!(reply(Format::Anthropic, told, &head, &mut out), Ok((Outcome::AsIs, None)));
    assert_eq!(
        reply(Format::BedrockAnthropic, br#"{"inputTokens":7}"#, &head, &mut out),
        Ok((Outcome::Replaced, None))
    );
    assert_eq!(out, br#"{"input_tokens":7}"#);
    assert!(reply(Format::Anthropic, b"{\"error\":{}}", &head, &mut Vec::new()).is_err());
}
