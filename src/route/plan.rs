use super::{
    Table,
    pool::{self, Class, Lane},
};
use crate::{
    config::plugin::{Elsewhere, Plugin, Provider},
    dialect::{Operation, Used, chat::field::Fields},
    ir::{ApiError, ErrorKind},
    provider::{
        Format,
        fate::{self, Refusal, Target},
        model::ModelFacts,
    },
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

    /// Whether a provider has what it must show, now: a variable may not be set, a token not be there.
    fn has_credential(&self, _provider: usize) -> bool {
        true
    }

    /// Whether a provider's model asked not to be asked for a while.
    fn is_cooling(&self, _provider: usize, _model: &str) -> bool {
        false
    }
}

/// Who may serve a request, in order. The host's configuration has a pool of this name with these lanes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The pool's cluster.
    pub pool: String,
    /// Never empty.
    pub steps: Vec<Step>,
    /// Which refusals of a target are no last word.
    pub elsewhere: Elsewhere,
}

impl Plan {
    /// Plans a request for `model` that asks for `operation`, of which these fields are `used`.
    ///
    /// Every target of the model is in the plan but those that would have to refuse the request, or have no endpoint
    /// for it, or whose provider has no credential now. The host has a pool for each set of the targets' classes
    /// ([`pool::classes`]), so targets leave by their class: only where all of one class must. One that has to stay is
    /// asked without a credential, and its refusal makes Envoy try the next.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] for a model that is not configured; [`ErrorKind::InvalidRequest`], naming the field,
    /// where no target can serve the request; [`ErrorKind::Overloaded`] where only credentials are missing.
    pub fn new(
        setup: &impl Known,
        table: &Table,
        model: &str,
        (operation, used): (Operation, Used),
    ) -> Result<Self, ApiError> {
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
            let (facts, lacks) = (setup.facts(target.provider, upstream), setup.lacks(target.provider));
            let asked = Target { format: provider.format, model: upstream, facts, lacks };
            let refusal = refused(provider, &asked, operation, used);
            let step = Step { lane, model: upstream.to_owned() };
            let class = Class::new(provider, lacks);
            let ready = setup.has_credential(target.provider);
            // Who is the only one is asked in any case.
            let cooling = entry.targets.len() > 1 && setup.is_cooling(target.provider, upstream);
            candidates.push(Candidate { format: provider.format, class, refusal, ready, cooling, step });
        }
        let mut steps = steps(&candidates, |candidate| !candidate.cooling);
        if steps.is_empty() {
            // With all cooling, all are asked: a limit of tokens may let a shorter request pass, and how long it holds
            // is the provider's to tell.
            steps = self::steps(&candidates, |_| true);
        }
        if !steps.is_empty() {
            return Ok(Self { pool: pool_name(plugin, &steps), steps, elsewhere: entry.elsewhere });
        }
        if candidates.iter().any(Candidate::serves) {
            return Err(without_credential(model));
        }
        // What is to blame in the request says more than that a provider has no such endpoint.
        let refusals =
            || candidates.iter().filter_map(|candidate| Some((candidate.format, candidate.refusal?)));
        let refusal = refusals().find(|(_, refusal)| refusal.param != MODEL).or_else(|| refusals().next());
        Err(refusal.map_or_else(unknown, |(format, refusal)| unsupported(model, operation, format, refusal)))
    }

    /// The plan of a request for no model, which only this provider can serve.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Overloaded`] where it has no credential now.
    pub fn of_provider(setup: &impl Known, provider: usize) -> Result<Self, ApiError> {
        if !setup.has_credential(provider) {
            return Err(without_credential("(none)"));
        }
        let steps = vec![Step { lane: Lane { provider, slot: 1 }, model: String::new() }];
        Ok(Self { pool: pool_name(setup.plugin(), &steps), steps, elsewhere: Elsewhere::default() })
    }

    /// The plan with this of its steps alone.
    #[must_use]
    pub fn only(self, plugin: &Plugin, place: usize) -> Self {
        let steps: Vec<Step> = self.steps.into_iter().skip(place).take(1).collect();
        Self { pool: pool_name(plugin, &steps), steps, elsewhere: self.elsewhere }
    }

    /// The target that an attempt is for, with its place among the steps: the one whose lane the endpoint's metadata names.
    pub fn step(&self, plugin: &Plugin, lane: &str) -> Option<(usize, &Step)> {
        let (provider, slot) = pool::parse_lane(lane)?;
        self.steps.iter().enumerate().find(|(_, step)| {
            let name = plugin.providers.get(step.lane.provider).map(|provider| provider.name.as_str());
            step.lane.slot == slot && name == Some(provider)
        })
    }
}

