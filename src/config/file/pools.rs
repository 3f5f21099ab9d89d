//! The pools that Envoy must know: every one that the filter can name.

use std::collections::BTreeSet;

use crate::{
    config::plugin::Plugin,
    route::pool::{self, Class, Lane},
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
/// A request may use a field that some targets must refuse, or ask for what some providers do not have; it then goes to
/// the pool without their lanes. So a model has one pool for each set of the classes of its targets ([`pool::classes`]).
pub fn pools(plugin: &Plugin) -> Vec<Pool> {
    let mut pools: Vec<Pool> = Vec::new();
    for model in &plugin.models {
        let known = |lane: &Lane| plugin.providers.get(lane.provider).map(|provider| (*lane, provider));
        let lanes: Vec<_> = pool::lanes(&model.targets).iter().filter_map(known).collect();
        let classes = pool::classes(lanes.iter().map(|(_, provider)| Class::of(provider)));
        let count = classes.iter().max().map_or(0, |last| last + 1);
        // The whole set first.
        for chosen in (1_u32..1 << count).rev() {
            let lanes = lanes.iter().zip(&classes).filter(|(_, class)| chosen & (1 << **class) != 0);
            let lanes: Vec<Lane> = lanes.map(|((lane, _), _)| *lane).collect();
            let name = name(plugin, &lanes);
            add(&mut pools, Pool { name, lanes });
        }
    }
    // Files are asked for of no model.
    if let Some(provider) = plugin.files {
        let lanes = vec![Lane { provider, slot: 1 }];
        add(&mut pools, Pool { name: name(plugin, &lanes), lanes });
    }
    pools
}

fn add(pools: &mut Vec<Pool>, pool: Pool) {
    if !pools.iter().any(|known| known.name == pool.name) {
        pools.push(pool);
    }
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
