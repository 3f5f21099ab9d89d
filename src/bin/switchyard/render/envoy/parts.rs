//! The pieces of a configuration, for hosts that take each of them in a policy of their own.

use switchyard::config::{file::types::Gateway, plugin::Plugin};

use super::{Cluster, Options, clusters, listener, local_reply, route, wasm};
use crate::render::text::indent;

/// The pieces of the two roles, each as the one object that it is.
#[derive(Clone, Debug)]
pub(crate) struct Parts {
    /// The filter before the router, which is off where no virtual host turns it on.
    pub(crate) downstream: String,
    /// The filters of an attempt, as items of a list, with the codec at their end.
    pub(crate) upstream: String,
    /// The virtual host of the domains, in which the filter is on.
    pub(crate) host: String,
    /// Envoy's own replies, for requests of the domains and of the providers' hosts alone.
    pub(crate) errors: String,
    /// What the routes lead to, and what the filter calls.
    pub(crate) clusters: Vec<Cluster>,
}

/// The pieces of the two roles beside what others serve.
///
/// # Errors
/// Only for what the check of the file tells as a mistake.
pub(crate) fn parts(
    gateway: &Gateway,
    downstream: &Plugin,
    upstream: &Plugin,
    options: &Options,
) -> Result<Parts, String> {
    let hosts = route::virtual_hosts(gateway, downstream, options);
    Ok(Parts {
        downstream: filter_off(downstream, options)?,
        upstream: listener::upstream_filters(gateway, upstream, options)?,
        host: hosts.lines().map(|line| format!("{}\n", line.get(2..).unwrap_or_default())).collect(),
        errors: local_reply::config(options, downstream),
        clusters: clusters(gateway, downstream, options.shape.role)?,
    })
}

/// The filter before the router, which is off where no virtual host turns it on.
///
/// # Errors
/// The configuration cannot be written as JSON.
pub(crate) fn filter_off(plugin: &Plugin, options: &Options) -> Result<String, String> {
    let config = indent(2, &wasm::config(plugin, options)?);
    Ok(format!(
        "name: {}\n# Off, but where a virtual host or route turns it on.\ndisabled: true\ntyped_config:\n{config}",
        listener::FILTER
    ))
}
