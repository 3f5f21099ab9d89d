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
    /// for each subset of formats, so targets leave by their format: only where all of one format refuse.
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
            let refusal = refused(provider.format, setup.facts(target.provider, upstream), fields);
            candidates.push((provider.format, refusal, Step { lane, model: upstream.to_owned() }));
        }
        let serves =
            |format| candidates.iter().any(|(other, refusal, _)| *other == format && refusal.is_none());
        let steps: Vec<Step> =
            candidates.iter().filter(|(format, ..)| serves(*format)).map(|(.., step)| step.clone()).collect();
        if !steps.is_empty() {
            return Ok(Self { pool: pool_name(plugin, &steps), steps });
        }
        let refusal = candidates.iter().find_map(|(format, refusal, _)| Some((*format, (*refusal)?)));
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

fn pool_name(plugin: &Plugin, steps: &[Step]) -> String {
    pool::name(steps.iter().filter_map(|step| {
        let provider = plugin.providers.get(step.lane.provider)?;
        Some((provider.name.as_str(), step.lane.slot))
    }))
}

/// The first of `fields` that a target of this format and model has to refuse, and why.
fn refused(format: Format, facts: &ModelFacts, fields: Fields) -> Option<(Field, &'static str)> {
    // OpenAI's own format has a place for every field of its own dialect.
    if format == Format::Openai {
        return None;
    }
    fields.iter().find_map(|field| Some((field, fate::refusal(format, facts, field)?)))
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
