//! Envoy's configuration from `gateway.yaml`.
//!
//! The same pieces make two forms: one static file (`render envoy`), and a bootstrap with files of listeners and
//! clusters that Envoy watches (`run`), so that a changed `gateway.yaml` takes effect without a restart.

mod aws;
mod bootstrap;
mod cluster;
mod cors;
mod listener;
mod local_reply;
mod pool;
mod route;
mod secret;
mod tls;
mod token;
pub(in crate::render) mod wasm;

use std::{collections::HashSet, net::SocketAddr};

use clap::Args;
use switchyard::config::{
    file::{
        address, compile,
        credentials::{self, Credential},
        pools::{self, Pool},
        types::{Gateway, Provider},
    },
    plugin::{Plugin, RoleName},
};

use super::Common;
use crate::check;

/// Where the admin page listens when the file does not say.
const ADMIN: &str = "127.0.0.1:9901";

/// The oldest Envoy that takes what is rendered for a file: keys in files need the formatters of `header_mutation`, and
/// service accounts its function that signs.
pub(crate) fn oldest_envoy(gateway: &Gateway) -> (u32, u32) {
    let of = |provider: &Provider| match credentials::of(provider) {
        Credential::Key(key) if key.file.is_some() => (1, 40),
        Credential::Google(google) if credentials::is_account(&google) => (1, 38),
        _ => (1, 36),
    };
    gateway.providers.iter().map(of).max().unwrap_or((1, 36))
}

/// What a rendering depends on besides the file.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// Where Envoy finds the filter.
    pub(crate) wasm: String,
    /// What the rendering was made from, for its first lines.
    pub(crate) source: String,
}

/// A cluster by name: of a lane or of a pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cluster {
    /// As routes and pools name it.
    pub(crate) name: String,
    /// What to say of it before it begins; lines of YAML comments, or nothing.
    pub(crate) comment: String,
    /// Its YAML.
    pub(crate) text: String,
}

/// Everything that is made from a file.
#[derive(Clone, Debug)]
pub(crate) struct Rendering {
    source: String,
    oldest: (u32, u32),
    admin: SocketAddr,
    memory: u64,
    listener: String,
    clusters: Vec<Cluster>,
}

/// Renders a checked file.
///
/// # Errors
/// Only for what the check of the file tells as a mistake.
pub(crate) fn render(gateway: &Gateway, options: &Options) -> Result<Rendering, String> {
    let downstream = compile::plugin(gateway, RoleName::Gateway)?;
    let upstream = Plugin { role: RoleName::Provider, ..downstream.clone() };
    let pools = pools::pools(&downstream);
    let mut clusters = Vec::new();
    for lane in pools::lanes(&pools) {
        clusters.push(cluster::lane(gateway, &downstream, lane)?);
    }
    // A pool of one lane is that lane's cluster.
    let several: Vec<Pool> = pools.into_iter().filter(|pool| pool.lanes.len() > 1).collect();
    for lane in pools::lanes(&several) {
        clusters.push(cluster::last(gateway, &downstream, lane)?);
    }
    clusters.extend(several.iter().map(|pool| pool::cluster(gateway, &downstream, pool)));
    clusters.extend(token::clusters(gateway)?);
    clusters.push(route::none());
    Ok(Rendering {
        source: options.source.clone(),
        oldest: oldest_envoy(gateway),
        admin: address::listen(gateway.admin.as_deref().unwrap_or(ADMIN))?,
        memory: gateway.limits.memory_bytes,
        listener: listener::listener(gateway, &downstream, &upstream, options)?,
        clusters,
    })
}

impl Rendering {
    /// The whole configuration as one static file.
    pub(crate) fn static_file(&self) -> String {
        let frame = bootstrap::frame(self.admin, self.memory);
        bootstrap::static_file(&self.source, self.oldest, &frame, &self.listener, &self.clusters)
    }

    /// The bootstrap of an Envoy that watches files of listeners and clusters in this directory.
    pub(crate) fn watching(&self, admin: SocketAddr, directory: &str) -> String {
        let frame = bootstrap::frame(admin, self.memory);
        bootstrap::watching(&self.source, self.oldest, &frame, directory)
    }

    /// The file of listeners.
    pub(crate) fn listeners_file(&self, version: u64) -> String {
        bootstrap::listeners_file(version, &self.listener)
    }

    /// The file of clusters: this rendering's, and those of the `old` ones, newest first, whose names nothing newer has.
    pub(crate) fn clusters_file<'a>(
        &'a self,
        version: u64,
        old: impl Iterator<Item = &'a Rendering>,
    ) -> String {
        let mut names = HashSet::new();
        let all = self.clusters.iter().chain(old.flat_map(|old| &old.clusters));
        bootstrap::clusters_file(version, all.filter(|cluster| names.insert(&cluster.name)))
    }
}

/// What `switchyard render envoy` is told.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    common: Common,
    /// Where Envoy will find the filter.
    #[arg(long, default_value = "dist/switchyard.wasm")]
    wasm: String,
}

/// Envoy's configuration of a file.
///
/// # Errors
/// The file is wrong; its mistakes are on standard error.
pub(crate) fn text(arguments: &Arguments) -> Result<String, String> {
    let file = &arguments.common.file;
    let gateway = check::load(file)?;
    let options = Options { wasm: arguments.wasm.clone(), source: file.display().to_string() };
    Ok(render(&gateway, &options)?.static_file())
}

#[cfg(test)]
mod tests;
