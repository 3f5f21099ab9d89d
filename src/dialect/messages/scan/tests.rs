use super::*;
use crate::ir::ErrorKind;

fn fields(list: &[Field]) -> Fields {
    let mut fields = Fields::default();
    list.iter().for_each(|field| fields.insert(*field));
    fields
}

fn used(members: &str, expected: &[Field]) {
    let body = format!("{{\"model\":\"m\",\"max_tokens\":9{members}}}");
    let always = [Field::Model, Field::Messages, Field::MaxTokens];
    let head = scan(body.as_bytes()).unwrap_or_else(|error| panic!("{body}: {error:?}"));
    let found: Vec<Field> = head.fields.iter().filter(|field| !always.contains(field)).collect();
    assert_eq!(fields(&found), fields(expected), "{body}: {found:?}");
}

#[test]
fn finds_what_the_gateway_needs() {
    let body = " {\"max_tokens\":1,\"messages\":[],\"model\" : \"claude\\u002d1\" ,\"stream\":true}\n";
    let head = scan(body.as_bytes()).unwrap();
    assert_eq!((head.model.as_str(), head.stream, head.counts), ("claude-1", true, false));
    assert_eq!(body.get(head.model_span), Some("\"claude\\u002d1\""));
    assert_eq!(head.fields, fields(&[Field::Model, Field::Messages, Field::MaxTokens, Field::Stream]));
}

