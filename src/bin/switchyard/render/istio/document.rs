//! The frame of a document, and what is told around the policies.

use switchyard::config::plugin::Plugin;

use super::{Kind, Policy, Target, patch};
use crate::render::{
    envoy,
    text::{indent, quote},
};

/// A document of Kubernetes. `comment`: whole lines, or nothing.
pub(super) fn document(
    policy: &Policy<'_>,
    comment: &str,
    api: &str,
    kind: &str,
    name: &str,
    body: &str,
) -> String {
    labelled(policy, (comment, api, kind, name), "", body)
}

/// The same with further lines of `metadata`.
pub(super) fn labelled(
    policy: &Policy<'_>,
    (comment, api, kind, name): (&str, &str, &str, &str),
    metadata: &str,
    body: &str,
) -> String {
    let namespace = &policy.arguments.namespace;
    format!(
        "{comment}apiVersion: {api}\nkind: {kind}\nmetadata:\n  name: {name}\n  namespace: {namespace}\n{}{body}",
        indent(2, metadata)
    )
}

/// To which pods a policy is attached: lines of its `spec`. `selector`: what its kind calls the field, with what stands
/// between the field and the labels.
pub(super) fn attachment(policy: &Policy<'_>, selector: (&str, &str)) -> String {
    match &policy.target {
        Target::Mesh => "# No selector, in the root namespace: every proxy of the mesh.\n".to_owned(),
        Target::Namespace => "# No selector: every proxy of this namespace.\n".to_owned(),
        Target::Gateway(name) | Target::Waypoint(name) => format!(
            "targetRefs:\n- {{group: gateway.networking.k8s.io, kind: Gateway, name: {}}}\n",
            quote(name)
        ),
        Target::Pods { labels, .. } => {
            let (field, inner) = selector;
            let labels: String =
                labels.iter().map(|(key, value)| format!("    {}: {}\n", quote(key), quote(value))).collect();
            format!("{field}:\n  {inner}:\n{labels}")
        }
    }
}

/// The first document: what this is and what it needs, in comments.
pub(super) fn head(policy: &Policy<'_>) -> String {
    let arguments = policy.arguments;
    let source = arguments.common.file.display();
    let mut text = format!(
        "# Istio's policies, made from {source} by `switchyard render istio`: change that, not this.\n"
    );
    text.push_str(match arguments.kind {
        Kind::Wasmplugin | Kind::Trafficextension => ONE_PASS,
        Kind::EnvoyfilterStandalone => HELD,
        Kind::Envoyfilter => {
            "# Both roles at a gateway: failover between providers, also of other formats.\n"
        }
    });
    if let Some(shape) = arguments.kind.shape() {
        let oldest = patch::oldest(policy.gateway, shape);
        text.push_str(&format!(
            "# For proxies of Istio 1.{} and later, which are made of Envoy {oldest}; older ones are left as they are.\n",
            patch::istio_minor(oldest)
        ));
    }
    let host = arguments.hosts.first().map_or("", String::as_str);
    text.push_str(&match &policy.target {
        Target::Mesh | Target::Namespace | Target::Waypoint(_) | Target::Pods { at_gateway: None, .. } => {
            format!("# Applications call http://{host}/v1, without TLS: the proxy adds that towards the provider.\n")
        }
        Target::Gateway(_) | Target::Pods { .. } => {
            format!("# Clients call {host} at the gateway, whose listener must admit that host.\n")
        }
    });
    if !policy.gateway.listen.is_empty() {
        text.push_str("# Of the file, `listen`, `admin`, `access_log` and `limits.memory_bytes` are Istio's own matter.\n");
    }
    text
}

const ONE_PASS: &str = "# One pass: the filter picks the first target of the model that can serve a request, and translates for it.\n\
     # There is no failover.\n";

const HELD: &str = "# One pass, with headers that wait for the body: the filter reads the model there, picks the first target that can\n\
     # serve the request, and translates for it. There is no failover.\n";

/// What puts the providers' keys from the Secret into the proxy's environment: a ConfigMap that a Gateway of the Gateway
/// API names; nothing where no variable is needed or the pods are not Istio's own to make.
pub(super) fn environment(policy: &Policy<'_>, plugin: &Plugin) -> Option<String> {
    let names = envoy::variables(plugin);
    let gateway = match policy.target {
        Target::Gateway(name) | Target::Waypoint(name) if !names.is_empty() => name,
        _ => return None,
    };
    let mut patch = String::from(
        "spec:\n  template:\n    spec:\n      containers:\n      - name: istio-proxy\n        env:\n",
    );
    patch.push_str(&indent(8, &entries(policy, &names)));
    let name = format!("{}-environment", policy.arguments.name);
    let comment = format!(
        "# Puts the keys of Secret {} into the proxy's environment. The Gateway {gateway} must name it:\n\
         #   spec: {{infrastructure: {{parametersRef: {{group: \"\", kind: ConfigMap, name: {name}}}}}}}\n",
        policy.arguments.secret
    );
    let body = format!("data:\n  deployment: |\n{}", indent(4, &patch));
    Some(document(policy, &comment, "v1", "ConfigMap", &name, &body))
}

/// The same for pods that are injected, as comments: what their template must have.
pub(super) fn injection(policy: &Policy<'_>, plugin: &Plugin) -> String {
    let names = envoy::variables(plugin);
    let is_made_by_istio = matches!(policy.target, Target::Gateway(_) | Target::Waypoint(_));
    if names.is_empty() || is_made_by_istio {
        return String::new();
    }
    let container =
        format!("- name: istio-proxy\n  image: auto\n  env:\n{}", indent(2, &entries(policy, &names)));
    let lines: String = container.lines().map(|line| format!("#   {line}\n")).collect();
    format!(
        "# The providers' keys come from the proxy's environment. The template of each pod names them among its `containers`, and\n\
         # injection adds the rest; for all pods at once this can be an injection template of istiod's:\n{lines}"
    )
}

fn entries(policy: &Policy<'_>, names: &[&str]) -> String {
    let secret = quote(&policy.arguments.secret);
    let entry = |name: &&str| {
        let name = quote(name);
        format!("- name: {name}\n  valueFrom: {{secretKeyRef: {{name: {secret}, key: {name}}}}}\n")
    };
    names.iter().map(entry).collect()
}
