//! An `EnvoyPatchPolicy` with both roles.

use switchyard::config::{
    file::credentials,
    plugin::{Plugin, RoleName},
};

use super::{
    Policy,
    patch::{self, Resource},
};
use crate::render::{
    envoy::{self, Shape},
    kubernetes::module,
};

/// The policy.
///
/// # Errors
/// Only for what the check of the file tells as a mistake.
pub(super) fn document(policy: &Policy<'_>, plugin: &Plugin) -> Result<String, String> {
    let (gateway, arguments) = (policy.gateway, policy.arguments);
    let shape = Shape::default();
    let version = envoy::oldest(gateway, shape).max(module::OLDEST);
    let options = module::options(&policy.module, &arguments.hosts, shape, version);
    let upstream = Plugin { role: RoleName::Provider, ..plugin.clone() };
    let parts = envoy::parts(gateway, plugin, &upstream, &options)?;
    let (listener, manager) = (arguments.xds_listener(), arguments.manager());
    let router = format!("{manager}.http_filters[?(@.name=='envoy.filters.http.router')].typed_config");
    let in_listener =
        |below: &str, path: &str, value: &str| Resource::Listener.add(&listener, Some(below), path, value);
    let mut patches = vec![
        format!(
            "# Before all other filters, off but for the virtual host below.\n{}",
            in_listener(&manager, "http_filters/0", &parts.downstream)
        ),
        format!(
            "# Into the router: the other role, on each attempt. Requests to clusters of Envoy Gateway's own pass it untouched, for\n\
             # their endpoints have no lane in their metadata.\n{}",
            in_listener(&router, "upstream_http_filters", &parts.upstream)
        ),
        format!(
            "# Errors that Envoy makes where no filter is asked, of these hosts alone.\n{}",
            in_listener(&manager, "local_reply_config", &value_of("local_reply_config", &parts.errors))
        ),
        format!(
            "# The hosts that clients call. No HTTPRoute may have them too.\n{}",
            Resource::Routes.add(&arguments.xds_routes(), None, "/virtual_hosts/-", &parts.host)
        ),
    ];
    for cluster in parts.clusters.iter().chain(&module::cluster(gateway, &policy.module)?) {
        let patch = Resource::Cluster.add(&cluster.name, None, "", &cluster.text);
        patches.push(format!("{}{patch}", cluster.comment));
    }
    Ok(patch::document(policy, &comment(policy), &patches))
}

/// The lines below a field.
fn value_of(field: &str, text: &str) -> String {
    let value = text.split_once(&format!("{field}:\n")).map_or(text, |(_, value)| value);
    value.lines().map(|line| format!("{}\n", line.strip_prefix("  ").unwrap_or(line))).collect()
}

fn comment(policy: &Policy<'_>) -> String {
    let files = policy.gateway.providers.iter().filter_map(|provider| match credentials::of(provider) {
        credentials::Credential::Key(key) => key.file.as_deref(),
        _ => None,
    });
    files.map(|file| format!("# Mount the Secret so that {file} is in the proxy's container; a changed key is read at once.\n")).collect()
}
