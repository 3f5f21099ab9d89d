use super::*;

fn parts(message: &str) -> Vec<ReplyPart<'static>> {
    let body = format!(r#"{{"id":"a","finish_reason":"COMPLETE","message":{message}}}"#);
    let body: &'static str = Box::leak(body.into_boxed_str());
    read(body.as_bytes(), "x").unwrap().parts
}

fn arguments(of: &str) -> String {
    let message = format!(r#"{{"tool_calls":[{{"id":"a","function":{{"name":"now"{of}}}}}]}}"#);
    match parts(&message).remove(0) {
        ReplyPart::ToolCall { arguments, .. } => arguments.into_owned(),
        part => panic!("{part:?}"),
    }
}

#[test]
fn a_call_without_arguments_has_an_empty_object() {
    for of in [
        "",
        r#","arguments":null"#,
        r#","arguments":"""#,
        r#","arguments":"null""#,
        r#","arguments":" ""#,
        r#","arguments":7"#,
    ] {
        assert_eq!(arguments(of), "{}", "{of}");
    }
    assert_eq!(arguments(r#","arguments":"{\"a\": 1}""#), r#"{"a": 1}"#);
    assert_eq!(arguments(r#","arguments":{"a": 1}"#), r#"{"a":1}"#);
}

#[test]
fn content_of_any_shape() {
    let text = |text| ReplyPart::Text(Cow::Borrowed(text));
    assert_eq!(parts(r#"{"content":"Hi"}"#), [text("Hi")]);
    assert_eq!(
        parts(
            r#"{"content":[{"type":"text","text":"A"},{"text":"B"},7,["text"],{"type":"text","text":""}]}"#
        ),
        [text("A"), text("B")]
    );
    for nothing in [
        "{}",
        r#"{"content":null}"#,
        r#"{"content":{}}"#,
        r#"{"content":"","tool_plan":"","tool_calls":null,"citations":[]}"#,
    ] {
        assert_eq!(parts(nothing), [], "{nothing}");
    }
}

#[test]
fn what_is_no_reply_is_the_providers_fault() {
    for body in [
        "",
        "null",
        "[]",
        "{}",
        "7",
        r#"{"message":[]}"#,
        r#"{"id":"a","message":null}"#,
        "<html>",
        "{\"message\":{}",
    ] {
        let error = read(body.as_bytes(), "x").unwrap_err();
        assert_eq!(error.kind, ErrorKind::Server, "{body}");
    }
    let told = read(br#"{"message":"no"}"#, "x").unwrap_err();
    assert_eq!((told.kind, told.message.as_str()), (ErrorKind::Server, "no"));
}

#[test]
fn a_model_that_failed_did_not_finish() {
    let failed = |reason, told| finish(reason, told, false).unwrap_err();
    assert_eq!(failed(Some("TIMEOUT"), None).kind, ErrorKind::Timeout);
    assert_eq!(failed(Some("ERROR"), Some("crashed")).message, "crashed");
    assert_eq!(failed(Some("ERROR"), Some(" ")).kind, ErrorKind::Server);
    assert_eq!(failed(None, Some("crashed")).message, "crashed");
    assert_eq!(finish(None, None, true), Ok(Finish::ToolCalls));
    assert_eq!(finish(Some("NEW"), None, false), Ok(Finish::Stop));
    assert_eq!(finish(Some("ERROR_LIMIT"), Some(""), true), Ok(Finish::Length));
}

#[test]
fn only_sources_of_the_web_are_links() {
    let cited = |source: &str| {
        let json = format!(r#"{{"start":1,"end":2,"sources":[{source}]}}"#);
        let raw: &RawValue = serde_json::from_str(&json).unwrap();
        let mut found = Vec::new();
        sources(raw, &mut |source| found.push((source.url.into_owned(), source.span)));
        found
    };
    let link = r#"{"type":"document","document":{"url":"https://a.example"}}"#;
    assert_eq!(cited(link), [("https://a.example".to_owned(), Some((1, 2)))]);
    for other in [
        r#"{"type":"document","document":{"url":"javascript:alert(1)"}}"#,
        r#"{"type":"document","document":{"url":7}}"#,
        r#"{"type":"tool","tool_output":"https://a.example"}"#,
        r#"{"type":"document"}"#,
        "7",
    ] {
        assert_eq!(cited(other), [], "{other}");
    }
}
