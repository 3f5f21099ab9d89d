//! `generationConfig`: sampling, limits, the form of the answer, reasoning.

use crate::{
    ir::{ApiError, Request, ResponseFormat},
    provider::model::{ModelFacts, Thinking},
};

use super::{
    super::json::{Array, Object, value},
    thinking,
};

/// Appends `generationConfig`, where there is anything to say.
///
/// # Errors
///
/// For `max_tokens` of 0, and a schema that is none.
pub(super) fn write(
    request: &Request<'_>,
    facts: &ModelFacts,
    object: &mut Object<'_>,
) -> Result<(), ApiError> {
    let mut members = Vec::new();
    let mut config = Object::begin(&mut members);
    sampling(request, facts, &mut config);
    if let Some(tokens) = request.max_tokens {
        if tokens == 0 {
            return Err(ApiError::invalid("max_tokens", "`max_tokens` must be at least 1."));
        }
        value(config.key("maxOutputTokens"), &tokens.min(facts.max_output.unwrap_or(u64::MAX)));
    }
    stop_sequences(request, &mut config);
    format(request, &mut config)?;
    thinking::write(request.reasoning, facts, &mut config);
    config.end();
    if members != b"{}" {
        object.key("generationConfig").extend_from_slice(&members);
    }
    Ok(())
}

fn sampling(request: &Request<'_>, facts: &ModelFacts, config: &mut Object<'_>) {
    let mut number = |name: &str, set: Option<f64>| {
        if let Some(set) = set {
            value(config.key(name), &set);
        }
    };
    number("temperature", request.temperature);
    number("topP", request.top_p);
    // Models from 3 on answer 400 to either penalty, which is no more than a nudge against repetition.
    if facts.thinking != Thinking::Level {
        number("presencePenalty", request.presence_penalty);
        number("frequencyPenalty", request.frequency_penalty);
    }
    if let Some(top_k) = request.top_k {
        value(config.key("topK"), &top_k);
    }
    if let Some(seed) = request.seed {
        // The API's is an int32. The same seed is still the same one each time.
        value(config.key("seed"), &(seed as i32));
    }
}

fn stop_sequences(request: &Request<'_>, config: &mut Object<'_>) {
    let mut legal = request.stop.iter().filter(|stop| !stop.is_empty()).peekable();
    if legal.peek().is_none() {
        return;
    }
    let mut array = Array::begin(config.key("stopSequences"));
    legal.for_each(|stop| value(array.item(), stop));
    array.end();
}

fn format(request: &Request<'_>, config: &mut Object<'_>) -> Result<(), ApiError> {
    match &request.response_format {
        None | Some(ResponseFormat::Text) => {}
        Some(ResponseFormat::JsonObject) => config.text("responseMimeType", "application/json"),
        Some(ResponseFormat::JsonSchema { schema, .. }) => {
            if !schema.get().starts_with('{') {
                let param = "response_format.json_schema.schema";
                return Err(ApiError::invalid(param, format!("`{param}` must be a JSON Schema.")));
            }
            config.text("responseMimeType", "application/json");
            config.raw("responseJsonSchema", schema.get());
        }
    }
    Ok(())
}
