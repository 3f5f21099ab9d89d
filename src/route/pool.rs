//! Pools: the Envoy clusters that a plan names.
//!
//! The names are computed here by the filter, and by the renderer of the host's configuration, so that they agree.
//!
//! A *lane* is one way into a provider: the provider's cluster. A model that lists a provider twice, with two
//! upstream models, needs a second lane of it, because the endpoint's metadata is all that tells an attempt which
//! target it is for. A *pool* is an ordered list of lanes: an aggregate cluster.

use std::fmt::Write;

use crate::config::plugin::Target;

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

/// The name of a pool's cluster: `pool/openai+claude`.
pub fn name<'a>(lanes: impl IntoIterator<Item = (&'a str, u32)>) -> String {
    let mut name = String::from("pool/");
    for (index, (provider, slot)) in lanes.into_iter().enumerate() {
        if index > 0 {
            name.push('+');
        }
        name.push_str(provider);
        if slot > 1 {
            // Writing to a String cannot fail.
            let _ = write!(name, "#{slot}");
        }
    }
    name
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
    fn names_tell_the_lanes_in_order() {
        assert_eq!(name([("openai", 1), ("claude", 1), ("openai", 2)]), "pool/openai+claude+openai#2");
        assert_eq!(lane_name("openai", 1), "openai");
        assert_eq!(lane_name("openai", 2), "openai#2");
        for (provider, slot) in [("openai", 1), ("openai", 12)] {
            assert_eq!(parse_lane(&lane_name(provider, slot)), Some((provider, slot)));
        }
        assert_eq!(parse_lane("openai#x"), None);
    }
}
