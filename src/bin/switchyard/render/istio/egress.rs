//! How the mesh reaches providers: the name that applications call, and for each provider's host what it is, how it is
//! spoken to, and how often it is asked again.

use switchyard::config::{file::address::BaseUrl, plugin::Plugin};

use super::{Kind, Policy, Target, document, limits};
use crate::render::{
    kubernetes::{
        host::{Host, hosts},
        millis,
        told::several,
    },
    text::{indent, quote},
};

const NETWORKING: &str = "networking.istio.io/v1";

/// The port at which applications speak to hosts, without TLS.
pub(super) const PORT: u16 = 80;

/// All documents beside the policy itself.
///
/// # Errors
/// Two providers are at one host in ways that one entry of the mesh cannot say.
pub(super) fn documents(policy: &Policy<'_>, plugin: &Plugin) -> Result<Vec<String>, String> {
    let hosts = hosts(policy.gateway, &policy.arguments.hosts, &policy.arguments.name)?;
    let mut documents = Vec::new();
    if !is_gateway(policy) {
        documents.push(front(policy));
    }
    for host in &hosts {
        documents.extend(entry(policy, host));
        documents.push(destination(policy, host));
        if !matches!(policy.target, Target::Waypoint(_)) {
            documents.push(route(policy, host));
        }
    }
    if matches!(policy.target, Target::Waypoint(_)) {
        documents.push(waypoint_routes(policy, &hosts));
    }
    if let Some(warning) = several(plugin)
        && let Some(first) = documents.first_mut()
    {
        *first = format!("{warning}{first}");
    }
    Ok(documents)
}

/// The names of the providers' hosts, each once.
///
/// # Errors
/// As of [`documents`].
pub(super) fn names(policy: &Policy<'_>) -> Result<Vec<String>, String> {
    Ok(hosts(policy.gateway, &policy.arguments.hosts, &policy.arguments.name)?
        .into_iter()
        .map(|host| host.url.host)
        .collect())
}

fn is_gateway(policy: &Policy<'_>) -> bool {
    matches!(policy.target, Target::Gateway(_) | Target::Pods { at_gateway: Some(_), .. })
}

/// The name that applications call.
fn front(policy: &Policy<'_>) -> String {
    let hosts: Vec<String> = policy.arguments.hosts.iter().map(|host| quote(host)).collect();
    let body = format!(
        "spec:\n  hosts: [{}]\n{}  location: MESH_EXTERNAL\n  ports:\n  - {{number: {PORT}, name: http, protocol: HTTP}}\n  \
         # There is nothing behind it: the filter gives each request another host. Where it does not run, they are answered\n  \
         # with 503. Istio takes no such entry without an endpoint; nothing listens at this one.\n  resolution: STATIC\n  \
         endpoints: [{{address: 127.0.0.1, ports: {{http: 1}}}}]\n",
        hosts.join(", "),
        exported(policy),
    );
    let comment = "# The name that applications call. It must have an address: Istio gives it one where it answers DNS itself.\n";
    let name = format!("{}-front", policy.arguments.name);
    document::labelled(policy, (comment, NETWORKING, "ServiceEntry", &name), &waypoint_label(policy), &body)
}

/// The host as a service of the mesh; nothing for one that the cluster has.
fn entry(policy: &Policy<'_>, host: &Host) -> Option<String> {
    let BaseUrl { host: address, port, .. } = &host.url;
    if limits::is_service(address) {
        return None;
    }
    let body = format!(
        "spec:\n  hosts: [{}]\n{}  location: MESH_EXTERNAL\n  ports:\n  # The proxy takes requests at port {PORT}, and speaks to the \
         provider at its own.\n  - {{number: {PORT}, name: http, protocol: HTTP, targetPort: {port}}}\n  resolution: DNS\n",
        quote(address),
        exported(policy),
    );
    let comment = format!("# {address}\n");
    let labels = waypoint_label(policy);
    Some(document::labelled(policy, (&comment, NETWORKING, "ServiceEntry", &host.name), &labels, &body))
}

/// TLS, connections and ejection.
fn destination(policy: &Policy<'_>, host: &Host) -> String {
    let gateway = policy.gateway;
    let address = quote(&host.url.host);
    let tls = if host.url.tls {
        let ca_file = quote(&gateway.tls.ca_file);
        format!(
            "tls:\n  mode: SIMPLE\n  sni: {address}\n  # Without these an older Istio takes any certificate.\n  \
             caCertificates: {ca_file}\n  subjectAltNames: [{address}]\n"
        )
    } else {
        "tls: {mode: DISABLE}\n".to_owned()
    };
    let (connect, outlier) = (millis(gateway.timeouts.connect.millis()), &gateway.outlier);
    let (failures, interval, ejection) =
        (outlier.consecutive_failures, millis(outlier.interval.millis()), millis(outlier.ejection.millis()));
    let policy_text = format!(
        r"{tls}connectionPool:
  tcp: {{connectTimeout: {connect}}}
  http: {{http1MaxPendingRequests: 10000, http2MaxRequests: 10000}}
# An address that fails in a row is left out for a while. Where all would be, all are used: this pass has no other provider
# to go to.
outlierDetection:
  consecutive5xxErrors: {failures}
  interval: {interval}
  baseEjectionTime: {ejection}
  maxEjectionPercent: 100
  minHealthPercent: 50
"
    );
    let body = format!(
        "spec:\n  host: {address}\n{}  trafficPolicy:\n{}",
        exported(policy),
        indent(4, &policy_text)
    );
    document::document(policy, "", NETWORKING, "DestinationRule", &host.name, &body)
}

