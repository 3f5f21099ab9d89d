use super::*;
use crate::ir::{ErrorKind, Usage};

/// The events of a stream whose bytes come cut at each of `cuts`, one a line.
fn seen(stream: &str, cuts: &[usize]) -> Vec<String> {
    let mut decoder = ChatDecoder::new("x");
    let mut events = Vec::new();
    let mut sink = |event: Event<'_>| events.push(format!("{event:?}"));
    let mut from = 0;
    for to in cuts.iter().copied().chain([stream.len()]) {
        decoder.push(&stream.as_bytes()[from..to], &mut sink);
        from = to;
    }
    decoder.end(&mut sink);
    decoder.end(&mut sink);
    events
}

/// The same, whole and cut anywhere.
fn events(stream: &str) -> Vec<String> {
    let whole = seen(stream, &[]);
    for end in ["\n", "\r\n", "\r"] {
        let stream = stream.replace('\n', end);
        for cut in 0..=stream.len() {
            assert_eq!(seen(&stream, &[cut]), whole, "{stream:?} cut at {cut}");
        }
    }
    whole
}

/// A chunk of the first choice.
fn chunk(choice: &str) -> String {
    format!("data: {{\"id\":\"c\",\"model\":\"m\",\"choices\":[{{\"index\":0,{choice}}}]}}\n\n")
}

fn delta(delta: &str) -> String {
    chunk(&format!("\"delta\":{{{delta}}},\"finish_reason\":null"))
}

fn finish(reason: &str) -> String {
    chunk(&format!("\"delta\":{{}},\"finish_reason\":\"{reason}\""))
}

const DONE: &str = "data: [DONE]\n\n";
const START: &str = r#"Start { id: Some("c"), model: Some("m") }"#;

