//! Each thing that a request is checked for is noted where it is wrong.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod rig;

use rig::{Ask, FORMATS, ID, Rig, exchange, key};
use serde_json::{Value, json};

/// The name of a format's credential header.
fn credential(format: &str) -> &'static str {
    match format {
        "anthropic" => "x-api-key",
        "gemini" => "x-goog-api-key",
        _ => "authorization",
    }
}

/// Sends a request that is wrong in one thing, and says what was noted.
fn noted(format: &str, change: impl Fn(Ask) -> Ask) -> Vec<String> {
    let rig = Rig::with(json!({}));
    let came = change(rig.ask(format, format, false)).send();
    assert_eq!(came.status(), 200, "a violation is noted, and answered all the same");
    rig.violations(format)
}

/// One violation that has this in it.
fn one(format: &str, what: &str, change: impl Fn(Ask) -> Ask) {
    let noted = noted(format, change);
    assert!(noted.len() == 1 && noted[0].contains(what), "{format}: {what}: {noted:?}");
}

#[test]
fn credentials() {
    for format in FORMATS {
        let header = credential(format);
        one(format, header, |ask| ask.without(header));
        one(format, header, |ask| ask.without(header).with(header, "Bearer wrong"));
        let before = if header == "authorization" { "Bearer " } else { "" };
        let right = format!("{before}{}", key(format));
        one(format, header, |ask| ask.with(header, &right));
        one(format, header, |ask| ask.without(header).with(header, &format!("{right}0")));
        for other in ["authorization", "x-api-key", "api-key", "x-goog-api-key", "x-amz-security-token"] {
            if other != header {
                one(format, &format!("a header {other}"), |ask| ask.with(other, "something"));
            }
        }
    }
    one("anthropic", "anthropic-version", |ask| ask.without("anthropic-version"));
}

#[test]
fn keys_of_other_cells_anywhere_in_the_head() {
    for format in FORMATS {
        let other = if format == "openai" { "cohere" } else { "openai" };
        let what = format!("the key of cell {other}");
        one(format, &what, |ask| ask.with("x-harmless", &format!("a {} b", key(other))));
        one(format, &what, |ask| ask.with(&key(other), "as a name"));
    }
    let noted = noted("openai", |ask| ask.without("authorization").with("authorization", &key("cohere")));
    assert_eq!(noted.len(), 2, "{noted:?}");
}

#[test]
fn headers_that_are_nobodys_business() {
    for header in [
        "x-switchyard-attempts",
        "x-envoy-attempt-count",
        "x-envoy-expected-rq-timeout-ms",
        "x-forwarded-for",
        "x-forwarded-proto",
        "cookie",
        "x-client-secret",
        "x-request-id",
        "via",
    ] {
        one("openai", &format!("a header {header}"), |ask| ask.with(header, "1"));
    }
    one("openai", "accept-encoding", |ask| ask.with("accept-encoding", "gzip, br"));
    assert_eq!(noted("openai", |ask| ask.with("accept-encoding", "identity")), [""; 0]);
}

#[test]
fn host_and_content_type_and_method() {
    for header in ["host", "content-type"] {
        one("gemini", header, |ask| ask.without(header));
        one("gemini", header, |ask| ask.without(header).with(header, "something/else"));
    }
    one("gemini", "method PUT", |mut ask| {
        ask.method = "PUT";
        ask
    });
    let rig = Rig::start();
    rig.cell("named", "openai", &json!({"host": "llm.test:81"}));
    rig.ask("named", "openai", false).send();
    assert_eq!(rig.violations("named").len(), 1);
    rig.ask("named", "openai", false).without("host").with("host", "llm.test:81").send();
    assert_eq!(rig.violations("named").len(), 1);
}

#[test]
fn paths() {
    for format in FORMATS {
        one(format, "", |mut ask| {
            ask.path = ask.path.replace("/v1/", "/v9/").replace("/v1beta/", "/v9/").replace("/v2/", "/v9/");
            ask.path = ask.path.replace("/converse", "/invoke");
            ask
        });
    }
    one("openai", "path", |mut ask| {
        ask.path += "?a=b";
        ask
    });
    one("gemini", "path", |mut ask| {
        ask.path = ask.path.replace("/m:", "/a/m:");
        ask
    });
    let noted = noted("openai", |mut ask| {
        ask.path += "?key=abc";
        ask
    });
    assert!(noted.iter().any(|what| what.contains("a credential in the path")), "{noted:?}");
}

