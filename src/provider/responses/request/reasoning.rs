//! Whether and how the model is to reason, and what is told of it.
//!
//! Source: guide "Reasoning models", sections "Reasoning summaries" and "Encrypted reasoning items".

use crate::{
    ir::{Effort, Reasoning, Request},
    provider::{
        Upstream,
        model::{ModelFacts, Thinking, ThinkingOff},
    },
};

use super::super::json::Object;

/// Whether the model is one that reasons: the API answers 400 to any other that is asked for its encrypted reasoning or
/// is sent some. A client that says how much to reason knows so.
pub(super) fn is_wanted(request: &Request<'_>, facts: &ModelFacts) -> bool {
    let asked = matches!(request.reasoning, Some(Reasoning::Effort(_) | Reasoning::Budget(_)));
    asked || facts.thinking != Thinking::None
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
    let mut member = Object::begin(object.key("reasoning"));
    member.text("effort", effort(reasoning, upstream.facts));
    if reasoning != Reasoning::Off && takes("reasoning.summary") {
        member.text("summary", "auto");
    }
    member.end();
}

/// OpenAI's word. Words that a model is known not to take are brought to the nearest that it does.
fn effort(reasoning: Reasoning, facts: &ModelFacts) -> &'static str {
    let known = facts.thinking != Thinking::None;
    let effort = match reasoning {
        Reasoning::Off if !known || facts.thinking_off != ThinkingOff::Never => return "none",
        Reasoning::Off => Effort::Minimal,
        Reasoning::Effort(effort) => effort,
        Reasoning::Budget(budget) => Effort::of_budget(budget),
    };
    match effort {
        Effort::Minimal if known && !facts.minimal_effort => "low",
        Effort::Xhigh | Effort::Max if known && !facts.xhigh_effort => "high",
        Effort::Minimal => "minimal",
        Effort::Low => "low",
        Effort::Medium => "medium",
        Effort::High => "high",
        Effort::Xhigh => "xhigh",
        Effort::Max => "max",
    }
}
