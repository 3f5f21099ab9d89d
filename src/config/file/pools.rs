//! The pools that Envoy must know: every one that the filter can name.

use std::collections::BTreeSet;

use crate::{
    config::plugin::Plugin,
    provider::Format,
    route::pool::{self, Lane},
};

/// A pool and its lanes, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pool {
    /// The name of its cluster.
    pub name: String,
    /// Its members.
    pub lanes: Vec<Lane>,
}

/// All pools, each once, in the order of the models.
///
/// A request may use a field that some format must refuse; it then goes to the pool without that format's lanes. So a
/// model has one pool for each set of the formats among its targets.
pub fn pools(plugin: &Plugin) -> Vec<Pool> {
    let mut pools: Vec<Pool> = Vec::new();
    for model in &plugin.models {
        let lanes = pool::lanes(&model.targets);
        let format = |lane: &Lane| plugin.providers.get(lane.provider).map(|provider| provider.format);
        let formats: BTreeSet<Format> = lanes.iter().filter_map(format).collect();
        for chosen in subsets(&formats.into_iter().collect::<Vec<_>>()) {
            let lanes = lanes.iter().filter(|lane| format(lane).is_some_and(|of| chosen.contains(&of)));
            let lanes: Vec<Lane> = lanes.copied().collect();
            let name = name(plugin, &lanes);
            if !pools.iter().any(|pool| pool.name == name) {
                pools.push(Pool { name, lanes });
            }
        }
    }
    pools
}

/// All lanes of all pools, each once, in the order of the providers.
pub fn lanes(pools: &[Pool]) -> Vec<Lane> {
    let lanes: BTreeSet<Lane> = pools.iter().flat_map(|pool| pool.lanes.iter().copied()).collect();
    lanes.into_iter().collect()
}

fn name(plugin: &Plugin, lanes: &[Lane]) -> String {
    let provider =
        |lane: &Lane| plugin.providers.get(lane.provider).map(|provider| (provider.name.as_str(), lane.slot));
    pool::name(lanes.iter().filter_map(provider))
}

/// Every set of some of the formats, the whole one first.
fn subsets(formats: &[Format]) -> impl Iterator<Item = Vec<Format>> {
    let all = (1_u32 << formats.len()) - 1;
    (1..=all).rev().map(|mask| {
        let chosen = formats.iter().enumerate().filter(|(bit, _)| mask & (1 << bit) != 0);
        chosen.map(|(_, format)| *format).collect()
    })
}
