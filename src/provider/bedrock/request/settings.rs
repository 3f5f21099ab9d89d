//! Sampling, limits, the form of the answer, and what goes in the model's own form.

use serde_json::value::RawValue;

use crate::{
    ir::{ApiError, Request, ResponseFormat},
    provider::{
        anthropic::request::settings::{Sampling, sampling},
        model::ModelFacts,
        schema,
        tools::Offer,
    },
};

use super::{
    super::json::{Array, Object, compact, value},
    Family,
    reasoning::Plan,
    some_members, tool_config,
};

/// Appends everything but the conversation, its tools and its labels.
///
/// # Errors
///
/// For a `response_format` that the model cannot keep to.
pub(super) fn write(
    request: &Request<'_>,
    facts: &ModelFacts,
    family: Family,
    reasoning: &Plan,
    offer: &Offer<'_>,
    object: &mut Object<'_>,
) -> Result<(), ApiError> {
    let sampling = sampled(request, facts, family, reasoning);
    some_members("inferenceConfig", object, |config| {
        inference(request, family, reasoning, &sampling, config);
        Ok(())
    })?;
    some_members("additionalModelRequestFields", object, |fields| {
        reasoning.write(fields);
        top_k(&sampling, family, fields);
        tool_config::write_single(offer, family, fields);
        Ok(())
    })?;
    some_members("outputConfig", object, |config| output(request, facts, reasoning, config))
}

fn sampled(request: &Request<'_>, facts: &ModelFacts, family: Family, reasoning: &Plan) -> Sampling {
    if family == Family::Claude {
        return sampling(request, facts, &reasoning.claude);
    }
    if facts.no_sampling || reasoning.forbids_sampling() {
        return Sampling::default();
    }
    let temperature = request.temperature.map(|temperature| temperature.clamp(0.0, 1.0));
    Sampling { temperature, top_p: request.top_p, top_k: request.top_k }
}

fn inference(
    request: &Request<'_>,
    family: Family,
    reasoning: &Plan,
    sampling: &Sampling,
    config: &mut Object<'_>,
) {
    if let Some(tokens) = reasoning.max_tokens(request.max_tokens) {
        value(config.key("maxTokens"), &tokens);
    }
    if let Some(temperature) = sampling.temperature {
        value(config.key("temperature"), &temperature);
    }
    if let Some(top_p) = sampling.top_p {
        value(config.key("topP"), &top_p);
    }
    // Claude refuses sequences of nothing but white space, and Bedrock empty ones.
    let legal = |stop: &str| !(if family == Family::Claude { stop.trim() } else { stop }).is_empty();
    if request.stop.iter().any(|stop| legal(stop)) {
        let mut array = Array::begin(config.key("stopSequences"));
        request.stop.iter().filter(|stop| legal(stop)).for_each(|stop| value(array.item(), stop));
        array.end();
    }
}

/// The common form has no place for it; of other families none is known.
fn top_k(sampling: &Sampling, family: Family, fields: &mut Object<'_>) {
    let Some(top_k) = sampling.top_k else { return };
    match family {
        Family::Claude => value(fields.key("top_k"), &top_k),
        Family::Nova | Family::Nova2 => {
            let mut config = Object::begin(fields.key("inferenceConfig"));
            value(config.key("topK"), &top_k);
            config.end();
        }
        Family::GptOss | Family::Other => {}
    }
}

fn output(
    request: &Request<'_>,
    facts: &ModelFacts,
    reasoning: &Plan,
    config: &mut Object<'_>,
) -> Result<(), ApiError> {
    if let Some(effort) = reasoning.effort() {
        config.text("effort", effort);
    }
    let Some(ResponseFormat::JsonSchema { schema, name, description, .. }) = &request.response_format else {
        return Ok(());
    };
    if !facts.json_schema {
        return Err(ApiError::invalid(
            "response_format",
            "This model on Bedrock is not known to take a JSON Schema for its answer; use another model, or a tool.",
        ));
    }
    let mut format = Object::begin(config.key("textFormat"));
    format.text("type", "json_schema");
    let mut structure = Object::begin(format.key("structure"));
    let mut json = Object::begin(structure.key("jsonSchema"));
    json.text("schema", &closed(schema)?);
    let some = |text: &Option<_>| text.as_deref().filter(|text: &&str| !text.is_empty()).map(str::to_owned);
    if let Some(name) = some(name) {
        json.text("name", &name);
    }
    if let Some(description) = some(description) {
        json.text("description", &description);
    }
    json.end();
    structure.end();
    format.end();
    Ok(())
}

/// The schema as the text that Bedrock takes, in the subset that its structured outputs know (user guide, "Structured
/// outputs", section "JSON Schema subset"): the one of Anthropic's.
fn closed(schema: &RawValue) -> Result<String, ApiError> {
    let mut text = Vec::new();
    schema::write_closed(schema, &mut text, "response_format.json_schema.schema")?;
    // It was written from text.
    Ok(compact(&String::from_utf8(text).unwrap_or_default()).into_owned())
}