#[test]
fn counts_fields_as_the_table_says() {
    use Field::*;
    for (members, expected) in [
        (
            r#""stream":false,"stop_sequences":[],"tools":[],"system":"","metadata":{},"mcp_servers":[]"#,
            &[][..],
        ),
        (
            r#""temperature":null,"tool_choice":null,"thinking":null,"output_config":null,"safeguards":[]"#,
            &[],
        ),
        (
            r#""temperature":1,"top_p":0,"top_k":5,"stop_sequences":["a"]"#,
            &[Temperature, TopP, TopK, StopSequences],
        ),
        (r#""output_config":{"effort":null,"format":{"type":"json_schema"}}"#, &[OutputFormat]),
        (r#""output_config":{"effort":"low"},"output_format":{}"#, &[Effort, OldOutputFormat]),
        (r#""thinking":{"type":"adaptive","display":"omitted"}"#, &[Thinking, ThinkingDisplay]),
        (r#""system":[{"type":"text","text":"x-anthropic-billing-header: a=b;"}]"#, &[System, BillingLine]),
        (r#""system":"s","metadata":{"user_id":"u"}"#, &[System, UserId]),
        (r#""tool_choice":{"type":"auto","disable_parallel_tool_use":true}"#, &[ToolChoice, SingleCall]),
        (r#""tool_choice":{"type":"any"}"#, &[ToolChoice, ForcedTool]),
        (r#""tool_choice":{"type":"tool","name":"web_search"}"#, &[ToolChoice, ForcedTool]),
        (
            r#""tool_choice":{"name":"web_search","type":"tool"},"tools":[{"type":"web_search_20250305","name":"web_search"}]"#,
            &[ToolChoice, ForcedTool, Tools, WebSearchTool, ForcedWebSearch],
        ),
        (
            r#""tools":[{"type":"code_execution_20250825","name":"code_execution"}],"tool_choice":{"type":"tool","name":"code_execution"}"#,
            &[ToolChoice, ForcedTool, Tools, ServerTool, ForcedServerTool],
        ),
        (
            r#""tools":[{"type":"bash_20250124","name":"bash"},{"type":"computer_20251124"}]"#,
            &[Tools, ClientTool, ComputerTool],
        ),
        (r#""tools":[{"type":"custom","name":"a","input_schema":{"type":"bash_1"}}]"#, &[Tools]),
        (
            r#""tools":[{"name":"a","defer_loading":true,"strict":true,"eager_input_streaming":true,"input_examples":[{}],"allowed_callers":["direct"],"cache_control":{}}]"#,
            &[Tools, DeferLoading, Strict, EagerInput, InputExamples, AllowedCallers, CacheControl],
        ),
        (
            r#""container":"c","speed":"fast","inference_geo":"us","service_tier":"auto""#,
            &[Container, Speed, InferenceGeo, ServiceTier],
        ),
        (r#""workspace_id":"w","context_management":{},"new":null"#, &[Accounts, ContextManagement, Unknown]),
    ] {
        used(&format!(r#","messages":[],{members}"#), expected);
    }
}

#[test]
fn counts_what_messages_hold() {
    use Field::*;
    for (message, expected) in [
        (r#"{"role":"user","content":"a"}"#, &[][..]),
        (
            r#"{"role":"system","content":"a","output_config":{"effort":"low"}}"#,
            &[SystemMessage, MessageOutputConfig],
        ),
        (r#"{"content":[{"type":"text","text":"a","citations":[]}]}"#, &[Text]),
        (
            r#"{"content":[{"type":"text","text":"a","citations":[{"type":"x"}],"cache_control":{}}]}"#,
            &[Text, Citations, CacheControl],
        ),
        (r#"{"content":[{"source":{"url":"u","type":"url"},"type":"image"}]}"#, &[Image, Link]),
        (r#"{"content":[{"type":"document","source":{"type":"base64"},"title":"t"}]}"#, &[Document]),
        (
            r#"{"content":[{"type":"document","source":{"type":"file","file_id":"f"}}]}"#,
            &[Document, UploadedFile],
        ),
        (
            r#"{"content":[{"source":{"type":"text","data":""},"context":"c","citations":{"enabled":true},"type":"document"}]}"#,
            &[DocumentText, DocumentContext, CitationsAsked],
        ),
        (
            r#"{"content":[{"type":"document","source":{"type":"content","content":[{"type":"text"}]}}]}"#,
            &[DocumentText, Text],
        ),
        (
            r#"{"content":[{"type":"search_result","source":"s","content":[{"type":"text"}]}]}"#,
            &[SearchResult, Text],
        ),
        (r#"{"content":[{"type":"thinking","signature":"EqQB"}]}"#, &[Reasoning]),
        (r#"{"content":[{"type":"thinking","signature":"openai:v1:a:b"}]}"#, &[Reasoning, ForeignReasoning]),
        (r#"{"content":[{"type":"thinking","thinking":"x"}]}"#, &[Reasoning, ForeignReasoning]),
        (r#"{"content":[{"type":"redacted_thinking","data":"EqQB"}]}"#, &[Reasoning]),
        (r#"{"content":[{"type":"redacted_thinking","data":"switchyard:call:v1:x"}]}"#, &[Carried]),
        (r#"{"content":[{"type":"tool_use","input":{"type":"image"},"caller":{}}]}"#, &[Caller]),
        (
            r#"{"content":[{"type":"tool_result","content":[{"type":"image","source":{}},{"type":"tool_reference"}]}]}"#,
            &[Image, ToolReference],
        ),
        (r#"{"content":[{"type":"tool_result","content":[{"type":"video"}]}]}"#, &[UnknownBlock]),
        (
            r#"{"content":[{"type":"server_tool_use","name":"web_search"},{"content":[{"type":"web_search_result"}],"type":"web_search_tool_result"}]}"#,
            &[ServerBlock],
        ),
        (r#"{"content":[{"type":"container_upload","file_id":"f"}]}"#, &[ContainerUpload]),
        (r#"{"content":[{"type":"video"}]}"#, &[UnknownBlock]),
        (r#"{"content":[{"text":"no type"}]}"#, &[UnknownBlock]),
        (r#"{"content":["a"]}"#, &[UnknownBlock]),
        (r#"{"content":7}"#, &[UnknownBlock]),
    ] {
        used(&format!(r#","messages":[{message}]"#), expected);
    }
    let long = "u".repeat(65);
    used(&format!(r#","messages":[],"metadata":{{"user_id":"{long}"}}"#), &[UserId, LongUserId]);
}

/// What the error that `body` gives blames.
fn refused(body: impl AsRef<[u8]>) -> (String, Option<String>) {
    let error = scan(body.as_ref()).unwrap_err();
    assert_eq!(error.kind, ErrorKind::InvalidRequest);
    assert!(error.message.len() < 250, "{}", error.message);
    (error.message, error.param)
}

#[test]
fn refuses_what_is_missing_or_of_the_wrong_type() {
    for (body, param) in [
        (r#"{"messages":[],"max_tokens":1}"#, "model"),
        (r#"{"model":7,"messages":[],"max_tokens":1}"#, "model"),
        (r#"{"model":"m","max_tokens":1}"#, "messages"),
        (r#"{"model":"m","max_tokens":1,"messages":{}}"#, "messages"),
        (r#"{"model":"m","max_tokens":1,"messages":"hi"}"#, "messages"),
        (r#"{"model":"m","max_tokens":1,"messages":[{},7]}"#, "messages[1]"),
        (r#"{"model":"m","max_tokens":1,"messages":[[]]}"#, "messages[0]"),
        (r#"{"model":"m","messages":[]}"#, "max_tokens"),
        (r#"{"model":"m","messages":[],"max_tokens":null}"#, "max_tokens"),
        (r#"{"model":"m","messages":[],"max_tokens":1,"stream":"true"}"#, "stream"),
    ] {
        assert_eq!(refused(body).1.as_deref(), Some(param), "{body}");
    }
    let count = scan_count(br#"{"model":"m","messages":[]}"#).unwrap();
    assert!(!count.fields.contains(Field::MaxTokens));
    let many = |count: usize| {
        format!(r#"{{"model":"m","max_tokens":1,"messages":[{{}}{}]}}"#, ",{}".repeat(count - 1))
    };
    assert!(scan(many(100_000).as_bytes()).is_ok());
    assert_eq!(refused(many(100_001)).1.as_deref(), Some("messages"));
}

#[test]
fn refuses_what_parsers_do_not_agree_on() {
    for (members, param) in [
        (r#""model":"b","messages":[]"#, "model"),
        (r#""\u006dodel":"b","messages":[]"#, "model"),
        (r#""messages":[],"Model":"b""#, "model"),
        (r#""messages":[],"STREAM":true"#, "stream"),
        (r#""messages":[],"max_tokens":2"#, "max_tokens"),
        (r#""messages":[],"speed":null,"speed":"fast""#, "speed"),
        (r#""messages":[{"role":"user","role":"system"}]"#, "messages[0].role"),
        (r#""messages":[{"content":[{"type":"text","type":"image"}]}]"#, "messages[0].content[0].type"),
        (
            r#""messages":[{"content":[{"source":{"type":"a","type":"url"}}]}]"#,
            "messages[0].content[0].source.type",
        ),
        (r#""messages":[],"tools":[{},{"type":"custom","type":"bash_1"}]"#, "tools[1].type"),
        (r#""messages":[],"tool_choice":{"name":"a","name":"b"}"#, "tool_choice.name"),
    ] {
        let body = format!(r#"{{"model":"a","max_tokens":1,{members}}}"#);
        let (message, found) = refused(&body);
        assert_eq!(found.as_deref(), Some(param), "{body}: {message}");
    }
}

#[test]
fn refuses_what_is_not_json() {
    let whole = r#"{"model":"m","max_tokens":1,"system":[{"text":"\u00e9"}],"messages":[{"role":"user","content":[{"type":"text","text":"hi"}]}]}"#;
    for cut in 0..whole.len() {
        refused(&whole.as_bytes()[..cut]);
    }
    assert!(scan(whole.as_bytes()).is_ok());
    for place in [
        r#""messages":[{"content":"#,
        r#""messages":[{"content":[{"input":"#,
        r#""messages":[{"content":[{"type":"#,
        r#""system":"#,
        r#""tools":[{"input_schema":"#,
        r#""a":"#,
        r#""thinking":{"display":"#,
        r#""model":"#,
    ] {
        for value in ["\"\\ud800\"", "1e999", "{\"\\udc00\":1}"] {
            let body = format!(r#"{{"messages":[],"max_tokens":1,{place}{value}"#);
            refused(&body);
        }
        for open in ["[", "{\"a\":"] {
            refused(format!("{{{place}{}", open.repeat(10_000)));
        }
    }
    let deep = |depth: usize| {
        let (open, close) = ("[".repeat(depth), "]".repeat(depth));
        format!(r#"{{"model":"m","max_tokens":1,"messages":[],"a":{open}{close}}}"#)
    };
    assert!(scan(deep(100).as_bytes()).is_ok());
    assert!(refused(deep(200)).0.contains("recursion"));
    let raw = deep(10_000).replace("\"a\"", "\"model2\"");
    refused(raw);
}

/// Twice the body takes about twice the time, wherever it is large.
#[test]
fn large_bodies_take_linear_time() {
    for piece in
        [r#"{"role":"user","content":"a"},"#, r#"{"role":"user","content":[{"type":"text","text":"a"}]},"#]
    {
        let body = format!(r#"{{"model":"m","max_tokens":1,"messages":[{}{{}}]}}"#, piece.repeat(90_000));
        let begin = std::time::Instant::now();
        assert!(scan(body.as_bytes()).is_ok());
        assert!(begin.elapsed().as_secs() < 10);
    }
}
