//! Sampling, limits, the form of the answer, reasoning, and what is about the request and not its answer.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::{
    dialect::chat::field::Field,
    ir::{ApiError, Request, ResponseFormat},
    provider::{
        Upstream,
        extra::uses,
        json::{Array, Object, text, value},
        openai::{calls::hash, effort},
    },
};

/// Fields of OpenAI's chat that the intermediate form has no place for. Those that change what a reply holds are not
/// among them: see [`TOLD`].
const SAME: &[&str] = &[
    "verbosity",
    "logit_bias",
    "prediction",
    "store",
    "metadata",
    "safety_identifier",
    "prompt_cache_key",
    "prompt_cache_retention",
    "web_search_options",
];

/// Fields that ask for what a reply of the intermediate form cannot tell.
const TOLD: &[Field] = &[Field::Logprobs, Field::TopLogprobs, Field::Modalities, Field::AudioOut];

/// OpenAI's words for `service_tier`; other vendors call their tiers otherwise (`standard_only`), under the same name.
const TIERS: &[&str] = &["auto", "default", "flex", "scale", "priority", "fast"];

/// The most characters of an id of an end user (OpenAI API reference, `safety_identifier`; Azure holds `user` to it).
const MOST_USER: usize = 64;

/// What a schema without a name is called; one is required.
const NO_NAME: &str = "response";

/// Refuses what would be paid for and not told.
pub(super) fn check(request: &Request<'_>) -> Result<(), ApiError> {
    if request.n.is_some_and(|n| n > 1) {
        return Err(ApiError::invalid(
            "n",
            "`n` must be 1: the gateway passes on one answer a request here.",
        ));
    }
    let asked = request
        .extra
        .iter()
        .find_map(|(name, raw)| TOLD.iter().copied().find(|field| field.name() == name && uses(*field, raw)));
    asked.map_or(Ok(()), |field| {
        let name = field.name();
        Err(ApiError::invalid(name, format!("`{name}` asks for what the gateway does not pass on here.")))
    })
}

/// Appends all but the conversation and its tools.
///
/// # Errors
///
/// For a limit of 0 tokens.
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
        // Models that reason refuse the older `max_tokens`; whoever knows that alone has a quirk that renames it.
        value(object.key("max_completion_tokens"), &tokens.min(facts.max_output.unwrap_or(u64::MAX)));
    }
    let sampled = |number: Option<f64>| number.filter(|_| !facts.no_sampling);
    for (name, number) in [
        ("temperature", sampled(request.temperature)),
        ("top_p", sampled(request.top_p)),
        ("presence_penalty", request.presence_penalty),
        ("frequency_penalty", request.frequency_penalty),
    ] {
        if let Some(number) = number {
            value(object.key(name), &number);
        }
    }
    if let Some(seed) = request.seed {
        value(object.key("seed"), &seed);
    }
    if let Some(top_k) = request.top_k.filter(|_| upstream.quirks.takes("top_k")) {
        value(object.key("top_k"), &top_k);
    }
    if !request.stop.is_empty() {
        strings(&mut request.stop.iter().map(Cow::as_ref), object.key("stop"));
    }
    if let Some(ResponseFormat::Text) = request.response_format {
        object.raw("response_format", r#"{"type":"text"}"#);
    }
    response_format(request, object);
    if let Some(effort) = request.reasoning.and_then(|reasoning| effort::word(reasoning, facts)) {
        object.text("reasoning_effort", effort);
    }
    if request.stream {
        object.raw("stream", "true");
        object.raw("stream_options", r#"{"include_usage":true}"#);
    }
    if let Some(user) = request.user.as_deref() {
        object.text("user", &end_user(user));
    }
    for (name, raw) in &request.extra {
        if SAME.contains(&name.as_ref()) || upstream.quirks.takes(name) || is_tier(name, raw) {
            object.any_key(name).extend_from_slice(raw.get().as_bytes());
        }
    }
    Ok(())
}

fn is_tier(name: &str, raw: &RawValue) -> bool {
    name == "service_tier" && text(Some(raw)).is_some_and(|tier| TIERS.contains(&tier.as_ref()))
}

/// An id that is too long is told by its hash: it still is the same one each time, and another one for another user.
/// (Claude Code's is a JSON object of 150 characters.)
fn end_user(user: &str) -> Cow<'_, str> {
    if user.chars().count() <= MOST_USER {
        return Cow::Borrowed(user);
    }
    Cow::Owned(format!("user_{:016x}", hash(user)))
}

/// Appends `response_format` where it asks for JSON.
pub(in crate::provider) fn response_format(request: &Request<'_>, object: &mut Object<'_>) {
    let Some(ResponseFormat::JsonSchema { name, description, schema, strict }) = &request.response_format
    else {
        if matches!(request.response_format, Some(ResponseFormat::JsonObject)) {
            object.raw("response_format", r#"{"type":"json_object"}"#);
        }
        return;
    };
    let mut format = Object::begin(object.key("response_format"));
    format.text("type", "json_schema");
    let mut inner = Object::begin(format.key("json_schema"));
    // It is required here, and does no more than name the schema.
    inner.text("name", name.as_deref().unwrap_or(NO_NAME));
    if let Some(description) = description {
        inner.text("description", description);
    }
    inner.raw("schema", schema.get());
    if let Some(strict) = strict {
        value(inner.key("strict"), strict);
    }
    inner.end();
    format.end();
}

/// Appends a list of strings.
pub(in crate::provider) fn strings(texts: &mut dyn Iterator<Item = &str>, out: &mut Vec<u8>) {
    let mut array = Array::begin(out);
    texts.for_each(|text| value(array.item(), text));
    array.end();
}
