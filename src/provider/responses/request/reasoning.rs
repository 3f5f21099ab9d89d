//! Whether and how the model is to reason, and what is told of it.
//!
//! Source: guide "Reasoning models", sections "Reasoning summaries" and "Encrypted reasoning items".

use crate::{
    ir::{Reasoning, Request},
    provider::{
        Upstream,
        model::{ModelFacts, Thinking},
        openai::effort,
    },
};

use super::super::json::Object;

/// Whether the model is one that reasons: the API answers 400 to any other that is asked for its encrypted reasoning or
/// is sent some. A client that says how much to reason knows so.
pub(super) fn is_wanted(request: &Request<'_>, facts: &ModelFacts) -> bool {
    let asked = matches!(request.reasoning, Some(Reasoning::Effort(_) | Reasoning::Budget(_)));
    facts.thinking != Thinking::None || (asked && !facts.no_reasoning)
}

/// Appends `reasoning` where the client said how to, and `include`.
///
/// Without `summary` nothing is told of the reasoning. OpenAI gives summaries of some models to verified organisations
/// only, so that a provider can be said to refuse `reasoning.summary`, and `include`.
pub(super) fn write(request: &Request<'_>, upstream: &Upstream<'_>, object: &mut Object<'_>) {
    let takes = |name: &str| !upstream.quirks.refuses.iter().any(|refused| refused == name);
    if is_wanted(request, upstream.facts) && takes("include") {
        object.raw("include", r#"["reasoning.encrypted_content"]"#);
    }
    let Some(reasoning) = request.reasoning else { return };
    let Some(effort) = effort::word(reasoning, upstream.facts) else { return };
    let mut member = Object::begin(object.key("reasoning"));
    member.text("effort", effort);
    if reasoning != Reasoning::Off && takes("reasoning.summary") {
        member.text("summary", "auto");
    }
    member.end();
}
