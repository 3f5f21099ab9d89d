//! An `EnvoyFilter` with one pass at sidecars, in which headers wait for the body.

use switchyard::config::plugin::Plugin;

use super::{
    Policy, document, egress,
    patch::{self, Place},
};
use crate::render::{envoy, kubernetes::module, text::quote};

/// The policy.
///
/// # Errors
/// The configuration cannot be written as JSON, or the module's URL cannot be read.
pub(super) fn document(policy: &Policy<'_>, plugin: &Plugin) -> Result<String, String> {
    let shape = policy.arguments.kind.shape().unwrap_or_default();
    let place = Place { context: "SIDECAR_OUTBOUND", oldest: patch::oldest(policy.gateway, shape) };
    let options = module::options(&policy.module, &policy.arguments.hosts, shape, place.oldest);
    let port = policy.arguments.port.unwrap_or(egress::PORT);
    let filter = envoy::filter_off(plugin, &options)?;
    let mut patches = vec![format!(
        "# Before the router, off but for the hosts that applications call.\n{}",
        place.patch("HTTP_FILTER", &patch::router(Some(port)), "INSERT_BEFORE", &filter)
    )];
    let body = envoy::body(policy.gateway);
    let limit = format!("request_body_buffer_limit: {body}\n");
    for host in &policy.arguments.hosts {
        let value = format!(
            "# Larger bodies than the proxy's 1 MiB are held, until the filter has read them.\n{limit}typed_per_filter_config:\n  \
             {}",
            envoy::ON.replace('\n', "\n  ").trim_end()
        );
        patches.push(place.patch("VIRTUAL_HOST", &virtual_host(port, host), "MERGE", &format!("{value}\n")));
    }
    for host in egress::names(policy)? {
        let value = format!("# And kept for another try.\n{limit}");
        patches.push(place.patch("VIRTUAL_HOST", &virtual_host(port, &host), "MERGE", &value));
    }
    for cluster in module::cluster(policy.gateway, &policy.module)? {
        patches.push(format!("{}{}", cluster.comment, place.patch("CLUSTER", "", "ADD", &cluster.text)));
    }
    Ok(patch::filter(policy, &document::injection(policy, plugin), &patches))
}

/// The virtual host that Istio makes for a host.
fn virtual_host(port: u16, host: &str) -> String {
    let name = quote(&format!("{host}:{port}"));
    format!("routeConfiguration: {{portNumber: {port}, vhost: {{name: {name}}}}}\n")
}
