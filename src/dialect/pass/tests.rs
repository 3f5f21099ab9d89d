use super::*;
use crate::{dialect::Head as AnyHead, ir::ErrorKind};

/// What a body becomes for a provider that calls the model `upstream`.
fn spliced(head: &Head, body: &[u8], upstream: &str) -> String {
    let Some((span, text)) = head.splice(upstream) else { return String::from_utf8(body.to_vec()).unwrap() };
    String::from_utf8([&body[..span.start], &text, &body[span.end..]].concat()).unwrap()
}

fn json(ask: Ask, body: &str) -> Result<Head, crate::ir::ApiError> {
    whole(ask, "application/json; charset=utf-8", body.as_bytes())
}

#[test]
fn only_the_name_of_the_model_is_changed_in_json() {
    for (body, model, becomes) in [
        (r#"{"model":"m","input":"x"}"#, "m", r#"{"model":"up","input":"x"}"#),
        (r#" { "input" : 1.0, "model" : "m\u002f" } "#, "m/", r#" { "input" : 1.0, "model" : "up" } "#),
        (r#"{"input":"x"}"#, "omni-moderation-latest", r#"{"model":"up","input":"x"}"#),
        (r#"{"model":null}"#, "omni-moderation-latest", r#"{"model":"up"}"#),
        (" {}", "omni-moderation-latest", r#" {"model":"up"}"#),
    ] {
        let head = json(Ask::Moderations, body).unwrap();
        assert_eq!((head.model.as_str(), head.length), (model, Some(body.len() as u64)), "{body}");
        assert_eq!(spliced(&head, body.as_bytes(), "up"), becomes);
    }
    let same = json(Ask::Speech, r#"{"model":"tts-1"}"#).unwrap();
    assert_eq!(same.splice("tts-1"), None);
    assert!(json(Ask::ImageGenerations, r#"{"stream":true}"#).unwrap().stream);
}

#[test]
fn a_model_that_is_not_clear_is_refused() {
    for body in [
        "",
        "[]",
        "{",
        "x",
        r#"{"model":1}"#,
        r#"{"model":""}"#,
        r#"{"model":"a","model":"b"}"#,
        r#"{"model":"a","Model":"b"}"#,
        r#"{"STREAM":true}"#,
        r#"{"model":"a"} {}"#,
        r#"{"model":"a\n"}"#,
    ] {
        for ask in [Ask::Moderations, Ask::Speech] {
            assert_eq!(json(ask, body).unwrap_err().kind, ErrorKind::InvalidRequest, "{body}");
        }
    }
    assert_eq!(json(Ask::Speech, r#"{"input":"x"}"#).unwrap_err().param.as_deref(), Some("model"));
    assert!(whole(Ask::Speech, "text/plain", b"{}").is_err());
}

#[test]
fn a_form_without_a_model_gets_one_where_there_is_a_default() {
    let kind = "multipart/form-data; boundary=B";
    let body = "--B\r\nContent-Disposition: form-data; name=image; filename=a\r\n\r\nPNG\r\n--B--\r\n";
    let head = whole(Ask::ImageVariations, kind, body.as_bytes()).unwrap();
    assert_eq!(
        (head.model.as_str(), &*head.path, head.content_type.as_str()),
        ("dall-e-2", "/images/variations", kind)
    );
    let sent = spliced(&head, body.as_bytes(), "up");
    let again = whole(Ask::ImageVariations, kind, sent.as_bytes()).unwrap();
    assert_eq!(again.model, "up");
    assert_eq!(spliced(&again, sent.as_bytes(), "other").replace("other", "up"), sent);
    assert_eq!(whole(Ask::Translations, kind, body.as_bytes()).unwrap_err().param.as_deref(), Some("model"));
}

#[test]
fn paths_of_files_are_known_and_no_others() {
    for (path, methods) in [
        ("/v1/files", "GET POST"),
        ("/v1/files/file-abc_1", "GET DELETE"),
        ("/v1/files/file-abc/content", "GET"),
        ("/v1/batches", "GET POST"),
        ("/v1/batches/batch_1", "GET"),
        ("/v1/batches/batch_1/cancel", "POST"),
        ("/v1/uploads", "POST"),
        ("/v1/uploads/upload_1/parts", "POST"),
        ("/v1/uploads/upload_1/complete", "POST"),
        ("/v1/uploads/upload_1/cancel", "POST"),
    ] {
        assert_eq!(files::methods(path).map(|methods| methods.join(" ")).as_deref(), Some(methods), "{path}");
    }
    let long = format!("/v1/files/{}", "a".repeat(129));
    for path in [
        "/v1/file",
        "/files",
        "/v1/files/",
        "/v1/files//content",
        "/v1/files/..",
        "/v1/files/a.b",
        "/v1/files/a%2e",
        "/v1/files/a/b",
        "/v1/files/a/content/x",
        "/v1/batches/a/content",
        "/v1/uploads/a",
        "/v1/files/../content",
        "/v1/files/a/../b",
        &long,
    ] {
        assert_eq!(files::methods(path), None, "{path}");
    }
}

#[test]
fn the_query_of_files_goes_on() {
    let head = files::head(b"GET", b"/v1/files/?purpose=batch&after=file-1", "", None).unwrap();
    assert_eq!((head.method, &*head.path), ("GET", "/files?purpose=batch&after=file-1"));
    for path in
        ["/v1/files?a#b", "/v1/files?a b", "/v1/files?\u{e9}", &format!("/v1/files?{}", "x".repeat(3000))]
    {
        assert!(files::head(b"GET", path.as_bytes(), "", None).is_err(), "{path}");
    }
}

fn session(query: &str, protocols: Option<&'static str>) -> Result<Head, crate::ir::ApiError> {
    realtime::head(format!("/v1/realtime{query}").as_bytes(), |name| {
        Some(match name {
            "upgrade" => b"WebSocket",
            "sec-websocket-key" => b"dGhlIHNhbXBsZSBub25jZQ==",
            "sec-websocket-version" => b"13",
            realtime::PROTOCOL => protocols?.as_bytes(),
            _ => return None,
        })
    })
}

#[test]
fn a_browsers_key_stays_behind() {
    let offered = "realtime, openai-insecure-api-key.sk-1,openai-organization.org-1, openai-project.p, openai-beta.realtime-v1";
    assert_eq!(realtime::key(offered.as_bytes()), Some(&b"sk-1"[..]));
    assert_eq!(realtime::key(b"realtime"), None);
    let head = session("?model=gpt-realtime", Some(offered)).unwrap();
    let socket = head.socket.unwrap();
    assert_eq!(socket.protocols, ["realtime", "openai-beta.realtime-v1"]);
    assert!(socket.offers(b"realtime") && !socket.offers(b"openai-insecure-api-key.sk-1"));
    let cased = session("?model=m", Some("OpenAI-Insecure-API-Key.sk-1")).unwrap().socket.unwrap();
    assert!(cased.protocols.is_empty());
}

#[test]
fn a_session_is_for_one_model() {
    assert_eq!(session("?model=a%2Fb", None).unwrap().model, "a/b");
    assert_eq!(realtime::path("gpt realtime/é"), "/realtime?model=gpt%20realtime%2F%C3%A9");
    for query in
        ["", "?model=", "?model=a&model=b", "?model=a&call_id=rtc_1", "?intent=transcription", "?model=%0a"]
    {
        assert_eq!(session(query, None).unwrap_err().param.as_deref(), Some("model"), "{query}");
    }
    assert!(realtime::head(b"/v1/realtime?model=m", |_| None).is_err());
}

#[test]
fn every_passed_endpoint_has_a_head() {
    for ask in
        Ask::ALL.iter().copied().filter(|ask| ask.is_passed() && !matches!(ask, Ask::Files | Ask::Realtime))
    {
        let head = AnyHead::scan(ask, br#"{"model":"m"}"#).unwrap();
        assert_eq!((head.model(), head.stream()), ("m", false));
        assert!(path(ask).unwrap().starts_with('/'));
    }
}