#[test]
fn bodies() {
    for format in FORMATS {
        let turns = if format == "gemini" { "contents" } else { "messages" };
        one(format, "unknown key x", |mut ask| {
            ask.body["x"] = json!(1);
            ask
        });
        one(format, "roles", |mut ask| {
            ask.body[turns].as_array_mut().unwrap().insert(0, json!({"role": "narrator", "content": "x"}));
            ask
        });
        let noted = noted(format, |mut ask| {
            ask.body[turns] = json!([]);
            ask
        });
        assert!(noted.iter().any(|what| what.contains(turns)), "{noted:?}");
    }
    for format in ["openai", "anthropic", "cohere"] {
        one(format, "model", |mut ask| {
            ask.body["model"] = json!("");
            ask
        });
        one(format, "stream", |mut ask| {
            ask.body["stream"] = json!("false");
            ask
        });
    }
    for format in ["gemini", "bedrock"] {
        one(format, "unknown key stream", |mut ask| {
            ask.body["stream"] = json!(false);
            ask
        });
    }
    one("anthropic", "max_tokens", |mut ask| {
        ask.body.as_object_mut().unwrap().remove("max_tokens");
        ask
    });
}

#[test]
fn ids_and_lengths_of_texts() {
    let with = |text: String| move |ask: Ask| Ask::of(&ask.to, "cohere", "cohere", false, "m", &text);
    one("cohere", "no id", with("hello".into()));
    one("cohere", "no id", with("id:0102; id:010203040506070809; id:01020304050607xy;".into()));
    assert_eq!(noted("cohere", with(format!("id:no; and then id:{ID};"))), [""; 0]);
    one("cohere", "bytes", with(format!("id:{ID}; len:99; short")));
    one("cohere", "bytes", with(format!("id:{ID}; len:x; short")));
    let right = format!("id:{ID}; len:36;");
    assert_eq!(noted("cohere", with(format!("{right}{}", "x".repeat(36 - right.len())))), [""; 0]);
}

/// A request with this head after the request line, and this body.
fn raw(rig: &Rig, head: &str, body: &str) -> (u16, Vec<String>) {
    let address = &rig.address;
    let authorization = key("openai");
    let text = format!(
        "POST /openai/v1/chat/completions HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\n\
         authorization: Bearer {authorization}\r\n{head}\r\n\r\n{body}"
    );
    (exchange(address, text.as_bytes()).status(), rig.violations("openai"))
}

#[test]
fn lengths_and_framing() {
    let body =
        json!({"model": "m", "messages": [{"role": "user", "content": format!("id:{ID};")}]}).to_string();
    let (short, long) = (body.len() - 1, body.len() + 1);
    for (head, body, expected, what) in [
        // One byte is missing: the JSON is cut, and what is left is no request.
        (format!("content-length: {short}"), body.clone(), 200, "the body is not JSON"),
        (format!("content-length: {long}"), format!("{body}}}"), 200, "the body is not JSON"),
        ("content-length: +5".into(), body.clone(), 400, "content-length"),
        (
            format!("content-length: {0}\r\ncontent-length: {0}", body.len()),
            body.clone(),
            400,
            "do not go together",
        ),
        (
            format!("content-length: {}\r\ntransfer-encoding: chunked", body.len()),
            body.clone(),
            400,
            "do not go together",
        ),
        ("transfer-encoding: chunked".into(), "zz\r\n".into(), 400, "a chunk"),
        ("transfer-encoding: chunked".into(), "2\r\n{}}}\r\n".into(), 400, "a chunk"),
        ("content-length : 5".into(), body.clone(), 400, "not a header"),
        ("x-a: 1\nx-b: 2\r\ncontent-length: 0".into(), String::new(), 400, "not a header"),
        ("x-a: 1\rx-b: 2\r\ncontent-length: 0".into(), String::new(), 400, "not a header"),
    ] {
        let rig = Rig::with(json!({}));
        let (status, noted) = raw(&rig, &head, &body);
        assert!(
            status == expected && noted.iter().any(|one| one.contains(what)),
            "{head}: {status} {noted:?}"
        );
    }
    let rig = Rig::with(json!({}));
    assert_eq!(raw(&rig, &format!("content-length: {}", body.len()), &body), (200, vec![]));
}

#[test]
fn bytes_after_a_body_are_told() {
    let rig = Rig::with(json!({}));
    let mut bytes = rig.ask("openai", "openai", false).bytes();
    bytes.extend_from_slice(b"and more\r\n\r\n");
    exchange(&rig.address, &bytes);
    std::thread::sleep(std::time::Duration::from_millis(50));
    let noted = rig.violations("openai");
    assert!(noted.len() == 1 && noted[0].contains("not a request"), "{noted:?}");
}

#[test]
fn only_the_first_fifty_are_kept_and_all_are_counted() {
    let rig = Rig::with(json!({}));
    let ask = rig.ask("openai", "openai", false).with("cookie", "a=b");
    for _ in 0..60 {
        ask.send();
    }
    let told = rig.settled("openai");
    assert_eq!(told["violations"].as_array().map(Vec::len), Some(50));
    assert_eq!(told["violation_count"], json!(60));
    assert_eq!(told["served"], Value::from(60));
}
