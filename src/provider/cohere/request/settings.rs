//! Sampling, limits, reasoning, the form of the answer.

use crate::{
    ir::{ApiError, Effort, Reasoning, Request, ResponseFormat, ToolChoice},
    provider::model::{ModelFacts, Thinking},
};

use super::super::json::{Array, Object, value};

/// The most stop sequences (API reference, "Chat").
const STOPS: usize = 5;

/// The most of `k` (API reference, "Chat").
const MOST_K: u64 = 500;

/// Appends everything but the conversation and its tools.
///
/// # Errors
///
/// For `max_tokens` of 0, for more stop sequences than Cohere takes, and for a form of the answer beside tools.
pub(super) fn write(
    request: &Request<'_>,
    facts: &ModelFacts,
    object: &mut Object<'_>,
) -> Result<(), ApiError> {
    if let Some(tokens) = request.max_tokens {
        if tokens == 0 {
            return Err(ApiError::invalid("max_tokens", "`max_tokens` must be at least 1."));
        }
        value(object.key("max_tokens"), &tokens.min(facts.max_output.unwrap_or(u64::MAX)));
    }
    sampling(request, object);
    stop_sequences(request, object)?;
    thinking(request.reasoning, facts, object);
    response_format(request, object)
}

/// Each within what Cohere takes of it (API reference, "Chat").
fn sampling(request: &Request<'_>, object: &mut Object<'_>) {
    let mut number = |name: &str, set: Option<f64>| {
        if let Some(set) = set {
            value(object.key(name), &set);
        }
    };
    // A negative penalty would be an incentive: there is none.
    let penalty = |set: Option<f64>| set.filter(|set| *set > 0.0).map(|set| set.min(1.0));
    number("temperature", request.temperature.map(|set| set.clamp(0.0, 1.0)));
    number("p", request.top_p.map(|set| set.clamp(0.01, 0.99)));
    number("frequency_penalty", penalty(request.frequency_penalty));
    number("presence_penalty", penalty(request.presence_penalty));
    if let Some(top_k) = request.top_k {
        value(object.key("k"), &top_k.min(MOST_K));
    }
    if let Some(seed) = request.seed {
        // Negative ones are refused. The same seed is still the same one each time.
        value(object.key("seed"), &seed.unsigned_abs());
    }
}

fn stop_sequences(request: &Request<'_>, object: &mut Object<'_>) -> Result<(), ApiError> {
    let legal: Vec<_> = request.stop.iter().filter(|stop| !stop.is_empty()).collect();
    if legal.len() > STOPS {
        return Err(ApiError::invalid("stop", "`stop`: a Cohere model takes at most 5 sequences."));
    }
    if !legal.is_empty() {
        let mut array = Array::begin(object.key("stop_sequences"));
        legal.iter().for_each(|stop| value(array.item(), stop));
        array.end();
    }
    Ok(())
}

/// Models that reason do so without being asked, and without a limit where none is set: what Cohere's own
/// OpenAI-compatible API makes of the effort `high` too.
fn thinking(reasoning: Option<Reasoning>, facts: &ModelFacts, object: &mut Object<'_>) {
    let Some(reasoning) = reasoning.filter(|_| facts.thinking != Thinking::None) else { return };
    let budget = match reasoning {
        Reasoning::Off => return object.raw("thinking", r#"{"type":"disabled"}"#),
        Reasoning::Effort(effort) if effort >= Effort::High => None,
        Reasoning::Effort(effort) => Some(effort.budget()),
        Reasoning::Budget(budget) => Some(budget),
    };
    let mut thinking = Object::begin(object.key("thinking"));
    thinking.text("type", "enabled");
    if let Some(budget) = budget {
        let (least, most) = facts.thinking_budget.unwrap_or((1, u64::MAX));
        value(thinking.key("token_budget"), &budget.max(least).min(most));
    }
    thinking.end();
}

/// Not supported beside `tools` (API reference, "Chat", `response_format`).
fn response_format(request: &Request<'_>, object: &mut Object<'_>) -> Result<(), ApiError> {
    let schema = match &request.response_format {
        None | Some(ResponseFormat::Text) => return Ok(()),
        // An answer that has to be a call has no other form.
        Some(_) if matches!(request.tool_choice, Some(ToolChoice::Required | ToolChoice::Named(_))) => {
            return Ok(());
        }
        Some(_) if !request.tools.is_empty() => {
            let message =
                "`response_format`: a Cohere model takes JSON as the form of its answer or tools, not both.";
            return Err(ApiError::invalid("response_format", message));
        }
        Some(ResponseFormat::JsonObject) => None,
        Some(ResponseFormat::JsonSchema { schema, .. }) => Some(schema.get()),
    };
    let mut format = Object::begin(object.key("response_format"));
    format.text("type", "json_object");
    if let Some(schema) = schema {
        if !schema.starts_with('{') {
            let param = "response_format.json_schema.schema";
            return Err(ApiError::invalid(param, format!("`{param}` must be a JSON Schema.")));
        }
        format.raw("json_schema", schema);
    }
    format.end();
    Ok(())
}
