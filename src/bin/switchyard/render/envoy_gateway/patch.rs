//! Patches of an `EnvoyPatchPolicy`.

use super::{
    Policy,
    document::{self, ENVOY_GATEWAY},
    routes::Host,
};
use crate::render::{
    envoy,
    text::{indent, item, quote},
};

/// A kind of Envoy's resources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Resource {
    Listener,
    Routes,
    Cluster,
}

impl Resource {
    fn type_url(self) -> &'static str {
        match self {
            Resource::Listener => "type.googleapis.com/envoy.config.listener.v3.Listener",
            Resource::Routes => "type.googleapis.com/envoy.config.route.v3.RouteConfiguration",
            Resource::Cluster => "type.googleapis.com/envoy.config.cluster.v3.Cluster",
        }
    }

    /// Adds `value` (lines of YAML) to the resource of this name: at `path`, below all places that `below` finds, a JSONPath; or
    /// at `path` of the resource itself. The empty path is a resource of its own.
    pub(super) fn add(self, name: &str, below: Option<&str>, path: &str, value: &str) -> String {
        let below = below.map(|below| format!("  jsonPath: {}\n", quote(below))).unwrap_or_default();
        item(&format!(
            "type: {}\nname: {}\noperation:\n  op: add\n{below}  path: {}\n  value:{}",
            self.type_url(),
            quote(name),
            quote(path),
            match value.strip_suffix('\n') {
                Some(line) if !line.contains('\n') && !line.contains(": ") && !line.starts_with("- ") =>
                    format!(" {line}\n"),
                _ => format!("\n{}", indent(4, value)),
            }
        ))
    }
}

/// The policy with its patches.
pub(super) fn document(policy: &Policy<'_>, comment: &str, patches: &[String]) -> String {
    let comment = format!(
        "{comment}# Patches are found by the names that Envoy Gateway gives to Envoy's resources (--xds-names, --listener, --port, --https);\n\
         # `kubectl get envoypatchpolicy {} -o yaml` says Programmed where all were.\n",
        policy.arguments.name
    );
    let spec = format!(
        "targetRef: {{group: gateway.networking.k8s.io, kind: Gateway, name: {}}}\ntype: JSONPatch\njsonPatches:\n{}",
        policy.arguments.gateway,
        patches.concat()
    );
    document::document(policy, &comment, (ENVOY_GATEWAY, "EnvoyPatchPolicy"), &policy.arguments.name, &spec)
}

/// What an `EnvoyExtensionPolicy` cannot say of its filter.
pub(super) fn held(policy: &Policy<'_>, hosts: &[Host]) -> String {
    let arguments = policy.arguments;
    let filter = format!(
        "{}.http_filters[?(@.name=='envoy.filters.http.wasm/envoyextensionpolicy/{}/{}/wasm/0')].typed_config.config",
        arguments.manager(),
        arguments.namespace,
        arguments.name
    );
    let listener = arguments.xds_listener();
    let of_filter = |path: &str, value: &str| Resource::Listener.add(&listener, Some(&filter), path, value);
    let mut patches = vec![
        format!(
            "# The filter holds the headers until it has read the body; without this, the body would not come.\n{}",
            of_filter("allow_on_headers_stop_iteration", "true\n")
        ),
        format!(
            "# Should the VM fail, start a new one. The default answers 503 until Envoy is restarted.\n{}",
            of_filter("failure_policy", "FAIL_RELOAD\n")
        ),
        format!(
            "# At once: by default all requests of a second are refused. Not less than 2 ms: 1 ms makes Envoy divide by zero.\n{}",
            of_filter("reload_config", "backoff: {base_interval: 0.002s, max_interval: 0.002s}\n")
        ),
    ];
    let limit = format!("{}\n", envoy::body(policy.gateway));
    let all = arguments.hosts.iter().chain(hosts.iter().map(|host| &host.url.host));
    for (number, host) in all.enumerate() {
        let why = if number == 0 {
            "# Larger bodies than the listener's 32 KiB are held, and kept for another try.\n"
        } else {
            ""
        };
        let below = format!("$.virtual_hosts[?(@.name=='{}')]", arguments.xds_host(host));
        let patch =
            Resource::Routes.add(&arguments.xds_routes(), Some(&below), "request_body_buffer_limit", &limit);
        patches.push(format!("{why}{patch}"));
    }
    document(policy, "# What the policy above cannot say.\n", &patches)
}
