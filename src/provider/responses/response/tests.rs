//! What golden cases do not show.

use serde_json::json;

use super::*;
use crate::ir::{ErrorKind, Finish};

fn parts(output: serde_json::Value) -> Vec<String> {
    let body = json!({"object": "response", "status": "completed", "output": output}).to_string();
    let reply = read(body.as_bytes(), "x", "p").unwrap();
    reply.parts.iter().map(|part| format!("{part:?}")).collect()
}

#[test]
fn bytes_of_any_shape_are_an_error() {
    for body in
        ["", "[]", "null", "{", "{}", "<html>", r#"{"output":{}}"#, r#"{"output":null}"#, "[{\"output\":[]}]"]
    {
        let error = read(body.as_bytes(), "x", "p").unwrap_err();
        assert_eq!(error.kind, ErrorKind::Server, "{body}");
    }
}

#[test]
fn a_response_without_output_says_nothing() {
    let reply = read(br#"{"object":"response","status":"completed"}"#, "x", "p").unwrap();
    assert_eq!((reply.parts.len(), reply.finish, reply.usage), (0, Finish::Stop, None));
}

#[test]
fn reasoning_without_anything_to_keep_is_none() {
    assert!(parts(json!([{"type": "reasoning", "id": "rs_1", "summary": []}])).is_empty());
    // Without the encrypted content the id alone is good for nothing: nothing is kept at the provider.
    let null = json!([{"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": null}]);
    assert!(parts(null).is_empty());
}

#[test]
fn incomplete_for_whatever_reason_is_cut_short() {
    for (details, finish) in [
        (json!({"reason": "max_output_tokens"}), Finish::Length),
        (json!({"reason": "content_filter"}), Finish::ContentFilter),
        (json!({"reason": "new"}), Finish::Length),
        (json!(null), Finish::Length),
        (json!("odd"), Finish::Length),
    ] {
        let call = json!({"type": "function_call", "call_id": "c", "name": "f", "arguments": "{\"a\":"});
        let body =
            json!({"status": "incomplete", "incomplete_details": details, "output": [call]}).to_string();
        assert_eq!(read(body.as_bytes(), "x", "p").unwrap().finish, finish, "{details}");
    }
}
