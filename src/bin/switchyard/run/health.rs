//! Tells when a provider is left out, and when it is back.

use std::collections::BTreeSet;

use super::envoy::Envoy;

/// What was last seen.
#[derive(Debug, Default)]
pub(crate) struct Health {
    ejected: BTreeSet<String>,
}

impl Health {
    /// Looks at Envoy's statistics and tells what has changed.
    pub(crate) async fn look(&mut self, envoy: &Envoy) {
        const SUFFIX: &str = ".outlier_detection.ejections_active";
        let Ok(answer) = envoy.ask("GET", "/stats?filter=outlier_detection.ejections_active$").await else {
            return;
        };
        let ejected: BTreeSet<String> = answer
            .body
            .lines()
            .filter_map(|line| {
                let (name, count) = line.split_once(": ")?;
                let lane = name.strip_prefix("cluster.")?.strip_suffix(SUFFIX)?;
                (count != "0").then(|| lane.to_owned())
            })
            .collect();
        for lane in ejected.difference(&self.ejected) {
            eprintln!("{lane} has failed too often: left out for a while");
        }
        for lane in self.ejected.difference(&ejected) {
            eprintln!("{lane} is tried again");
        }
        self.ejected = ejected;
    }
}
