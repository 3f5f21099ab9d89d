//! A cluster for each lane: where a provider is, and when it is left out.

use switchyard::{
    config::{
        file::{address::BaseUrl, compile, types::Gateway},
        plugin::Plugin,
    },
    route::pool::{self, Lane},
};

use super::{Cluster, tls};
use crate::render::text::{indent, quote};

/// What counts as a failure, of the options of a cluster's protocol. Envoy reads it from the cluster that the route names.
pub(super) const ERROR_MATCHER: &str = r"# The filter marks replies that say the provider is unwell; those alone count against it.
outlier_detection:
  error_matcher:
    http_response_headers_match:
      headers: [{name: x-switchyard-unwell, present_match: true}]
";

/// Envoy's defaults are 1024 connections and requests and 3 retries at a time for a cluster.
fn breakers(gateway: &Gateway) -> String {
    let percent = gateway.retries.budget_percent;
    format!(
        r"circuit_breakers:
  thresholds:
  - max_connections: 10000
    max_pending_requests: 10000
    max_requests: 10000
    # Second tries at this provider are a part of its requests, so that a bad day does not multiply them. Moving on to
    # another provider is not one.
    retry_budget: {{budget_percent: {{value: {percent}}}, min_retry_concurrency: 3}}
"
    )
}

/// The cluster of a lane.
///
/// # Errors
/// Only for what the check of the file tells as a mistake.
pub(super) fn lane(gateway: &Gateway, plugin: &Plugin, lane: Lane) -> Result<Cluster, String> {
    cluster(gateway, plugin, lane, Health::Counted)
}

/// A lane once more, for when all of a pool are ejected: here it never is.
///
/// # Errors
/// As of [`lane`].
pub(super) fn last(gateway: &Gateway, plugin: &Plugin, lane: Lane) -> Result<Cluster, String> {
    cluster(gateway, plugin, lane, Health::Ignored)
}

/// A lane for a filter that runs before the router alone. No other is tried for its requests, so none is ejected.
///
/// # Errors
/// As of [`lane`].
pub(super) fn standalone(gateway: &Gateway, plugin: &Plugin, lane: Lane) -> Result<Cluster, String> {
    cluster(gateway, plugin, lane, Health::Alone)
}

/// The name of a lane's cluster for when all of a pool are ejected.
pub(super) fn last_name(lane: &str) -> String {
    format!("last/{lane}")
}

/// Whether failures eject a lane: they are counted, they are not, or there is no other lane to go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Health {
    Counted,
    Ignored,
    Alone,
}

fn cluster(gateway: &Gateway, plugin: &Plugin, lane: Lane, health: Health) -> Result<Cluster, String> {
    let provider = gateway.providers.get(lane.provider).ok_or("a lane without a provider")?;
    let url = compile::base_url(provider)?;
    let lane_name = pool::lane_name(&provider.name, lane.slot);
    let (name, outlier, last) = match health {
        Health::Counted => (lane_name.clone(), outlier(gateway), ""),
        Health::Alone => (lane_name.clone(), String::new(), ""),
        Health::Ignored => (last_name(&lane_name), String::new(), ", where all of a pool are ejected"),
    };
    let format = plugin.providers.get(lane.provider).map_or("", |provider| provider.format.name());
    let again = if lane.slot > 1 { ", again: for models that list it more than once" } else { "" };
    let comment = format!("# {}: speaks {format} at {}{again}{last}\n", provider.name, url.authority());
    let mut text = format!("name: {}\n", quote(&name));
    text.push_str(&discovery(&url));
    text.push_str(&format!("connect_timeout: {}\n", gateway.timeouts.connect.protobuf()));
    text.push_str(&format!("per_connection_buffer_limit_bytes: {}\n", super::route::PIECE));
    text.push_str(&outlier);
    text.push_str(&breakers(gateway));
    text.push_str(&tls::socket(&url, &gateway.tls.ca_file));
    text.push_str(protocol(&url));
    if health != Health::Alone {
        text.push_str(&indent(4, ERROR_MATCHER));
    }
    text.push_str(&endpoint(&name, &lane_name, &url));
    Ok(Cluster { name, comment, text })
}

pub(super) fn discovery(url: &BaseUrl) -> String {
    match url.ip() {
        Some(_) => "type: STATIC\n".to_owned(),
        None => "# One host however many addresses: failures are counted for the provider, not for each of them.\n\
                 type: LOGICAL_DNS\ndns_lookup_family: V4_PREFERRED\n"
            .to_owned(),
    }
}

fn outlier(gateway: &Gateway) -> String {
    let outlier = &gateway.outlier;
    let (failures, interval) = (outlier.consecutive_failures, outlier.interval.protobuf());
    let (ejection, max_ejection) = (outlier.ejection.protobuf(), outlier.max_ejection.protobuf());
    format!(
        r#"# What counts as a failure is told by the pool's error_matcher. Without a reply (no connection, a reset, a time that
# has run out) it always counts, in the same row: split_external_local_origin_errors stays off.
outlier_detection:
  consecutive_5xx: {failures}
  interval: {interval}
  base_ejection_time: {ejection}
  max_ejection_time: {max_ejection}
  # The default of 10 percent would eject none of so few.
  max_ejection_percent: 100
"#
    )
}

pub(super) fn protocol(url: &BaseUrl) -> &'static str {
    if url.tls {
        r#"typed_extension_protocol_options:
  envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
    "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
    # HTTP/2 where the provider offers it, HTTP/1.1 otherwise.
    auto_config: {http_protocol_options: {}, http2_protocol_options: {}}
"#
    } else {
        r#"typed_extension_protocol_options:
  envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
    "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
    explicit_http_config: {http_protocol_options: {}}
"#
    }
}

/// The endpoint, whose metadata is all that tells an attempt who it is for.
fn endpoint(name: &str, lane: &str, url: &BaseUrl) -> String {
    let (name, lane, host, port) = (quote(name), quote(lane), quote(&url.host), url.port);
    let endpoint = format!(
        r#"- endpoint:
    hostname: {host}
    address: {{socket_address: {{address: {host}, port_value: {port}}}}}
  metadata:
    filter_metadata:
      switchyard: {{lane: {lane}}}
"#
    );
    format!(
        "load_assignment:\n  cluster_name: {name}\n  endpoints:\n  - lb_endpoints:\n{}",
        indent(4, &endpoint)
    )
}
