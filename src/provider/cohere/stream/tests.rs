use super::*;

fn events(bytes: &[u8]) -> Vec<String> {
    let mut decoder = CohereDecoder::new("x");
    let mut seen = Vec::new();
    let mut sink = |event: Event<'_>| seen.push(format!("{event:?}"));
    decoder.push(bytes, &mut sink);
    decoder.end(&mut sink);
    seen
}

fn stream(data: &[&str]) -> Vec<u8> {
    data.iter().map(|data| format!("data: {data}\n\n")).collect::<String>().into_bytes()
}

const START: &str = r#"{"type":"message-start","id":"a","delta":{"message":{"role":"assistant"}}}"#;
const END: &str = r#"{"type":"message-end","delta":{"finish_reason":"COMPLETE","usage":{"tokens":{"input_tokens":3,"output_tokens":1}}}}"#;

fn call(index: &str, kind: &str, call: &str) -> String {
    format!(r#"{{"type":"tool-call-{kind}"{index},"delta":{{"message":{{"tool_calls":{call}}}}}}}"#)
}

#[test]
fn deltas_without_an_index_are_of_the_last_call() {
    let begin = call("", "start", r#"{"id":"c","function":{"name":"now"}}"#);
    let more = call("", "delta", r#"{"function":{"arguments":"{}"}}"#);
    let seen = events(&stream(&[START, &begin, &more, r#"{"type":"tool-call-end"}"#, END]));
    assert_eq!(seen.iter().filter(|event| event.starts_with("ToolArguments")).count(), 1, "{seen:?}");
    assert!(seen.contains(&"ToolEnd { index: 0 }".to_owned()), "{seen:?}");
}

#[test]
fn an_index_that_comes_again_is_another_call() {
    let begin = call(r#","index":0"#, "start", r#"{"id":"c","function":{"name":"now"}}"#);
    let seen = events(&stream(&[START, &begin, &begin, END]));
    let of = |what: &str| seen.iter().filter(|event| event.starts_with(what)).count();
    assert_eq!((of("ToolStart"), of("ToolArguments"), of("ToolEnd")), (2, 2, 2), "{seen:?}");
}

#[test]
fn open_calls_are_bounded() {
    let calls: Vec<String> = (0..200)
        .map(|index| {
            call(&format!(r#","index":{index}"#), "start", r#"{"id":"c","function":{"name":"now"}}"#)
        })
        .collect();
    let mut data = vec![START];
    data.extend(calls.iter().map(String::as_str));
    let seen = events(&stream(&data));
    assert!(seen.last().unwrap().contains("too many tool calls"), "{:?}", seen.last());
    assert_eq!(seen.iter().filter(|event| event.starts_with("ToolStart")).count(), 128);
}

#[test]
fn kept_citations_are_bounded() {
    let text = "x".repeat(300 * 1024);
    let citation = format!(
        r#"{{"type":"citation-start","delta":{{"message":{{"citations":{{"start":0,"end":1,"sources":[{{"document":{{"url":"https://a.example","text":"{text}"}}}}]}}}}}}}}"#
    );
    let mut decoder = CohereDecoder::new("x");
    let (mut sources, mut kept) = (0, 0);
    decoder.push(
        &stream(&[START, &citation, &citation, &citation, &citation, &citation, END]),
        &mut |event| match event {
            Event::Citation(_) => sources += 1,
            Event::Extra(extra) => {
                let all: Vec<serde_json::Value> = serde_json::from_str(&extra.json).unwrap();
                kept = all.len();
            }
            _ => {}
        },
    );
    assert_eq!((sources, kept), (5, 3));
}

#[test]
fn usage_is_told_once_and_of_failed_answers_too() {
    let end = r#"{"type":"message-end","delta":{"finish_reason":"ERROR","error":"crashed","usage":{"tokens":{"input_tokens":3}}}}"#;
    let seen = events(&stream(&[START, end, END]));
    assert!(seen[1].starts_with("Usage") && seen[2].contains("crashed") && seen.len() == 3, "{seen:?}");
}

#[test]
fn members_of_the_wrong_kind_do_no_harm() {
    for odd in [
        r#"{"type":"content-delta","index":"0","delta":{"message":{"content":{"text":7,"thinking":[]}}}}"#,
        r#"{"type":"content-delta","delta":{"message":{"content":null}}}"#,
        r#"{"type":"tool-call-delta","index":9,"delta":{"message":{"tool_calls":{"function":{"arguments":"x"}}}}}"#,
        r#"{"type":"tool-call-end","index":-1}"#,
        r#"{"type":"citation-start","delta":{"message":{"citations":[]}}}"#,
        r#"{"type":"citation-end","index":0}"#,
        r#"{"type":"debug","prompt":"x"}"#,
    ] {
        let seen = events(&stream(&[START, odd, END]));
        assert_eq!(seen.last().unwrap(), "Done", "{odd}: {seen:?}");
        assert_eq!(seen.len(), 4, "{odd}: {seen:?}");
    }
    for bad in [
        "7",
        "[]",
        r#"{"delta":{}}"#,
        r#"{"type":"content-delta"}"#,
        r#"{"type":"content-delta","delta":{"message":[]}}"#,
        r#"{"type":"message-end"}"#,
        r#"{"type":"tool-call-start","delta":{"message":{"tool_calls":[]}}}"#,
        r#"{"type":"new","error":{"message":"no"}}"#,
        "[DONE",
    ] {
        let seen = events(&stream(&[START, bad, END]));
        assert!(seen.last().unwrap().starts_with("Error") && seen.len() == 2, "{bad}: {seen:?}");
    }
}
