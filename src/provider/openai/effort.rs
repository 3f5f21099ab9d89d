//! OpenAI's word for how much to reason, in both of its APIs.

use crate::{
    ir::{Effort, Reasoning},
    provider::model::{ModelFacts, Thinking, ThinkingOff},
};

/// The word for `reasoning`. Words that a model is known not to take are brought to the nearest that it does; of a model
/// of which nothing is known, the client knows what it takes.
pub(in crate::provider) fn word(reasoning: Reasoning, facts: &ModelFacts) -> &'static str {
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
