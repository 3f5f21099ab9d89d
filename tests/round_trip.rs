//! Conversations that go on: what a provider answered comes back in the next request, to the same provider and to every
//! other. It must never be refused; its own provider must get back what it signed, and no other.
//!
//! To add a format, add a row to [`speakers`].

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use serde_json::{Map, Value, json};
use switchyard::{
    dialect::{
        Dialect, ReplyContext,
        chat::{
            field::{Field, Fields},
            scan,
        },
    },
    provider::{
        Format, Upstream,
        fate::{self, Fate},
        model::{ModelFacts, Thinking},
        quirks::Quirks,
    },
    translate::{self, Outcome, ReplyStream},
};

/// A provider that answers with all that it can tell, and calls `now`.
struct Speaker {
    format: Format,
    /// A whole reply.
    reply: Value,
    /// The same as a stream, where that is no binary one.
    stream: Option<String>,
    /// Text that only this provider may get back.
    signed: &'static [&'static str],
    /// What stands in the next request to the same provider: the model's turn.
    own: Value,
    /// The formats that are of the same vendor, which its signatures are good for too.
    kin: &'static [Format],
}

const CLAUDES: &[Format] = &[Format::Anthropic, Format::VertexAnthropic, Format::BedrockAnthropic];
const GEMINIS: &[Format] = &[Format::Gemini, Format::Vertex];

/// Anthropic's signature of its reasoning.
const OF_CLAUDE: &str = "Y2xhdWRlLXNpZ25hdHVyZQ==";
/// Google's of a text, and of a call.
const OF_TEXT: &str = "Z29vZ2xlLXRleHQ=";
const OF_CALL: &str = "Z29vZ2xlLWNhbGw=";

fn speakers() -> Vec<Speaker> {
    let geminis = GEMINIS.iter().map(|format| gemini(*format));
    geminis.chain(CLAUDES.iter().map(|format| claude(*format))).collect()
}

fn gemini(format: Format) -> Speaker {
    let chunk = |parts: Value, more: Value| {
        let mut candidate = json!({"content": {"role": "model", "parts": parts}, "index": 0});
        candidate.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"candidates": [candidate], "modelVersion": "gemini-3", "responseId": "r",
               "usageMetadata": {"promptTokenCount": 1, "candidatesTokenCount": 1, "totalTokenCount": 2}})
    };
    let ratings = json!([{"category": "HARM_CATEGORY_HARASSMENT", "probability": "LOW"}]);
    let told = json!({
        "finishReason": "STOP",
        "safetyRatings": ratings,
        "groundingMetadata": {
            "groundingChunks": [{"web": {"uri": "https://a.example/1", "title": "A"}}],
            "groundingSupports": [{"segment": {"endIndex": 3}, "groundingChunkIndices": [0]}],
        },
    });
    let thought = json!({"text": "hm", "thought": true});
    let text = json!({"text": "Café", "thoughtSignature": OF_TEXT});
    let code = json!({"executableCode": {"language": "PYTHON", "code": "1+1"}});
    let call = json!({"functionCall": {"name": "now", "args": {"zone": "UTC"}, "id": "c1"}, "thoughtSignature": OF_CALL});
    let events = [
        chunk(json!([thought]), json!({})),
        chunk(json!([{"text": "Ca"}]), json!({"safetyRatings": ratings})),
        chunk(json!([{"text": "fé"}, code]), json!({})),
        chunk(json!([{"text": "", "thoughtSignature": OF_TEXT}]), json!({})),
        chunk(json!([call]), told.clone()),
    ];
    Speaker {
        format,
        reply: chunk(json!([thought, text, code, call]), told),
        stream: Some(events.iter().map(|event| format!("data: {event}\r\n\r\n")).collect()),
        signed: &[OF_TEXT, OF_CALL],
        own: json!({"role": "model", "parts": [text, call]}),
        kin: GEMINIS,
    }
}

