//! A Messages client's request to a provider of Anthropic's formats: as it came, but for what the platform or the model
//! is known to want otherwise, so that a plan may hold models and platforms that differ from the one that the client had
//! in mind.
//!
//! Of a model that is in no catalogue nothing is known, and nothing is changed for it.

use serde_json::value::RawValue;

use super::super::{
    beta, json,
    json::{Object, count, pick_bytes},
    request::envelope,
};
use crate::{
    dialect::messages::{
        field::{Field, Fields},
        scan::Head,
    },
    ir::ApiError,
    provider::{Format, Upstream, model::ModelFacts},
};

mod messages;
mod reasoning;
#[cfg(test)]
mod tests;
mod tools;

/// Appends to `out` what a provider is to get instead of a client's `body`; false, with `out` as it was, where that can be
/// sent as it is. `betas` are those that are configured for the provider and those that the client names, as far as they
/// may be sent there ([`beta::of_client`]), and become those that the header of the request is to name.
///
/// # Errors
///
/// Where nothing is left of the conversation.
pub fn request(
    body: &[u8],
    head: &Head,
    format: Format,
    upstream: &Upstream<'_>,
    betas: &mut Vec<&str>,
    out: &mut Vec<u8>,
) -> Result<bool, ApiError> {
    *betas = beta::filter(format, std::mem::take(betas), true);
    let target = Target::of(head, format, upstream.facts, betas);
    let changes = changes(body, &target)?;
    if changes.list.is_empty() && format == Format::Anthropic {
        return Ok(splice(body, head, upstream.model, out));
    }
    let mut object = Object::begin(out);
    envelope(format, upstream.model, betas, &mut object);
    // There the path of a count names no model.
    if head.counts && format == Format::VertexAnthropic {
        object.text("model", upstream.model);
    }
    json::each_member(std::str::from_utf8(body).unwrap_or_default(), &mut |name, raw| {
        let enveloped = match name {
            "model" => true,
            "anthropic_version" | "anthropic_beta" => format != Format::Anthropic,
            // Bedrock is told in the path alone, and knows no such key.
            "stream" => format == Format::BedrockAnthropic,
            _ => false,
        };
        match changes.list.iter().find(|(changed, _)| *changed == name) {
            _ if enveloped => {}
            Some((_, Some(value))) => object.key(name).extend_from_slice(value),
            Some((_, None)) => {}
            None => object.any_key(name).extend_from_slice(raw.get().as_bytes()),
        }
    });
    for (name, value) in &changes.added {
        object.key(name).extend_from_slice(value);
    }
    object.end();
    Ok(true)
}

/// The same bytes with the target's own name of the model.
fn splice(body: &[u8], head: &Head, model: &str, out: &mut Vec<u8>) -> bool {
    if head.model == model {
        return false;
    }
    let span = &head.model_span;
    out.reserve(body.len() + model.len());
    out.extend_from_slice(body.get(..span.start).unwrap_or_default());
    json::value(out, model);
    out.extend_from_slice(body.get(span.end..).unwrap_or_default());
    true
}

/// Whom a request is for, as far as it decides what must change.
struct Target<'t> {
    format: Format,
    /// What is known of the model; `None` for nothing.
    facts: Option<&'t ModelFacts>,
    /// What the request uses.
    fields: Fields,
    /// The betas that will be named.
    betas: &'t [&'t str],
}

impl<'t> Target<'t> {
    fn of(head: &Head, format: Format, facts: &'t ModelFacts, betas: &'t [&'t str]) -> Self {
        let facts = (*facts != ModelFacts::default()).then_some(facts);
        Self { format, facts, fields: head.fields, betas }
    }

    fn uses(&self, field: Field) -> bool {
        self.fields.contains(field)
    }

    /// Whether a member that is part of one of `betas` would be refused: away from Anthropic's own API, where none of them
    /// is known or named.
    fn lacks(&self, betas: &[&str]) -> bool {
        self.format != Format::Anthropic && !self.betas.iter().any(|beta| betas.contains(beta))
    }

    /// Whether system messages must be told as words of the user.
    fn has_no_system_turns(&self) -> bool {
        self.facts.is_some_and(|facts| !facts.system_anywhere)
    }
}

/// What members of the request object become.
#[derive(Default)]
struct Changes {
    /// What stands there instead; `None` for nothing.
    list: Vec<(&'static str, Option<Vec<u8>>)>,
    /// What is added.
    added: Vec<(&'static str, Vec<u8>)>,
}

impl Changes {
    fn drop(&mut self, name: &'static str) {
        self.list.push((name, None));
    }

    /// `there`: the member is in the request.
    fn set(&mut self, name: &'static str, there: bool, value: Vec<u8>) {
        if there {
            self.list.push((name, Some(value)));
        } else {
            // Also in the list, so that the request counts as changed.
            self.list.push((name, None));
            self.added.push((name, value));
        }
    }
}

fn changes(body: &[u8], target: &Target<'_>) -> Result<Changes, ApiError> {
    let mut changes = Changes::default();
    if target.format != Format::Anthropic {
        by_platform(target, &mut changes);
    }
    let Some([messages, tools]) = pick_bytes(body, ["messages", "tools"]) else { return Ok(changes) };
    by_model(body, target, messages, &mut changes);
    if let Some(changed) = tools.and_then(|raw| tools::changed(raw, target)) {
        if changed.is_empty() {
            changes.drop("tools");
            changes.drop("tool_choice");
        } else {
            changes.set("tools", true, changed);
        }
    }
    if let Some(changed) = messages.filter(|_| messages::must_change(target)) {
        changes.set("messages", true, messages::changed(changed, target)?);
    }
    Ok(changes)
}

/// Leaves out what Google and AWS do not know.
fn by_platform(target: &Target<'_>, changes: &mut Changes) {
    const UNKNOWN: &[(Field, &[&str])] = &[
        (Field::Speed, &["speed"]),
        (Field::ServiceTier, &["service_tier"]),
        (Field::Accounts, &["user_profile_id", "workspace_id", "diagnostics"]),
    ];
    for (_, names) in UNKNOWN.iter().filter(|(field, _)| target.uses(*field)) {
        names.iter().for_each(|name| changes.drop(name));
    }
    if target.uses(Field::ContextManagement) && target.lacks(beta::CONTEXT) {
        changes.drop("context_management");
    }
    if target.uses(Field::Safeguards) && target.lacks(beta::SAFEGUARDS) {
        changes.drop("safeguards");
    }
}

/// Changes what the model is known to refuse, or to want in another form.
fn by_model(body: &[u8], target: &Target<'_>, messages: Option<&RawValue>, changes: &mut Changes) {
    let Some(facts) = target.facts else { return };
    let Some([max_tokens]) = pick_bytes(body, ["max_tokens"]) else { return };
    let asked = count(max_tokens);
    if let Some(most) = facts.max_output.filter(|most| asked.is_some_and(|asked| asked > *most)) {
        changes.set("max_tokens", true, most.to_string().into_bytes());
    }
    if target.uses(Field::Safeguards) && target.has_no_system_turns() {
        changes.drop("safeguards");
    }
    let told_otherwise = reasoning::change(body, target, facts, (asked, messages), changes);
    if facts.no_sampling || told_otherwise {
        const SAMPLING: &[(Field, &str)] =
            &[(Field::Temperature, "temperature"), (Field::TopP, "top_p"), (Field::TopK, "top_k")];
        let used = SAMPLING.iter().filter(|(field, _)| target.uses(*field));
        used.for_each(|(_, name)| changes.drop(name));
    }
}
