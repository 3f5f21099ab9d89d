//! Whether and how the model is to reason.
//!
//! Sources: API guides "Adaptive thinking", "Extended thinking" and "Effort"; migration guides to Opus 5.5, Sonnet
//! 5.5 and Fable 5 (what each refuses).

use crate::{
    ir::{ApiError, Effort, Reasoning, Request, Role},
    provider::model::{ModelFacts, Thinking, ThinkingOff},
    signature::is_checkable,
};

use super::{
    super::json::{Object, value},
    settings::DEFAULT_MAX_TOKENS,
};

/// The least that `budget_tokens` may be.
const LEAST_BUDGET: u64 = 1024;

/// What `thinking` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::provider) enum Switch {
    /// It is not sent.
    Absent,
    /// Off.
    Disabled,
    /// Off, for models that have no other word for it.
    BetweenTools,
    /// On, with at most so many tokens.
    Budget(u64),
    /// On, as much as the effort says.
    Adaptive,
}

/// All that reasoning decides.
#[derive(Clone, Copy, Debug)]
pub(in crate::provider) struct Plan {
    /// `thinking`.
    pub(in crate::provider) switch: Switch,
    /// `output_config.effort`.
    pub(in crate::provider) effort: Option<&'static str>,
    /// `max_tokens`, which has to hold the reasoning too.
    pub(in crate::provider) max_tokens: u64,
}

/// Decides. `forced` says that `tool_choice` forces a tool: the API refuses to think then.
///
/// # Errors
///
/// For `max_tokens` of 0: Anthropic takes it as "fill the cache and answer nothing".
pub(in crate::provider) fn plan(
    request: &Request<'_>,
    facts: &ModelFacts,
    forced: bool,
) -> Result<Plan, ApiError> {
    if request.max_tokens == Some(0) {
        return Err(ApiError::invalid("max_tokens", "`max_tokens` must be at least 1."));
    }
    let most = facts.max_output.unwrap_or(u64::MAX);
    let asked = request.max_tokens.map(|tokens| tokens.min(most));
    let max_tokens = asked.or(facts.max_output).unwrap_or(DEFAULT_MAX_TOKENS);
    let plan = Plan { switch: Switch::Absent, effort: None, max_tokens };
    let Some(reasoning) = request.reasoning else { return Ok(plan) };
    Ok(match facts.thinking {
        // Levels are Gemini's.
        Thinking::None | Thinking::Level => plan,
        Thinking::Budget => Plan { switch: by_budget(request, reasoning, max_tokens, forced), ..plan },
        Thinking::Adaptive => by_effort(reasoning, facts, forced, plan),
    })
}

/// Models that think within a budget do not think unless told to.
fn by_budget(request: &Request<'_>, reasoning: Reasoning, max_tokens: u64, forced: bool) -> Switch {
    let wanted = match reasoning {
        Reasoning::Off => return Switch::Absent,
        Reasoning::Effort(effort) => effort.budget(),
        Reasoning::Budget(budget) => budget.max(LEAST_BUDGET),
    };
    if forced || max_tokens <= LEAST_BUDGET || lacks_thinking(request) {
        return Switch::Absent;
    }
    Switch::Budget(wanted.min(max_tokens - 1))
}

fn by_effort(reasoning: Reasoning, facts: &ModelFacts, forced: bool, plan: Plan) -> Plan {
    let effort = match reasoning {
        Reasoning::Off => return off(facts, plan),
        Reasoning::Effort(effort) => effort,
        Reasoning::Budget(budget) => effort_of(budget),
    };
    let switch = if forced { Switch::Absent } else { Switch::Adaptive };
    Plan { switch, effort: Some(name(effort, facts)), ..plan }
}

fn off(facts: &ModelFacts, plan: Plan) -> Plan {
    match facts.thinking_off {
        ThinkingOff::Disabled => Plan { switch: Switch::Disabled, ..plan },
        ThinkingOff::BetweenTools => Plan { switch: Switch::BetweenTools, ..plan },
        ThinkingOff::Never => Plan { effort: Some("low"), ..plan },
    }
}

/// Within a run of tool calls, a model that is told to think within a budget must be given back the signed thinking
/// that the run began with; a client that did not keep it gets its answer without more thinking.
///
/// The run goes back to the user's last turn before it: the model thinks once, before its first call. What the user
/// says behind the results is part of the turn that answers the calls.
fn lacks_thinking(request: &Request<'_>) -> bool {
    let mut before = request.messages.iter().rev();
    let mut last_turn = before.by_ref().take_while(|message| message.role != Role::Assistant);
    if !last_turn.any(|message| message.role == Role::Tool) {
        return false;
    }
    let run = before.take_while(|message| message.role != Role::User);
    let mut answers = run.filter(|message| message.role == Role::Assistant).peekable();
    answers.peek().is_some() && !answers.any(|message| message.parts.iter().any(is_checkable))
}

/// The effort that stands for a budget.
fn effort_of(budget: u64) -> Effort {
    match budget {
        0..2048 => Effort::Low,
        2048..4096 => Effort::Medium,
        4096..8192 => Effort::High,
        8192..16384 => Effort::Xhigh,
        _ => Effort::Max,
    }
}

fn name(effort: Effort, facts: &ModelFacts) -> &'static str {
    match effort {
        Effort::Minimal | Effort::Low => "low",
        Effort::Medium => "medium",
        Effort::High => "high",
        Effort::Xhigh if facts.xhigh_effort => "xhigh",
        Effort::Xhigh => "high",
        Effort::Max => "max",
    }
}

impl Plan {
    /// Appends `thinking`, if there is anything to say. Summaries are asked for: the newer models' default is to
    /// withhold the text.
    pub(in crate::provider) fn write(&self, object: &mut Object<'_>) {
        match self.switch {
            Switch::Absent => {}
            Switch::Disabled => object.raw("thinking", r#"{"type":"disabled"}"#),
            Switch::BetweenTools => object.raw("thinking", r#"{"type":"between_tools"}"#),
            Switch::Adaptive => object.raw("thinking", r#"{"type":"adaptive","display":"summarized"}"#),
            Switch::Budget(budget) => {
                let mut thinking = Object::begin(object.key("thinking"));
                thinking.text("type", "enabled");
                value(thinking.key("budget_tokens"), &budget);
                thinking.end();
            }
        }
    }
}
