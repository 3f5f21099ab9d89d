use serde_json::{Value, json};

use super::*;
use crate::{
    dialect::messages::scan,
    provider::{
        model::{Thinking, ThinkingOff},
        quirks::Quirks,
    },
};

/// Of a model up to 4.5.
fn older() -> ModelFacts {
    let thinking = Thinking::Budget;
    ModelFacts { max_output: Some(64_000), thinking, json_schema: true, ..ModelFacts::default() }
}

/// Of one from 5.5 on.
fn newer() -> ModelFacts {
    ModelFacts {
        max_output: Some(128_000),
        thinking: Thinking::Adaptive,
        thinking_off: ThinkingOff::Never,
        no_sampling: true,
        xhigh_effort: true,
        system_anywhere: true,
        json_schema: true,
        ..ModelFacts::default()
    }
}

struct Sent {
    body: Option<Value>,
    betas: String,
}

fn send_as(format: Format, facts: &ModelFacts, betas: &str, body: &str) -> Sent {
    let head = scan::scan(body.as_bytes()).unwrap_or_else(|error| panic!("{body}: {error:?}"));
    let upstream = Upstream { model: "m", facts, quirks: Quirks::NONE, provider: "p" };
    let mut named = beta::of_client(format, betas.split(','));
    let mut out = b"x".to_vec();
    let replaced = request(body.as_bytes(), &head, format, &upstream, &mut named, &mut out).unwrap();
    assert_eq!(replaced, out.len() > 1);
    let body = replaced.then(|| serde_json::from_slice(&out[1..]).unwrap());
    Sent { body, betas: named.join(",") }
}

/// What becomes of these members at Anthropic; `None` where they stay as they are.
fn send(facts: &ModelFacts, members: &Value) -> Option<Value> {
    let mut body =
        json!({"model": "m", "max_tokens": 32_000, "messages": [{"role": "user", "content": "Hi"}]});
    body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    let sent = send_as(Format::Anthropic, facts, "", &body.to_string()).body?;
    let changed = sent.as_object().unwrap().iter().filter(|(name, value)| body.get(name) != Some(value));
    let mut changed: serde_json::Map<_, _> =
        changed.map(|(name, value)| (name.clone(), value.clone())).collect();
    for name in body.as_object().unwrap().keys().filter(|name| sent.get(*name).is_none()) {
        changed.insert(name.clone(), Value::Null);
    }
    Some(Value::Object(changed))
}

