//! Requests that are wrong, and the field that each blames.

use super::{saying, with};
use crate::{dialect::chat::parse::parse, ir::ErrorKind};

fn blames(body: &str, param: &str) {
    let error = parse(body.as_bytes()).expect_err(body);
    assert_eq!(
        (error.kind, error.param.as_deref()),
        (ErrorKind::InvalidRequest, Some(param)),
        "{body}: {}",
        error.message
    );
    assert!(error.message.starts_with(&format!("`{param}` ")), "{body}: {}", error.message);
}

#[test]
fn settings() {
    for (member, param) in [
        (r#""max_tokens":"5""#, "max_tokens"),
        (r#""max_tokens":0"#, "max_tokens"),
        (r#""max_tokens":-1"#, "max_tokens"),
        (r#""max_completion_tokens":1.5"#, "max_completion_tokens"),
        (r#""max_tokens":1e300"#, "max_tokens"),
        (r#""max_tokens":18446744073709551615"#, "max_tokens"),
        (r#""temperature":2.1"#, "temperature"),
        (r#""temperature":-0.1"#, "temperature"),
        (r#""temperature":"hot""#, "temperature"),
        (r#""top_p":1.01"#, "top_p"),
        (r#""top_k":-1"#, "top_k"),
        (r#""frequency_penalty":-2.5"#, "frequency_penalty"),
        (r#""presence_penalty":3"#, "presence_penalty"),
        (r#""n":0"#, "n"),
        (r#""seed":0.5"#, "seed"),
        (r#""stop":5"#, "stop"),
        (r#""stop":["a",5]"#, "stop[1]"),
        (r#""stream":"yes""#, "stream"),
        (r#""stream_options":[]"#, "stream_options"),
        (r#""stream_options":{"include_usage":"yes"}"#, "stream_options.include_usage"),
        (r#""user":5"#, "user"),
        (r#""safety_identifier":5"#, "safety_identifier"),
        (r#""parallel_tool_calls":"no""#, "parallel_tool_calls"),
        (r#""reasoning_effort":"extreme""#, "reasoning_effort"),
        (r#""reasoning_effort":3"#, "reasoning_effort"),
        (r#""thinking":"on""#, "thinking"),
        (r#""thinking":{}"#, "thinking.type"),
        (r#""thinking":{"type":"on"}"#, "thinking.type"),
        (r#""thinking":{"type":"enabled"}"#, "thinking.budget_tokens"),
        (r#""response_format":"json""#, "response_format"),
        (r#""response_format":{"type":"xml"}"#, "response_format.type"),
        (r#""response_format":{"type":"json_schema"}"#, "response_format.json_schema"),
        (
            r#""response_format":{"type":"json_schema","json_schema":{}}"#,
            "response_format.json_schema.schema",
        ),
        (
            r#""response_format":{"type":"json_schema","json_schema":{"schema":[]}}"#,
            "response_format.json_schema.schema",
        ),
    ] {
        blames(&with(member), param);
    }
}

#[test]
fn tools() {
    for (member, param) in [
        (r#""tools":{}"#, "tools"),
        (r#""tools":["f"]"#, "tools[0]"),
        (r#""tools":[{"type":"custom","custom":{"name":"f"}}]"#, "tools[0].type"),
        (r#""tools":[{"type":"function"}]"#, "tools[0].function"),
        (r#""tools":[{"function":{}}]"#, "tools[0].function.name"),
        (r#""tools":[{"function":{"name":"f"}},{"function":{"name":1}}]"#, "tools[1].function.name"),
        (r#""tools":[{"function":{"name":"f","parameters":"x"}}]"#, "tools[0].function.parameters"),
        (r#""tools":[{"function":{"name":"f","strict":1}}]"#, "tools[0].function.strict"),
        (
            r#""tools":[{"function":{"name":"f"},"cache_control":{"type":"x"}}]"#,
            "tools[0].cache_control.type",
        ),
        (r#""functions":[{}]"#, "functions[0].name"),
        (r#""tool_choice":"maybe""#, "tool_choice"),
        (r#""tool_choice":5"#, "tool_choice"),
        (r#""tool_choice":{}"#, "tool_choice.type"),
        (r#""tool_choice":{"type":"custom","custom":{"name":"x"}}"#, "tool_choice.type"),
        (r#""tool_choice":{"type":"function"}"#, "tool_choice.function"),
        (r#""tool_choice":{"type":"function","function":{}}"#, "tool_choice.function.name"),
        (r#""tool_choice":{"type":"allowed_tools"}"#, "tool_choice.allowed_tools"),
        (
            r#""tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"x","tools":[]}}"#,
            "tool_choice.allowed_tools.mode",
        ),
        (
            r#""tool_choice":{"type":"allowed_tools","allowed_tools":{"tools":[{"type":"mcp"}]}}"#,
            "tool_choice.allowed_tools.tools[0].type",
        ),
        (r#""function_call":"required-not""#, "function_call"),
        (r#""function_call":{}"#, "function_call.name"),
    ] {
        blames(&with(member), param);
    }
}

#[test]
fn messages() {
    for (list, param) in [
        ("", "messages"),
        ("5", "messages[0]"),
        (r#"{"content":"a"}"#, "messages[0].role"),
        (r#"{"role":"robot","content":"a"}"#, "messages[0].role"),
        (r#"{"role":5,"content":"a"}"#, "messages[0].role"),
        (r#"{"role":"user"}"#, "messages[0].content"),
        (r#"{"role":"user","content":null}"#, "messages[0].content"),
        (r#"{"role":"user","content":5}"#, "messages[0].content"),
        (r#"{"role":"user","content":"a","name":5}"#, "messages[0].name"),
        (r#"{"role":"user","role":"system","content":"a"}"#, "messages[0].role"),
        (r#"{"role":"user","content":"a","content":"b"}"#, "messages[0].content"),
        (r#"{"role":"user","content":"a"},{"role":"system"}"#, "messages[1].content"),
        (
            r#"{"role":"system","content":[{"type":"image_url","image_url":"x"}]}"#,
            "messages[0].content[0].type",
        ),
        (
            r#"{"role":"assistant","content":[{"type":"image_url","image_url":"x"}]}"#,
            "messages[0].content[0].type",
        ),
        (r#"{"role":"user","content":[{"type":"refusal","refusal":"x"}]}"#, "messages[0].content[0].type"),
        (r#"{"role":"assistant","content":5}"#, "messages[0].content"),
        (r#"{"role":"assistant","refusal":5}"#, "messages[0].refusal"),
        (r#"{"role":"assistant","reasoning_content":5}"#, "messages[0].reasoning_content"),
        (r#"{"role":"assistant","thinking_blocks":{}}"#, "messages[0].thinking_blocks"),
        (r#"{"role":"assistant","thinking_blocks":[{"type":"x"}]}"#, "messages[0].thinking_blocks[0].type"),
        (
            r#"{"role":"assistant","thinking_blocks":[{"type":"redacted_thinking"}]}"#,
            "messages[0].thinking_blocks[0].data",
        ),
        (r#"{"role":"assistant","tool_calls":[{}]}"#, "messages[0].tool_calls[0].id"),
        (
            r#"{"role":"assistant","tool_calls":[{"id":"a","type":"custom"}]}"#,
            "messages[0].tool_calls[0].type",
        ),
        (r#"{"role":"assistant","tool_calls":[{"id":"a"}]}"#, "messages[0].tool_calls[0].function"),
        (
            r#"{"role":"assistant","tool_calls":[{"id":"a","function":{"name":"f","arguments":{}}}]}"#,
            "messages[0].tool_calls[0].function.arguments",
        ),
        (r#"{"role":"assistant","function_call":{}}"#, "messages[0].function_call.name"),
        (r#"{"role":"tool","content":"a"}"#, "messages[0].tool_call_id"),
        (r#"{"role":"tool","tool_call_id":"a"}"#, "messages[0].content"),
        (r#"{"role":"function","content":"a"}"#, "messages[0].name"),
        (r#"{"role":"function","name":"f","content":"a"}"#, "messages[0].name"),
        (r#"{"role":"user","content":"a","cache_control":5}"#, "messages[0].cache_control"),
        (
            r#"{"role":"user","content":"a","cache_control":{"type":"ephemeral","ttl":"1d"}}"#,
            "messages[0].cache_control.ttl",
        ),
    ] {
        blames(&saying(list), param);
    }
}

#[test]
fn parts() {
    for (part, param) in [
        ("5", ""),
        ("{}", ".type"),
        (r#"{"type":"video_url"}"#, ".type"),
        (r#"{"type":5}"#, ".type"),
        (r#"{"type":"text"}"#, ".text"),
        (r#"{"type":"text","text":null}"#, ".text"),
        (r#"{"type":"image_url"}"#, ".image_url"),
        (r#"{"type":"image_url","image_url":{}}"#, ".image_url.url"),
        (r#"{"type":"image_url","image_url":{"url":""}}"#, ".image_url.url"),
        (r#"{"type":"image_url","image_url":{"url":"data:image/png"}}"#, ".image_url.url"),
        (r#"{"type":"image_url","image_url":{"url":"data:image/png,abc"}}"#, ".image_url.url"),
        (r#"{"type":"image_url","image_url":{"url":"data:;base64,AAAA"}}"#, ".image_url.url"),
        (r#"{"type":"image_url","image_url":{"url":"data:image/png;base64,"}}"#, ".image_url.url"),
        (r#"{"type":"image_url","image_url":{"url":"data:image/png;base64,A"}}"#, ".image_url.url"),
        (r#"{"type":"image_url","image_url":{"url":"data:image/png;base64,AA=A"}}"#, ".image_url.url"),
        (r#"{"type":"image_url","image_url":{"url":"data:image/png;base64,A*AA"}}"#, ".image_url.url"),
        (r#"{"type":"image_url","image_url":{"url":"data:image/png;base64,AA%41A"}}"#, ".image_url.url"),
        (r#"{"type":"image_url","image_url":{"url":"https://a","detail":1}}"#, ".image_url.detail"),
        (r#"{"type":"file"}"#, ".file"),
        (r#"{"type":"file","file":{"filename":"f"}}"#, ".file.file_data"),
        (r#"{"type":"file","file":{"file_data":"AAAA","file_id":"x"}}"#, ".file.file_id"),
        (r#"{"type":"file","file":{"file_data":"{}"}}"#, ".file.file_data"),
        (r#"{"type":"input_audio","input_audio":{"data":"AAAA"}}"#, ".input_audio.format"),
        (r#"{"type":"input_audio","input_audio":{"data":"AAAA","format":"ogg"}}"#, ".input_audio.format"),
        (r#"{"type":"input_audio","input_audio":{"format":"wav"}}"#, ".input_audio.data"),
        (r#"{"type":"text","text":"a","type":"image_url"}"#, ".type"),
    ] {
        blames(
            &saying(&format!(r#"{{"role":"user","content":[{{"type":"text","text":"a"}},{part}]}}"#)),
            &format!("messages[0].content[1]{param}"),
        );
    }
}

#[test]
fn the_rest() {
    blames(r#"{"messages":[{"role":"user","content":"a"}]}"#, "model");
    blames(r#"{"model":5,"messages":[]}"#, "model");
    blames(r#"{"model":"m"}"#, "messages");
    blames(r#"{"model":"m","model":"n","messages":[{"role":"user","content":"a"}]}"#, "model");
    for body in ["", "[]", "{", "nonsense", r#"{"model":"m","messages":["#] {
        let error = parse(body.as_bytes()).unwrap_err();
        assert_eq!((error.kind, error.param), (ErrorKind::InvalidRequest, None), "{body}");
    }
}

#[test]
fn what_is_deep_or_long_is_refused_in_time() {
    let deep = |open: &str| format!(r#"{{"model":"m","messages":{}"#, open.repeat(10_000));
    for body in [deep("["), deep("{\"a\":"), with(&format!(r#""parameters":{}"#, "[".repeat(10_000)))] {
        assert!(parse(body.as_bytes()).is_err());
    }
    // Many calls without an answer, and answers to the last of them.
    let call = r#"{"role":"assistant","function_call":{"name":"f"}},"#.repeat(20_000);
    let answer = r#"{"role":"function","name":"f","content":""}"#;
    let body = saying(&format!("{call}{answer}"));
    assert_eq!(parse(body.as_bytes()).unwrap().messages.len(), 20_001);
}
