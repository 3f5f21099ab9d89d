//! Pools: the Envoy clusters that a plan names.
//!
//! The names are computed here by the filter, and by the renderer of the host's configuration, so that they agree.
//!
//! A *lane* is one way into a provider: the provider's cluster. A model that lists a provider twice, with two
//! upstream models, needs a second lane of it, because the endpoint's metadata is all that tells an attempt which
//! target it is for. A *pool* is an ordered list of lanes: an aggregate cluster.
//!
//! A pool of one lane is the lane's own cluster: it needs no other, and Envoy counts its requests there, of which second
//! tries may be a part only (`retries.budget_percent`).
//!
//! Some requests use what some targets must refuse, and some targets cool for a while. Those requests go to a pool without
//! those targets, so that a model has a pool for each set of its targets. Where they are more than [`MAX_CLASSES`], it is
//! for each set of their *classes*: those of one class refuse the same fields.

use std::fmt::Write;

use crate::{
    config::plugin::{Provider, Target},
    dialect::{Operation, chat::field::Fields},
    provider::Format,
};

/// The most classes that a model's targets are told apart by: with n of them a model has up to 2ⁿ - 1 pools, each a
/// cluster of Envoy's. Six are 63 pools; few models have more than three targets.
pub const MAX_CLASSES: usize = 6;

/// What providers have in common that leave a plan together: their format, which operations they have, and the fields
/// that they lack beside those that their format does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Class {
    format: Format,
    operations: u8,
    lacks: Fields,
}

impl Class {
    /// The class of a provider.
    pub fn of(provider: &Provider) -> Self {
        Self::new(provider, provider.quirks.lacks())
    }

    /// The same, where what it lacks is known.
    pub fn new(provider: &Provider, lacks: Fields) -> Self {
        let has = |operation: &&Operation| provider.endpoint(**operation, false).is_some();
        let operations =
            Operation::ALL.iter().filter(has).fold(0, |set, operation| set | 1 << *operation as u8);
        Self { format: provider.format, operations, lacks }
    }
}

/// The class of each target, counted from 0 in the order of the targets: each has its own while they are few.
///
/// Targets whose class would be beyond [`MAX_CLASSES`] share the last one: they leave a plan together or not at all.
pub fn classes(targets: impl IntoIterator<Item = Class>) -> Vec<usize> {
    let targets: Vec<Class> = targets.into_iter().collect();
    if targets.len() <= MAX_CLASSES {
        return (0..targets.len()).collect();
    }
    let mut kinds: Vec<Class> = Vec::new();
    let class = |kind| {
        let known = kinds.iter().position(|known| *known == kind);
        known.unwrap_or_else(|| {
            kinds.push(kind);
            kinds.len() - 1
        })
    };
    targets.into_iter().map(class).map(|class| class.min(MAX_CLASSES - 1)).collect()
}

/// One way into a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Lane {
    /// Index of the provider.
    pub provider: usize,
    /// 1 for a model's first target at this provider, 2 for the second, …
    pub slot: u32,
}

/// The lanes of a model's targets, in their order.
pub fn lanes(targets: &[Target]) -> Vec<Lane> {
    let mut lanes: Vec<Lane> = Vec::with_capacity(targets.len());
    for target in targets {
        let before = lanes.iter().filter(|lane| lane.provider == target.provider).count();
        let slot = u32::try_from(before).unwrap_or(u32::MAX).saturating_add(1);
        lanes.push(Lane { provider: target.provider, slot });
    }
    lanes
}

/// The name of a lane's cluster: `openai`, `openai#2`.
pub fn lane_name(provider: &str, slot: u32) -> String {
    if slot <= 1 { provider.to_owned() } else { format!("{provider}#{slot}") }
}

/// The provider and the slot that a lane's name stands for; `None` where it is no lane's name.
pub fn parse_lane(name: &str) -> Option<(&str, u32)> {
    match name.split_once('#') {
        None => Some((name, 1)),
        Some((provider, slot)) => Some((provider, slot.parse().ok()?)),
    }
}

/// What the names of pools of several lanes begin with; no lane's name has a slash. Routes tell them apart by it.
pub const PREFIX: &str = "pool/";

/// The name of a pool's cluster: `pool/openai+claude`, or the name of its only lane.
pub fn name<'a>(lanes: impl IntoIterator<Item = (&'a str, u32)>) -> String {
    let mut name = String::from(PREFIX);
    let mut count = 0;
    for (provider, slot) in lanes {
        if count > 0 {
            name.push('+');
        }
        count += 1;
        name.push_str(provider);
        if slot > 1 {
            // Writing to a String cannot fail.
            let _ = write!(name, "#{slot}");
        }
    }
    if count == 1 { name.split_off(PREFIX.len()) } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(provider: usize) -> Target {
        Target { provider, model: None }
    }

    #[test]
    fn a_provider_listed_twice_has_two_lanes() {
        let lanes = lanes(&[target(0), target(1), target(0)]);
        assert_eq!(
            lanes.iter().map(|lane| (lane.provider, lane.slot)).collect::<Vec<_>>(),
            [(0, 1), (1, 1), (0, 2)]
        );
    }

    #[test]
    fn targets_that_refuse_the_same_are_one_class_and_the_last_class_is_shared() {
        let mut lacks = Fields::default();
        let class = |format, operations, lacks| Class { format, operations, lacks };
        let plain = class(Format::Openai, 1, lacks);
        lacks.insert(crate::dialect::chat::field::Field::N);
        let lacking = class(Format::Openai, 1, lacks);
        let (other, ranking) = (class(Format::Cohere, 1, lacks), class(Format::Openai, 5, lacks));
        assert_eq!(classes([plain, lacking, other, lacking, ranking, plain]), [0, 1, 2, 3, 4, 5]);
        assert_eq!(classes([plain, lacking, other, lacking, ranking, plain, plain]), [0, 1, 2, 1, 3, 0, 0]);
        let many = Format::ALL.iter().map(|format| class(*format, 1, lacks));
        assert_eq!(classes(many), [0, 1, 2, 3, 4, 5, 5, 5, 5, 5]);
    }

    #[test]
    fn names_tell_the_lanes_in_order() {
        assert_eq!(name([("openai", 1), ("claude", 1), ("openai", 2)]), "pool/openai+claude+openai#2");
        assert_eq!((name([("openai", 1)]), name([("openai", 2)])), ("openai".into(), "openai#2".into()));
        assert_eq!(lane_name("openai", 1), "openai");
        assert_eq!(lane_name("openai", 2), "openai#2");
        for (provider, slot) in [("openai", 1), ("openai", 12)] {
            assert_eq!(parse_lane(&lane_name(provider, slot)), Some((provider, slot)));
        }
        assert_eq!(parse_lane("openai#x"), None);
    }
}
