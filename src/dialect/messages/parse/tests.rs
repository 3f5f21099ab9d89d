use super::{Form, parse, parse_for, place};
use crate::ir::{
    ApiError, CacheControl, Effort, Media, Message, Part, Reasoning, Request, ResponseFormat, Role,
    ToolChoice,
};

fn read(members: &str) -> String {
    format!(r#"{{"model":"m","max_tokens":9,{members}}}"#)
}

fn messages(body: &str) -> Vec<(Role, String)> {
    let request = parse(body.as_bytes()).unwrap_or_else(|error| panic!("{body}: {error:?}"));
    request.messages.iter().map(|message| (message.role, told(message))).collect()
}

/// What a message says, in short.
fn told(message: &Message<'_>) -> String {
    let parts = message.parts.iter().map(|part| match part {
        Part::Text { text, cache: None } => text.to_string(),
        Part::Text { text, cache: Some(_) } => format!("{text}*"),
        Part::Image { .. } => "<image>".into(),
        Part::File { filename, .. } => format!("<file {filename:?}>"),
        Part::Thinking { text, signature } => format!("<think {text} {signature:?}>"),
        Part::RedactedThinking(data) => format!("<redacted {data}>"),
        Part::ToolCall { id, name, arguments, signature, .. } => {
            format!("<call {id} {name} {arguments} {signature:?}>")
        }
        Part::ToolResult { id, content, is_error, .. } => {
            let inner = Message { role: Role::User, parts: content.clone(), name: None, signature: None };
            format!("<result {id} {is_error} {}>", told(&inner))
        }
        other => format!("{other:?}"),
    });
    parts.collect::<Vec<_>>().join("|")
}

#[test]
fn results_come_before_what_the_user_says() {
    let body = read(
        r#""system":[{"type":"text","text":"x-anthropic-billing-header: cc_version=1;"},{"type":"text","text":"Be brief.","cache_control":{"type":"ephemeral"}}],
        "messages":[{"role":"user","content":"Hi"},{"role":"system","content":"Now."},
        {"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"EqQB"},{"type":"redacted_thinking","data":"Enc"},{"type":"text","text":"I look."},
          {"type":"tool_use","id":"a","name":"f","input":{"x" : 1.0, "y":"\ud83d\ude00"}},{"type":"tool_use","id":"b","name":"g","input":{}}]},
        {"role":"user","content":[{"type":"text","text":"and"},{"type":"tool_result","tool_use_id":"b","is_error":true,"content":"no"},{"type":"tool_result","tool_use_id":"a"}]}]"#,
    );
    assert_eq!(
        messages(&body),
        [
            (Role::System, "Be brief.*".to_owned()),
            (Role::User, "Hi".to_owned()),
            (Role::System, "Now.".to_owned()),
            (
                Role::Assistant,
                "<think hm Some(\"EqQB\")>|<redacted Enc>|I look.|<call a f {\"x\":1.0,\"y\":\"\\ud83d\\ude00\"} None>|<call b g {} None>"
                    .to_owned()
            ),
            (Role::Tool, "<result b true no>".to_owned()),
            (Role::Tool, "<result a false >".to_owned()),
            (Role::User, "and".to_owned()),
        ]
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table, one row a case")]
fn blocks_become_parts() {
    for (block, expected) in [
        (r#"{"type":"image","source":{"type":"base64","media_type":"image/jpg","data":"AA AA"}}"#, "<image>"),
        (
            r#"{"type":"document","title":"a.pdf","context":"c","source":{"type":"url","url":"https://a/"}}"#,
            "c|<file Some(\"a.pdf\")>",
        ),
        (
            r#"{"type":"document","title":"T","source":{"type":"text","media_type":"text/plain","data":"words"},"cache_control":{"type":"ephemeral"}}"#,
            "T\n\nwords*",
        ),
        (r#"{"type":"document","source":{"type":"text","media_type":"text/plain","data":"words"}}"#, "words"),
        (
            r#"{"type":"document","context":"c","source":{"type":"content","content":[{"type":"text","text":"a"},{"type":"image","source":{"type":"url","url":"https://a/"}}]},"cache_control":{"type":"ephemeral"}}"#,
            "c\n|a|<image>",
        ),
        (r#"{"type":"document","source":{"type":"content","content":"a"}}"#, "a"),
        (
            r#"{"type":"search_result","title":"T","source":"https://a/","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}"#,
            "T\nhttps://a/\n\na\nb",
        ),
        (
            r#"{"type":"tool_result","tool_use_id":"i","content":[{"type":"text","text":"a"},{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAA"}},{"type":"tool_reference","tool_name":"t"}]}"#,
            "<result i false a|<image>|The tool is there: t>",
        ),
    ] {
        let body = read(&format!(r#""messages":[{{"role":"user","content":[{block}]}}]"#));
        assert_eq!(messages(&body)[0].1, expected, "{block}");
    }
    for (blocks, expected) in [
        (
            r#"{"type":"server_tool_use","id":"s","name":"web_search","input":{"query": "q"}}"#,
            r#"[Call of web_search: {"query":"q"}]"#,
        ),
        (
            r#"{"type":"web_search_tool_result","tool_use_id":"s","content":[{"type":"web_search_result","title":"T","url":"u","encrypted_content":"X"}]}"#,
            "[Result of web_search:\nT\nu]",
        ),
        (
            r#"{"type":"web_fetch_tool_result","tool_use_id":"s","content":{"type":"web_fetch_result","url":"u","content":{"type":"document","source":{"type":"text","media_type":"text/plain","data":"words"}}}}"#,
            "[Result of web_fetch:\nu\nwords]",
        ),
        (
            r#"{"type":"web_fetch_tool_result","content":{"url":"u","content":{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"JVBE"}}}}"#,
            "[Result of web_fetch:\nu]",
        ),
        (
            r#"{"type":"bash_code_execution_tool_result","content":{"type":"x","stdout":"out","stderr":"","return_code":0}}"#,
            "[Result of bash_code_execution:\nout]",
        ),
        (r#"{"type":"mcp_tool_use","id":"m","name":"n","server_name":"s","input":{}}"#, "[Call of n: {}]"),
        (r#"{"type":"compaction","content":"So far."}"#, "So far."),
        (
            r#"{"type":"redacted_thinking","data":"switchyard:call:v1:sig"},{"type":"tool_use","id":"a","name":"f","input":{}},{"type":"tool_use","id":"b","name":"f","input":{}}"#,
            "<call a f {} Some(\"sig\")>|<call b f {} None>",
        ),
    ] {
        let body = read(&format!(r#""messages":[{{"role":"assistant","content":[{blocks}]}}]"#));
        assert_eq!(messages(&body)[0].1, expected, "{blocks}");
    }
    let body = read(
        r#""messages":[{"role":"assistant","content":[{"type":"redacted_thinking","data":"switchyard:text:v1:sig"},{"type":"text","text":"a"}]}]"#,
    );
    let request = parse(body.as_bytes()).unwrap();
    assert_eq!(request.messages[0].signature.as_deref(), Some("sig"));
    assert_eq!(request.messages[0].parts.len(), 1);
    let body = read(
        r#""messages":[{"role":"user","content":[{"type":"image","source":{"type":"base64","media_type":"IMAGE/JPEG; q=1","data":"A-_A\n"}}]}]"#,
    );
    let request = parse(body.as_bytes()).unwrap();
    let Part::Image { source: Media::Base64 { media_type, data }, .. } = &request.messages[0].parts[0] else {
        panic!()
    };
    assert_eq!((media_type.as_ref(), data.as_ref()), ("image/jpeg", "A+/A"));
}

fn with(members: &str, look: impl Fn(&Request<'_>) -> bool) {
    let body = read(&format!(r#""messages":[{{"role":"user","content":"Hi"}}],{members}"#));
    let request = parse(body.as_bytes()).unwrap_or_else(|error| panic!("{members}: {error:?}"));
    assert!(look(&request), "{members}: {request:?}");
}

#[test]
fn settings_are_read() {
    use Reasoning as R;
    with(r#""temperature":1,"top_p":0.5,"top_k":0,"stop_sequences":["a","b"],"stream":true"#, |r| {
        (r.temperature, r.top_p, r.top_k) == (Some(1.0), Some(0.5), Some(0))
            && r.stop == ["a", "b"]
            && r.stream
    });
    with(r#""metadata":{"user_id":"u"},"new":1"#, |r| r.user.as_deref() == Some("u") && r.extra.is_empty());
    let long = format!(r#""metadata":{{"user_id":"{}"}}"#, "u".repeat(65));
    with(&long, |r| r.user.is_none());
    for (members, reasoning) in [
        (r#""thinking":{"type":"enabled","budget_tokens":2000}"#, R::Budget(2000)),
        (r#""thinking":{"type":"adaptive","display":"updates"}"#, R::Effort(Effort::Medium)),
        (r#""thinking":{"type":"adaptive"},"output_config":{"effort":"max"}"#, R::Effort(Effort::Max)),
        (r#""output_config":{"effort":"low"}"#, R::Effort(Effort::Low)),
        (r#""thinking":{"type":"disabled"},"output_config":{"effort":"low"}"#, R::Off),
        (r#""thinking":{"type":"between_tools"}"#, R::Off),
    ] {
        with(members, |r| r.reasoning == Some(reasoning));
    }
    with(r#""thinking":null"#, |r| r.reasoning.is_none());
    let closed = r#"{"type":"object","properties":{"a":{}},"required":["a"],"additionalProperties":false}"#;
    for (schema, strict) in [(closed, Some(true)), (r#"{"type":"object"}"#, None)] {
        for place in [r#""output_config":{"format":FORMAT}"#, r#""output_format":FORMAT"#] {
            let format = format!(r#"{{"type":"json_schema","schema":{schema}}}"#);
            with(&place.replace("FORMAT", &format), |r| {
                matches!(&r.response_format, Some(ResponseFormat::JsonSchema { schema: found, strict: told, .. })
                    if found.get() == schema && *told == strict)
            });
        }
    }
    with(r#""cache_control":{"type":"ephemeral","ttl":"1h"}"#, |r| {
        matches!(&r.messages[0].parts[0], Part::Text { cache: Some(CacheControl::Hour1), .. })
    });
}

#[test]
fn tools_and_the_choice_among_them() {
    let tools = r#""tools":[{"type":"web_search_20250305","name":"web_search"},{"name":"f","description":"d","input_schema":{"type" : "object"},"cache_control":{"type":"ephemeral"}},{"type":"bash_20250124"},{"type":"text_editor_20250124","name":"edit"}]"#;
    with(tools, |r| {
        let names: Vec<_> = r.tools.iter().map(|tool| tool.name.as_ref()).collect();
        assert_eq!(r.tools[0].parameters.unwrap().get(), r#"{"type" : "object"}"#);
        assert!(r.tools[0].cache.is_some() && r.tools[1].parameters.unwrap().get().contains("restart"));
        names == ["f", "bash", "edit"]
    });
    for (choice, expected, parallel) in [
        (r#"{"type":"auto"}"#, ToolChoice::Auto, None),
        (r#"{"type":"any","disable_parallel_tool_use":true}"#, ToolChoice::Required, Some(false)),
        (r#"{"type":"none"}"#, ToolChoice::None, None),
        (
            r#"{"type":"tool","name":"f","disable_parallel_tool_use":false}"#,
            ToolChoice::Named("f".into()),
            None,
        ),
    ] {
        with(&format!(r#""tool_choice":{choice}"#), |r| {
            r.tool_choice.as_ref() == Some(&expected) && r.parallel_tool_calls == parallel
        });
    }
}

#[test]
fn errors_name_the_place_as_the_client_spelled_it() {
    let user = |block: &str| {
        format!(r#""messages":[{{"role":"user","content":[{{"type":"text","text":"a"}},{block}]}}]"#)
    };
    let hi = r#""messages":[{"role":"user","content":"Hi"}],"#;
    for (members, param) in [
        (r#""messages":[]"#.to_owned(), "messages"),
        (r#""messages":[{"role":"tool","content":"a"}]"#.to_owned(), "messages[0].role"),
        (r#""messages":[{"role":"user"}]"#.to_owned(), "messages[0].content"),
        (r#""messages":[{"role":"assistant","content":7}]"#.to_owned(), "messages[0].content"),
        (user(r#"{"type":"video"}"#), "messages[0].content[1].type"),
        (user(r#"{"type":"image","source":{"type":"path"}}"#), "messages[0].content[1].source.type"),
        (user(r#"{"type":"image","source":{"type":"base64","media_type":"image/png","data":"?"}}"#), "messages[0].content[1].source.data"),
        (user(r#"{"type":"tool_result","content":"a"}"#), "messages[0].content[1].tool_use_id"),
        (user(r#"{"type":"tool_result","tool_use_id":"a","content":[{"type":"x"}]}"#), "messages[0].content[1].content[0].type"),
        (user(r#"{"type":"text","text":"a","cache_control":{"type":"x"}}"#), "messages[0].content[1].cache_control.type"),
        (r#""messages":[{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":"{}"}]}]"#.to_owned(), "messages[0].content[0].input"),
        (format!(r#"{hi}"system":[{{"type":"image"}}]"#), "system[0].type"),
        (format!(r#"{hi}"temperature":1.5"#), "temperature"),
        (format!(r#"{hi}"max_tokens":0"#), "max_tokens"),
        (format!(r#"{hi}"thinking":{{"type":"enabled"}}"#), "thinking.budget_tokens"),
        (format!(r#"{hi}"output_config":{{"effort":"minimal"}}"#), "output_config.effort"),
        (format!(r#"{hi}"tools":[{{"input_schema":{{}}}}]"#), "tools[0].name"),
        (format!(r#"{hi}"tools":[{{"type":"computer_20250124"}}]"#), "tools[0].type"),
        (format!(r#"{hi}"tool_choice":{{"type":"required"}}"#), "tool_choice.type"),
        (format!(r#"{hi}"stop_sequences":[1]"#), "stop_sequences[0]"),
        (format!(r#"{hi}"top_k":1,"top_k":2"#), "top_k"),
    ] {
        let body = if members.contains("max_tokens") { format!(r#"{{"model":"m",{members}}}"#) } else { read(&members) };
        let error = parse(body.as_bytes()).unwrap_err();
        assert_eq!(error.param.as_deref(), Some(param), "{members}: {}", error.message);
    }
    for body in ["", "[]", "7", "{", r#"{"model":"m"}x"#] {
        assert!(parse(body.as_bytes()).is_err());
    }
}

#[test]
fn errors_of_writers_are_told_in_the_clients_words() {
    let body = read(
        r#""system":"s","tools":[{"type":"web_search_20250305"},{"name":"f"}],"messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"a"},{"type":"text","text":"x"}]},{"role":"user","content":"y"}]"#,
    );
    for (param, expected) in [
        ("messages[0].content[0]", "system"),
        ("messages[1].content[0]", "messages[0].content"),
        ("messages[2].content[3]", "messages[0].content"),
        ("messages[3]", "messages[1]"),
        ("messages[9]", "messages"),
        ("tools[0].function.parameters", "tools[1].input_schema"),
        ("tools[0].function.name", "tools[1].name"),
        ("tools[5]", "tools"),
        ("response_format.json_schema.schema", "output_config.format"),
        ("stop", "stop_sequences"),
        ("max_tokens", "max_tokens"),
    ] {
        let error = ApiError::invalid(param, format!("`{param}` is wrong"));
        let told = place::told(error, body.as_bytes(), Form::Schema);
        assert_eq!(told.param.as_deref(), Some(expected));
        assert_eq!(told.message, format!("`{expected}` is wrong"));
    }
}

#[test]
fn a_schema_can_be_told_in_words() {
    let members = r#""messages":[{"role":"user","content":"Hi"}],"output_config":{"format":{"type":"json_schema","schema":{"type":"object"}}}"#;
    for (system, at) in [("", 0), (r#""system":"s","#, 1)] {
        let body = read(&format!("{system}{members}"));
        let request = parse_for(body.as_bytes(), Form::Words).unwrap();
        assert!(request.response_format.is_none());
        let Part::Text { text, .. } = &request.messages[0].parts[at] else { panic!() };
        assert!(request.messages[0].role == Role::System && text.ends_with("fence.\n{\"type\":\"object\"}"));
    }
}

/// What the tree may hold is bounded; raw members are not in it.
#[test]
fn memory_is_bounded() {
    let many = |count: usize| {
        read(&format!(r#""messages":[{{"role":"user","content":"Hi"}}],"a":[{}0]"#, "0,".repeat(count)))
    };
    assert!(parse(many(300_000).as_bytes()).is_ok());
    assert!(parse(many(500_000).as_bytes()).is_err());
    let input = format!(r#"{{"a":[{}0]}}"#, "0,".repeat(500_000));
    let call = format!(
        r#""messages":[{{"role":"assistant","content":[{{"type":"tool_use","id":"a","name":"f","input":{input}}}]}}]"#
    );
    assert!(parse(read(&call).as_bytes()).is_ok());
}