#[test]
fn an_answer_as_openai_and_azure_send_it() {
    let usage = r#"{"prompt_tokens":7,"completion_tokens":5,"prompt_tokens_details":{"cached_tokens":3}}"#;
    let stream = [
        "data: {\"choices\":[],\"created\":0,\"id\":\"\",\"model\":\"\",\"prompt_filter_results\":[]}\n\n",
        ": a comment\n\n",
        &delta(r#""role":"assistant","content":"","refusal":null"#),
        &delta(r#""content":"é\n""#),
        &delta(r#""content":"b""#),
        &delta(r#""refusal":"no""#),
        &finish("length"),
        &format!("data: {{\"id\":\"c\",\"choices\":[],\"usage\":{usage}}}\n\n"),
        DONE,
        &delta(r#""content":"after the end""#),
    ];
    let told = Usage { input: Some(4), cache_read: Some(3), output: Some(5), ..Usage::default() };
    let expected = [
        START,
        r#"Text("é\n")"#,
        r#"Text("b")"#,
        r#"Refusal("no")"#,
        &format!("{:?}", Event::Usage(told)),
        "Finish(Length)",
        "Done",
    ];
    assert_eq!(events(&stream.concat()), expected);
}

#[test]
fn calls_that_interleave_keep_their_numbers() {
    let call = |call: &str| delta(&format!(r#""tool_calls":[{call}]"#));
    let stream = [
        call(r#"{"index":3,"id":"a","type":"function","function":{"name":"f","arguments":""}}"#),
        call(
            r#"{"index":5,"id":"b","function":{"name":"g"},"extra_content":{"google":{"thought_signature":"s"}}},
               {"index":3,"function":{"arguments":"{\"x\""}}"#,
        )
        .replace("\n               ", ""),
        call(r#"{"index":7,"function":{"name":"h","arguments":{"y": 1}}}"#),
        call(r#"{"index":3,"function":{"arguments":":1}"}}"#),
        finish("tool_calls"),
        DONE.to_owned(),
    ];
    let expected = [
        START,
        r#"ToolStart { index: 0, id: "a", name: "f", signature: None }"#,
        r#"ToolStart { index: 1, id: "b", name: "g", signature: Some("s") }"#,
        r#"ToolArguments { index: 0, fragment: "{\"x\"" }"#,
        r#"ToolStart { index: 2, id: "call_x_2", name: "h", signature: None }"#,
        r#"ToolArguments { index: 2, fragment: "{\"y\":1}" }"#,
        r#"ToolArguments { index: 0, fragment: ":1}" }"#,
        "ToolEnd { index: 0 }",
        r#"ToolArguments { index: 1, fragment: "{}" }"#,
        "ToolEnd { index: 1 }",
        "ToolEnd { index: 2 }",
        "Finish(ToolCalls)",
        "Done",
    ];
    assert_eq!(events(&stream.concat()), expected);
    // The first form, and an end that does not speak of the call.
    let stream = [
        delta(r#""function_call":{"name":"f","arguments":""}"#),
        delta(r#""function_call":{"arguments":"{}"}"#),
        finish("stop"),
        DONE.to_owned(),
    ];
    let expected = [
        START,
        r#"ToolStart { index: 0, id: "call_x_0", name: "f", signature: None }"#,
        r#"ToolArguments { index: 0, fragment: "{}" }"#,
        "ToolEnd { index: 0 }",
        "Finish(ToolCalls)",
        "Done",
    ];
    assert_eq!(events(&stream.concat()), expected);
}

#[test]
fn reasoning_by_any_of_its_names() {
    let stream = [
        delta(r#""reasoning_content":"a","reasoning":"a""#),
        delta(r#""reasoning":"b","reasoning_details":[{"type":"reasoning.text","text":"b"}]"#),
        delta(
            r#""reasoning_details":[{"type":"reasoning.summary","summary":"c"},{"type":"reasoning.encrypted","data":"x"}]"#,
        ),
        delta(
            r#""content":[{"type":"thinking","thinking":[{"type":"text","text":"d"}]},{"type":"text","text":"e"}]"#,
        ),
        delta(r#""reasoning_content":null,"content":null"#),
        finish("eos"),
        DONE.to_owned(),
    ];
    let expected = [
        START,
        r#"Thinking("a")"#,
        r#"Thinking("b")"#,
        r#"Thinking("c")"#,
        r#"Thinking("d")"#,
        r#"Text("e")"#,
        "Finish(Stop)",
        "Done",
    ];
    assert_eq!(events(&stream.concat()), expected);
}

#[test]
fn usage_and_reasons_wherever_they_stand() {
    let stream = [
        &delta(r#""content":"a""#),
        "event: ping\ndata: alive\n\n",
        "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],\"x_groq\":{\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2}}}\n\n",
        &finish("length"),
        "data: {\"choices\":[{\"index\":1,\"delta\":{\"content\":\"another\"}}]}\n\n",
    ];
    let told = Usage { input: Some(1), output: Some(2), ..Usage::default() };
    let usage = format!("{:?}", Event::Usage(told));
    // Without `[DONE]`, and with half an event behind the end.
    let expected = [START, r#"Text("a")"#, &usage, "Finish(Stop)", "Done"];
    assert_eq!(events(&stream.concat()), expected);
    assert_eq!(events(&(stream.concat() + "data: {\"choices\":[")), expected);
    // Only `[DONE]` says that it is whole.
    let silent = delta(r#""content":"a""#) + DONE.trim_end();
    assert_eq!(events(&silent), [START, r#"Text("a")"#, "Finish(Stop)", "Done"]);
}

#[test]
fn sources_are_given_once() {
    let citation = |url: &str, title: &str, span: &str| {
        format!("Citation(Citation {{ url: \"{url}\", title: \"{title}\", span: {span} }})")
    };
    let beside = |more: &str| {
        format!(
            "data: {{\"id\":\"c\",\"model\":\"m\",\"choices\":[{{\"delta\":{{\"content\":\"a\"}}}}],{more}}}\n\n"
        )
    };
    let stream = beside(r#""citations":["https://a.example/"]"#)
        + &beside(r#""citations":["https://a.example/","https://b.example/"]"#)
        + &finish("stop");
    let found = events(&stream);
    assert_eq!(
        found[3..5],
        [citation("https://a.example/", "", "None"), citation("https://b.example/", "", "None")]
    );
    let annotation = r#""annotations":[{"type":"url_citation","url_citation":{"start_index":1,"end_index":2,"title":"t","url":"https://c.example/"}}]"#;
    let stream = beside(r#""citations":["https://a.example/"]"#) + &delta(annotation) + &finish("stop");
    let found = events(&stream);
    assert_eq!(
        found[2..],
        [citation("https://c.example/", "t", "Some((1, 2))"), "Finish(Stop)".into(), "Done".into()]
    );
}

#[test]
fn what_fails_is_the_last_event() {
    let said = delta(r#""content":"a""#);
    for (bytes, kind) in [
        (
            "data: {\"error\":{\"message\":\"slow\",\"code\":\"rate_limit_exceeded\"}}\n\n",
            ErrorKind::RateLimit,
        ),
        ("data: {\"object\":\"error\",\"message\":\"gone\",\"code\":503}\n\n", ErrorKind::Overloaded),
        ("event: error\ndata: {\"message\":\"gone\"}\n\n", ErrorKind::Server),
        (
            "data: {\"choices\":[{\"index\":0,\"error\":{\"code\":429,\"message\":\"slow\"}}]}\n\n",
            ErrorKind::RateLimit,
        ),
        ("data: {\"choices\":[],\"x_groq\":{\"error\":\"gone\"}}\n\n", ErrorKind::Server),
        (&finish("insufficient_system_resource"), ErrorKind::Overloaded),
        (&delta(r#""tool_calls":[{"index":0,"id":"a","function":{"arguments":"{}"}}]"#), ErrorKind::Server),
        ("data: nonsense\n\n", ErrorKind::Server),
        ("data: {\"choices\":[\n\n", ErrorKind::Server),
        ("", ErrorKind::Server),
        ("data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"st", ErrorKind::Server),
    ] {
        let stream = format!("{said}{bytes}{}", if bytes.ends_with("\n\n") { DONE } else { "" });
        let found = events(&stream);
        assert_eq!((found.len(), &found[1]), (3, &r#"Text("a")"#.to_owned()), "{bytes}: {found:?}");
        assert!(found[2].starts_with(&format!("Error(ApiError {{ kind: {kind:?}")), "{bytes}: {found:?}");
    }
    // Nothing was said at all.
    for stream in ["", DONE, "data: {\"choices\":[],\"usage\":null}\n\ndata: [DONE]\n\n"] {
        let found = events(stream);
        assert!(found.len() == 1 && found[0].starts_with("Error("), "{stream}: {found:?}");
    }
}

#[test]
fn too_many_calls_are_an_error() {
    let mut stream = String::new();
    for index in 0..200 {
        stream += &delta(&format!(
            r#""tool_calls":[{{"index":{index},"id":"i{index}","function":{{"name":"f"}}}}]"#
        ));
    }
    let found = seen(&(stream + DONE), &[]);
    assert!(found.last().is_some_and(|last| last.starts_with("Error(")), "{found:?}");
    assert!(found.len() <= 130, "{}", found.len());
}