/// A target that might be a step.
struct Candidate {
    format: Format,
    class: Class,
    /// What of the request it has to refuse.
    refusal: Option<Refusal>,
    /// Its provider has what it must show.
    ready: bool,
    /// It asked not to be asked now.
    cooling: bool,
    step: Step,
}

impl Candidate {
    fn serves(&self) -> bool {
        self.refusal.is_none()
    }
}

/// The steps of those classes that have a candidate which serves, and which is `wanted`.
fn steps(candidates: &[Candidate], wanted: impl Fn(&Candidate) -> bool) -> Vec<Step> {
    let classes = pool::classes(candidates.iter().map(|candidate| candidate.class));
    let serves = |class: usize| {
        let mut of_class = candidates.iter().zip(&classes).filter(|(_, of)| **of == class);
        of_class.any(|(other, _)| other.serves() && other.ready && wanted(other))
    };
    let serving = candidates.iter().zip(&classes).filter(|(_, class)| serves(**class));
    serving.map(|(candidate, _)| candidate.step.clone()).collect()
}

/// What a client is told is not for it to mend, and may be over soon: a token that is being renewed.
fn without_credential(model: &str) -> ApiError {
    let message = format!("The gateway has no credential now for any provider of the model `{model}`.");
    let mut error = ApiError::new(ErrorKind::Overloaded, message).with_code("no_credential");
    error.retry_after = Some(1000);
    error
}

fn pool_name(plugin: &Plugin, steps: &[Step]) -> String {
    pool::name(steps.iter().filter_map(|step| {
        let provider = plugin.providers.get(step.lane.provider)?;
        Some((provider.name.as_str(), step.lane.slot))
    }))
}

/// The member that is to blame where a target has no endpoint for what is asked.
const MODEL: &str = "model";

/// The first thing that a target has to refuse in a request, and why.
fn refused(provider: &Provider, target: &Target<'_>, operation: Operation, used: Used) -> Option<Refusal> {
    if let Some(why) = fate::lacks(target.format, operation) {
        return Some(Refusal { param: MODEL, why });
    }
    if operation == Operation::Count
        && let Some(why) = fate::count::by_model(target.format, target.model)
    {
        return Some(Refusal { param: MODEL, why });
    }
    if provider.endpoint(operation, false).is_none() {
        return Some(Refusal { param: MODEL, why: "the provider has no endpoint for it" });
    }
    fate::first_refusal(target, used)
}

fn unsupported(model: &str, operation: Operation, format: Format, refusal: Refusal) -> ApiError {
    let Refusal { param, why } = refusal;
    let (name, format) = (operation.name(), format.name());
    if param == MODEL {
        let message =
            format!("No target of the model `{model}` can serve {name}: {format} does not ({why}).");
        return ApiError::invalid(param, message).with_code("unsupported_endpoint");
    }
    let message = format!(
        "`{param}` cannot be served by any target of the model `{model}`: {format} has no place for it ({why}).",
    );
    ApiError::invalid(param, message).with_code("unsupported_parameter")
}

#[cfg(test)]
mod tests;
