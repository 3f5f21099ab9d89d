//! A cluster for each pool: its lanes, in order.

use switchyard::{
    config::{
        file::{pools::Pool, types::Gateway},
        plugin::Plugin,
    },
    route::pool,
};

use super::{
    Cluster,
    cluster::{ERROR_MATCHER, last_name},
};
use crate::render::text::{indent, quote};

/// The aggregate cluster of a pool.
pub(super) fn cluster(gateway: &Gateway, plugin: &Plugin, pool: &Pool) -> Cluster {
    let lanes: Vec<String> = pool
        .lanes
        .iter()
        .map(|lane| {
            let name = plugin.providers.get(lane.provider).map_or("", |provider| provider.name.as_str());
            pool::lane_name(name, lane.slot)
        })
        .collect();
    let again = lanes.iter().map(|lane| last_name(lane));
    let members: Vec<String> = lanes.iter().cloned().chain(again).map(|name| quote(&name)).collect();
    let (name, members) = (quote(&pool.name), members.join(", "));
    let connect = gateway.timeouts.connect.protobuf();
    let matcher = indent(4, ERROR_MATCHER);
    let text = format!(
        r#"name: {name}
connect_timeout: {connect}
lb_policy: CLUSTER_PROVIDED
cluster_type:
  name: envoy.clusters.aggregate
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.clusters.aggregate.v3.ClusterConfig
    # In this order: the next is used when the ones before it are ejected, and by the next attempt of a request.
    # When all are ejected, all are tried, so that the first to recover is found: each is there a second time, never
    # ejected. Without these Envoy would draw one at random for each attempt.
    clusters: [{members}]
circuit_breakers:
  # The default of 3 retries at a time would stop failover just when a provider goes down under load. The next attempt
  # goes to the next one.
  thresholds:
  - {{max_connections: 10000, max_pending_requests: 10000, max_requests: 10000, max_retries: 10000}}
typed_extension_protocol_options:
  envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
    "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
    explicit_http_config: {{http_protocol_options: {{}}}}
{matcher}"#
    );
    Cluster { name: pool.name.clone(), comment: String::new(), text }
}
