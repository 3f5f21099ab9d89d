use super::{
    Table,
    pool::{self, Lane},
};
use crate::{
    config::plugin::Plugin,
    dialect::chat::field::{Field, Fields},
    ir::{ApiError, ErrorKind},
    provider::{Format, fate, model::ModelFacts},
};

/// One target of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The way into its provider.
    pub lane: Lane,
    /// The provider's own name of the model.
    pub model: String,
}

/// What a plan needs to know of a configuration.
pub trait Known {
    /// The document.
    fn plugin(&self) -> &Plugin;

    /// What is known of a provider's model.
    fn facts(&self, provider: usize, model: &str) -> &ModelFacts;

    /// The fields that a provider cannot serve whatever its format can: [`crate::provider::quirks::Quirks::lacks`].
    fn lacks(&self, provider: usize) -> Fields;
}

/// Who may serve a request, in order. The host's configuration has a pool of this name with these lanes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The pool's cluster.
    pub pool: String,
    /// Never empty.
    pub steps: Vec<Step>,
}

impl Plan {
    /// Plans a chat request for `model` that uses `fields`.
    ///
    /// Every target of the model is in the plan but those that would have to refuse the request. The host has a pool
    /// for each set of the targets' classes ([`pool::classes`]), so targets leave by their class: only where all of one
    /// class refuse.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] for a model that is not configured; [`ErrorKind::InvalidRequest`], naming the field,
    /// where no target can serve the request.
    pub fn new(setup: &impl Known, table: &Table, model: &str, fields: Fields) -> Result<Self, ApiError> {
        let plugin = setup.plugin();
        let unknown = || {
            let message = format!("The model `{model}` is not configured in this gateway.");
            ApiError::new(ErrorKind::NotFound, message).with_code("model_not_found").with_param("model")
        };
        let entry = table.find(model).and_then(|index| plugin.models.get(index)).ok_or_else(unknown)?;
        let mut candidates = Vec::with_capacity(entry.targets.len());
        for (lane, target) in pool::lanes(&entry.targets).into_iter().zip(&entry.targets) {
            let Some(provider) = plugin.providers.get(target.provider) else { continue };
            let upstream = target.model.as_deref().unwrap_or(model);
            let lacks = setup.lacks(target.provider);
            let refusal = refused(provider.format, setup.facts(target.provider, upstream), lacks, fields);
            let step = Step { lane, model: upstream.to_owned() };
            candidates.push(Candidate { format: provider.format, lacks, refusal, step });
        }
        let classes = pool::classes(candidates.iter().map(|candidate| (candidate.format, candidate.lacks)));
        let serves = |class: usize| {
            candidates.iter().zip(&classes).any(|(other, of)| *of == class && other.refusal.is_none())
        };
        let serving = candidates.iter().zip(&classes).filter(|(_, class)| serves(**class));
        let steps: Vec<Step> = serving.map(|(candidate, _)| candidate.step.clone()).collect();
        if !steps.is_empty() {
            return Ok(Self { pool: pool_name(plugin, &steps), steps });
        }
        let refusal = candidates.iter().find_map(|candidate| Some((candidate.format, candidate.refusal?)));
        Err(refusal.map_or_else(unknown, |(format, (field, why))| unsupported(model, format, field, why)))
    }

    /// The target that an attempt is for: the one whose lane the endpoint's metadata names.
    pub fn step(&self, plugin: &Plugin, lane: &str) -> Option<&Step> {
        let (provider, slot) = pool::parse_lane(lane)?;
        self.steps.iter().find(|step| {
            let name = plugin.providers.get(step.lane.provider).map(|provider| provider.name.as_str());
            step.lane.slot == slot && name == Some(provider)
        })
    }
}

/// A target that might be a step.
struct Candidate {
    format: Format,
    /// What its provider lacks.
    lacks: Fields,
    /// What of the request it has to refuse, and why.
    refusal: Option<(Field, &'static str)>,
    step: Step,
}

fn pool_name(plugin: &Plugin, steps: &[Step]) -> String {
    pool::name(steps.iter().filter_map(|step| {
        let provider = plugin.providers.get(step.lane.provider)?;
        Some((provider.name.as_str(), step.lane.slot))
    }))
}

/// The first of `fields` that a target of this format and model, whose provider `lacks` some, has to refuse, and why.
fn refused(
    format: Format,
    facts: &ModelFacts,
    lacks: Fields,
    fields: Fields,
) -> Option<(Field, &'static str)> {
    // OpenAI's own format has a place for every field of its own dialect.
    if format == Format::Openai && lacks == Fields::default() {
        return None;
    }
    fields.iter().find_map(|field| Some((field, fate::refusal(format, facts, lacks, field)?)))
}

fn unsupported(model: &str, format: Format, field: Field, why: &str) -> ApiError {
    let message = format!(
        "`{}` cannot be served by any target of the model `{model}`: {} has no place for it ({why}).",
        field.name(),
        format.name()
    );
    ApiError::invalid(field.name(), message).with_code("unsupported_parameter")
}

#[cfg(test)]
mod tests;
