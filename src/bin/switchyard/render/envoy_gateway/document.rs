//! The frame of a document, and what is told around the policies.

use switchyard::config::plugin::Plugin;

use super::{Kind, Policy};
use crate::render::{
    envoy,
    text::{indent, quote},
};

/// Envoy Gateway's own API.
pub(super) const ENVOY_GATEWAY: &str = "gateway.envoyproxy.io/v1alpha1";

/// A document of Kubernetes. `comment`: whole lines, or nothing. `spec`: its lines.
pub(super) fn document(
    policy: &Policy<'_>,
    comment: &str,
    (api, kind): (&str, &str),
    name: &str,
    spec: &str,
) -> String {
    let namespace = &policy.arguments.namespace;
    format!(
        "{comment}apiVersion: {api}\nkind: {kind}\nmetadata:\n  name: {name}\n  namespace: {namespace}\nspec:\n{}",
        indent(2, spec)
    )
}

/// The first lines: what this is and what it needs, in comments.
pub(super) fn head(policy: &Policy<'_>) -> String {
    let arguments = policy.arguments;
    let source = arguments.common.file.display();
    let (what, oldest) = match arguments.kind {
        Kind::EnvoyExtensionPolicy => (
            "# One pass: the filter picks the model's first target and translates for it. There is no failover.\n",
            "# Envoy Gateway 1.6 or later, with\n#   extensionApis: {enableBackend: true}\n",
        ),
        Kind::Held => (
            "# One pass, with headers that wait for the body: the filter reads the model from the body, picks its first target and\n\
             # translates for it. There is no failover.\n",
            "# Envoy Gateway 1.7 or later (Envoy 1.37), with\n#   extensionApis: {enableBackend: true, enableEnvoyPatchPolicy: true}\n",
        ),
        Kind::TwoRoles => (
            "# Both roles: failover between providers, also of other formats.\n",
            "# Envoy Gateway 1.7 or later (Envoy 1.37), with\n#   extensionApis: {enableEnvoyPatchPolicy: true}\n",
        ),
    };
    let (host, gateway, listener) =
        (&arguments.hosts.first().map_or("", String::as_str), &arguments.gateway, &arguments.listener);
    format!(
        "# Envoy Gateway's policies, made from {source} by `switchyard render envoy-gateway`: change that, not this.\n{what}{oldest}\
         # in its own configuration (the ConfigMap envoy-gateway-config, or Helm's config.envoyGateway). Clients call {host} at\n\
         # Gateway {gateway}, whose listener {listener} must admit that host{}.\n\
         # Of the file, `listen`, `admin`, `access_log` and `limits.memory_bytes` are Envoy Gateway's own matter.\n",
        if arguments.kind == Kind::TwoRoles { "" } else { " and those of the providers" }
    )
}

/// What puts the providers' keys from the Secret into the proxies' environment; nothing where no variable is needed.
pub(super) fn environment(policy: &Policy<'_>, plugin: &Plugin) -> Option<String> {
    let names = envoy::variables(plugin);
    if names.is_empty() {
        return None;
    }
    let (name, secret) = (&policy.arguments.name, &policy.arguments.secret);
    let entries: String = names
        .iter()
        .map(|variable| {
            let variable = quote(variable);
            format!(
                "- name: {variable}\n  valueFrom: {{secretKeyRef: {{name: {}, key: {variable}}}}}\n",
                quote(secret)
            )
        })
        .collect();
    let comment = format!(
        "# Puts the keys of Secret {secret} into the environment of the proxies. The Secret is where they run, by default in\n\
         # envoy-gateway-system. Gateway {} must name this:\n\
         #   spec: {{infrastructure: {{parametersRef: {{group: gateway.envoyproxy.io, kind: EnvoyProxy, name: {name}}}}}}}\n\
         # A Gateway that names another EnvoyProxy already gets these entries there.\n",
        policy.arguments.gateway
    );
    let spec = format!(
        "provider:\n  type: Kubernetes\n  kubernetes:\n    envoyDeployment:\n      container:\n        env:\n{}",
        indent(8, &entries)
    );
    Some(document(policy, &comment, (ENVOY_GATEWAY, "EnvoyProxy"), name, &spec))
}

/// How much the listener's connections may hold.
pub(super) fn connection(policy: &Policy<'_>) -> String {
    let arguments = policy.arguments;
    let bytes = quote(&envoy::body(policy.gateway).to_string());
    let comment = "# The filter holds a whole body while it translates it, and this is all the room there is without an EnvoyPatchPolicy:\n\
                   # each connection of the listener may hold as much. The default, 32 KiB, is too little for prompts. Where the listener\n\
                   # has a ClientTrafficPolicy already, put the field there: of two, Envoy Gateway takes the older.\n";
    let spec = format!(
        "targetRefs:\n- {{group: gateway.networking.k8s.io, kind: Gateway, name: {}, sectionName: {}}}\nconnection:\n  \
         bufferLimit: {bytes}\n",
        arguments.gateway, arguments.listener
    );
    document(policy, comment, (ENVOY_GATEWAY, "ClientTrafficPolicy"), &arguments.name, &spec)
}
