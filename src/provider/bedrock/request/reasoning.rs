//! How each family is told to reason: in its own form, under `additionalModelRequestFields`.
//!
//! Sources: Bedrock user guide, "Extended thinking" and "Adaptive thinking" of Claude; Nova 2 user guide, "Extended
//! thinking"; gpt-oss's model card.

use crate::{
    ir::{Effort, Reasoning, Request},
    provider::anthropic::request::thinking::{self, Switch},
};

use super::{super::json::Object, Family};

/// All that reasoning decides.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    /// As Claude is told; of other families only its `max_tokens` means something.
    pub(super) claude: thinking::Plan,
    means: Means,
}

#[derive(Clone, Copy, Debug)]
enum Means {
    /// Nothing is said.
    None,
    Claude,
    /// Off, or an effort.
    Nova(Option<&'static str>),
    GptOss(&'static str),
}

/// Decides, where `claude` is what a Claude would be told.
pub(super) fn plan(request: &Request<'_>, family: Family, claude: thinking::Plan) -> Plan {
    let means = match (request.reasoning, family) {
        (None, _) => Means::None,
        (Some(_), Family::Claude) => Means::Claude,
        (Some(reasoning), Family::Nova2) => Means::Nova(nova(reasoning, request.max_tokens.is_some())),
        // It cannot be kept from reasoning.
        (Some(reasoning), Family::GptOss) => Means::GptOss(effort(reasoning).unwrap_or("low")),
        (Some(_), Family::Nova | Family::Other) => Means::None,
    };
    Plan { claude, means }
}

/// Nova takes no limit of tokens beside its highest effort; a client's limit matters more.
fn nova(reasoning: Reasoning, limited: bool) -> Option<&'static str> {
    match effort(reasoning)? {
        "high" if limited => Some("medium"),
        effort => Some(effort),
    }
}

/// One of the three efforts that both know; `None` for no reasoning.
fn effort(reasoning: Reasoning) -> Option<&'static str> {
    let effort = match reasoning {
        Reasoning::Off => return None,
        Reasoning::Effort(effort) => effort,
        Reasoning::Budget(budget) => Effort::of_budget(budget),
    };
    Some(match effort {
        Effort::Minimal | Effort::Low => "low",
        Effort::Medium => "medium",
        Effort::High | Effort::Xhigh | Effort::Max => "high",
    })
}

impl Plan {
    /// Appends it to the model's own fields.
    pub(super) fn write(&self, fields: &mut Object<'_>) {
        match self.means {
            Means::None => {}
            Means::Claude => self.claude.write(fields),
            Means::Nova(None) => fields.raw("reasoningConfig", r#"{"type":"disabled"}"#),
            Means::Nova(Some(effort)) => {
                let mut config = Object::begin(fields.key("reasoningConfig"));
                config.text("type", "enabled");
                config.text("maxReasoningEffort", effort);
                config.end();
            }
            Means::GptOss(effort) => fields.text("reasoning_effort", effort),
        }
    }

    /// `outputConfig.effort`, which Claude is told.
    pub(super) fn effort(&self) -> Option<&'static str> {
        self.claude.effort.filter(|_| matches!(self.means, Means::Claude))
    }

    /// Whether the model takes no sampling parameters while it reasons so.
    pub(super) fn forbids_sampling(&self) -> bool {
        matches!(self.means, Means::Nova(Some("high")))
    }

    /// `maxTokens`. Without one the model gives as many as it can, but a budget must be less than it.
    pub(super) fn max_tokens(&self, asked: Option<u64>) -> Option<u64> {
        let budget = matches!((self.means, self.claude.switch), (Means::Claude, Switch::Budget(_)));
        (asked.is_some() || budget).then_some(self.claude.max_tokens)
    }
}
