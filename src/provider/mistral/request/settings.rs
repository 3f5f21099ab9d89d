//! Sampling, limits, the form of the answer, reasoning, and what only Mistral has.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::{
    ir::{Effort, Reasoning, Request},
    provider::{
        json::{Object, pick_bytes, value},
        model::{ModelFacts, Thinking},
        openai::{
            request::compose::{response_format, strings},
            response::answer::joined,
        },
    },
};

/// The highest temperature that Mistral takes.
const MOST_TEMPERATURE: f64 = 1.5;

/// Members beside those of the intermediate form that are sent as they came: those that OpenAI has too, and Mistral's
/// own that clients of Mistral send.
const FORWARDED: &[&str] = &[
    "metadata",
    "prompt_cache_key",
    "min_tokens",
    "repetition_penalty",
    "random_seed",
    "prompt_mode",
    "safe_prompt",
    "guardrails",
];

/// Appends all settings.
pub(super) fn write(request: &Request<'_>, facts: &ModelFacts, object: &mut Object<'_>) {
    if let Some(tokens) = request.max_tokens {
        value(object.key("max_tokens"), &tokens.min(facts.max_output.unwrap_or(u64::MAX)));
    }
    for (name, number) in [
        ("temperature", request.temperature.map(|temperature| temperature.min(MOST_TEMPERATURE))),
        ("top_p", request.top_p),
        ("presence_penalty", request.presence_penalty),
        ("frequency_penalty", request.frequency_penalty),
    ] {
        if let Some(number) = number {
            value(object.key(name), &number);
        }
    }
    if let Some(top_k) = request.top_k {
        value(object.key("top_k"), &top_k);
    }
    let mut stop = request.stop.iter().map(Cow::as_ref).filter(|stop| !stop.is_empty()).peekable();
    if stop.peek().is_some() {
        strings(&mut stop, object.key("stop"));
    }
    response_format(request, object);
    if let Some(effort) = effort(request.reasoning, facts) {
        object.text("reasoning_effort", effort);
    }
    if request.stream {
        object.raw("stream", "true");
    }
    if let Some(seed) = request.seed {
        // Mistral's has no sign. The same seed is still the same one each time.
        value(object.key("random_seed"), &seed.unsigned_abs());
    }
    for (name, raw) in &request.extra {
        let beside_seed = name == "random_seed" && request.seed.is_some();
        if FORWARDED.contains(&name.as_ref()) && !beside_seed {
            object.raw(name, raw.get());
        }
        if name == "prediction" {
            prediction(raw, object);
        }
    }
}

/// `None` for models that are not known to take an effort: they refuse it.
fn effort(reasoning: Option<Reasoning>, facts: &ModelFacts) -> Option<&'static str> {
    if facts.thinking == Thinking::None {
        return None;
    }
    let effort = match reasoning? {
        Reasoning::Off => return Some("none"),
        Reasoning::Effort(effort) => effort,
        Reasoning::Budget(tokens) => Effort::of_budget(tokens),
    };
    Some(match effort {
        Effort::Minimal if facts.minimal_effort => "minimal",
        Effort::Minimal | Effort::Low => "low",
        Effort::Medium => "medium",
        Effort::Xhigh | Effort::Max if facts.xhigh_effort => "xhigh",
        Effort::High | Effort::Xhigh | Effort::Max => "high",
    })
}

/// OpenAI's content may be a list of texts; here it is one text.
fn prediction(raw: &RawValue, object: &mut Object<'_>) {
    let Some([content]) = pick_bytes(raw.get().as_bytes(), ["content"]) else { return };
    // It only makes the answer faster: one of another form is left out.
    let Some(text) = joined(content, "text") else { return };
    let mut prediction = Object::begin(object.key("prediction"));
    prediction.text("type", "content");
    prediction.text("content", &text);
    prediction.end();
}
