use serde_json::{Value, json};

use super::*;
use crate::{
    dialect::chat::scan::scan,
    provider::{model::ModelFacts, quirks::Quirks},
};

/// What is sent to `model` for `body`; `None` for the body itself.
fn sent(body: &str, model: &str) -> Option<String> {
    let head = scan(body.as_bytes()).unwrap();
    let facts = ModelFacts::default();
    let mut out = b"kept".to_vec();
    let upstream = Upstream { model, facts: &facts, quirks: Quirks::NONE, provider: "p" };
    let changed = write(body.as_bytes(), &head, &upstream, &mut out).unwrap();
    let out = String::from_utf8(out.split_off(4)).unwrap();
    assert_eq!(changed, !out.is_empty());
    changed.then_some(out)
}

#[test]
fn what_need_not_change_is_not_copied() {
    for body in [
        r#"{"model":"a","messages":[]}"#,
        r#"{"model":"\u0061","messages":[],"stream":false}"#,
        r#"{"model":"a","messages":[],"stream":false,"stream_options":{}}"#,
        r#"{"model":"a","messages":[],"stream":true,"stream_options":{"include_usage":true}}"#,
    ] {
        assert_eq!(sent(body, "a"), None, "{body}");
    }
}

#[test]
fn only_the_spans_change() {
    for (body, expected) in [
        (r#" { "messages":[ ] ,"model" : "x" }"#, r#" { "messages":[ ] ,"model" : "a\"b" }"#),
        (
            r#"{"model":"x","messages":[],"stream":true}"#,
            r#"{"stream_options":{"include_usage":true},"model":"a\"b","messages":[],"stream":true}"#,
        ),
        (
            r#"{"stream_options":null,"stream":true,"messages":[],"model":"x"}"#,
            r#"{"stream_options":{"include_usage":true},"stream":true,"messages":[],"model":"a\"b"}"#,
        ),
        (
            r#"{"model":"x","messages":[],"stream":true,"stream_options": { } }"#,
            r#"{"model":"a\"b","messages":[],"stream":true,"stream_options": {"include_usage":true} }"#,
        ),
    ] {
        assert_eq!(sent(body, "a\"b").as_deref(), Some(expected), "{body}");
    }
}

#[test]
fn a_stream_asks_for_usage_and_all_else_stays() {
    for options in [
        "",
        r#","stream_options":null"#,
        r#","stream_options":{}"#,
        r#","stream_options":{"include_usage":false}"#,
        r#","stream_options":{"include_usage":null,"a":[1, 2]}"#,
        r#","stream_options":{"include_obfuscation":false}"#,
        r#","stream_options":{"x\"\n":"y","include_\u0075sage":false,"z":{"include_usage":false}}"#,
        r#","stream_options":{"include_usage":true}"#,
    ] {
        for (from, to) in [("a", "a"), ("a", "b"), ("a", "a-much-longer-name")] {
            let orders = [
                format!(
                    r#"{{"model":"{from}","messages":[{{"content":"\ud83d\ude00"}}],"stream":true{options}}}"#
                ),
                format!(
                    r#"{{"stream":true{options},"messages":[{{"content":"\ud83d\ude00"}}],"model":"{from}"}}"#
                ),
            ];
            for body in orders {
                let mut expected: Value = serde_json::from_str(&body).unwrap();
                expected["model"] = json!(to);
                if expected["stream_options"].is_null() {
                    expected["stream_options"] = json!({});
                }
                expected["stream_options"]["include_usage"] = json!(true);
                let found = sent(&body, to).unwrap_or_else(|| body.clone());
                assert_eq!(serde_json::from_str::<Value>(&found).unwrap(), expected, "{body}");
                // No member is there twice.
                assert!(scan(found.as_bytes()).unwrap().include_usage, "{found}");
            }
        }
    }
}
