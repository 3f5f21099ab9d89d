//! An `EnvoyFilter` with both roles at a gateway.

use switchyard::config::{
    file::credentials,
    plugin::{Plugin, RoleName},
};

use super::{
    Policy, document,
    patch::{self, Place},
};
use crate::render::{envoy, kubernetes::module, text::indent};

/// The policy.
///
/// # Errors
/// Only for what the check of the file tells as a mistake.
pub(super) fn document(policy: &Policy<'_>, plugin: &Plugin) -> Result<String, String> {
    let gateway = policy.gateway;
    let shape = policy.arguments.kind.shape().unwrap_or_default();
    let place = Place { context: "GATEWAY", oldest: patch::oldest(gateway, shape) };
    let options = module::options(&policy.module, &policy.arguments.hosts, shape, place.oldest);
    let upstream = Plugin { role: RoleName::Provider, ..plugin.clone() };
    let parts = envoy::parts(gateway, plugin, &upstream, &options)?;
    let router = patch::router(None);
    let mut patches = vec![
        format!(
            "# Before the router, off but for the virtual host below.\n{}",
            place.patch("HTTP_FILTER", &router, "INSERT_BEFORE", &parts.downstream)
        ),
        format!(
            "# Into the router: the other role, on each attempt. Requests to clusters of Istio's own pass it untouched, for their\n\
             # endpoints have no lane in their metadata.\n{}",
            place.patch("HTTP_FILTER", &router, "MERGE", &upstream_filters(&parts.upstream))
        ),
        format!(
            "# What a connection takes in at once, and holds for a peer that is slow. Bodies are held apart.\n{}",
            place.patch(
                "LISTENER",
                "",
                "MERGE",
                &format!("per_connection_buffer_limit_bytes: {}\n", envoy::PIECE)
            )
        ),
        format!(
            "# Errors that Envoy makes where no filter is asked, of these hosts alone.\n{}",
            place.patch("NETWORK_FILTER", MANAGER, "MERGE", &errors(&parts.errors))
        ),
        format!(
            "# The hosts that clients call. No VirtualService and no HTTPRoute may have them too.\n{}",
            place.patch("VIRTUAL_HOST", "", "ADD", &format!("{}{HIDDEN}", parts.host))
        ),
    ];
    for cluster in parts.clusters.iter().chain(&module::cluster(policy.gateway, &policy.module)?) {
        patches.push(format!("{}{}", cluster.comment, place.patch("CLUSTER", "", "ADD", &cluster.text)));
    }
    Ok(patch::filter(policy, &comment(policy, plugin), &patches))
}

fn comment(policy: &Policy<'_>, plugin: &Plugin) -> String {
    let mut text = String::from("");
    let files = policy.gateway.providers.iter().filter_map(|provider| match credentials::of(provider) {
        credentials::Credential::Key(key) => key.file.as_deref(),
        _ => None,
    });
    for file in files {
        text.push_str(&format!(
            "# Mount the Secret so that {file} is in the proxy's container; a changed key is read at once.\n"
        ));
    }
    text + &document::injection(policy, plugin)
}

fn upstream_filters(filters: &str) -> String {
    format!(
        "name: envoy.filters.http.router\ntyped_config:\n  \"@type\": \
         type.googleapis.com/envoy.extensions.filters.http.router.v3.Router\n  upstream_http_filters:\n{}",
        indent(2, filters)
    )
}

fn errors(errors: &str) -> String {
    format!(
        "name: envoy.filters.network.http_connection_manager\ntyped_config:\n  \"@type\": \
         type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager\n{}",
        indent(2, errors)
    )
}

const MANAGER: &str =
    "listener: {filterChain: {filter: {name: envoy.filters.network.http_connection_manager}}}\n";

/// Istio's routers tell clients how long the provider took.
const HIDDEN: &str = "response_headers_to_remove: [x-envoy-upstream-service-time]\n";
