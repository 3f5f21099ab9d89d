//! The listener: connections, HTTP, and the filters.

use switchyard::config::{
    file::{address, types::Gateway},
    plugin::Plugin,
};

use super::{Options, aws, cors, local_reply, route, secret, wasm};
use crate::render::text::{indent, item};

/// The listener.
///
/// # Errors
/// Only for what the check of the file tells as a mistake.
pub(super) fn listener(
    gateway: &Gateway,
    downstream: &Plugin,
    upstream: &Plugin,
    options: &Options,
) -> Result<String, String> {
    let listen = address::listen(&gateway.listen)?;
    let (address, port) = (listen.ip(), listen.port());
    let buffer = route::PIECE;
    let mut text = format!(
        r#"name: switchyard
address:
  socket_address: {{address: "{address}", port_value: {port}}}
# What a connection takes in at once, and holds for a peer that is slow. Bodies are held apart (request_body_buffer_limit).
per_connection_buffer_limit_bytes: {buffer}
filter_chains:
- filters:
  - name: envoy.filters.network.http_connection_manager
    typed_config:
      "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
"#
    );
    text.push_str(&indent(6, &manager(gateway)));
    text.push_str(&indent(6, &local_reply::config()));
    text.push_str(&indent(6, &route::table(gateway)));
    text.push_str("      http_filters:\n");
    text.push_str(&indent(6, &cors::filter(gateway)));
    text.push_str("      # Reads the request, decides who may serve it, and names the pool.\n");
    text.push_str(&indent(6, &wasm::filter("switchyard.gateway", downstream, options)?));
    text.push_str(&indent(6, &router(gateway, upstream, options)?));
    Ok(text)
}

/// What concerns HTTP as such.
fn manager(gateway: &Gateway) -> String {
    let idle = gateway.timeouts.idle.protobuf();
    let log = if gateway.access_log { ACCESS_LOG } else { "" };
    format!(
        r#"stat_prefix: switchyard
codec_type: AUTO
# The address that is seen is the client's, and no client is internal: Envoy then removes the x-envoy-* headers that
# would let a client set retries and timeouts.
use_remote_address: true
internal_address_config: {{unix_sockets: false}}
normalize_path: true
merge_slashes: true
# A client that is slow to send its request is let go. The routes below set their own times for replies.
request_headers_timeout: 10s
stream_idle_timeout: {idle}
http2_protocol_options:
  max_concurrent_streams: 100
# Realtime sessions. The filter refuses them on all other paths.
upgrade_configs:
- upgrade_type: websocket
{log}"#
    )
}

const ACCESS_LOG: &str = r#"access_log:
- name: envoy.access_loggers.stdout
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.access_loggers.stream.v3.StdoutAccessLog
    log_format:
      json_format:
        time: "%START_TIME%"
        # The provider's.
        id: "%RESP(X-REQUEST-ID?REQUEST-ID)%"
        method: "%REQ(:METHOD)%"
        # Of the last attempt: the filter writes it for each provider.
        path: "%REQ(:PATH)%"
        status: "%RESPONSE_CODE%"
        flags: "%RESPONSE_FLAGS%"
        pool: "%UPSTREAM_CLUSTER%"
        provider: "%UPSTREAM_METADATA(switchyard:lane)%"
        attempts: "%UPSTREAM_REQUEST_ATTEMPT_COUNT%"
        milliseconds: "%DURATION%"
        bytes_in: "%BYTES_RECEIVED%"
        bytes_out: "%BYTES_SENT%"
"#;

/// The router, which runs the provider role on every attempt.
fn router(gateway: &Gateway, upstream: &Plugin, options: &Options) -> Result<String, String> {
    let mut text = String::from(
        r#"name: envoy.filters.http.router
typed_config:
  "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router
  # No x-envoy-* headers of Envoy's own, to clients or to providers.
  suppress_envoy_headers: true
  # Run on every attempt, for the provider that Envoy picked.
  upstream_http_filters:
"#,
    );
    if let Some(keys) = secret::filter(gateway) {
        text.push_str(&indent(2, &keys));
    }
    text.push_str("  # Translates the request for this provider, and its reply back.\n");
    text.push_str(&indent(2, &wasm::filter("switchyard.provider", upstream, options)?));
    text.push_str(&indent(2, &aws::filters(gateway)?));
    text.push_str(
        r#"  - name: envoy.filters.http.upstream_codec
    typed_config:
      "@type": type.googleapis.com/envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec
"#,
    );
    Ok(item(&text))
}
