//! The mock of OpenAI: Chat Completions (API reference, "Create chat completion" and "The chat completion chunk object").

use axum::http::HeaderMap;
use serde_json::{Value, json};

use super::{
    answer::{Answer, Question, words},
    stream::Piece,
};

/// An error: its status, and the body in OpenAI's form.
pub(crate) type Refusal = (u16, Value);

/// Reads a request as strictly as the vendor does.
///
/// # Errors
/// The vendor's answer to what is wrong with it.
pub(crate) fn read<'a>(headers: &HeaderMap, body: &'a Value) -> Result<Question<'a>, Refusal> {
    let bearer = headers.get("authorization").and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    if bearer.is_none_or(|key| key.trim().is_empty()) {
        return Err((
            401,
            error("invalid_request_error", "You didn't provide an API key.", Some("invalid_api_key")),
        ));
    }
    let invalid = |message: &str| (400, error("invalid_request_error", message, None));
    let model = body.get("model").and_then(Value::as_str).filter(|model| !model.is_empty());
    let model = model.ok_or_else(|| invalid("you must provide a model parameter"))?;
    let messages = body.get("messages").and_then(Value::as_array).filter(|messages| !messages.is_empty());
    let messages = messages.ok_or_else(|| invalid("Missing required parameter: 'messages'."))?;
    let last = messages.last().ok_or_else(|| invalid("[] is too short - 'messages'"))?;
    let role = |message: &Value| message.get("role").and_then(Value::as_str).unwrap_or("").to_owned();
    let roles = ["system", "developer", "user", "assistant", "tool", "function"];
    if let Some(index) = messages.iter().position(|message| !roles.contains(&role(message).as_str())) {
        return Err(invalid(&format!("Invalid value for 'messages[{index}].role'.")));
    }
    let tool = body.get("tools").and_then(|tools| tools.get(0)?.get("function"));
    let tool = tool
        .and_then(|tool| Some((tool.get("name")?.as_str()?, tool.get("parameters").unwrap_or(&Value::Null))));
    let choice = body.get("tool_choice").unwrap_or(&Value::Null);
    let result = role(last) == "tool";
    Ok(Question {
        model,
        said: if result { String::new() } else { text(last.get("content").unwrap_or(&Value::Null)) },
        tool: tool.filter(|_| choice != "none" && !result),
        forced: choice == "required" || choice.is_object(),
        schema: body.get("response_format").and_then(|format| format.get("json_schema")?.get("schema")),
    })
}

/// The text of a message's content: a string, or parts.
pub(crate) fn text(content: &Value) -> String {
    let parts = content.as_array().into_iter().flatten().filter_map(|part| part.get("text")?.as_str());
    content.as_str().map_or_else(|| parts.collect::<Vec<_>>().join(" "), str::to_owned)
}

/// An error's body.
pub(crate) fn error(kind: &str, message: &str, code: Option<&str>) -> Value {
    json!({"error": {"message": message, "type": kind, "param": null, "code": code}})
}

/// The error of a status.
pub(crate) fn failure(status: u16) -> Value {
    let (kind, code) = match status {
        429 => ("requests", Some("rate_limit_exceeded")),
        500.. => ("server_error", None),
        _ => ("invalid_request_error", None),
    };
    error(kind, &format!("The mock was told to fail with {status}."), code)
}

fn usage(prompt: usize, answer: &Answer) -> Value {
    let completion = answer.tokens();
    json!({
        "prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0, "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0},
    })
}

/// A whole reply.
pub(crate) fn reply(id: &str, created: u64, model: &str, prompt: usize, answer: &Answer) -> Value {
    let (content, calls, reason) = match answer {
        Answer::Text(text) => (json!(text), None, "stop"),
        Answer::Call(name, arguments) => (Value::Null, Some(call(id, name, arguments)), "tool_calls"),
    };
    let mut message = json!({"role": "assistant", "content": content, "refusal": null, "annotations": []});
    if let (Some(call), Some(fields)) = (calls, message.as_object_mut()) {
        fields.insert("tool_calls".to_owned(), json!([call]));
    }
    json!({
        "id": format!("chatcmpl-{id}"), "object": "chat.completion", "created": created, "model": model,
        "choices": [{"index": 0, "message": message, "logprobs": null, "finish_reason": reason}],
        "usage": usage(prompt, answer), "service_tier": "default", "system_fingerprint": null,
    })
}

fn call(id: &str, name: &str, arguments: &Value) -> Value {
    json!({"id": format!("call_{id}"), "type": "function",
        "function": {"name": name, "arguments": arguments.to_string()}})
}

/// The events of a stream.
pub(crate) fn stream(id: &str, created: u64, prompt: usize, answer: &Answer, body: &Value) -> Vec<Piece> {
    let model = body.get("model").unwrap_or(&Value::Null);
    let asked = body.get("stream_options").and_then(|options| options.get("include_usage"))
        == Some(&Value::Bool(true));
    let chunk = |choices: Value, usage: Option<Value>| {
        let mut chunk = json!({"id": format!("chatcmpl-{id}"), "object": "chat.completion.chunk", "created": created,
            "model": model, "service_tier": "default", "system_fingerprint": null, "choices": choices});
        if let (true, Some(fields)) = (asked, chunk.as_object_mut()) {
            fields.insert("usage".to_owned(), usage.unwrap_or(Value::Null));
        }
        format!("data: {chunk}\n\n")
    };
    let delta = |delta: Value, reason: Option<&str>| {
        chunk(json!([{"index": 0, "delta": delta, "logprobs": null, "finish_reason": reason}]), None)
    };
    let mut pieces =
        vec![Piece::now(delta(json!({"role": "assistant", "content": "", "refusal": null}), None))];
    let reason = match answer {
        Answer::Text(text) => {
            pieces.extend(words(text).map(|word| Piece::paced(delta(json!({"content": word}), None))));
            "stop"
        }
        Answer::Call(name, arguments) => {
            let arguments = arguments.to_string();
            let start = json!({"index": 0, "id": format!("call_{id}"), "type": "function",
                "function": {"name": name, "arguments": ""}});
            pieces.push(Piece::paced(delta(json!({"tool_calls": [start]}), None)));
            pieces.extend(words(&arguments).chain([""]).map(|part| {
                Piece::paced(delta(
                    json!({"tool_calls": [{"index": 0, "function": {"arguments": part}}]}),
                    None,
                ))
            }));
            "tool_calls"
        }
    };
    pieces.push(Piece::now(delta(json!({}), Some(reason))));
    if asked {
        pieces.push(Piece::now(chunk(json!([]), Some(usage(prompt, answer)))));
    }
    pieces.push(Piece::now("data: [DONE]\n\n".to_owned()));
    pieces
}

/// A stream whose first event is an error.
pub(crate) fn error_first() -> Vec<Piece> {
    vec![Piece::now(format!("data: {}\n\n", failure(503)))]
}
