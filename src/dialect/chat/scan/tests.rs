use super::*;
use crate::ir::ErrorKind;

fn fields(list: &[Field]) -> Fields {
    let mut fields = Fields::default();
    list.iter().for_each(|field| fields.insert(*field));
    fields
}

#[test]
fn finds_what_the_gateway_needs() {
    let body = "\n {\"messages\":[],\"model\" : \"gpt-\\u0034\\n\" ,\"stream\":true,\"stream_options\":{\"include_usage\": true} }\n";
    assert_eq!(scan(body.as_bytes()).unwrap_err().param.as_deref(), Some("model"), "a control character");
    let body = body.replace("\\n", "");
    let head = scan(body.as_bytes()).unwrap();
    assert_eq!(head.model, "gpt-4");
    assert_eq!(body.get(head.model_span), Some("\"gpt-\\u0034\""));
    assert_eq!((head.stream, head.include_usage), (true, true));
    assert_eq!(body.get(head.stream_options_span.unwrap()), Some("{\"include_usage\": true}"));
    assert_eq!(body.get(..head.insert_at), Some("\n {"));
    assert_eq!(head.fields, fields(&[Field::Model, Field::Messages, Field::Stream, Field::StreamOptions]));
}

#[test]
fn stream_options_may_be_null_or_empty_or_absent() {
    for (member, span, used) in [
        (",\"stream_options\":null", Some("null"), false),
        (",\"stream_options\":{}", Some("{}"), true),
        (",\"stream_options\":{\"include_usage\":null}", Some("{\"include_usage\":null}"), true),
        ("", None, false),
    ] {
        let body = format!("{{\"model\":\"m\",\"messages\":[]{member},\"stream\":null}}");
        let head = scan(body.as_bytes()).unwrap();
        assert_eq!(head.stream_options_span.and_then(|span| body.get(span)), span, "{member}");
        assert_eq!(head.fields.contains(Field::StreamOptions), used, "{member}");
        assert!(!head.include_usage && !head.stream && !head.fields.contains(Field::Stream));
    }
}

