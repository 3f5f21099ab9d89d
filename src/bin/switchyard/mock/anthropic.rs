//! The mock of Anthropic: Messages (API reference, "Messages", "Streaming messages" and "Errors").

use axum::http::HeaderMap;
use serde_json::{Value, json};

use super::{
    answer::{Answer, Question, words},
    openai::{Refusal, text},
    stream::Piece,
};

/// Reads a request as strictly as the vendor does.
///
/// # Errors
/// The vendor's answer to what is wrong with it.
pub(crate) fn read<'a>(headers: &HeaderMap, body: &'a Value) -> Result<Question<'a>, Refusal> {
    let has = |name: &str| headers.get(name).is_some_and(|value| !value.is_empty());
    if !has("x-api-key") && !has("authorization") {
        return Err((401, error("authentication_error", "x-api-key header is required")));
    }
    let invalid = |message: &str| (400, error("invalid_request_error", message));
    if !has("anthropic-version") {
        return Err(invalid("anthropic-version: header is required"));
    }
    let model = body.get("model").and_then(Value::as_str).filter(|model| !model.is_empty());
    let model = model.ok_or_else(|| invalid("model: Field required"))?;
    if body.get("max_tokens").and_then(Value::as_u64).is_none_or(|most| most == 0) {
        return Err(invalid("max_tokens: Field required, a whole number of at least 1"));
    }
    let messages = body.get("messages").and_then(Value::as_array).filter(|messages| !messages.is_empty());
    let messages = messages.ok_or_else(|| invalid("messages: at least one message is required"))?;
    let last = messages.last().ok_or_else(|| invalid("messages: at least one message is required"))?;
    for (index, message) in messages.iter().enumerate() {
        if !matches!(message.get("role").and_then(Value::as_str), Some("user" | "assistant" | "system")) {
            return Err(invalid(&format!("messages.{index}.role: Input should be 'user' or 'assistant'")));
        }
    }
    let content = last.get("content").unwrap_or(&Value::Null);
    let result =
        content.as_array().into_iter().flatten().any(|part| part.get("type") == Some(&json!("tool_result")));
    let tool = body.get("tools").and_then(|tools| tools.get(0));
    let tool = tool.and_then(|tool| {
        Some((tool.get("name")?.as_str()?, tool.get("input_schema").unwrap_or(&Value::Null)))
    });
    let choice = body.get("tool_choice").and_then(|choice| choice.get("type")).and_then(Value::as_str);
    let format = body
        .get("output_config")
        .and_then(|config| config.get("format"))
        .or_else(|| body.get("output_format"));
    Ok(Question {
        model,
        said: text(content),
        tool: tool.filter(|_| choice != Some("none") && !result),
        forced: matches!(choice, Some("any" | "tool")),
        schema: format.and_then(|format| format.get("schema")),
    })
}

/// An error's body.
pub(crate) fn error(kind: &str, message: &str) -> Value {
    json!({"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_mock"})
}

/// The error of a status.
pub(crate) fn failure(status: u16) -> Value {
    let kind = match status {
        401 => "authentication_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        529 => "overloaded_error",
        500.. => "api_error",
        _ => "invalid_request_error",
    };
    error(kind, &format!("The mock was told to fail with {status}."))
}

fn usage(prompt: usize, output: usize) -> Value {
    json!({"input_tokens": prompt, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0,
        "output_tokens": output, "service_tier": "standard"})
}

/// A whole reply.
pub(crate) fn reply(id: &str, model: &str, prompt: usize, answer: &Answer) -> Value {
    let (block, reason) = match answer {
        Answer::Text(text) => (json!({"type": "text", "text": text}), "end_turn"),
        Answer::Call(name, input) => (
            json!({"type": "tool_use", "id": format!("toolu_{id}"), "name": name, "input": input}),
            "tool_use",
        ),
    };
    json!({"id": format!("msg_{id}"), "type": "message", "role": "assistant", "model": model, "content": [block],
        "stop_reason": reason, "stop_sequence": null, "usage": usage(prompt, answer.tokens())})
}

/// The events of a stream.
pub(crate) fn stream(id: &str, model: &str, prompt: usize, answer: &Answer) -> Vec<Piece> {
    let message = json!({"id": format!("msg_{id}"), "type": "message", "role": "assistant", "model": model,
        "content": [], "stop_reason": null, "stop_sequence": null, "usage": usage(prompt, 1)});
    let mut pieces = vec![Piece::now(event(&json!({"type": "message_start", "message": message})))];
    let (start, reason) = match answer {
        Answer::Text(_) => (json!({"type": "text", "text": ""}), "end_turn"),
        Answer::Call(name, _) => {
            (json!({"type": "tool_use", "id": format!("toolu_{id}"), "name": name, "input": {}}), "tool_use")
        }
    };
    pieces
        .push(Piece::now(event(&json!({"type": "content_block_start", "index": 0, "content_block": start}))));
    pieces.push(Piece::now(event(&json!({"type": "ping"}))));
    let delta = |delta: Value| {
        Piece::paced(event(&json!({"type": "content_block_delta", "index": 0, "delta": delta})))
    };
    match answer {
        Answer::Text(text) => {
            pieces.extend(words(text).map(|word| delta(json!({"type": "text_delta", "text": word}))));
        }
        Answer::Call(_, input) => {
            let input = input.to_string();
            let parts =
                words(&input).map(|part| delta(json!({"type": "input_json_delta", "partial_json": part})));
            pieces.extend(parts);
        }
    }
    pieces.push(Piece::now(event(&json!({"type": "content_block_stop", "index": 0}))));
    let end = json!({"type": "message_delta", "delta": {"stop_reason": reason, "stop_sequence": null},
        "usage": {"output_tokens": answer.tokens()}});
    pieces.push(Piece::now(event(&end)));
    pieces.push(Piece::now(event(&json!({"type": "message_stop"}))));
    pieces
}

/// A stream whose first event is an error.
pub(crate) fn error_first() -> Vec<Piece> {
    vec![Piece::now(event(&failure(529)))]
}

/// An event; its name is the type of its data.
fn event(data: &Value) -> String {
    format!("event: {}\ndata: {data}\n\n", data.get("type").and_then(Value::as_str).unwrap_or_default())
}
