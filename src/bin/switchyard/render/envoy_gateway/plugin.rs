//! The `EnvoyExtensionPolicy`.

use switchyard::config::plugin::Plugin;

use super::{
    Kind, Module, Policy,
    document::{self, ENVOY_GATEWAY},
    routes::{self, Host},
};
use crate::render::{
    envoy,
    kubernetes::told::{headers_go_first, several},
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
    text.push_str(&headers_go_first(plugin, "envoyextensionpolicy-held"));
    text
}

/// Where Envoy Gateway gets the module. It hands it on to the proxies itself.
fn code(policy: &Policy<'_>) -> String {
    let flags = &policy.arguments.module;
    let pull = flags.pull_policy.name();
    let sum = flags.sha256.as_ref().map(|sum| format!("  sha256: {}\n", quote(sum))).unwrap_or_default();
    match policy.module {
        Module::Oci => {
            let url = quote(flags.url.trim_start_matches("oci://"));
            let secret = match &flags.pull_secret {
                Some(secret) => format!("  pullSecretRef: {{name: {}}}\n", quote(secret)),
                None => String::new(),
            };
            format!("type: Image\nimage:\n  url: {url}\n{sum}{secret}pullPolicy: {pull}\n")
        }
        _ => format!("type: HTTP\nhttp:\n  url: {}\n{sum}pullPolicy: {pull}\n", quote(&flags.url)),
    }
}