fn claude(format: Format) -> Speaker {
    let thinking = json!({"type": "thinking", "thinking": "hm", "signature": OF_CLAUDE});
    let cited = json!({"type": "web_search_result_location", "cited_text": "x", "url": "https://a.example/1",
                       "title": "A", "encrypted_index": "Eo8="});
    let search =
        json!({"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "x"}});
    let found = json!({"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": []});
    let call = json!({"type": "tool_use", "id": "c1", "name": "now", "input": {"zone": "UTC"}});
    let message = |content: Value, stop: Value| {
        json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "claude", "content": content,
               "stop_reason": stop, "stop_sequence": null, "usage": {"input_tokens": 1, "output_tokens": 1}})
    };
    let start = |index: u32, block: Value| json!({"type": "content_block_start", "index": index, "content_block": block});
    let delta =
        |index: u32, delta: Value| json!({"type": "content_block_delta", "index": index, "delta": delta});
    let stop = |index: u32| json!({"type": "content_block_stop", "index": index});
    let events = [
        json!({"type": "message_start", "message": message(json!([]), Value::Null)}),
        start(0, json!({"type": "thinking", "thinking": "", "signature": ""})),
        delta(0, json!({"type": "thinking_delta", "thinking": "h"})),
        delta(0, json!({"type": "thinking_delta", "thinking": "m"})),
        delta(0, json!({"type": "signature_delta", "signature": OF_CLAUDE})),
        stop(0),
        start(1, search.clone()),
        stop(1),
        start(2, found.clone()),
        stop(2),
        start(3, json!({"type": "text", "text": "", "citations": []})),
        delta(3, json!({"type": "citations_delta", "citation": cited})),
        delta(3, json!({"type": "text_delta", "text": "Ca"})),
        delta(3, json!({"type": "text_delta", "text": "fé"})),
        stop(3),
        start(4, json!({"type": "tool_use", "id": "c1", "name": "now", "input": {}})),
        delta(4, json!({"type": "input_json_delta", "partial_json": "{\"zone\":\"UTC\"}"})),
        stop(4),
        json!({"type": "message_delta", "delta": {"stop_reason": "tool_use", "container": {"id": "k"}}}),
        json!({"type": "message_stop"}),
    ];
    let sse = |event: &Value| format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap());
    let text = json!({"type": "text", "text": "Café", "citations": [cited]});
    let mut reply = message(json!([thinking, search, found, text, call]), json!("tool_use"));
    reply["container"] = json!({"id": "k"});
    Speaker {
        format,
        reply,
        // Bedrock frames its streams otherwise.
        stream: (format != Format::BedrockAnthropic).then(|| events.iter().map(sse).collect()),
        signed: &[OF_CLAUDE],
        own: json!({"role": "assistant", "content": [thinking, {"type": "text", "text": "Café"}, call]}),
        kin: CLAUDES,
    }
}

fn context() -> ReplyContext {
    ReplyContext {
        id: "0123456789abcdefghijklmn".into(),
        created: 1,
        model: "m".into(),
        include_usage: true,
        provider: "p".into(),
        ..ReplyContext::default()
    }
}

/// The message as a client has it of a whole reply.
fn of_reply(speaker: &Speaker) -> Value {
    let body = speaker.reply.to_string();
    let mut out = Vec::new();
    let (outcome, _) =
        translate::reply(Dialect::Chat, speaker.format, body.as_bytes(), &context(), &mut out).unwrap();
    assert_eq!(outcome, Outcome::Replaced);
    serde_json::from_slice::<Value>(&out).unwrap()["choices"][0]["message"].clone()
}

/// The message as OpenAI's own SDK makes it of a stream: texts joined, objects merged, elements of lists by their index.
fn of_stream(speaker: &Speaker, stream: &str) -> Value {
    let mut out = Vec::new();
    let mut reader = ReplyStream::new(Dialect::Chat, speaker.format, context());
    reader.push(stream.as_bytes(), &mut out);
    reader.end(&mut out);
    assert!(reader.error().is_none() && reader.progress().done);
    let mut message = Map::new();
    for data in str::from_utf8(&out).unwrap().lines().filter_map(|line| line.strip_prefix("data: ")) {
        let Ok(chunk) = serde_json::from_str::<Value>(data) else { continue };
        if let Some(Value::Object(delta)) = chunk["choices"].get(0).map(|choice| choice["delta"].clone()) {
            merge(&mut message, delta);
        }
    }
    message.into()
}

fn merge(into: &mut Map<String, Value>, from: Map<String, Value>) {
    for (name, value) in from {
        let value = match (into.get_mut(&name), value) {
            (Some(_), value) if matches!(name.as_str(), "type" | "index") => value,
            (Some(Value::String(text)), Value::String(more)) => {
                text.push_str(&more);
                continue;
            }
            (Some(Value::Object(object)), Value::Object(more)) => {
                merge(object, more);
                continue;
            }
            (Some(Value::Array(list)), Value::Array(more)) => {
                for element in more {
                    let at =
                        element["index"].as_u64().unwrap_or_else(|| panic!("{name}: {element} has no index"));
                    match list.get_mut(at as usize) {
                        Some(Value::Object(known)) => merge(known, element.as_object().unwrap().clone()),
                        _ => list.push(element),
                    }
                }
                continue;
            }
            (Some(known), value) => panic!("{name}: {value} behind {known}"),
            (None, value) => value,
        };
        into.insert(name, value);
    }
}

