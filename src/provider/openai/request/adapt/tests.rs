use super::super::write as request;
use super::*;
use crate::{dialect::chat::scan::scan, provider::model::ModelFacts};

/// What a provider of these quirks is sent for `body`, or the field that it is refused for.
fn sent(quirks: &str, body: &str) -> Result<String, String> {
    let quirks: Quirks = serde_json::from_str(quirks).unwrap();
    let head = scan(body.as_bytes()).unwrap();
    let upstream = Upstream { model: "m", facts: &ModelFacts::default(), quirks: &quirks, provider: "p" };
    let mut out = b"kept".to_vec();
    match request(body.as_bytes(), &head, &upstream, &mut out) {
        Ok(true) => Ok(String::from_utf8(out.split_off(4)).unwrap()),
        Ok(false) => Ok(body.to_owned()),
        Err(error) => Err(error.param.unwrap()),
    }
}

/// A request with these members beside the model and no messages.
fn with(members: &str) -> String {
    let comma = if members.is_empty() { "" } else { "," };
    format!(r#"{{"model":"m","messages":[]{comma}{members}}}"#)
}

fn check(quirks: &str, cases: &[(&str, &str)]) {
    for (members, expected) in cases {
        assert_eq!(sent(quirks, &with(members)), Ok(with(expected)), "{quirks} of {members}");
    }
}

#[test]
fn a_request_that_no_quirk_has_to_do_with_is_spliced() {
    let quirks = r#"{"refuses":["n","seed"],"known_only":true,"clamp":[["temperature",0,1]],
        "values":[["tool_choice","required","any"]],"rename":[["max_completion_tokens","max_tokens"]]}"#;
    let body =
        r#" { "model" : "m", "messages" : [ ],  "temperature": 1.0, "max_tokens":5,"tool_choice":"auto" } "#;
    assert_eq!(sent(quirks, body).as_deref(), Ok(body));
    let body = r#"{ "model" : "x", "messages":[ ]}"#;
    assert_eq!(sent(quirks, body).as_deref(), Ok(r#"{ "model" : "m", "messages":[ ]}"#));
}

#[test]
fn hints_are_left_out_and_what_changes_the_answer_is_refused() {
    let quirks =
        r#"{"refuses":["seed","n","logprobs","tool_choice.required","store","tools","custom_thing"]}"#;
    check(
        quirks,
        &[
            (r#""seed":7,"top_p":0.5,"store":true"#, r#""top_p":0.5"#),
            // Values that say what the provider does anyway.
            (r#""n":1,"logprobs":false,"tools":[]"#, ""),
            (r#""custom_thing":{"a":1},"other_thing":[ 1 ]"#, r#""other_thing":[ 1 ]"#),
            (r#""tool_choice":"auto","seed":null"#, r#""tool_choice":"auto""#),
        ],
    );
    for (members, field) in [
        (r#""n":2"#, "n"),
        (r#""logprobs":true"#, "logprobs"),
        (r#""tool_choice":"required""#, "tool_choice.required"),
        (r#""tools":[{"type":"function","function":{"name":"f"}}]"#, "tools"),
    ] {
        assert_eq!(sent(quirks, &with(members)), Err(field.to_owned()));
    }
}

#[test]
fn one_of_two_names_is_sent() {
    check(
        r#"{"rename":[["max_completion_tokens","max_tokens"],["seed","random_seed"]]}"#,
        &[
            (r#""max_completion_tokens":7"#, r#""max_tokens":7"#),
            (r#""max_tokens":5,"max_completion_tokens":7"#, r#""max_tokens":7"#),
            (r#""max_completion_tokens":7,"max_tokens":5"#, r#""max_tokens":7"#),
            (r#""max_tokens":5,"max_completion_tokens":null"#, r#""max_tokens":5"#),
            (r#""max_tokens":5"#, r#""max_tokens":5"#),
            (r#""random_seed":1,"seed":2"#, r#""random_seed":2"#),
        ],
    );
    check(
        r#"{"rename":[["max_completion_tokens","limit"],["max_tokens","limit"]]}"#,
        &[
            (r#""max_tokens":5,"max_completion_tokens":7"#, r#""limit":7"#),
            (r#""max_tokens":5"#, r#""limit":5"#),
        ],
    );
}

#[test]
fn numbers_are_moved_into_their_range_and_words_replaced() {
    check(
        r#"{"clamp":[["temperature",0,1.5],["max_tokens",1,8192]],"values":[["reasoning_effort","minimal","low"],
            ["tool_choice","required","any"]],"fixed":[["store",false],["extra",{"a":[1]}]]}"#,
        &[
            (
                r#""temperature":1.9,"max_tokens":9000"#,
                r#""temperature":1.5,"max_tokens":8192,"store":false,"extra":{"a":[1]}"#,
            ),
            (r#""temperature":-0.5"#, r#""temperature":0,"store":false,"extra":{"a":[1]}"#),
            (r#""temperature":1.50,"store":true"#, r#""temperature":1.50,"store":false,"extra":{"a":[1]}"#),
            (
                r#""reasoning_effort":"m\u0069nimal","tool_choice":"required","temperature":null"#,
                r#""reasoning_effort":"low","tool_choice":"any","temperature":null,"store":false,"extra":{"a":[1]}"#,
            ),
        ],
    );
}

#[test]
fn a_host_that_refuses_stream_options_is_not_asked_for_usage() {
    check(
        r#"{"refuses":["stream_options"]}"#,
        &[
            (r#""stream":true"#, r#""stream":true"#),
            (r#""stream":true,"stream_options":{"include_usage":true}"#, r#""stream":true"#),
        ],
    );
    // Any other is, by its other quirks' way too.
    check(
        r#"{"refuses":["seed"]}"#,
        &[
            (r#""seed":1,"stream":true"#, r#""stream":true,"stream_options":{"include_usage":true}"#),
            (
                r#""seed":1,"stream":true,"stream_options":{"x":1}"#,
                r#""stream":true,"stream_options":{"include_usage":true,"x":1}"#,
            ),
            (r#""seed":1,"stream_options":{"x":1}"#, r#""stream_options":{"x":1}"#),
        ],
    );
}

#[test]
fn only_known_members_reach_a_strict_host() {
    check(
        r#"{"known_only":true}"#,
        &[(r#""client_metadata":{},"top_p":1,"cache_control":{}"#, r#""top_p":1"#)],
    );
}

#[test]
fn messages_change_where_a_quirk_says_so() {
    let quirks = r#"{"developer_as_system":true,"flat_content":true,"refuses":["messages[].name","messages[].refusal",
        "messages[].reasoning_content","messages[].tool_calls[].extra_content","cache_control"]}"#;
    let body = r#"{"model":"m","messages":[
        {"role":"developer","content":"a \u00e9","name":"x"},
        { "role":"user", "content":"untouched" },
        {"role":"user","content":[{"type":"text","text":"one","cache_control":{"type":"ephemeral"}},{"type":"text","text":"two"}]},
        {"role":"user","content":[{"type":"text","text":"see","cache_control":null},{"type":"image_url","image_url":{"url":"https://a"}}]},
        {"role":"assistant","content":null,"refusal":null,"reasoning_content":"r","cache_control":{"type":"ephemeral"},
         "tool_calls":[{"id":"1","function":{"name":"f","arguments":"{}"},"extra_content":{"a":1}}]}],
        "tools":[{"type":"function","cache_control":{"type":"ephemeral"},"function":{"name":"f","cache_control":{}}}]}"#;
    let expected = r#"{"model":"m","messages":[{"role":"system","content":"a \u00e9"},{ "role":"user", "content":"untouched" },{"role":"user","content":"one\ntwo"},{"role":"user","content":[{"type":"text","text":"see"},{"type":"image_url","image_url":{"url":"https://a"}}]},{"role":"assistant","content":null,"tool_calls":[{"id":"1","function":{"name":"f","arguments":"{}"}}]}],"tools":[{"type":"function","function":{"name":"f"}}]}"#;
    assert_eq!(sent(quirks, body).as_deref(), Ok(expected));
    let refused = r#"{"model":"m","messages":[{"role":"assistant","content":null,"refusal":"no"}]}"#;
    assert_eq!(sent(quirks, refused).unwrap_err(), "messages[].content[].refusal");
}
