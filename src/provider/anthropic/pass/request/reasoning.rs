//! Reasoning, told in the form that the model is known to take.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::{super::super::request::thinking, Changes, Target, messages::is_own_reasoning};
use crate::{
    dialect::messages::{field::Field, parse::reasoning::effort_named},
    ir::{Effort, Message, Part, Reasoning, Request, Role},
    provider::{
        json::{Array, Object, count, each_element, each_member, pick, pick_bytes, pick_in, text, value},
        model::{ModelFacts, Thinking, ThinkingOff},
    },
};

/// What the client asked for.
struct Asked<'a> {
    thinking: Option<&'a RawValue>,
    kind: Option<Cow<'a, str>>,
    budget: Option<u64>,
    display: Option<Cow<'a, str>>,
    config: Option<&'a RawValue>,
    effort: Option<Cow<'a, str>>,
}

impl<'a> Asked<'a> {
    fn of(body: &'a [u8]) -> Option<Self> {
        let [thinking, config] = pick_bytes(body, ["thinking", "output_config"])?;
        let [kind, budget, display] =
            pick_in(thinking, ["type", "budget_tokens", "display"]).unwrap_or_default();
        let [effort] = pick_in(config, ["effort"]).unwrap_or_default();
        Some(Self {
            thinking,
            kind: text(kind),
            budget: count(budget),
            display: text(display),
            config,
            effort: text(effort),
        })
    }

    /// What has to be told in another way; `None` where nothing has to.
    fn reasoning(&self, facts: &ModelFacts, target: &Target<'_>) -> Option<Reasoning> {
        let effort =
            || Reasoning::Effort(self.effort.as_deref().and_then(effort_named).unwrap_or(Effort::Medium));
        match (facts.thinking, self.kind.as_deref()?) {
            (Thinking::Budget, "adaptive") => Some(effort()),
            (Thinking::Budget, "between_tools") => Some(Reasoning::Off),
            // The reasoning that the calls came from is left out, without which the model refuses to go on reasoning.
            (Thinking::Budget, "enabled") if target.uses(Field::ForeignReasoning) => {
                self.budget.map(Reasoning::Budget)
            }
            (Thinking::Budget, "enabled") => self
                .budget
                .filter(|budget| facts.max_output.is_some_and(|most| *budget >= most))
                .map(Reasoning::Budget),
            // Those between, of 4.6, take both.
            (Thinking::Adaptive, "enabled") if facts.no_sampling => {
                Some(if self.effort.is_some() { effort() } else { Reasoning::Budget(self.budget?) })
            }
            (Thinking::Adaptive, "disabled") if facts.thinking_off != ThinkingOff::Disabled => {
                Some(Reasoning::Off)
            }
            (Thinking::Adaptive, "between_tools") if facts.thinking_off != ThinkingOff::BetweenTools => {
                Some(Reasoning::Off)
            }
            _ => None,
        }
    }
}

/// Changes `thinking`, `output_config` and what hangs on them. Gives whether the model is told to think in another way
/// than the client asked for. `limit` is `max_tokens` as the client has it, with the messages.
pub(super) fn change(
    body: &[u8],
    target: &Target<'_>,
    facts: &ModelFacts,
    (max_tokens, messages): (Option<u64>, Option<&RawValue>),
    changes: &mut Changes,
) -> bool {
    let Some(asked) = Asked::of(body) else { return false };
    let reasoning = asked.reasoning(facts, target);
    let plan = reasoning.and_then(|reasoning| {
        let request = outline(target, reasoning, max_tokens, messages);
        thinking::plan(&request, facts, target.uses(Field::ForcedTool)).ok()
    });
    let mut effort = asked.effort.as_deref();
    match facts.thinking {
        Thinking::Budget => effort = None,
        Thinking::Adaptive if effort == Some("xhigh") && !facts.xhigh_effort => effort = Some("high"),
        _ => {}
    }
    let Some(plan) = plan else {
        config(&asked, effort, changes);
        return false;
    };
    // An effort that the client named is more exact than one that stands for a budget.
    config(&asked, effort.or(plan.effort), changes);
    let switch = switch(&asked, plan.switch);
    if switch.as_deref() == asked.thinking.map(|raw| raw.get().as_bytes()) {
        return false;
    }
    let thinks = matches!(plan.switch, thinking::Switch::Budget(_) | thinking::Switch::Adaptive);
    if !thinks && target.uses(Field::ContextManagement) {
        without_clearing(body, changes);
    }
    match switch {
        Some(switch) => changes.set("thinking", true, switch),
        None => changes.drop("thinking"),
    }
    thinks
}