/// The next request, in which the answer comes back with the result of its call, at a provider of this format.
fn next(format: Format, message: &Value) -> Value {
    let tool = json!({"type": "function", "function": {"name": "now", "parameters": {"type": "object"}}});
    let result = json!({"role": "tool", "tool_call_id": message["tool_calls"][0]["id"], "content": "12:00"});
    let request = json!({
        "model": "m",
        "messages": [{"role": "user", "content": "Time?"}, message, result, {"role": "user", "content": "And?"}],
        "tools": [tool],
    });
    let body = request.to_string();
    let head = scan::scan(body.as_bytes()).unwrap();
    let facts = ModelFacts { thinking: thinking(format), ..ModelFacts::default() };
    for field in head.fields.iter() {
        assert_eq!(
            fate::refusal(format, &facts, Fields::default(), field),
            None,
            "{} at {}",
            field.name(),
            format.name()
        );
    }
    let upstream = Upstream { model: "m", facts: &facts, quirks: Quirks::NONE, provider: "p" };
    let mut out = Vec::new();
    match translate::request(Dialect::Chat, format, body.as_bytes(), &head, &upstream, &mut out) {
        Ok(Outcome::Replaced) => serde_json::from_slice(&out).unwrap(),
        Ok(Outcome::AsIs) => request,
        Err(error) => panic!("{}: {error:?}", format.name()),
    }
}

fn thinking(format: Format) -> Thinking {
    if GEMINIS.contains(&format) { Thinking::Level } else { Thinking::Adaptive }
}

/// Formats that are written: one that refuses messages is not.
fn written() -> impl Iterator<Item = Format> {
    let is_written = |format: &Format| !matches!(fate::of_chat(*format, Field::Messages), Fate::Refused(_));
    Format::ALL.iter().copied().filter(is_written)
}

#[test]
fn a_provider_gets_back_what_it_signed() {
    for speaker in speakers() {
        let mut messages = vec![of_reply(&speaker)];
        messages.extend(speaker.stream.as_deref().map(|stream| of_stream(&speaker, stream)));
        for message in messages {
            for format in speaker.kin {
                let request = next(*format, &message);
                let turns = request.get("contents").or(request.get("messages")).unwrap();
                assert_eq!(turns[1], speaker.own, "{} at {}", speaker.format.name(), format.name());
            }
        }
    }
}

#[test]
fn every_other_provider_takes_the_answer_without_it() {
    for speaker in speakers() {
        let message = of_reply(&speaker);
        // Converse writes Claude's turns in its own form, with the signatures that Claude checks there too.
        let is_kin = |format: &Format| {
            speaker.kin.contains(format)
                || (*format == Format::Bedrock && speaker.kin.contains(&Format::BedrockAnthropic))
        };
        for format in written().filter(|format| *format != Format::Openai && !is_kin(format)) {
            let request = next(format, &message).to_string();
            let name = format!("{} at {}", speaker.format.name(), format.name());
            for signed in speaker.signed {
                assert!(!request.contains(signed), "{name}: {request}");
            }
            for kept in ["Café", "12:00", "UTC"] {
                assert!(request.contains(kept), "{name}: {request}");
            }
        }
    }
}

/// What a client has of a stream is what it has of the whole reply.
#[test]
fn a_stream_tells_the_same() {
    for speaker in speakers() {
        let Some(stream) = &speaker.stream else { continue };
        let (whole, mut streamed) = (of_reply(&speaker), of_stream(&speaker, stream));
        for list in ["tool_calls", "thinking_blocks", "annotations"] {
            for element in streamed.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
                element.as_object_mut().unwrap().remove("index");
            }
        }
        assert_eq!(streamed, whole, "{}", speaker.format.name());
        let told = &whole["extra_content"];
        assert!(told["google"]["parts"].is_array() || told["anthropic"]["blocks"].is_array(), "{told}");
        assert_eq!(whole["annotations"][0]["url_citation"]["url"], "https://a.example/1");
        assert_eq!(
            whole["tool_calls"].as_array().unwrap().len(),
            1,
            "tools of the provider's own are no calls"
        );
    }
}

/// A turn that holds all that any provider tells is taken by all of them.
#[test]
fn an_answer_of_any_provider_is_never_refused() {
    let call = json!({"id": "c1", "type": "function", "function": {"name": "now", "arguments": "{\"zone\":\"UTC\"}"},
                      "extra_content": {"google": {"thought_signature": OF_CALL}}});
    let message = json!({
        "role": "assistant",
        "content": "Café",
        "refusal": null,
        "reasoning_content": "hm",
        "thinking_blocks": [{"type": "thinking", "thinking": "hm", "signature": OF_CLAUDE}],
        "annotations": [{"type": "url_citation",
                         "url_citation": {"start_index": 0, "end_index": 4, "title": "", "url": "https://a.example/"}}],
        "extra_content": {"google": {"thought_signature": OF_TEXT, "safety_ratings": []}, "aws": {"trace": {}},
                          "anthropic": {"container": {"id": "k"}}, "cohere": {"citations": [1]}},
        "tool_calls": [call],
    });
    for format in written() {
        let request = next(format, &message);
        assert!(request.to_string().contains("Café"), "{}", format.name());
        let refused = json!({"role": "assistant", "content": null, "refusal": "No.", "tool_calls": [call]});
        assert!(next(format, &refused).to_string().contains("No."), "{}", format.name());
    }
}