#[test]
fn bytes_stay_where_nothing_must_change() {
    let body = "\n{ \"stream\" : true,\"max_tokens\":1e2, \"model\":\"\\u006d\",\"messages\":[ ],\"new\":[1.0],\"temperature\":0.5 } ";
    for facts in [ModelFacts::default(), older()] {
        assert!(send_as(Format::Anthropic, &facts, "", body).body.is_none());
    }
    // The name alone is another.
    let head = scan::scan(body.as_bytes()).unwrap();
    let facts = older();
    let upstream = Upstream { model: "other\"", facts: &facts, quirks: Quirks::NONE, provider: "p" };
    let mut out = Vec::new();
    assert!(
        request(body.as_bytes(), &head, Format::Anthropic, &upstream, &mut Vec::new(), &mut out).unwrap()
    );
    assert_eq!(String::from_utf8(out).unwrap(), body.replace(r#""\u006d""#, r#""other\"""#));
}

#[test]
fn each_platform_has_its_envelope() {
    let body = json!({"model": "c", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}], "stream": true,
        "anthropic_version": "x", "anthropic_beta": ["y"], "speed": "fast", "service_tier": "auto", "workspace_id": "w",
        "new": 1});
    let unknown = ModelFacts::default();
    let betas = "fast-mode-2026-02-01,context-1m-2025-08-07,claude-code-20250219";
    let vertex = send_as(Format::VertexAnthropic, &unknown, betas, &body.to_string());
    assert_eq!(
        vertex.body.unwrap(),
        json!({"anthropic_version": "vertex-2023-10-16", "max_tokens": 9,
            "messages": [{"role": "user", "content": "Hi"}], "stream": true, "new": 1})
    );
    assert_eq!(vertex.betas, "context-1m-2025-08-07");
    let bedrock = send_as(Format::BedrockAnthropic, &unknown, betas, &body.to_string());
    assert_eq!(
        bedrock.body.unwrap(),
        json!({"anthropic_version": "bedrock-2023-05-31", "anthropic_beta": ["context-1m-2025-08-07"],
            "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}], "new": 1})
    );
    assert_eq!(bedrock.betas, "");
    let anthropic = send_as(Format::Anthropic, &unknown, betas, &body.to_string());
    assert_eq!(anthropic.betas, betas, "its own clients may name what is new");
}

#[test]
fn what_is_of_a_beta_goes_with_it() {
    let body = json!({"model": "c", "max_tokens": 9, "context_management": {"edits": []}, "safeguards": [{}],
        "tools": [{"name": "f", "input_schema": {}, "defer_loading": true, "input_examples": [{}]}],
        "messages": [{"role": "user", "content": "Hi"}, {"role": "system", "content": "s", "output_config": {"effort": "low"}}]});
    let all = "context-management-2025-06-27,dangerous-tool-use-2026-09-03,per-turn-control-2026-07-01,advanced-tool-use-2025-11-20";
    for (format, betas, kept) in [
        (Format::VertexAnthropic, all, (true, true, true)),
        (Format::VertexAnthropic, "", (false, false, false)),
        (Format::BedrockAnthropic, all, (true, true, false)),
        (Format::BedrockAnthropic, "mid-conversation-output-config-2026-07-01", (false, false, true)),
    ] {
        let sent = send_as(format, &ModelFacts::default(), betas, &body.to_string()).body.unwrap();
        let found = (
            sent.get("context_management").is_some() && sent.get("safeguards").is_some(),
            sent["tools"][0].get("defer_loading").is_some(),
            sent["messages"][1].get("output_config").is_some(),
        );
        assert_eq!(found, kept, "{format:?} {betas}");
        assert!(sent["tools"][0].get("input_examples").is_none());
    }
    let as_it_came = send_as(Format::Anthropic, &newer(), "", &body.to_string()).body.unwrap();
    assert_eq!(as_it_came["messages"], body["messages"]);
    let older = send_as(Format::Anthropic, &older(), all, &body.to_string()).body.unwrap();
    assert!(older.get("safeguards").is_none());
    assert_eq!(
        older["messages"],
        json!([{"role": "user", "content": [
        {"type": "text", "text": "Hi"}, {"type": "text", "text": "[System message] s"}]}])
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table, one row a case")]
fn reasoning_is_told_as_the_model_takes_it() {
    let adaptive =
        json!({"thinking": {"type": "adaptive", "display": "omitted"}, "output_config": {"effort": "high"}});
    let enabled = json!({"thinking": {"type": "enabled", "budget_tokens": 5000}, "temperature": 1});
    let budget = |tokens: u64| json!({"type": "enabled", "budget_tokens": tokens, "display": "omitted"});
    let with = |one: &Value, other: Value| {
        let mut one = one.clone();
        one.as_object_mut().unwrap().extend(other.as_object().unwrap().clone());
        one
    };
    for (facts, members, expected) in [
        // Nothing is known of the model.
        (ModelFacts::default(), with(&adaptive, json!({"temperature": 0.5, "max_tokens": 500_000})), None),
        (newer(), adaptive.clone(), None),
        (older(), enabled.clone(), None),
        (older(), adaptive.clone(), Some(json!({"thinking": budget(4096), "output_config": null}))),
        (
            older(),
            with(&adaptive, json!({"max_tokens": 2000})),
            Some(json!({"thinking": budget(1999), "output_config": null})),
        ),
        (
            older(),
            with(
                &adaptive,
                json!({"max_tokens": 1000, "context_management": {"edits": [{"type": "clear_thinking_20251015"}, {"type": "clear_tool_uses_20250919"}]}}),
            ),
            Some(
                json!({"thinking": null, "output_config": null, "context_management": {"edits": [{"type": "clear_tool_uses_20250919"}]}}),
            ),
        ),
        (
            older(),
            json!({"thinking": {"type": "adaptive", "display": "updates"}, "temperature": 0.5, "top_k": 3, "tools": [{"name": "f"}],
                "output_config": {"format": {"type": "json_schema", "schema": {}}}}),
            Some(
                json!({"thinking": {"type": "enabled", "budget_tokens": 2048}, "temperature": null, "top_k": null}),
            ),
        ),
        (
            older(),
            json!({"thinking": {"type": "between_tools"}, "temperature": 0.5}),
            Some(json!({"thinking": null})),
        ),
        (older(), json!({"thinking": {"type": "disabled"}}), None),
        (older(), json!({"output_config": {"effort": "low"}}), Some(json!({"output_config": null}))),
        (
            older(),
            with(&adaptive, json!({"tool_choice": {"type": "any"}})),
            Some(json!({"thinking": null, "output_config": null})),
        ),
        (
            older(),
            with(
                &enabled,
                json!({"max_tokens": 128_000, "thinking": {"type": "enabled", "budget_tokens": 127_999}}),
            ),
            Some(
                json!({"max_tokens": 64_000, "thinking": {"type": "enabled", "budget_tokens": 63_999}, "temperature": null}),
            ),
        ),
        (
            newer(),
            enabled.clone(),
            Some(
                json!({"thinking": {"type": "adaptive"}, "output_config": {"effort": "high"}, "temperature": null}),
            ),
        ),
        (
            newer(),
            with(&enabled, json!({"output_config": {"effort": "low"}})),
            Some(json!({"thinking": {"type": "adaptive"}, "temperature": null})),
        ),
        (
            newer(),
            json!({"thinking": {"type": "disabled"}}),
            Some(json!({"thinking": null, "output_config": {"effort": "low"}})),
        ),
        (
            ModelFacts { thinking_off: ThinkingOff::BetweenTools, ..newer() },
            json!({"thinking": {"type": "disabled"}}),
            Some(json!({"thinking": {"type": "between_tools"}})),
        ),
        (
            ModelFacts { thinking_off: ThinkingOff::Disabled, ..newer() },
            json!({"thinking": {"type": "between_tools"}}),
            Some(json!({"thinking": {"type": "disabled"}})),
        ),
        (
            newer(),
            json!({"thinking": {"type": "disabled"}, "output_config": {"effort": "high"}}),
            Some(json!({"thinking": null})),
        ),
        // Of 4.6: it takes both, and no `xhigh`.
        (ModelFacts { no_sampling: false, ..newer() }, enabled.clone(), None),
        (
            ModelFacts { xhigh_effort: false, ..newer() },
            json!({"output_config": {"effort": "xhigh", "format": {}}}),
            Some(json!({"output_config": {"effort": "high", "format": {}}})),
        ),
        (
            newer(),
            json!({"temperature": 1, "top_p": 0.5, "top_k": 1}),
            Some(json!({"temperature": null, "top_p": null, "top_k": null})),
        ),
    ] {
        assert_eq!(send(&facts, &members), expected, "{members}");
    }
}

#[test]
fn a_run_of_calls_without_its_reasoning_goes_on_without() {
    let run = |blocks: Value| {
        let mut blocks = blocks;
        blocks.as_array_mut().unwrap().push(json!({"type": "tool_use", "id": "a", "name": "f", "input": {}}));
        json!([{"role": "user", "content": "Hi"}, {"role": "assistant", "content": blocks},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "a"}, {"type": "text", "text": "x"}]}])
    };
    let own = json!([{"type": "thinking", "thinking": "h", "signature": "EqQB"}]);
    let foreign = json!([{"type": "thinking", "thinking": "h", "signature": "openai:v1:a:b"}]);
    let adaptive = json!({"type": "adaptive"});
    let enabled = json!({"type": "enabled", "budget_tokens": 5000});
    let thinking = |thinking: &Value, blocks: &Value| {
        let sent = send(&older(), &json!({"thinking": thinking, "messages": run(blocks.clone())}));
        sent.map(|sent| sent.get("thinking").cloned())
    };
    let budget = json!({"type": "enabled", "budget_tokens": 2048});
    assert_eq!(thinking(&adaptive, &own), Some(Some(budget)));
    assert_eq!(thinking(&adaptive, &json!([])), Some(Some(Value::Null)));
    assert_eq!(thinking(&adaptive, &foreign), Some(Some(Value::Null)));
    assert_eq!(thinking(&enabled, &foreign), Some(Some(Value::Null)));
    assert_eq!(thinking(&enabled, &own), None);
    // A request that Anthropic would refuse from its own client is the client's to mend.
    assert_eq!(thinking(&enabled, &json!([])), None);
}

fn conversation(facts: &ModelFacts, messages: &Value) -> Option<Value> {
    send(facts, &json!({"messages": messages})).map(|sent| sent["messages"].clone())
}

#[test]
fn what_others_signed_is_left_out() {
    let thinking = |signature: Value| json!({"type": "thinking", "thinking": "h", "signature": signature});
    let text = json!({"type": "text", "text": "a"});
    let carried = json!({"type": "redacted_thinking", "data": "switchyard:call:v1:x"});
    let own = json!({"type": "redacted_thinking", "data": "EqQB"});
    let user = json!({"role": "user", "content": "Hi"});
    let said = |blocks: Value| json!([user, {"role": "assistant", "content": blocks}, user]);
    let unknown = ModelFacts::default();
    for (blocks, left) in [
        (json!([thinking(json!("openai:v1:a:b")), text]), json!([text])),
        (json!([thinking(json!("")), text]), json!([text])),
        (json!([{"type": "thinking", "thinking": "h"}, text]), json!([text])),
        (json!([carried, own, thinking(json!("EqQB")), text]), json!([own, thinking(json!("EqQB")), text])),
    ] {
        assert_eq!(conversation(&unknown, &said(blocks.clone())), Some(said(left)), "{blocks}");
    }
    assert_eq!(conversation(&unknown, &said(json!([thinking(json!("EqQB")), text]))), None);
    for nothing in [json!([carried]), json!([carried, own])] {
        assert_eq!(conversation(&unknown, &said(nothing)), Some(json!([user, user])));
    }
}

#[test]
fn nothing_left_is_an_error() {
    let body = json!({"model": "m", "max_tokens": 1, "messages": [
        {"role": "assistant", "content": [{"type": "thinking", "thinking": "h"}]}]})
    .to_string();
    let (head, facts) = (scan::scan(body.as_bytes()).unwrap(), ModelFacts::default());
    let upstream = Upstream { model: "m", facts: &facts, quirks: Quirks::NONE, provider: "p" };
    let mut out = b"x".to_vec();
    let error = request(body.as_bytes(), &head, Format::Anthropic, &upstream, &mut Vec::new(), &mut out);
    assert_eq!(error.unwrap_err().param.as_deref(), Some("messages"));
    assert_eq!(out, b"x");
}

#[test]
fn instructions_become_words_of_the_user() {
    let mark = json!({"type": "ephemeral"});
    let call =
        json!({"role": "assistant", "content": [{"type": "tool_use", "id": "a", "name": "f", "input": {}}]});
    let result = json!({"type": "tool_result", "tool_use_id": "a", "content": "x"});
    let messages = json!([{"role": "user", "content": "Hi"},
        {"role": "system", "content": [{"type": "text", "text": "One.", "cache_control": mark}, {"type": "text", "text": " "}]},
        call, {"role": "system", "content": "Two."}, {"role": "user", "content": [result]},
        {"role": "assistant", "content": "So."}, {"role": "user", "content": "Left"}]);
    let text = |text: &str| json!({"type": "text", "text": text});
    let expected = json!([
        {"role": "user", "content": [text("Hi"), {"type": "text", "text": "[System message] One.", "cache_control": mark}]},
        call, {"role": "user", "content": [result, text("[System message] Two.")]},
        {"role": "assistant", "content": "So."}, {"role": "user", "content": "Left"}]);
    assert_eq!(conversation(&older(), &messages), Some(expected));
    assert_eq!(conversation(&newer(), &messages), None);
    assert_eq!(conversation(&ModelFacts::default(), &messages), None);
}

#[test]
fn tools_that_the_platform_does_not_run_are_left_out() {
    let search = json!({"type": "web_search_20250305", "name": "web_search"});
    let code = json!({"type": "code_execution_20250825", "name": "code_execution"});
    let function = json!({"name": "f", "input_schema": {"type": "x"}});
    let bash = json!({"type": "bash_20250124", "name": "bash"});
    let citing = json!({"type": "text", "text": "a", "citations": [{"type": "web_search_result_location"}]});
    let blocks = json!([{"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}},
        {"type": "web_search_tool_result", "tool_use_id": "s", "content": []},
        {"type": "server_tool_use", "id": "t", "name": "bash_code_execution", "input": {}},
        {"type": "bash_code_execution_tool_result", "tool_use_id": "t", "content": {}}, citing]);
    let body = |tools: Value| {
        json!({"model": "c", "max_tokens": 9, "tools": tools, "tool_choice": {"type": "auto"}, "messages": [
            {"role": "user", "content": "Hi"}, {"role": "assistant", "content": blocks}, {"role": "user", "content": "Hi"}]})
    };
    let facts = newer();
    let sent = |format, tools| send_as(format, &facts, "", &body(tools).to_string()).body.unwrap();
    let all = json!([search, code, function, bash]);
    let vertex = sent(Format::VertexAnthropic, all.clone());
    assert_eq!(vertex["tools"], json!([search, function, bash]));
    assert_eq!(vertex["messages"][1]["content"], json!([blocks[0], blocks[1], citing]));
    let bedrock = sent(Format::BedrockAnthropic, all);
    assert_eq!(bedrock["tools"], json!([function, bash]));
    assert_eq!(bedrock["messages"][1]["content"], json!([{"type": "text", "text": "a"}]));
    let none = sent(Format::BedrockAnthropic, json!([search]));
    assert!(none.get("tools").is_none() && none.get("tool_choice").is_none());
}

/// Twice the body takes about twice the time, whatever must change in it.
#[test]
fn large_bodies_take_linear_time() {
    for piece in [
        r#"{"role":"system","content":"a"},"#,
        r#"{"role":"assistant","content":[{"type":"thinking","thinking":"h"},{"type":"text","text":"a"}]},"#,
        r#"{"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":"x"}]},"#,
    ] {
        let list = piece.repeat(15_000);
        let body = format!(
            r#"{{"model":"m","max_tokens":9000,"thinking":{{"type":"adaptive"}},"messages":[{list}{{"role":"user","content":"Hi"}}]}}"#
        );
        let begin = std::time::Instant::now();
        assert!(send_as(Format::BedrockAnthropic, &older(), "", &body).body.is_some());
        assert!(begin.elapsed().as_secs() < 20, "{piece}");
    }
}
