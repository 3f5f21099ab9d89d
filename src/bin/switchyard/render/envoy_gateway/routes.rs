//! Of one pass: where requests are taken, and for each provider's host where they go on to, how it is spoken to, and how
//! often it is asked again.
//!
//! The filter writes the provider's own host into a request, and Envoy then looks for its route anew: so each host has an
//! HTTPRoute of its own. With headers that wait for the body, streams have one more, by the header in which the filter tells
//! of them, for their times are others.

use switchyard::config::file::address::BaseUrl;

use super::{
    Kind, Policy,
    document::{self, ENVOY_GATEWAY},
};
pub(super) use crate::render::kubernetes::host::Host;
use crate::render::{
    envoy::PIECE,
    kubernetes::{host, millis, name::is_label},
    text::quote,
};

const ROUTES: (&str, &str) = ("gateway.networking.k8s.io/v1", "HTTPRoute");

/// Every provider's host once.
///
/// # Errors
/// Two providers are at one host in ways that routes cannot tell apart, or one has no name that Kubernetes takes.
pub(super) fn hosts(policy: &Policy<'_>) -> Result<Vec<Host>, String> {
    let hosts = host::hosts(policy.gateway, &policy.arguments.hosts, &policy.arguments.name)?;
    match hosts.iter().find(|host| !is_label(&host.name)) {
        Some(host) => Err(format!(
            "{}: a name in Kubernetes has at most 63 letters, and none of `-` and `_` at its end",
            host.name
        )),
        None => Ok(hosts),
    }
}

/// The names of all HTTPRoutes.
pub(super) fn names(policy: &Policy<'_>, hosts: &[Host]) -> Vec<String> {
    let mut names = vec![policy.arguments.name.clone()];
    for host in hosts {
        names.push(host.name.clone());
        if policy.arguments.kind == Kind::Held {
            names.push(format!("{}-stream", host.name));
        }
    }
    names
}

/// All documents beside the policy itself.
pub(super) fn documents(policy: &Policy<'_>, hosts: &[Host]) -> Vec<String> {
    let mut documents = vec![front(policy), nowhere(policy)];
    for host in hosts {
        documents.push(backend(policy, &host.name, &host.url));
        documents.extend(tls(policy, host));
        documents.push(route(policy, host));
        if policy.arguments.kind == Kind::Held {
            documents.push(stream_route(policy, host));
        }
    }
    let wholes: Vec<String> = hosts.iter().map(|host| host.name.clone()).collect();
    documents.push(traffic(policy, &policy.arguments.name, &wholes, Replies::of(policy)));
    if policy.arguments.kind == Kind::Held {
        let streams: Vec<String> = wholes.iter().map(|name| format!("{name}-stream")).collect();
        let name = format!("{}-stream", policy.arguments.name);
        documents.push(traffic(policy, &name, &streams, Replies::Streams));
    }
    documents
}

/// The hosts that clients call.
fn front(policy: &Policy<'_>) -> String {
    let hosts: Vec<String> = policy.arguments.hosts.iter().map(|host| quote(host)).collect();
    let name = &policy.arguments.name;
    let rule = format!("- backendRefs:\n  - {}", reference(&nowhere_name(policy), NOWHERE_PORT));
    document::document(
        policy,
        "# What clients call.\n",
        ROUTES,
        name,
        &route_spec(policy, &hosts.join(", "), &rule),
    )
}

fn route_spec(policy: &Policy<'_>, hosts: &str, rules: &str) -> String {
    let (gateway, listener) = (&policy.arguments.gateway, &policy.arguments.listener);
    format!(
        "parentRefs:\n- {{name: {gateway}, sectionName: {listener}}}\nhostnames: [{hosts}]\nrules:\n{rules}"
    )
}

fn reference(backend: &str, port: u16) -> String {
    format!("{{group: gateway.envoyproxy.io, kind: Backend, name: {backend}, port: {port}}}\n")
}

fn nowhere_name(policy: &Policy<'_>) -> String {
    format!("{}-none", policy.arguments.name)
}

/// The discard service's (RFC 863); nothing is ever sent there.
const NOWHERE_PORT: u16 = 9;

/// Where requests seem to go while the filter reads them, and what it answers itself.
fn nowhere(policy: &Policy<'_>) -> String {
    let comment = "# Where no request is to go: while the filter reads a request, it has to have a route to a backend, for only there a body may\n\
                   # be larger than usual. No name under .invalid has an address (RFC 2606). Where the filter does not run, clients get 503.\n";
    let spec = format!("endpoints:\n- fqdn: {{hostname: none.invalid, port: {NOWHERE_PORT}}}\n");
    document::document(policy, comment, (ENVOY_GATEWAY, "Backend"), &nowhere_name(policy), &spec)
}

/// The provider's host.
fn backend(policy: &Policy<'_>, name: &str, url: &BaseUrl) -> String {
    let BaseUrl { host, port, .. } = url;
    let spec = format!("endpoints:\n- fqdn: {{hostname: {}, port: {port}}}\n", quote(host));
    document::document(policy, &format!("# {}\n", url.authority()), (ENVOY_GATEWAY, "Backend"), name, &spec)
}

