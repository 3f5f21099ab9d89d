use serde_json::{Value, json};

use super::*;

/// A document with every member, none of them as it is by default.
fn full() -> Value {
    let token = json!({"cluster": "c", "scheme": "https", "authority": "t.test", "path": "/t",
        "key": {"env": "FILE"}, "client": "id", "scope": "s"});
    let facts = json!({"max_output": 1, "context": 2, "thinking": "level", "thinking_off": "never",
        "xhigh_effort": true, "minimal_effort": true, "thinking_budget": [3, 4], "no_sampling": true,
        "no_forced_tool": true, "json_schema": true, "system_anywhere": true, "input_price": 0.5,
        "output_price": 1.5, "cache_read_price": 2.5, "cache_write_price": 3.5});
    let quirks = json!({"refuses": ["n"], "known_only": true, "clamp": [["temperature", 0.0, 1.0]],
        "values": [["tool_choice", "required", "any"]], "developer_as_system": true, "flat_content": true,
        "fixed": [["store", {"a": [1, "é\n"]}]], "rename": [["max_completion_tokens", "max_tokens"]]});
    json!({"version": 1, "role": "provider", "request_bytes": 10, "reply_bytes": 20, "buffered_bytes": 30,
        "attempts": 3, "cooling_ms": 9, "list_attempts": true,
        "entry": {"headers": "at_once", "authorities": ["a.test"], "prefix": "/p",
            "front": {"call": "127.0.0.1:1", "prefix": "/q/", "reply_ms": 5}},
        "providers": [{"name": "p\"q", "format": "openai-responses", "authority": "a", "scheme": "http",
            "path": "/p", "stream_path": "/s", "embeddings_path": "/e", "rerank_path": "/r",
            "auth_header": "h", "auth_prefix": "Bearer ", "secret": {"token": token},
            "headers": [["x-a", "1"]], "quirks": quirks, "facts": [["m", facts]]}],
        "models": [{"name": "m", "elsewhere": {"context_length": false, "content_policy": true}, "targets": [{"provider": 0, "model": "u"}, {"provider": 0}]}],
        "keys": [{"name": "k", "sha256": "00", "models": ["m*"]}]})
}

fn read_value(value: &Value) -> Result<Plugin, (usize, usize)> {
    read(value.to_string().as_bytes())
}

#[test]
fn what_is_written_is_read() {
    let full = full();
    let plugin = read_value(&full).unwrap();
    assert_eq!(serde_json::to_value(&plugin).unwrap(), full);
    let mut least = plugin;
    least.keys.clear();
    let provider = &mut least.providers[0];
    provider.facts.iter_mut().for_each(|(_, facts)| *facts = ModelFacts::default());
    *provider = Provider {
        stream_path: None,
        embeddings_path: None,
        rerank_path: None,
        auth_header: None,
        auth_prefix: String::new(),
        secret: None,
        headers: Vec::new(),
        quirks: Quirks::default(),
        ..provider.clone()
    };
    assert_eq!(read(&serde_json::to_vec(&least).unwrap()).unwrap(), least);
}

#[test]
fn every_word_is_read_as_it_is_written() {
    let words = |written: Value| serde_json::value::to_raw_value(&written).unwrap();
    for format in Format::ALL {
        assert_eq!(super::format(&words(json!(format))).unwrap(), *format);
    }
    for (_, thinking) in THINKING {
        assert_eq!(word(&words(json!(thinking)), THINKING).unwrap(), *thinking);
    }
    for (_, role) in ROLES {
        assert_eq!(word(&words(json!(role)), ROLES).unwrap(), *role);
    }
    for (_, headers) in HEADERS {
        assert_eq!(word(&words(json!(headers)), HEADERS).unwrap(), *headers);
    }
    for (_, off) in THINKING_OFF {
        assert_eq!(word(&words(json!(off)), THINKING_OFF).unwrap(), *off);
    }
    for kind in ["env", "header", "value", "signer"] {
        let written = json!({kind: "x"});
        assert_eq!(serde_json::to_value(secret(&words(written.clone())).unwrap()).unwrap(), written);
    }
}

/// The pointers to all values of a document.
fn places(value: &Value, at: &str, into: &mut Vec<String>) {
    into.push(at.to_owned());
    match value {
        Value::Object(object) => {
            object.iter().for_each(|(key, value)| places(value, &format!("{at}/{key}"), into))
        }
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(index, value)| places(value, &format!("{at}/{index}"), into));
        }
        _ => {}
    }
}

#[test]
fn a_value_of_another_type_is_refused_wherever_it_stands() {
    let full = full();
    let mut all = Vec::new();
    places(&full, "", &mut all);
    // What `fixed` sends is any JSON.
    let free = "/providers/0/quirks/fixed/0/1";
    for place in all.iter().filter(|place| !place.starts_with(free)) {
        for wrong in [json!({"no": "such"}), json!(-1.5), json!([[]])] {
            // A number where a number is due.
            let due = full.pointer(place).unwrap();
            if due.is_f64() && wrong.is_number() {
                continue;
            }
            let mut changed = full.clone();
            *changed.pointer_mut(place).unwrap() = wrong.clone();
            assert!(read_value(&changed).is_err(), "{place}: {wrong}");
        }
    }
}

#[test]
fn a_member_that_is_not_known_or_there_twice_is_refused() {
    let full = full();
    let mut all = Vec::new();
    places(&full, "", &mut all);
    let free = "/providers/0/quirks/fixed/0/1";
    for place in all.iter().filter(|place| !place.starts_with(free)) {
        let mut changed = full.clone();
        if let Some(object) = changed.pointer_mut(place).unwrap().as_object_mut() {
            object.insert("odd".to_owned(), json!("x"));
            assert!(read_value(&changed).is_err(), "{place}");
        }
    }
    let twice = full.to_string().replacen("\"version\":1", "\"version\":1,\"version\":1", 1);
    assert!(read(twice.as_bytes()).is_err());
}

#[test]
fn an_error_tells_line_and_column() {
    let at = |json: &str| read(json.as_bytes()).unwrap_err();
    assert_eq!(at("{\n \"version\": 1,,}"), (2, 15));
    assert_eq!(at(""), (1, 0));
    assert_eq!(at("\n  []"), (2, 3));
    let lines = serde_json::to_string_pretty(&full()).unwrap().replacen("\"level\"", "\"hard\"", 1);
    let (line, column) = at(&lines);
    let told = lines.lines().nth(line - 1).unwrap();
    assert_eq!((told.trim(), told.get(column - 1..).unwrap()), ("\"thinking\": \"hard\",", "\"hard\","));
}
