use super::*;
use crate::ir::{
    AudioFormat, CacheControl, Effort, Media, Message, Part, Reasoning, ResponseFormat, Role, ToolChoice,
};

mod refusals;

/// A request with these members beside the model and one message.
fn with(members: &str) -> String {
    format!(
        r#"{{"model":"m","messages":[{{"role":"user","content":"hi"}}]{}{members}}}"#,
        if members.is_empty() { "" } else { "," }
    )
}

/// A request with these messages.
fn saying(messages: &str) -> String {
    format!(r#"{{"model":"m","messages":[{messages}]}}"#)
}

/// What `read` sees in the request.
fn see<T>(body: &str, read: impl FnOnce(Request<'_>) -> T) -> T {
    read(parse(body.as_bytes()).unwrap_or_else(|error| panic!("{body}: {error:?}")))
}

/// The messages, as their `Debug` tells them.
fn messages(list: &str) -> String {
    see(&saying(list), |request| {
        let lines = request
            .messages
            .iter()
            .map(|Message { role, parts, name, .. }| format!("{role:?} {name:?} {parts:?}"));
        lines.collect::<Vec<_>>().join("\n")
    })
}

fn parts(content: &str) -> String {
    see(&saying(&format!(r#"{{"role":"user","content":[{content}]}}"#)), |request| {
        format!("{:?}", request.messages[0].parts)
    })
}

fn text(text: &str) -> Part<'_> {
    Part::Text { text: text.into(), cache: None }
}

fn shown(parts: &[Part<'_>]) -> String {
    format!("{parts:?}")
}

#[test]
fn a_request_of_settings() {
    let body = with(
        r#""max_tokens":5,"max_completion_tokens":7.0,"temperature":2,"top_p":0.5,"top_k":3,"n":2,"seed":-4,
        "frequency_penalty":-2,"presence_penalty":1.5,"stop":["a","b"],"parallel_tool_calls":false,"stream":true,
        "stream_options":{"include_usage":true,"include_obfuscation":false},"user":"u","reasoning_effort":null"#,
    );
    see(&body, |request| {
        assert_eq!(
            (request.model.as_ref(), request.max_tokens, request.n, request.seed),
            ("m", Some(7), Some(2), Some(-4))
        );
        assert_eq!((request.temperature, request.top_p, request.top_k), (Some(2.0), Some(0.5), Some(3)));
        assert_eq!((request.frequency_penalty, request.presence_penalty), (Some(-2.0), Some(1.5)));
        assert_eq!((request.stop, request.parallel_tool_calls), (vec!["a".into(), "b".into()], Some(false)));
        assert_eq!((request.stream, request.include_usage, request.user.as_deref()), (true, true, Some("u")));
        assert_eq!((request.reasoning, request.tool_choice.is_none(), request.extra.len()), (None, true, 0));
    });
    see(&with(r#""max_tokens":5,"max_completion_tokens":null,"stop":"x""#), |request| {
        assert_eq!((request.max_tokens, request.stop), (Some(5), vec!["x".into()]));
        assert_eq!((request.stream, request.include_usage, request.user), (false, false, None));
    });
}

#[test]
fn what_has_no_place_is_kept_as_it_was_sent() {
    let body = with(
        r#""verbosity":"low","metadata":{ "a" :"b"},"store":null,"logit_bias":{"1": 2},"safety_identifier":"s""#,
    );
    see(&body, |request| {
        let extra: Vec<_> = request.extra.iter().map(|(name, raw)| (name.as_ref(), raw.get())).collect();
        let expected =
            [("verbosity", r#""low""#), ("metadata", r#"{ "a" :"b"}"#), ("logit_bias", r#"{"1": 2}"#)];
        assert_eq!((extra.as_slice(), request.user.as_deref()), (&expected[..], Some("s")));
    });
    see(&with(r#""user":"u","safety_identifier":"s""#), |request| {
        assert_eq!((request.user.as_deref(), request.extra.len()), (Some("u"), 1));
    });
}

#[test]
fn text_is_borrowed() {
    let body = saying(r#"{"role":"user","content":"plain"},{"role":"user","content":"a\nb"}"#);
    see(&body, |request| {
        let is_borrowed =
            |message: &Message<'_>| matches!(&message.parts[0], Part::Text { text: Cow::Borrowed(_), .. });
        assert_eq!(request.messages.iter().map(is_borrowed).collect::<Vec<_>>(), [true, false]);
    });
}

#[test]
fn roles_and_contents() {
    let found = messages(
        r#"{"role":"system","content":"s"},{"role":"developer","content":[{"type":"text","text":"d"}],"name":"n"},
        {"role":"user","content":""},{"role":"assistant","content":null},{"role":"system","content":"late"},
        {"role":"assistant","content":[{"type":"text","text":"a"},{"type":"refusal","refusal":"r"}]},
        {"role":"assistant","refusal":"no","content":"t","annotations":[],"audio":null,"function_call":null}"#,
    );
    let expected = [
        format!("System None {}", shown(&[text("s")])),
        format!("Developer Some(\"n\") {}", shown(&[text("d")])),
        format!("User None {}", shown(&[text("")])),
        "Assistant None []".into(),
        format!("System None {}", shown(&[text("late")])),
        format!("Assistant None {}", shown(&[text("a"), Part::Refusal("r".into())])),
        format!("Assistant None {}", shown(&[text("t"), Part::Refusal("no".into())])),
    ];
    assert_eq!(found, expected.join("\n"));
}

#[test]
fn pictures() {
    for (url, source) in [
        ("\"https://a/b.png\"", Media::Url("https://a/b.png".into())),
        (r#"{"url":"https://a/b.png","detail":null}"#, Media::Url("https://a/b.png".into())),
        (r#"{"url":"data:image/png;base64,AAAA"}"#, base64("image/png", "AAAA")),
        (r#"{"url":"DATA:Image/PNG; charset=x ;BASE64,AA=="}"#, base64("image/png", "AA==")),
        (r#"{"url":"data:image/jpg;base64,A A\nA\r\tA"}"#, base64("image/jpeg", "AAAA")),
        (r#"{"url":"data:image/png;base64,-_%2B%2f%3D"}"#, base64("image/png", "+/+/")),
        (r#"{"url":"data:image/png;base64,AAA"}"#, base64("image/png", "AAA=")),
        (r#"{"url":"data:image/png;base64,AA"}"#, base64("image/png", "AA==")),
    ] {
        let expected = Part::Image { source, detail: None, cache: None };
        assert_eq!(
            parts(&format!(r#"{{"type":"image_url","image_url":{url}}}"#)),
            shown(&[expected]),
            "{url}"
        );
    }
    let low = r#"{"type":"image_url","image_url":{"url":"https://a","detail":"low"},"cache_control":{"type":"ephemeral"}}"#;
    let source = Media::Url("https://a".into());
    let expected = Part::Image { source, detail: Some("low".into()), cache: Some(CacheControl::Minutes5) };
    assert_eq!(parts(low), shown(&[expected]));
}

fn base64(media_type: &'static str, data: &'static str) -> Media<'static> {
    Media::Base64 { media_type: media_type.into(), data: data.into() }
}

#[test]
fn files_and_sound() {
    for (file, source, filename) in [
        (
            r#"{"file_data":"data:text/plain;base64,AAAA","filename":"f"}"#,
            base64("text/plain", "AAAA"),
            Some("f"),
        ),
        (r#"{"file_data":"AAAA"}"#, base64("application/pdf", "AAAA"), None),
        (r#"{"file_data":"data:;base64,AAAA"}"#, base64("application/pdf", "AAAA"), None),
        (r#"{"file_data":"https://a/b.pdf","file_id":null}"#, Media::Url("https://a/b.pdf".into()), None),
        (r#"{"file_id":"file-1"}"#, Media::FileId("file-1".into()), None),
    ] {
        let expected = Part::File { source, filename: filename.map(Cow::Borrowed), cache: None };
        assert_eq!(parts(&format!(r#"{{"type":"file","file":{file}}}"#)), shown(&[expected]), "{file}");
    }
    let pdf = r#"{"type":"image_url","image_url":{"url":"data:application/pdf;base64,AAAA"}}"#;
    let expected = Part::File { source: base64("application/pdf", "AAAA"), filename: None, cache: None };
    assert_eq!(parts(pdf), shown(&[expected]));
    let audio = r#"{"type":"input_audio","input_audio":{"data":"AAAA","format":"mp3"}}"#;
    assert_eq!(parts(audio), shown(&[Part::Audio { data: "AAAA".into(), format: AudioFormat::Mp3 }]));
}

#[test]
fn tool_calls_and_results() {
    let found = messages(
        r#"{"role":"assistant","content":"t","tool_calls":[
            {"id":"a","type":"function","function":{"name":"f","arguments":"{\"x\":1}"},
             "extra_content":{"google":{"thought_signature":"c2ln"}}},
            {"id":"b","function":{"name":"g","arguments":null},"extra_content":{"other":1}}]},
        {"role":"tool","tool_call_id":"a","content":"r"},
        {"role":"tool","tool_call_id":"b","content":[{"type":"text","text":"1"},
            {"type":"image_url","image_url":{"url":"https://a"}}]}"#,
    );
    let call = |id: &'static str, name: &'static str, arguments: &'static str| Part::ToolCall {
        id: id.into(),
        name: name.into(),
        arguments: arguments.into(),
        signature: (id == "a").then(|| "c2ln".into()),
        cache: None,
    };
    let result =
        |id: &'static str, content| Part::ToolResult { id: id.into(), content, is_error: false, cache: None };
    let image = Part::Image { source: Media::Url("https://a".into()), detail: None, cache: None };
    let expected = [
        format!("Assistant None {}", shown(&[text("t"), call("a", "f", "{\"x\":1}"), call("b", "g", "")])),
        format!("Tool None {}", shown(&[result("a", vec![text("r")])])),
        format!("Tool None {}", shown(&[result("b", vec![text("1"), image])])),
    ];
    assert_eq!(found, expected.join("\n"));
}

#[test]
fn the_first_form_of_tool_calls() {
    let found = messages(
        r#"{"role":"assistant","content":null,"function_call":{"name":"f","arguments":"{}"}},
        {"role":"assistant","content":null,"function_call":{"name":"g","arguments":"{}"}},
        {"role":"function","name":"g","content":"2"},{"role":"function","name":"f","content":"1"}"#,
    );
    let ids: Vec<_> =
        found.lines().filter_map(|line| line.split("id: \"").nth(1)?.split('"').next()).collect();
    assert_eq!(ids, ["call_function_0", "call_function_1", "call_function_1", "call_function_0"], "{found}");
    assert!(found.lines().skip(2).all(|line| line.starts_with("Tool None [ToolResult")), "{found}");
}

#[test]
fn reasoning_comes_back() {
    let thinking = |text: &'static str, signature: Option<&'static str>| Part::Thinking {
        text: text.into(),
        signature: signature.map(Cow::Borrowed),
    };
    for (members, expected) in [
        (r#""reasoning_content":"r","#, vec![thinking("r", None)]),
        (r#""reasoning_content":"","thinking_blocks":[],"#, vec![]),
        (
            r#""reasoning_content":"r","thinking_blocks":[{"type":"thinking","thinking":"r","signature":"s"},
                {"type":"redacted_thinking","data":"d"},{"type":"thinking","thinking":"q","signature":""}],"#,
            vec![thinking("r", Some("s")), Part::RedactedThinking("d".into()), thinking("q", None)],
        ),
    ] {
        let found = messages(&format!(r#"{{"role":"assistant",{members}"content":"t"}}"#));
        let parts = [expected, vec![text("t")]].concat();
        assert_eq!(found, format!("Assistant None {}", shown(&parts)), "{members}");
    }
}

#[test]
fn cache_control_on_a_message_marks_its_last_part() {
    let hour = r#""cache_control":{"type":"ephemeral","ttl":"1h"}"#;
    for (message, marks) in [
        (format!(r#"{{"role":"system","content":"s",{hour}}}"#), "Hour1"),
        (format!(r#"{{"role":"tool","tool_call_id":"a","content":"s",{hour}}}"#), "None Hour1"),
        (
            format!(
                r#"{{"role":"assistant","content":"s",{hour},"tool_calls":[{{"id":"a","function":{{"name":"f"}}}}]}}"#
            ),
            "None Hour1",
        ),
        (
            format!(
                r#"{{"role":"user",{hour},"content":[{{"type":"text","text":"s"}},
                    {{"type":"text","text":"s","cache_control":{{"type":"ephemeral","ttl":"5m"}}}}]}}"#
            ),
            "None Minutes5",
        ),
    ] {
        let found = messages(&message);
        let found: Vec<_> =
            found.split("cache: ").skip(1).map(|rest| rest.split([' ', ',', '}']).next().unwrap()).collect();
        assert_eq!(found.join(" ").replace("Some(", "").replace(')', ""), marks, "{message}");
    }
}

#[test]
fn tools_in_both_forms() {
    let body = with(
        r#""tools":[{"type":"function","function":{"name":"f","description":"d","parameters":{ "type":"object" },"strict":true}},
            {"function":{"name":"g","parameters":null},"cache_control":{"type":"ephemeral"}}],
        "functions":[{"name":"h","parameters":{}}]"#,
    );
    see(&body, |request| {
        let tools: Vec<_> = request
            .tools
            .iter()
            .map(|tool| {
                (
                    tool.name.as_ref(),
                    tool.description.as_deref(),
                    tool.parameters.map(RawValue::get),
                    tool.strict,
                    tool.cache,
                )
            })
            .collect();
        let expected = [
            ("f", Some("d"), Some("{ \"type\":\"object\" }"), Some(true), None),
            ("g", None, None, None, Some(CacheControl::Minutes5)),
            ("h", None, Some("{}"), None, None),
        ];
        assert_eq!(tools, expected);
    });
}

#[test]
fn tool_choice_in_every_form() {
    let allowed = |names: &[&'static str], required| ToolChoice::Allowed {
        names: names.iter().map(|name| Cow::Borrowed(*name)).collect(),
        required,
    };
    for (member, expected) in [
        (r#""tool_choice":"auto""#, Some(ToolChoice::Auto)),
        (r#""tool_choice":"none""#, Some(ToolChoice::None)),
        (r#""tool_choice":"required""#, Some(ToolChoice::Required)),
        (r#""tool_choice":{"type":"function","function":{"name":"f"}}"#, Some(ToolChoice::Named("f".into()))),
        (
            r#""tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"required","tools":[
                {"type":"function","function":{"name":"f"}},{"type":"function","function":{"name":"g"}}]}}"#,
            Some(allowed(&["f", "g"], true)),
        ),
        (
            r#""tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[]}}"#,
            Some(allowed(&[], false)),
        ),
        (r#""function_call":"none""#, Some(ToolChoice::None)),
        (r#""function_call":{"name":"f"}"#, Some(ToolChoice::Named("f".into()))),
        (r#""function_call":"none","tool_choice":"auto""#, Some(ToolChoice::Auto)),
        (r#""tool_choice":null"#, None),
    ] {
        see(&with(member), |request| assert_eq!(request.tool_choice, expected, "{member}"));
    }
}

#[test]
fn response_formats() {
    see(&with(r#""response_format":{"type":"text"}"#), |request| {
        assert!(matches!(request.response_format, Some(ResponseFormat::Text)));
    });
    see(&with(r#""response_format":{"type":"json_object"}"#), |request| {
        assert!(matches!(request.response_format, Some(ResponseFormat::JsonObject)));
    });
    let schema = r#""response_format":{"type":"json_schema","json_schema":{"name":"n","description":"d",
        "schema":{"type" : "object"},"strict":false}}"#;
    see(&with(schema), |request| match request.response_format {
        Some(ResponseFormat::JsonSchema { name, description, schema, strict }) => {
            assert_eq!(
                (name.as_deref(), description.as_deref(), strict),
                (Some("n"), Some("d"), Some(false))
            );
            assert_eq!(schema.get(), r#"{"type" : "object"}"#);
        }
        other => panic!("{other:?}"),
    });
}

#[test]
fn how_to_reason() {
    use Reasoning::*;
    for (members, expected) in [
        (r#""reasoning_effort":"none""#, Some(Off)),
        (r#""reasoning_effort":"minimal""#, Some(Effort(self::Effort::Minimal))),
        (r#""reasoning_effort":"low""#, Some(Effort(self::Effort::Low))),
        (r#""reasoning_effort":"medium""#, Some(Effort(self::Effort::Medium))),
        (r#""reasoning_effort":"high""#, Some(Effort(self::Effort::High))),
        (r#""reasoning_effort":"xhigh""#, Some(Effort(self::Effort::Xhigh))),
        (r#""reasoning_effort":"max""#, Some(Effort(self::Effort::Max))),
        (r#""thinking":{"type":"enabled","budget_tokens":2048}"#, Some(Budget(2048))),
        (r#""thinking":{"type":"disabled"},"reasoning_effort":"high""#, Some(Off)),
        (r#""thinking":{"type":"adaptive"},"reasoning_effort":"high""#, Some(Effort(self::Effort::High))),
        (r#""thinking":{"type":"adaptive","display":"omitted"}"#, Some(Effort(self::Effort::Medium))),
        (r#""thinking":null"#, None),
    ] {
        see(&with(members), |request| assert_eq!(request.reasoning, expected, "{members}"));
    }
}

#[test]
fn roles_of_messages_are_kept_apart() {
    see(&saying(r#"{"role":"user","content":"a"},{"role":"user","content":"b"}"#), |request| {
        assert_eq!(
            request.messages.iter().map(|message| message.role).collect::<Vec<_>>(),
            [Role::User, Role::User]
        );
    });
}

#[test]
fn the_number_of_values_is_bounded() {
    let body = |count: usize| {
        let parts = vec![r#"{"type":"text","text":"a"}"#; count].join(",");
        format!(r#"{{"model":"m","messages":[{{"role":"user","content":[{parts}]}}]}}"#)
    };
    assert!(parse(body(100_000).as_bytes()).is_ok());
    let error = parse(body(140_000).as_bytes()).unwrap_err();
    assert_eq!(error.kind, ErrorKind::InvalidRequest);
    assert!(error.message.contains("400000 values"), "{}", error.message);
}

#[test]
fn a_function_beside_its_type_is_one_too() {
    let body = br#"{"model":"m","messages":[{"role":"user","content":"Hi"}],
        "tools":[{"type":"function","name":"f","description":"d","parameters":{"type":"object"},"strict":true}]}"#;
    let request = parse(body).unwrap();
    let tool = &request.tools[0];
    assert_eq!((tool.name.as_ref(), tool.strict), ("f", Some(true)));
    assert_eq!(tool.parameters.unwrap().get(), "{\"type\":\"object\"}");
}
