//! Sampling, limits, the form of the answer, the user's id.

use crate::{
    ir::{ApiError, Request, ResponseFormat},
    provider::{model::ModelFacts, schema},
};

use super::{
    super::json::{Array, Object, value},
    thinking::{Plan, Switch},
};

/// `max_tokens` is required; this is what is sent where neither the client nor the catalogue has a number.
pub(super) const DEFAULT_MAX_TOKENS: u64 = 4096;

/// Longest `metadata.user_id` (API reference, "Create a Message").
const USER_ID_CHARS: usize = 256;

/// Appends everything but the conversation and its tools.
///
/// # Errors
///
/// For `max_tokens` of 0, and for a `response_format` that the model cannot keep to.
pub(super) fn write(
    request: &Request<'_>,
    facts: &ModelFacts,
    thinking: &Plan,
    object: &mut Object<'_>,
) -> Result<(), ApiError> {
    value(object.key("max_tokens"), &thinking.max_tokens);
    sampling(request, facts, thinking).write(object);
    stop_sequences(request, object);
    thinking.write(object);
    output_config(request, facts, thinking, object)?;
    user_id(request, object);
    Ok(())
}

/// How the model samples.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::provider) struct Sampling {
    pub(in crate::provider) temperature: Option<f64>,
    pub(in crate::provider) top_p: Option<f64>,
    pub(in crate::provider) top_k: Option<u64>,
}

/// Temperature, top_p and top_k, as far as the model takes them.
///
/// Models from 4.5 on take either temperature or top_p, not both: temperature goes first, as the one more often set
/// on purpose, except at 1, where it says nothing. While it thinks, a model takes no temperature but 1, no top_k, and
/// top_p from 0.95 on (API guide "Extended thinking", section "Feature compatibility").
pub(in crate::provider) fn sampling(request: &Request<'_>, facts: &ModelFacts, thinking: &Plan) -> Sampling {
    if facts.no_sampling {
        return Sampling::default();
    }
    let thinks = matches!(thinking.switch, Switch::Budget(_) | Switch::Adaptive);
    let temperature = request.temperature.map(|t| t.clamp(0.0, 1.0)).filter(|_| !thinks);
    let top_p = request.top_p.filter(|p| !thinks || *p >= 0.95);
    let (temperature, top_p) = match (temperature, top_p) {
        (Some(temperature), Some(top_p)) if temperature >= 1.0 => (None, Some(top_p)),
        (Some(temperature), _) => (Some(temperature), None),
        (None, top_p) => (None, top_p),
    };
    Sampling { temperature, top_p, top_k: request.top_k.filter(|_| !thinks) }
}

impl Sampling {
    fn write(&self, object: &mut Object<'_>) {
        if let Some(temperature) = self.temperature {
            value(object.key("temperature"), &temperature);
        }
        if let Some(top_p) = self.top_p {
            value(object.key("top_p"), &top_p);
        }
        if let Some(top_k) = self.top_k {
            value(object.key("top_k"), &top_k);
        }
    }
}

/// Sequences of nothing but white space are refused by the API, so they are left out.
fn stop_sequences(request: &Request<'_>, object: &mut Object<'_>) {
    let mut legal = request.stop.iter().filter(|stop| !stop.trim().is_empty()).peekable();
    if legal.peek().is_none() {
        return;
    }
    let mut array = Array::begin(object.key("stop_sequences"));
    for stop in legal {
        value(array.item(), stop);
    }
    array.end();
}

fn output_config(
    request: &Request<'_>,
    facts: &ModelFacts,
    thinking: &Plan,
    object: &mut Object<'_>,
) -> Result<(), ApiError> {
    let format = match &request.response_format {
        Some(ResponseFormat::JsonSchema { schema, .. }) => Some(*schema),
        _ => None,
    };
    if format.is_some() && !facts.json_schema {
        return Err(ApiError::invalid(
            "response_format",
            "This Anthropic model is not known to take a JSON Schema for its answer; use a newer model, or a tool.",
        ));
    }
    if format.is_none() && thinking.effort.is_none() {
        return Ok(());
    }
    let mut config = Object::begin(object.key("output_config"));
    if let Some(effort) = thinking.effort {
        config.text("effort", effort);
    }
    if let Some(schema) = format {
        let mut format = Object::begin(config.key("format"));
        format.text("type", "json_schema");
        schema::write_closed(schema, format.key("schema"), "response_format.json_schema.schema")?;
        format.end();
    }
    config.end();
    Ok(())
}

/// An id that looks like an e-mail address or a telephone number is refused by the API, so it is left out.
fn user_id(request: &Request<'_>, object: &mut Object<'_>) {
    let Some(user) = request.user.as_deref() else { return };
    if user.trim().is_empty() || user.chars().count() > USER_ID_CHARS || names_a_person(user) {
        return;
    }
    let mut metadata = Object::begin(object.key("metadata"));
    metadata.text("user_id", user);
    metadata.end();
}

fn names_a_person(user: &str) -> bool {
    let email = user.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.'));
    let digits = user.bytes().filter(u8::is_ascii_digit).count();
    let phone = digits >= 7 && user.bytes().all(|b| b.is_ascii_digit() || b" +-().".contains(&b));
    email || phone
}
