//! The `EnvoyExtensionPolicy`.

use switchyard::config::plugin::Plugin;

use super::{
    Kind, Module, Policy,
    document::{self, ENVOY_GATEWAY},
    routes::{self, Host},
};
use crate::render::{
    envoy,
    istio::{arguments::PullPolicy, egress::several},
    text::{indent, item, quote},
};

/// The policy.
///
/// # Errors
/// The configuration cannot be written as JSON.
pub(super) fn document(policy: &Policy<'_>, plugin: &Plugin, hosts: &[Host]) -> Result<String, String> {
    let targets: String = routes::names(policy, hosts)
        .iter()
        .map(|name| format!("- {{group: gateway.networking.k8s.io, kind: HTTPRoute, name: {name}}}\n"))
        .collect();
    let names = envoy::variables(plugin);
    let names: Vec<String> = names.iter().map(|name| quote(name)).collect();
    let env = if names.is_empty() {
        String::new()
    } else {
        format!(
            "# From the proxy's environment, where a Secret puts them: nothing of a key stands here.\nenv: {{hostKeys: [{}]}}\n",
            names.join(", ")
        )
    };
    let wasm = format!(
        "name: switchyard\nrootID: switchyard\ncode:\n{}# A request that the filter cannot judge is refused.\nfailOpen: false\n{env}\
         config:\n{}",
        indent(2, &code(policy)),
        indent(2, &envoy::json(plugin)?)
    );
    let spec = format!(
        "# Also where requests go on to: a client may name a provider's host, or the header that leads there, and is then asked\n\
         # for a key like all others.\ntargetRefs:\n{targets}wasm:\n{}",
        item(&wasm)
    );
    let comment = comment(policy, plugin);
    Ok(document::document(
        policy,
        &comment,
        (ENVOY_GATEWAY, "EnvoyExtensionPolicy"),
        &policy.arguments.name,
        &spec,
    ))
}

fn comment(policy: &Policy<'_>, plugin: &Plugin) -> String {
    let mut text = several(plugin).unwrap_or_default();
    if policy.arguments.kind == Kind::Held {
        return text;
    }
    text.push_str(
        "# Headers are decided before the body is known: a policy of this kind cannot tell the proxy to wait (for that there is\n\
         # --kind envoyextensionpolicy-held). ",
    );
    text.push_str(if plugin.providers.len() > 1 {
        "There are several providers, so clients name the model also in the header\n# x-switchyard-model; without it they are answered with 400.\n"
    } else {
        "There is one provider, so nothing of the body is needed.\n"
    });
    text
}

/// Where Envoy Gateway gets the module. It hands it on to the proxies itself.
fn code(policy: &Policy<'_>) -> String {
    let arguments = policy.arguments;
    let pull = match arguments.pull_policy {
        PullPolicy::IfNotPresent => "IfNotPresent",
        PullPolicy::Always => "Always",
    };
    let sum = arguments.sha256.as_ref().map(|sum| format!("  sha256: {}\n", quote(sum))).unwrap_or_default();
    match policy.module {
        Module::Oci => {
            let url = quote(arguments.url.trim_start_matches("oci://"));
            let secret = match &arguments.pull_secret {
                Some(secret) => format!("  pullSecretRef: {{name: {}}}\n", quote(secret)),
                None => String::new(),
            };
            format!("type: Image\nimage:\n  url: {url}\n{sum}{secret}pullPolicy: {pull}\n")
        }
        _ => format!("type: HTTP\nhttp:\n  url: {}\n{sum}pullPolicy: {pull}\n", quote(&arguments.url)),
    }
}