/// The route to a host: a VirtualService, or at a Gateway of the Gateway API an HTTPRoute.
fn route(policy: &Policy<'_>, host: &Host) -> String {
    let address = quote(&host.url.host);
    if let Target::Gateway(gateway) = policy.target {
        let comment = "# The filter gives requests this host; a client may name it too, and is then asked for a key like all others.\n";
        let body = format!(
            "spec:\n  parentRefs:\n  - {{name: {}}}\n  hostnames: [{address}]\n  rules:\n  - backendRefs:\n    - {{group: networking.istio.io, \
             kind: Hostname, name: {address}, port: {PORT}}}\n    filters:\n    # What the proxy tells itself is not for the \
             provider.\n    - type: RequestHeaderModifier\n      requestHeaderModifier:\n        remove: [{INSIDE}]\n    # A stream may take as long as it takes. What is tried again is Istio's own default.\n    timeouts: {{request: 0s}}\n",
            quote(gateway)
        );
        return document::document(
            policy,
            comment,
            "gateway.networking.k8s.io/v1",
            "HTTPRoute",
            &host.name,
            &body,
        );
    }
    let gateways = match policy.target {
        Target::Pods { at_gateway: Some(gateway), .. } => format!("  gateways: [{}]\n", quote(gateway)),
        _ => String::new(),
    };
    let body = format!(
        "spec:\n  hosts: [{address}]\n{gateways}{}  http:\n{}",
        exported(policy),
        indent(2, &rule(policy, host, ""))
    );
    document::document(policy, "", NETWORKING, "VirtualService", &host.name, &body)
}

/// At a waypoint requests stay with the name that was called, whatever their host has become: its routes lead on by that.
fn waypoint_routes(policy: &Policy<'_>, hosts: &[Host]) -> String {
    let front: Vec<String> = policy.arguments.hosts.iter().map(|host| quote(host)).collect();
    let rules: String = hosts
        .iter()
        .map(|host| {
            let by = format!("match: [{{authority: {{prefix: {}}}}}]\n", quote(&host.url.host));
            indent(2, &rule(policy, host, &by))
        })
        .collect();
    let body = format!("spec:\n  hosts: [{}]\n{}  http:\n{rules}", front.join(", "), exported(policy));
    let comment = "# A waypoint keeps to the name that was called; the filter has written the provider's host by then.\n";
    document::document(
        policy,
        comment,
        NETWORKING,
        "VirtualService",
        &format!("{}-front", policy.arguments.name),
        &body,
    )
}

/// What Istio's proxies add to requests.
const INSIDE: &str =
    "x-envoy-attempt-count, x-envoy-expected-rq-timeout-ms, x-envoy-decorator-operation, x-forwarded-proto";

/// What the filter tells routes that choose by it.
const CHOICE: &str = "x-switchyard-stream, x-switchyard-reply";

/// One rule of a VirtualService.
fn rule(policy: &Policy<'_>, host: &Host, by: &str) -> String {
    let (gateway, address) = (policy.gateway, quote(&host.url.host));
    let attempts = gateway.retries.attempts.unwrap_or(2).saturating_sub(1);
    let reply = millis(gateway.timeouts.reply.millis());
    let mut text = format!("{by}route:\n- destination: {{host: {address}, port: {{number: {PORT}}}}}\n");
    // No `timeout`: without one there is none for the whole, as streams need, and 0s is refused by the schema.
    text.push_str(&if attempts == 0 {
        "retries: {attempts: 0}\n".to_owned()
    } else {
        format!(
            "# The same provider once more. Not after a 429, which a client's SDK waits for.\nretries:\n  attempts: {attempts}\n  \
             perTryTimeout: {reply}\n  retryOn: connect-failure,refused-stream,reset,5xx\n"
        )
    });
    let told = if policy.arguments.kind == Kind::EnvoyfilterStandalone {
        format!(", {CHOICE}")
    } else {
        String::new()
    };
    text.push_str(&format!(
        "# What the proxy and the filter tell each other is not for the provider.\nheaders:\n  request:\n    remove: [{INSIDE}{told}]\n"
    ));
    format!("- name: switchyard\n{}", indent(2, &text))
}

/// A policy for a part of the mesh changes nothing outside its namespace.
fn exported(policy: &Policy<'_>) -> &'static str {
    if matches!(policy.target, Target::Mesh) { "" } else { "  exportTo: [\".\"]\n" }
}

fn waypoint_label(policy: &Policy<'_>) -> String {
    match policy.target {
        Target::Waypoint(name) => format!("labels: {{istio.io/use-waypoint: {}}}\n", quote(name)),
        _ => String::new(),
    }
}
