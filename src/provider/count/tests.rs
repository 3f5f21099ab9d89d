use serde_json::{Value, json};

use super::*;
use crate::provider::{model::ModelFacts, quirks::Quirks};

/// What is asked of a provider with this request, which is asked as it is where that is `None`.
fn asked(format: Format, model: &str, request: Value) -> Option<Value> {
    let upstream = Upstream { model, facts: &ModelFacts::default(), quirks: Quirks::NONE, provider: "p" };
    let mut out = Vec::new();
    let changed = write(format, request.to_string().as_bytes(), &upstream, &mut out);
    changed.then(|| serde_json::from_slice(&out).unwrap())
}

#[test]
fn anthropic_is_not_told_of_the_answer() {
    let plain = json!({"model": "m", "messages": [], "tools": [], "thinking": {"type": "adaptive"}});
    assert_eq!(asked(Format::Anthropic, "m", plain.clone()), None);
    let mut more = plain.clone();
    for member in OF_MESSAGES {
        more[*member] = json!(1);
    }
    assert_eq!(asked(Format::Anthropic, "m", more), Some(plain));
}

#[test]
fn vertex_is_told_the_model_without_its_alias() {
    for (model, told) in [("claude-x@latest", "claude-x"), ("claude-x@20250929", "claude-x@20250929")] {
        for before in [json!({"messages": []}), json!({"model": model, "messages": [], "max_tokens": 1})] {
            let wanted = json!({"model": told, "messages": []});
            assert_eq!(asked(Format::VertexAnthropic, model, before), Some(wanted));
        }
    }
}

#[test]
fn bedrock_gets_what_it_would_get_for_an_answer() {
    let request = json!({"messages": [], "system": [], "toolConfig": {}, "inferenceConfig": {}, "outputConfig": {},
        "additionalModelRequestFields": {"a": 1}, "guardrailConfig": {}});
    let converse =
        json!({"messages": [], "system": [], "toolConfig": {}, "additionalModelRequestFields": {"a": 1}});
    assert_eq!(asked(Format::Bedrock, "m", request), Some(json!({"input": {"converse": converse}})));
    for (request, most) in [
        (json!({"messages": []}), 1024),
        (json!({"messages": [], "max_tokens": 7}), 7),
        (json!({"messages": [], "thinking": {"type": "enabled", "budget_tokens": 2000}}), 3024),
    ] {
        let asked = asked(Format::BedrockAnthropic, "m", request.clone()).unwrap();
        let body = base64::decode(asked["input"]["invokeModel"]["body"].as_str().unwrap()).unwrap();
        let mut wanted = request;
        wanted["max_tokens"] = json!(most);
        assert_eq!(serde_json::from_slice::<Value>(&body).unwrap(), wanted);
    }
}

#[test]
fn google_and_openai_get_what_their_endpoints_take() {
    let request = json!({"contents": [], "systemInstruction": {}, "tools": [], "toolConfig": {}, "generationConfig": {},
        "safetySettings": [], "labels": {}});
    let vertex = json!({"contents": [], "systemInstruction": {}, "tools": [], "generationConfig": {}});
    assert_eq!(asked(Format::Vertex, "g", request.clone()), Some(vertex));
    let mut whole = request.clone();
    whole["model"] = json!("models/g");
    assert_eq!(asked(Format::Gemini, "g", request), Some(json!({"generateContentRequest": whole})));
    let request = json!({"model": "m", "input": "x", "store": false, "max_output_tokens": 5, "stream": true,
        "text": {"verbosity": "low"}, "metadata": {}});
    let wanted = json!({"model": "m", "input": "x", "text": {"verbosity": "low"}});
    for format in [Format::Openai, Format::Responses] {
        assert_eq!(asked(format, "m", request.clone()), Some(wanted.clone()));
    }
}

#[test]
fn counts_are_read() {
    for (format, reply, tokens) in [
        (Format::Anthropic, r#"{"input_tokens":7}"#, Some(7)),
        (Format::VertexAnthropic, r#"{"input_tokens": 7.0}"#, Some(7)),
        (Format::Responses, r#"{"object":"response.input_tokens","input_tokens":7}"#, Some(7)),
        (Format::Gemini, r#"{"totalTokens":7,"promptTokensDetails":[]}"#, Some(7)),
        (Format::Vertex, r#"{"totalTokens":7,"totalBillableCharacters":3}"#, Some(7)),
        (Format::Bedrock, r#"{"inputTokens":7}"#, Some(7)),
        (Format::BedrockAnthropic, r#"{"inputTokens":0}"#, Some(0)),
        (Format::Gemini, r#"{"input_tokens":7}"#, None),
        (Format::Anthropic, r#"{"input_tokens":"7"}"#, None),
        (Format::Anthropic, "[7]", None),
        (Format::Anthropic, "", None),
    ] {
        assert_eq!(read(format, reply.as_bytes()), tokens, "{reply}");
    }
}
