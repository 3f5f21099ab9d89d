//! The frames around listeners and clusters.

use std::net::SocketAddr;

use super::{Cluster, Version};
use crate::render::text::{indent, item, quote};

/// Everything in one file.
pub(super) fn static_file(head: &str, frame: &str, listener: &str, clusters: &[Cluster]) -> String {
    let mut out = head.to_owned();
    out.push_str("# Start it where the path of the filter below is right:  envoy -c THIS_FILE\n\n");
    out.push_str(frame);
    out.push_str("\nstatic_resources:\n  listeners:\n");
    out.push_str(&indent(2, &item(listener)));
    out.push_str("\n  clusters:\n");
    out.push_str(&indent(2, &clusters_list(clusters)));
    out
}

/// Clusters as items of a list, each with what is said of it.
pub(super) fn clusters_list(clusters: &[Cluster]) -> String {
    let texts: Vec<String> =
        clusters.iter().map(|cluster| format!("{}{}", cluster.comment, item(&cluster.text))).collect();
    texts.join("\n")
}

/// A bootstrap whose listeners and clusters are in files that Envoy watches.
pub(super) fn watching(head: &str, frame: &str, directory: &str) -> String {
    let mut out = head.to_owned();
    out.push_str(frame);
    let watched = quote(directory);
    out.push_str("\ndynamic_resources:\n");
    for (kind, file) in [("cds_config", "cds.yaml"), ("lds_config", "lds.yaml")] {
        let path = quote(&format!("{directory}/{file}"));
        out.push_str(&format!(
            "  {kind}:\n    resource_api_version: V3\n    path_config_source:\n      path: {path}\n      \
             # A new file is moved into the place of the old one; Envoy sees that only by its directory.\n      \
             watched_directory:\n        path: {watched}\n"
        ));
    }
    out
}

/// The file of listeners.
pub(super) fn listeners_file(version: u64, listener: &str) -> String {
    let typed = format!("\"@type\": type.googleapis.com/envoy.config.listener.v3.Listener\n{listener}");
    format!("version_info: \"{version}\"\nresources:\n{}", item(&typed))
}

/// The file of clusters.
pub(super) fn clusters_file<'a>(version: u64, clusters: impl Iterator<Item = &'a Cluster>) -> String {
    let mut out = format!("version_info: \"{version}\"\nresources:\n");
    for cluster in clusters {
        let typed =
            format!("\"@type\": type.googleapis.com/envoy.config.cluster.v3.Cluster\n{}", cluster.text);
        out.push_str(&item(&typed));
    }
    out
}

/// The first lines: which Envoys take it, and where it is from.
pub(super) fn head(source: &str, oldest: Version, version: Version) -> String {
    let lesser = if version < Version::NEWEST { format!(" Rendered for {version}.") } else { String::new() };
    format!(
        "# Envoy {oldest} or later.{lesser} Made from {source} by `switchyard render envoy`: change that, not this.\n"
    )
}

/// What is there before anything is served. `memory`: the largest heap, in bytes.
pub(super) fn frame(admin: SocketAddr, memory: u64) -> String {
    let (address, port) = (admin.ip(), admin.port());
    format!(
        r#"node:
  id: switchyard
  cluster: switchyard

# Keep it on a loopback address: whoever reaches it can stop Envoy and read its configuration.
admin:
  address:
    socket_address: {{address: "{address}", port_value: {port}}}

# Without a limit, open connections could take all file descriptors and memory.
overload_manager:
  resource_monitors:
  - name: envoy.resource_monitors.global_downstream_max_connections
    typed_config:
      "@type": type.googleapis.com/envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig
      max_active_downstream_connections: 20000
  # Of Envoy's heap (limits.memory_bytes). The memory of the filter's VMs is beside it.
  - name: envoy.resource_monitors.fixed_heap
    typed_config:
      "@type": type.googleapis.com/envoy.extensions.resource_monitors.fixed_heap.v3.FixedHeapConfig
      max_heap_size_bytes: {memory}
  refresh_interval: 0.050s
  actions:
  - name: envoy.overload_actions.shrink_heap
    triggers: [{{name: envoy.resource_monitors.fixed_heap, threshold: {{value: 0.8}}}}]
  # Refused before their body is taken in; what has begun goes on.
  - name: envoy.overload_actions.stop_accepting_requests
    triggers: [{{name: envoy.resource_monitors.fixed_heap, threshold: {{value: 0.9}}}}]
"#
    )
}
