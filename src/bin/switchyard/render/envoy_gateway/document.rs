//! The frame of a document, and what is told around the policies.

use switchyard::config::plugin::Plugin;

use super::{Kind, Policy};
use crate::render::{
    envoy::{self, Shape, Version},
    kubernetes::module,
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
    let what = match arguments.kind {
        Kind::EnvoyExtensionPolicy => {
            "# One pass: the filter picks the model's first target and translates for it. There is no failover.\n"
        }
        Kind::Held => {
            "# One pass, with headers that wait for the body: the filter reads the model from the body, picks its first target and\n\
             # translates for it. There is no failover.\n"
        }
        Kind::TwoRoles => "# Both roles: failover between providers, also of other formats.\n",
    };
    let needed = match arguments.kind {
        Kind::EnvoyExtensionPolicy => "enableBackend: true",
        Kind::Held => "enableBackend: true, enableEnvoyPatchPolicy: true",
        Kind::TwoRoles => "enableEnvoyPatchPolicy: true",
    };
    let oldest = oldest(policy);
    let (host, gateway, listener) =
        (arguments.hosts.first().map_or("", String::as_str), &arguments.gateway, &arguments.listener);
    let providers = if arguments.kind == Kind::TwoRoles { "" } else { " and those of the providers" };
    format!(
        "# Envoy Gateway's policies, made from {source} by `switchyard render envoy-gateway`: change that, not this.\n{what}\
         # {oldest}, with\n#   extensionApis: {{{needed}}}\n\
         # in its own configuration (the ConfigMap envoy-gateway-config, or Helm's config.envoyGateway). Clients call {host} at\n\
         # Gateway {gateway}, whose listener {listener} must admit that host{providers}.\n\
         # Of the file, `listen`, `admin`, `access_log` and `limits.memory_bytes` are Envoy Gateway's own matter.\n"
    )
}

/// The oldest Envoy Gateway that takes it. Its compatibility matrix says of which Envoy each is made; 1.7 is of 1.37.
fn oldest(policy: &Policy<'_>) -> String {
    let Version(major, minor) = match policy.arguments.kind {
        Kind::EnvoyExtensionPolicy => return "Envoy Gateway 1.6 or later".to_owned(),
        Kind::Held => module::OLDEST,
        Kind::TwoRoles => envoy::oldest(policy.gateway, Shape::default()).max(module::OLDEST),
    };
    match Version(major, minor) {
        module::OLDEST => format!("Envoy Gateway 1.7 or later (Envoy {major}.{minor})"),
        _ => format!("An Envoy Gateway that is made for Envoy {major}.{minor} or later"),
    }
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
