use super::{
    ErrorKind::{
        Authentication, Billing, ContentPolicy, ContextLength, InvalidRequest, NotFound, Overloaded,
        Permission, RateLimit, Server, Timeout, TooLarge,
    },
    *,
};

type Row = (u16, &'static str, ErrorKind, &'static str, Option<&'static str>, Option<&'static str>);

/// Status and body; then kind, message, code and parameter.
const ROWS: &[Row] = &[
    (
        400,
        r#"{"error":{"message":"Unsupported parameter","type":"invalid_request_error","param":"max_tokens","code":"unsupported_parameter"}}"#,
        InvalidRequest,
        "Unsupported parameter",
        Some("unsupported_parameter"),
        Some("max_tokens"),
    ),
    (
        400,
        r#"{"error":{"message":"too long","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}"#,
        ContextLength,
        "too long",
        Some("context_length_exceeded"),
        Some("messages"),
    ),
    (
        400,
        r#"{"object":"error","message":"This model's maximum context length is 8 tokens","type":"BadRequestError","param":null,"code":400}"#,
        ContextLength,
        "This model's maximum context length is 8 tokens",
        None,
        None,
    ),
    (
        400,
        r#"{"error":{"message":"filtered","type":null,"param":"prompt","code":"content_filter","innererror":{"code":"ResponsibleAIPolicyViolation"}}}"#,
        ContentPolicy,
        "filtered",
        Some("content_filter"),
        Some("prompt"),
    ),
    (
        400,
        r#"{"error":{"message":"filtered","innererror":{"code":"ResponsibleAIPolicyViolation"}}}"#,
        ContentPolicy,
        "filtered",
        Some("ResponsibleAIPolicyViolation"),
        None,
    ),
    (
        400,
        r#"{"error":{"message":"The response was filtered due to the prompt triggering Azure OpenAI's content management policy.","type":null,"param":"prompt","code":"content_filter","status":400,"innererror":{"code":"ResponsibleAIPolicyViolation","content_filter_result":{"hate":{"filtered":true,"severity":"high"}}}}}"#,
        ContentPolicy,
        "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
        Some("content_filter"),
        Some("prompt"),
    ),
    (
        404,
        r#"{"error":{"code":"DeploymentNotFound","message":"The API deployment for this resource does not exist."}}"#,
        NotFound,
        "The API deployment for this resource does not exist.",
        Some("DeploymentNotFound"),
        None,
    ),
    (
        400,
        r#"{"error":{"code":"OperationNotSupported","message":"The chatCompletion operation does not work with the specified model"}}"#,
        NotFound,
        "The chatCompletion operation does not work with the specified model",
        Some("OperationNotSupported"),
        None,
    ),
    (
        429,
        r#"{"error":{"message":"quota","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}"#,
        Billing,
        "quota",
        Some("insufficient_quota"),
        None,
    ),
    (429, r#"{"error":{"message":"quota","type":"insufficient_quota"}}"#, Billing, "quota", None, None),
    (429, r#"{"error":{"message":"slow","type":"requests"}}"#, RateLimit, "slow", None, None),
    (
        404,
        r#"{"error":{"message":"none","type":"invalid_request_error","code":"model_not_found"}}"#,
        NotFound,
        "none",
        Some("model_not_found"),
        None,
    ),
    (
        401,
        r#"{"error":{"message":"Incorrect API key provided: sk-secret","type":"invalid_request_error","code":"invalid_api_key"}}"#,
        Authentication,
        "the provider refused the gateway's credentials",
        Some("invalid_api_key"),
        None,
    ),
    (
        200,
        r#"{"error":{"code":429,"message":"Rate limited","metadata":{}},"choices":[{"finish_reason":"error"}]}"#,
        RateLimit,
        "Rate limited",
        None,
        None,
    ),
    (200, r#"{"error":{"message":"busy","type":"overloaded_error"}}"#, Overloaded, "busy", None, None),
    (200, r#"{"error":{"message":"oops","type":"server_error"}}"#, Server, "oops", None, None),
    (503, r#"{"error":{"message":"busy","type":"server_error"}}"#, Overloaded, "busy", None, None),
    (
        422,
        r#"{"object":"error","message":{"detail":[{"msg":"extra"}]},"type":"invalid_request_error"}"#,
        InvalidRequest,
        "extra",
        None,
        None,
    ),
    (422, r#"{"detail":"not that"}"#, InvalidRequest, "not that", None, None),
    (
        400,
        r#"[{"error":{"code":400,"message":"inner","status":"INVALID_ARGUMENT"}}]"#,
        InvalidRequest,
        "inner",
        None,
        None,
    ),
    (
        422,
        r#"{"object":"error","message":{"detail":[{"type":"extra_forbidden","loc":["body","messages",0,"name"],"msg":"Extra inputs are not permitted","input":"x"},{"loc":["body","user"],"msg":"Extra inputs are not permitted"}]},"type":"invalid_request_error","param":null,"code":null}"#,
        InvalidRequest,
        "messages[0].name: Extra inputs are not permitted; user: Extra inputs are not permitted",
        None,
        Some("messages[0].name"),
    ),
    (
        422,
        r#"{"detail":[{"msg":"Field required","loc":["body","model"]}]}"#,
        InvalidRequest,
        "model: Field required",
        None,
        Some("model"),
    ),
    (
        400,
        r#"{"object":"error","message":"Invalid model: mistral-huge","type":"invalid_model","param":null,"code":"1500"}"#,
        NotFound,
        "Invalid model: mistral-huge",
        None,
        None,
    ),
    (500, r#"{"error":"plain words"}"#, Server, "plain words", None, None),
    (500, r#""plain words""#, Server, "plain words", None, None),
    (502, "upstream connect error", Server, "upstream connect error", None, None),
    (
        404,
        r#"{"error":{"message":null,"code":null}}"#,
        NotFound,
        "the provider answered with status 404 and no message",
        None,
        None,
    ),
];

#[test]
fn what_providers_say() {
    for (status, body, kind, message, code, param) in ROWS {
        let error = read(*status, body.as_bytes());
        let found = (error.kind, error.message.as_str(), error.code.as_deref(), error.param.as_deref());
        assert_eq!(found, (*kind, *message, *code, *param), "{body}");
    }
    assert_eq!(read(200, ROWS[13].1.as_bytes()).upstream_status, Some(429));
}

#[test]
fn any_body_is_an_error_with_a_message() {
    let page = format!("<html>{}</html>", "x".repeat(100));
    let long = "y".repeat(1000);
    for body in ["", "null", "7", "[]", "[7]", "{}", "\"\"", "{", "\u{0}", "<html>", &page, &long] {
        let error = read(503, body.as_bytes());
        assert_eq!((error.kind, error.upstream_status), (ErrorKind::Overloaded, Some(503)), "{body}");
        assert_eq!(error.message, "the provider answered with status 503 and no message", "{body}");
    }
    assert_eq!(read(503, b"\xff\xfe").kind, ErrorKind::Overloaded);
    assert!(read(503, "[".repeat(100_000).as_bytes()).message.contains("503"));
}

#[test]
fn every_status_has_a_kind() {
    for (status, kind) in [
        (301, Server),
        (400, InvalidRequest),
        (401, Authentication),
        (402, Billing),
        (403, Permission),
        (404, NotFound),
        (405, Server),
        (408, Timeout),
        (413, TooLarge),
        (418, InvalidRequest),
        (422, InvalidRequest),
        (429, RateLimit),
        (500, Server),
        (502, Server),
        (503, Overloaded),
        (504, Timeout),
        (529, Overloaded),
    ] {
        assert_eq!(read(status, b"").kind, kind, "{status}");
    }
}

#[test]
fn a_message_is_bounded_and_stays_text() {
    let body = serde_json::json!({"error": {"message": "\u{1f600}".repeat(5000), "code": "c".repeat(300)}})
        .to_string();
    let error = read(400, body.as_bytes());
    assert!(error.message.len() <= MAX_MESSAGE + '…'.len_utf8() && error.message.ends_with('…'));
    assert_eq!(error.code, None);
}

#[test]
fn what_is_not_the_requests_fault_may_be_served_elsewhere() {
    for status in [405, 409, 415, 424, 425, 431, 498] {
        let body = br#"{"error":{"message":"no","type":"invalid_request_error","param":null,"code":null}}"#;
        assert_eq!(read(status, body).kind, ErrorKind::Server, "{status}");
    }
    for status in [400, 422] {
        assert_eq!(read(status, b"").kind, ErrorKind::InvalidRequest, "{status}");
    }
}

/// xAI and Gemini say with a 400 that the key is wrong; xAI quotes it.
#[test]
fn a_wrong_key_is_told_by_words_too_and_not_quoted() {
    for body in [
        r#"{"code":"Client specified an invalid argument","error":"Incorrect API key provided: xa***bc."}"#,
        r#"[{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT"}}]"#,
    ] {
        let error = read(400, body.as_bytes());
        assert_eq!(error.kind, ErrorKind::Authentication, "{body}");
        assert!(!error.message.contains("xa***bc"), "{}", error.message);
    }
}
