use super::*;

fn body(message: &str) -> Vec<u8> {
    serde_json::json!({"message": message}).to_string().into_bytes()
}

#[test]
fn every_exception_of_the_service_model() {
    for (status, name, kind) in [
        (400, "ValidationException", ErrorKind::InvalidRequest),
        (400, "ServiceQuotaExceededException", ErrorKind::RateLimit),
        (403, "AccessDeniedException", ErrorKind::Permission),
        (404, "ResourceNotFoundException", ErrorKind::NotFound),
        (408, "ModelTimeoutException", ErrorKind::Timeout),
        (424, "ModelErrorException", ErrorKind::Server),
        (424, "ModelStreamErrorException", ErrorKind::Server),
        (429, "ThrottlingException", ErrorKind::RateLimit),
        (429, "ModelNotReadyException", ErrorKind::RateLimit),
        (500, "InternalServerException", ErrorKind::Server),
        (503, "ServiceUnavailableException", ErrorKind::Overloaded),
    ] {
        for header in [
            name.to_owned(),
            format!("{name}:http://internal.amazon.com/coral/com.amazon.bedrock/"),
            format!("com.amazon.coral.service#{name}"),
        ] {
            let error = read(status, Some(&header), &body("why"));
            assert_eq!((error.kind, error.message.as_str()), (kind, "why"), "{header}");
            assert_eq!(error.upstream_status, Some(status));
        }
        // A proxy that takes the header away leaves the body's own type, or the status.
        let typed = format!(r#"{{"__type":"com.amazon.coral.service#{name}","Message":"why"}}"#);
        assert_eq!(read(status, None, typed.as_bytes()).kind, kind, "{typed}");
        if name != "ServiceQuotaExceededException" {
            assert_eq!(read(status, None, &body("why")).kind, kind, "{status}");
            assert_eq!(read(status, Some("NewException"), b"").kind, kind, "{status}");
        }
    }
    // The status says more than that it is not valid.
    assert_eq!(read(413, Some("ValidationException"), &body("x")).kind, ErrorKind::TooLarge);
    let policy = "The model returned the following errors: Output blocked by content filtering policy";
    assert_eq!(read(400, Some("ValidationException"), &body(policy)).kind, ErrorKind::ContentPolicy);
    for name in ["UnrecognizedClientException", "InvalidSignatureException", "ExpiredTokenException"] {
        assert_eq!(read(403, Some(name), &body("x")).kind, ErrorKind::Authentication, "{name}");
    }
}

#[test]
fn told_by_words() {
    let of = |status, name, message: &str| read(status, Some(name), &body(message));
    for message in [
        "Input is too long for requested model.",
        "The model returned the following errors: prompt is too long: 213462 tokens > 200000 maximum",
        "Too many input tokens. Max input tokens: 300000",
        "This model's maximum context length is 131072 tokens.",
    ] {
        assert_eq!(of(400, "ValidationException", message).kind, ErrorKind::ContextLength, "{message}");
    }
    for message in [
        "The provided model identifier is invalid.",
        "Invocation of model ID x with on-demand throughput isn\u{2019}t supported. Retry your request with an inference profile.",
    ] {
        let error = of(400, "ValidationException", message);
        assert_eq!((error.kind, error.code.as_deref()), (ErrorKind::NotFound, Some("model_not_found")));
    }
    let key = "Authentication failed: Please make sure your API Key is valid.";
    assert_eq!(of(403, "AccessDeniedException", key).kind, ErrorKind::Authentication);
    let model = "You don't have access to the model with the specified model ID.";
    assert_eq!(of(403, "AccessDeniedException", model).kind, ErrorKind::Permission);
    // Words in another kind of error mean nothing.
    assert_eq!(of(500, "InternalServerException", "prompt is too long").kind, ErrorKind::Server);
    let guardrail = of(404, "ResourceNotFoundException", "The guardrail identifier does not exist.");
    assert_eq!((guardrail.kind, guardrail.code), (ErrorKind::NotFound, None));
}

#[test]
fn messages_of_a_stream() {
    let exception = |name, payload| {
        let message = Message { kind: "exception", exception: name, payload, ..Message::default() };
        of_message(&message).unwrap()
    };
    for (name, kind) in [
        ("throttlingException", ErrorKind::RateLimit),
        ("modelStreamErrorException", ErrorKind::Server),
        ("validationException", ErrorKind::InvalidRequest),
        ("serviceUnavailableException", ErrorKind::Overloaded),
        ("internalServerException", ErrorKind::Server),
        ("modelTimeoutException", ErrorKind::Timeout),
        ("newException", ErrorKind::Server),
    ] {
        let error = exception(name, br#"{"message":"why"}"#);
        assert_eq!((error.kind, error.message.as_str()), (kind, "why"), "{name}");
        assert_eq!(exception(name, b"").kind, kind, "{name}");
    }
    assert_eq!(exception("throttlingException", b"x").message, "The provider reported throttlingException.");
    let long = exception("validationException", br#"{"message":"Input is too long for requested model."}"#);
    assert_eq!(long.kind, ErrorKind::ContextLength);
    let error = |error_code, error_message| {
        of_message(&Message { kind: "error", error_code, error_message, ..Message::default() }).unwrap()
    };
    assert_eq!(error("InternalError", "An internal server error occurred").kind, ErrorKind::Server);
    assert_eq!(error("ThrottlingException", "").message, "ThrottlingException");
    assert_eq!(error("", "").kind, ErrorKind::Server);
    assert_eq!(of_message(&Message { kind: "event", event: "x", ..Message::default() }), None);
}

#[test]
fn bodies_of_any_shape() {
    for (json, message) in [
        (r#"{"message":7}"#, "The provider answered with status 502."),
        (r#"{"message":" "}"#, "The provider reported an error without a message."),
        (r#"{"__type":"X"}"#, "The provider reported an error without a message."),
        ("<html><h1>502</h1></html>", "The provider answered with status 502."),
        ("upstream connect error", "upstream connect error"),
        ("", "The provider answered with status 502."),
        ("[\"x\"]", "The provider answered with status 502."),
    ] {
        let error = read(502, None, json.as_bytes());
        assert_eq!((error.kind, error.message.as_str()), (ErrorKind::Server, message), "{json}");
    }
    for status in [405, 409, 415, 424] {
        assert_eq!(read(status, None, &body("x")).kind, ErrorKind::Server, "{status}");
    }
}