/// TLS towards it; nothing for `http`.
fn tls(policy: &Policy<'_>, host: &Host) -> Option<String> {
    let name = &host.name;
    let spec = format!(
        "targetRefs:\n- {{group: gateway.envoyproxy.io, kind: Backend, name: {name}}}\nvalidation:\n  # Sent as SNI, and what its \
         certificate must name.\n  hostname: {}\n  wellKnownCACertificates: System\n",
        quote(&host.url.host)
    );
    host.url.tls.then(|| {
        document::document(policy, "", ("gateway.networking.k8s.io/v1", "BackendTLSPolicy"), name, &spec)
    })
}

/// What of a request does not go to a provider.
fn removed(policy: &Policy<'_>) -> String {
    let (why, names) = match policy.arguments.kind {
        Kind::Held => (
            "The choice of the filter, and what Envoy adds, are",
            "x-switchyard-stream, x-switchyard-reply, x-forwarded-proto",
        ),
        _ => ("What Envoy adds is", "x-forwarded-proto"),
    };
    format!(
        "  filters:\n  # {why} not for the one who serves.\n  - type: RequestHeaderModifier\n    requestHeaderModifier: {{remove: [{names}]}}\n"
    )
}

/// Requests to which the filter has given this host.
fn route(policy: &Policy<'_>, host: &Host) -> String {
    let removed = removed(policy);
    let rule = format!("- backendRefs:\n  - {}{removed}", reference(&host.name, host.url.port));
    document::document(policy, "", ROUTES, &host.name, &route_spec(policy, &quote(&host.url.host), &rule))
}

/// The same of streams, of which the filter tells in a header. It removes or overwrites it in all that clients send.
fn stream_route(policy: &Policy<'_>, host: &Host) -> String {
    let rule = format!(
        "- matches:\n  - headers: [{{type: RegularExpression, name: x-switchyard-stream, value: \".+\"}}]\n  backendRefs:\n  - {}{}",
        reference(&host.name, host.url.port),
        removed(policy)
    );
    let name = format!("{}-stream", host.name);
    document::document(policy, "", ROUTES, &name, &route_spec(policy, &quote(&host.url.host), &rule))
}

/// What replies the times are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Replies {
    /// Those that come whole.
    Whole,
    /// Streams.
    Streams,
    /// Either.
    Both,
}

impl Replies {
    fn of(policy: &Policy<'_>) -> Self {
        if policy.arguments.kind == Kind::Held { Replies::Whole } else { Replies::Both }
    }
}

/// Times, another try, ejection and connections.
fn traffic(policy: &Policy<'_>, name: &str, routes: &[String], replies: Replies) -> String {
    let (gateway, times) = (policy.gateway, &policy.gateway.timeouts);
    let targets: String = routes
        .iter()
        .map(|name| format!("- {{group: gateway.networking.k8s.io, kind: HTTPRoute, name: {name}}}\n"))
        .collect();
    let attempts = gateway.retries.attempts.unwrap_or(ATTEMPTS);
    let one = if replies == Replies::Streams { times.first_event } else { times.reply };
    let all = millis(one.times(attempts).plus(times.idle).millis());
    // Once its headers are with the filter, only this ends a reply.
    let whole = if replies == Replies::Whole { all.as_str() } else { "0s" };
    let connect = millis(times.connect.millis());
    let comment = match replies {
        Replies::Whole => "# Replies that come whole.\n",
        Replies::Streams => "# Streams: no time for the whole.\n",
        Replies::Both => "# Streams and replies that come whole: nothing tells them apart here.\n",
    };
    let retry = if attempts > 1 { retry(policy, attempts - 1, &millis(one.millis())) } else { String::new() };
    let outlier = &gateway.outlier;
    let (failures, interval, ejection) =
        (outlier.consecutive_failures, millis(outlier.interval.millis()), millis(outlier.ejection.millis()));
    let spec = format!(
        r#"targetRefs:
{targets}timeout:
  tcp: {{connectTimeout: {connect}}}
  # While nothing moves in either direction: time for every attempt.
  http: {{requestTimeout: {whole}, streamIdleTimeout: {all}}}
{retry}# An address that fails in a row is left out for a while. Where all would be, all are used: this pass has no other provider
# to go to.
healthCheck:
  passive: {{consecutive5XxErrors: {failures}, interval: {interval}, baseEjectionTime: {ejection}, maxEjectionPercent: 100}}
circuitBreaker: {{maxConnections: 10000, maxPendingRequests: 10000, maxParallelRequests: 10000}}
connection: {{bufferLimit: "{PIECE}"}}
"#
    );
    document::document(policy, comment, (ENVOY_GATEWAY, "BackendTrafficPolicy"), name, &spec)
}

/// Of a provider, where `retries.attempts` does not say.
const ATTEMPTS: u32 = 2;

/// The longest time before another try, in times of the shortest.
const MOST_BACK_OFF: u32 = 10;

fn retry(policy: &Policy<'_>, retries: u32, one: &str) -> String {
    let back_off = policy.gateway.retries.back_off;
    let (base, most) = (millis(back_off.millis()), millis(back_off.times(MOST_BACK_OFF).millis()));
    format!(
        r"# The same provider once more, by the status alone: what the filter makes of a reply comes after this.
retry:
  numRetries: {retries}
  retryOn:
    triggers: [5xx, reset, connect-failure, refused-stream, retriable-status-codes]
    httpStatusCodes: [429]
  perRetry:
    timeout: {one}
    backOff: {{baseInterval: {base}, maxInterval: {most}}}
"
    )
}
