//! Sampling, limits, the form of the answer, and what is about the request and not its answer.

use serde_json::value::RawValue;

use crate::{
    ir::{ApiError, Request, ResponseFormat},
    provider::Upstream,
};

use super::super::json::{Object, value};

/// The fewest `max_output_tokens` that the API takes.
const LEAST_OUTPUT: u64 = 16;

/// What `text.format` calls a schema that has no name; the API requires one.
const NO_NAME: &str = "answer";

/// Fields that are the same in both of OpenAI's APIs, and no part of the intermediate form.
const SAME: [&str; 4] = ["metadata", "service_tier", "prompt_cache_key", "prompt_cache_retention"];

/// Appends everything but the conversation, its tools and the reasoning.
///
/// # Errors
///
/// For `max_tokens` of 0.
pub(super) fn write(
    request: &Request<'_>,
    upstream: &Upstream<'_>,
    object: &mut Object<'_>,
) -> Result<(), ApiError> {
    let facts = upstream.facts;
    if let Some(tokens) = request.max_tokens {
        if tokens == 0 {
            return Err(ApiError::invalid("max_tokens", "`max_tokens` must be at least 1."));
        }
        let tokens = tokens.max(LEAST_OUTPUT).min(facts.max_output.unwrap_or(u64::MAX));
        value(object.key("max_output_tokens"), &tokens);
    }
    if !facts.no_sampling {
        number("temperature", request.temperature, object);
        number("top_p", request.top_p, object);
    }
    text(request, object);
    // Without a word from the client nothing stays at the provider, as with chat completions.
    object.raw("store", extra(request, "store").map_or("false", RawValue::get));
    for name in SAME {
        if let Some(raw) = extra(request, name) {
            object.raw(name, raw.get());
        }
    }
    end_user(request, object);
    Ok(())
}

fn number(name: &str, set: Option<f64>, object: &mut Object<'_>) {
    if let Some(set) = set {
        value(object.key(name), &set);
    }
}

fn extra<'r>(request: &Request<'r>, name: &str) -> Option<&'r RawValue> {
    request.extra.iter().find(|(found, _)| found == name).map(|(_, raw)| *raw)
}

/// `safety_identifier` is the successor of `user`. The intermediate form has one of them; a second one is
/// `safety_identifier`, and among the others.
fn end_user(request: &Request<'_>, object: &mut Object<'_>) {
    let second = extra(request, "safety_identifier");
    if let Some(user) = request.user.as_deref() {
        object.text(if second.is_some() { "user" } else { "safety_identifier" }, user);
    }
    if let Some(raw) = second {
        object.raw("safety_identifier", raw.get());
    }
}

/// `text`: the form of the answer, and how wordy it is to be.
fn text(request: &Request<'_>, object: &mut Object<'_>) {
    let verbosity = extra(request, "verbosity");
    if request.response_format.is_none() && verbosity.is_none() {
        return;
    }
    let mut text = Object::begin(object.key("text"));
    if let Some(format) = &request.response_format {
        write_format(format, &mut text);
    }
    if let Some(raw) = verbosity {
        text.raw("verbosity", raw.get());
    }
    text.end();
}

/// What `json_schema` holds in a chat request stands beside the type here.
fn write_format(format: &ResponseFormat<'_>, text: &mut Object<'_>) {
    let mut member = Object::begin(text.key("format"));
    match format {
        ResponseFormat::Text => member.text("type", "text"),
        ResponseFormat::JsonObject => member.text("type", "json_object"),
        ResponseFormat::JsonSchema { name, description, schema, strict } => {
            member.text("type", "json_schema");
            member.text("name", name.as_deref().unwrap_or(NO_NAME));
            if let Some(description) = description {
                member.text("description", description);
            }
            member.raw("schema", schema.get());
            if let Some(strict) = strict {
                value(member.key("strict"), strict);
            }
        }
    }
    member.end();
}
