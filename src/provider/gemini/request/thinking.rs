//! Whether and how the model is to reason.
//!
//! Source: guide "Thinking", sections "Thinking levels" and "Thinking budgets". A level and a budget are never sent
//! together: the API refuses that.

use crate::{
    ir::{Effort, Reasoning},
    provider::model::{ModelFacts, Thinking, ThinkingOff},
};

use super::super::json::{Object, value};

/// Appends `thinkingConfig`, where the client said how to reason and the model does.
pub(super) fn write(reasoning: Option<Reasoning>, facts: &ModelFacts, config: &mut Object<'_>) {
    let Some(reasoning) = reasoning else { return };
    let thoughts = match facts.thinking {
        Thinking::Level => reasoning != Reasoning::Off,
        // A model that cannot be told not to reason does so without telling.
        Thinking::Budget => reasoning != Reasoning::Off,
        Thinking::None | Thinking::Adaptive => return,
    };
    let mut object = Object::begin(config.key("thinkingConfig"));
    if facts.thinking == Thinking::Level {
        object.text("thinkingLevel", level(reasoning, facts));
    } else {
        value(object.key("thinkingBudget"), &budget(reasoning, facts));
    }
    object.raw("includeThoughts", if thoughts { "true" } else { "false" });
    object.end();
}

/// There is no level for not at all: the lowest is the nearest.
fn level(reasoning: Reasoning, facts: &ModelFacts) -> &'static str {
    let effort = match reasoning {
        Reasoning::Off => Effort::Minimal,
        Reasoning::Effort(effort) => effort,
        Reasoning::Budget(budget) => Effort::of_budget(budget),
    };
    match effort {
        Effort::Minimal if facts.minimal_effort => "MINIMAL",
        Effort::Minimal | Effort::Low => "LOW",
        Effort::Medium => "MEDIUM",
        Effort::Xhigh | Effort::Max if facts.xhigh_effort => "XHIGH",
        Effort::High | Effort::Xhigh | Effort::Max => "HIGH",
    }
}

/// Within the model's own limits.
fn budget(reasoning: Reasoning, facts: &ModelFacts) -> u64 {
    let (least, most) = facts.thinking_budget.unwrap_or((1, u64::MAX));
    let wanted = match reasoning {
        Reasoning::Off if facts.thinking_off == ThinkingOff::Disabled => return 0,
        Reasoning::Off | Reasoning::Effort(Effort::Minimal) => least,
        Reasoning::Effort(effort) => effort.budget(),
        Reasoning::Budget(budget) => budget,
    };
    wanted.max(least).min(most)
}
