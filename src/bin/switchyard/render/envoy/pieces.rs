//! What is added to the configuration of an Envoy that serves other things, too.

use switchyard::config::{file::types::Gateway, plugin::Plugin};

use super::{Cluster, Options, Role, bootstrap, cors, listener, local_reply, needs, route, wasm};
use crate::render::text::{indent, item};

/// The pieces, each as a list under the name of the field that it belongs to.
#[derive(Clone, Debug)]
pub(super) struct Pieces {
    downstream: String,
    upstream: Option<String>,
    hosts: String,
    errors: String,
    connection: String,
    /// The filter before the router, as extension discovery has it.
    pub(super) gateway: String,
    /// The filter on each attempt, where there is one.
    pub(super) attempt: Option<String>,
}

impl Pieces {
    /// Makes them.
    ///
    /// # Errors
    /// Only for what the check of the file tells as a mistake.
    pub(super) fn new(
        gateway: &Gateway,
        downstream: &Plugin,
        upstream: &Plugin,
        options: &Options,
    ) -> Result<Self, String> {
        let filter = wasm::filter(listener::FILTER, downstream, options)?;
        // The field stands beside the configuration, whichever way that comes.
        let filter = filter.replacen(
            "\n",
            "\n  # Off, but where a virtual host or route turns it on.\n  disabled: true\n",
            1,
        );
        let reads = listener::reads(options.shape.role);
        let two = options.shape.role == Role::Two;
        let attempt = if two { Some(extension(listener::ATTEMPT, upstream, options)?) } else { None };
        let upstream = if two { Some(listener::upstream_filters(gateway, upstream, options)?) } else { None };
        Ok(Pieces {
            downstream: format!("{}{reads}{filter}", cors::filter(gateway)),
            upstream,
            hosts: hosts(gateway, downstream, options),
            errors: local_reply::config(options, downstream),
            connection: connection(gateway, options),
            gateway: extension(listener::FILTER, downstream, options)?,
            attempt,
        })
    }

    /// All of them, in one document.
    pub(super) fn text(&self, clusters: &[Cluster]) -> String {
        let mut out = format!(
            "# Not a configuration by itself: each list below goes into the field of this name.\n\n{}",
            self.connection
        );
        out.push_str("# Into the connection manager, before the router.\nhttp_filters:\n");
        out.push_str(&self.downstream);
        if let Some(upstream) = &self.upstream {
            out.push_str(
                "\n# Into the router. Clusters of yours pass it untouched: their endpoints have no lane in their metadata. A \
                 cluster\n# with `http_filters` of its own does not run it.\nupstream_http_filters:\n",
            );
            out.push_str(upstream);
        }
        out.push('\n');
        out.push_str(&self.hosts);
        out.push_str("\n# Into the connection manager. What is there already stays before these mappers.\n");
        out.push_str(&self.errors);
        out.push_str("\nclusters:\n");
        out.push_str(&bootstrap::clusters_list(clusters));
        out
    }
}

/// A virtual host, or routes for one that is there.
fn hosts(gateway: &Gateway, plugin: &Plugin, options: &Options) -> String {
    if options.prefix.is_empty() {
        let hosts = route::virtual_hosts(gateway, plugin, options);
        return format!("# Into the route configuration.\nvirtual_hosts:\n{hosts}");
    }
    format!("# Into the virtual host.\nroutes:\n{}", route::beside(gateway, options))
}

fn extension(name: &str, plugin: &Plugin, options: &Options) -> Result<String, String> {
    let config = indent(2, &wasm::config(plugin, options)?);
    Ok(item(&format!(
        "\"@type\": type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig\nname: {name}\ntyped_config:\n{config}"
    )))
}

/// What the listener must have.
fn connection(gateway: &Gateway, options: &Options) -> String {
    if needs::BODY_LIMIT.is_in(options.version) {
        return String::new();
    }
    format!("# Into the listener.\n{}\n", listener::buffer(gateway, options))
}