/// The value of `thinking`. What is to be shown of it stays what the client asked for.
fn switch(asked: &Asked<'_>, switch: thinking::Switch) -> Option<Vec<u8>> {
    use thinking::Switch;
    let mut out = Vec::new();
    let mut object = Object::begin(&mut out);
    let mut display = asked.display.as_deref();
    match switch {
        Switch::Absent => return None,
        // As it came: there is nothing to tell in another way.
        Switch::Budget(budget)
            if asked.kind.as_deref() == Some("enabled") && Some(budget) == asked.budget =>
        {
            return asked.thinking.map(|raw| raw.get().as_bytes().to_vec());
        }
        Switch::Budget(budget) => {
            object.text("type", "enabled");
            value(object.key("budget_tokens"), &budget);
            // Others are of a beta of newer models.
            display = display.filter(|display| matches!(*display, "summarized" | "omitted"));
        }
        Switch::Adaptive => object.text("type", "adaptive"),
        Switch::Disabled => object.text("type", "disabled"),
        Switch::BetweenTools => object.text("type", "between_tools"),
    }
    if let Some(display) = display.filter(|_| matches!(switch, Switch::Budget(_) | Switch::Adaptive)) {
        object.text("display", display);
    }
    object.end();
    Some(out)
}

/// `output_config` with this effort, where the client's is another.
fn config(asked: &Asked<'_>, effort: Option<&str>, changes: &mut Changes) {
    if effort == asked.effort.as_deref() {
        return;
    }
    let mut out = Vec::new();
    let mut object = Object::begin(&mut out);
    if let Some(effort) = effort {
        object.text("effort", effort);
    }
    let config = asked.config.map(RawValue::get).filter(|config| config.starts_with('{'));
    each_member(config.unwrap_or("{}"), &mut |name, raw| {
        if name != "effort" {
            object.any_key(name).extend_from_slice(raw.get().as_bytes());
        }
    });
    object.end();
    match out.as_slice() {
        b"{}" => changes.drop("output_config"),
        _ => changes.set("output_config", asked.config.is_some(), out),
    }
}

/// Leaves out the edits of `context_management` that clear reasoning: the API refuses them where the model is not told to
/// think.
fn without_clearing(body: &[u8], changes: &mut Changes) {
    if changes.list.iter().any(|(name, _)| *name == "context_management") {
        return;
    }
    let Some([Some(management)]) = pick_bytes(body, ["context_management"]) else { return };
    let [edits] = pick(management.get(), ["edits"]).unwrap_or_default();
    let Some(edits) = edits.filter(|edits| edits.get().starts_with('[')) else { return };
    let (mut out, mut left) = (Vec::new(), false);
    let mut kept = Array::begin(&mut out);
    each_element(edits.get(), &mut |edit| {
        let [kind] = pick(edit.get(), ["type"]).unwrap_or_default();
        if !text(kind).is_some_and(|kind| kind.starts_with("clear_thinking_")) {
            left = true;
            kept.item().extend_from_slice(edit.get().as_bytes());
        }
    });
    kept.end();
    if !left {
        return changes.drop("context_management");
    }
    let mut value = Vec::new();
    let mut object = Object::begin(&mut value);
    each_member(management.get(), &mut |name, raw| {
        let edits = name == "edits";
        object.any_key(name).extend_from_slice(if edits { &out } else { raw.get().as_bytes() });
    });
    object.end();
    changes.set("context_management", true, value);
}

/// As much of the request as decides how the model reasons: who speaks, and where reasoning comes back.
fn outline<'a>(
    target: &Target<'_>,
    reasoning: Reasoning,
    max_tokens: Option<u64>,
    messages: Option<&'a RawValue>,
) -> Request<'a> {
    let mut outline: Vec<Message<'_>> = Vec::new();
    let mut add = |role: Role, reasons: bool| {
        // What was said before the user's last turn does not matter, but for results in that turn.
        if role == Role::User && outline.last().is_none_or(|last| last.role != Role::Tool) {
            outline.clear();
        }
        let parts = if reasons { vec![Part::RedactedThinking(Cow::Borrowed(""))] } else { Vec::new() };
        outline.push(Message { role, parts, name: None, signature: None });
    };
    let messages = messages.filter(|messages| messages.get().starts_with('['));
    each_element(messages.map_or("[]", RawValue::get), &mut |message| {
        let [role, content] = pick(message.get(), ["role", "content"]).unwrap_or_default();
        let (mut reasons, mut answers, mut says) = (false, false, false);
        match content.filter(|content| content.get().starts_with('[')) {
            None => says = true,
            Some(content) => each_element(content.get(), &mut |block| {
                let [kind] = pick(block.get(), ["type"]).unwrap_or_default();
                let result = text(kind).as_deref() == Some("tool_result");
                answers |= result;
                says |= !result;
                reasons |= is_own_reasoning(block, target);
            }),
        }
        match text(role).as_deref() {
            Some("assistant") => add(Role::Assistant, reasons),
            Some("user") => {
                if answers {
                    add(Role::Tool, false);
                }
                if says || !answers {
                    add(Role::User, false);
                }
            }
            _ => {}
        }
    });
    Request {
        model: Cow::Borrowed(""),
        messages: outline,
        tools: Vec::new(),
        tool_choice: None,
        parallel_tool_calls: None,
        max_tokens,
        temperature: None,
        top_p: None,
        top_k: None,
        frequency_penalty: None,
        presence_penalty: None,
        seed: None,
        n: None,
        stop: Vec::new(),
        response_format: None,
        reasoning: Some(reasoning),
        user: None,
        stream: false,
        include_usage: false,
        extra: Vec::new(),
    }
}