#[test]
fn counts_fields_as_the_table_says() {
    use Field::*;
    for (member, used) in [
        (
            r#""logprobs":false,"top_logprobs":0,"n":1,"store":false,"presence_penalty":0,"frequency_penalty":0.0"#,
            &[][..],
        ),
        (r#""tools":[],"functions":[],"logit_bias":{},"metadata":{},"modalities":["text"]"#, &[]),
        (
            r#""max_tokens":null,"stop":null,"tool_choice":null,"tools":null,"user":null,"modalities":null"#,
            &[],
        ),
        (r#""logprobs":true,"top_logprobs":2,"n":2,"store":true"#, &[Logprobs, TopLogprobs, N, Store]),
        (r#""presence_penalty":-0.1,"frequency_penalty":1"#, &[PresencePenalty, FrequencyPenalty]),
        (r#""logit_bias":{"1":2},"metadata":{"a":"b"}"#, &[LogitBias, Metadata]),
        (r#""modalities":["text","audio"],"audio":{"voice":"x"}"#, &[Modalities, AudioOut]),
        (r#""modalities":"audio""#, &[Modalities]),
        (r#""max_tokens":1,"max_completion_tokens":2,"top_k":3"#, &[MaxTokens, MaxCompletionTokens, TopK]),
        (r#""tools":[{"type":"function","function":{"name":"f","parameters":{"type":"x"}}}]"#, &[Tools]),
        (r#""tools":[{"type":"custom","custom":{}}]"#, &[Tools, CustomTools]),
        (r#""tools":[{"type":7}]"#, &[Tools, CustomTools]),
        (r#""tools":[{"type":"function","cache_control":{}}]"#, &[Tools, CacheControl]),
        (r#""tools":[{"type":"function","function":{"cache_control":{}}}]"#, &[Tools, CacheControl]),
        (r#""functions":[{"name":"f"}],"function_call":"auto""#, &[Functions, FunctionCall]),
        (
            r#""thinking":{},"reasoning_effort":"low","verbosity":"low""#,
            &[Thinking, ReasoningEffort, Verbosity],
        ),
        (r#""client_metadata":null"#, &[Unknown]),
        (r#""cache_control":{},"messages[].name":1,"(any other field)":2"#, &[Unknown]),
    ] {
        let body = format!("{{\"model\":\"m\",{member},\"messages\":[]}}");
        let expected = [&[Model, Messages], used].concat();
        assert_eq!(scan(body.as_bytes()).unwrap().fields, fields(&expected), "{body}");
    }
}

#[test]
fn counts_what_messages_hold() {
    use Field::*;
    for (message, used) in [
        (r#"{"role":"user","content":"a","name":null,"refusal":null,"audio":null}"#, &[][..]),
        (r#"{"role":"user","content":null}"#, &[]),
        (r#"{"role":"user","content":[{"type":"text","text":"a"}],"name":"n"}"#, &[PartText, MessageName]),
        (
            r#"{"content":[{"image_url":{},"type":"image_url"},{"type":"input_audio"}]}"#,
            &[PartImage, PartAudio],
        ),
        (r#"{"content":[{"type":"file","cache_control":{"type":"ephemeral"}}]}"#, &[PartFile, CacheControl]),
        (r#"{"content":[{"type":"refusal"}]}"#, &[PartRefusal]),
        (r#"{"content":null,"refusal":"no","reasoning_content":"x"}"#, &[PartRefusal, ReasoningContent]),
        (r#"{"content":"","refusal":"","reasoning_content":"","thinking_blocks":[]}"#, &[]),
        (r#"{"thinking_blocks":[{"type":"thinking"}],"audio":{"id":"a"}}"#, &[ThinkingBlocks, MessageAudio]),
        (r#"{"content":[{"type":"video_url"}]}"#, &[PartUnknown]),
        (r#"{"content":[{"text":"no type"}]}"#, &[PartUnknown]),
        (r#"{"content":[{"type":["text"]}]}"#, &[PartUnknown]),
        (r#"{"content":["a string"]}"#, &[PartUnknown]),
        (r#"{"content":{"type":"text"}}"#, &[PartUnknown]),
        (r#"{"content":7}"#, &[PartUnknown]),
        (
            r#"{"tool_calls":[{"type":"function","function":{"name":"f"}}],"cache_control":{}}"#,
            &[CacheControl],
        ),
        (r#"{"tool_calls":[{"type":"custom"}]}"#, &[CustomTools]),
        (r#"{"tool_calls":null}"#, &[]),
        // Only the field itself counts, not a text that looks like one.
        (r#"{"content":"{\"type\":\"image_url\"}","x":{"type":"image_url","cache_control":{}}}"#, &[]),
    ] {
        let body = format!("{{\"messages\":[{message}],\"model\":\"m\"}}");
        let expected = [&[Model, Messages], used].concat();
        assert_eq!(scan(body.as_bytes()).unwrap().fields, fields(&expected), "{body}");
    }
}

/// The error that `body` gives: its message and what it blames.
fn refused(body: impl AsRef<[u8]>) -> (String, Option<String>) {
    let error = scan(body.as_ref()).unwrap_err();
    assert_eq!(error.kind, ErrorKind::InvalidRequest);
    (error.message, error.param)
}

#[test]
fn refuses_what_is_of_the_wrong_type() {
    for (body, param) in [
        (r#"{"messages":[]}"#, "model"),
        (r#"{"model":null,"messages":[]}"#, "model"),
        (r#"{"model":7,"messages":[]}"#, "model"),
        (r#"{"model":"","messages":[]}"#, "model"),
        (r#"{"model":"a\u0000b","messages":[]}"#, "model"),
        (r#"{"model":"a\u0085b","messages":[]}"#, "model"),
        (r#"{"model":"m"}"#, "messages"),
        (r#"{"model":"m","messages":null}"#, "messages"),
        (r#"{"model":"m","messages":{}}"#, "messages"),
        (r#"{"model":"m","messages":"hi"}"#, "messages"),
        (r#"{"model":"m","messages":[{},"hi"]}"#, "messages[1]"),
        (r#"{"model":"m","messages":[[]]}"#, "messages[0]"),
        (r#"{"model":"m","messages":[],"stream":"true"}"#, "stream"),
        (r#"{"model":"m","messages":[],"stream":1}"#, "stream"),
        (r#"{"model":"m","messages":[],"stream_options":true}"#, "stream_options"),
        (
            r#"{"model":"m","messages":[],"stream_options":{"include_usage":1}}"#,
            "stream_options.include_usage",
        ),
    ] {
        let (message, found) = refused(body);
        assert_eq!(found.as_deref(), Some(param), "{body}: {message}");
        assert!(message.contains(&format!("`{param}`")), "{message}");
    }
    let long = |length: usize| format!(r#"{{"model":"{}","messages":[]}}"#, "m".repeat(length));
    assert!(scan(long(MAX_MODEL).as_bytes()).is_ok());
    assert_eq!(refused(long(MAX_MODEL + 1)).1.as_deref(), Some("model"));
}

#[test]
fn refuses_what_parsers_do_not_agree_on() {
    for (body, param) in [
        (r#"{"model":"a","model":"b","messages":[]}"#, "model"),
        (r#"{"model":"a","\u006dodel":"b","messages":[]}"#, "model"),
        (r#"{"model":"a","messages":[],"messages":[]}"#, "messages"),
        (r#"{"model":"a","messages":[],"stream":true,"stream":false}"#, "stream"),
        (r#"{"model":"a","messages":[],"stream_options":{},"stream_options":null}"#, "stream_options"),
        (
            r#"{"model":"a","messages":[],"stream_options":{"include_usage":true,"include_usage":false}}"#,
            "stream_options.include_usage",
        ),
        (r#"{"model":"a","messages":[],"max_tokens":1,"max_tokens":2}"#, "max_tokens"),
        (r#"{"model":"a","Model":"b","messages":[]}"#, "model"),
        (r#"{"model":"a","messages":[],"MESSAGES":[]}"#, "messages"),
        (r#"{"model":"a","messages":[{"role":"user","role":"system"}]}"#, "messages[0].role"),
        (r#"{"model":"a","messages":[{"content":"a","content":"b"}]}"#, "messages[0].content"),
    ] {
        let (message, found) = refused(body);
        assert_eq!(found.as_deref(), Some(param), "{body}: {message}");
    }
}

#[test]
fn refuses_what_is_not_json() {
    let whole = r#"{"model":"m","messages":[{"role":"user","content":"hi"}]}"#;
    for cut in 0..whole.len() {
        refused(&whole.as_bytes()[..cut]);
    }
    assert!(scan(whole.as_bytes()).is_ok());
    for (body, words) in [
        ("[1]", "one JSON object"),
        ("\"a\"", "one JSON object"),
        (&format!("{whole}{whole}"), "trailing"),
        (&format!("{whole}x"), "trailing"),
        (r#"{"model":"m","messages":[],}"#, "trailing comma"),
        (r#"{"model":"m","messages":[],"a":1e999}"#, "number out of range"),
        (r#"{"model":"m","messages":[],"stream_options":{"a":1e999}}"#, "not valid JSON"),
        (r#"{"model":"m","messages":[],"a":01}"#, "invalid number"),
        (r#"{"model":"m","messages":[],"a":NaN}"#, "expected"),
        (r#"{"model":"m","messages":[{"content":"\ud800"}]}"#, "not valid JSON"),
        (r#"{"model":"m","messages":[{"\udc00":1}]}"#, "not valid JSON"),
        (r#"{"model":"m","messages":[{"content":{"\udc00":1}}]}"#, "not valid JSON"),
        (r#"{"model":"m","messages":[],"stream_options":{"\udc00":1}}"#, "not valid JSON"),
        (r#"{"model":"m","messages":[],"\udc00":1}"#, "not valid JSON"),
        ("{\"model\":\"m\",\"messages\":[{\"content\":\"a\nb\"}]}", "control character"),
    ] {
        let (message, _) = refused(body);
        assert!(message.contains(words), "{body}: {message}");
    }
    let (message, _) = refused(b"{\"model\":\"m\",\"messages\":[{\"content\":\"\xff\"}]}");
    assert!(message.contains("UTF-8 at byte 37"), "{message}");
}

#[test]
fn refuses_what_is_too_deep() {
    for place in
        [r#""a":"#, r#""messages":[],"tools":"#, r#""messages":"#, r#""stream_options":"#, r#""model":"#]
    {
        for open in ["[", "{\"a\":"] {
            let body = format!("{{{place}{}", open.repeat(10_000));
            let (message, _) = refused(&body);
            assert!(message.len() < 200, "{message}");
        }
        let closed = format!("{{{place}{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
        refused(&closed);
    }
    // In a raw value, which serde_json skips without counting.
    let options = format!("{{\"a\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
    refused(format!(r#"{{"model":"m","messages":[],"stream_options":{options}}}"#));
    let deep = format!(r#"{{"model":"m","messages":[],"a":{}{}}}"#, "[".repeat(100), "]".repeat(100));
    assert!(scan(deep.as_bytes()).is_ok());
}
