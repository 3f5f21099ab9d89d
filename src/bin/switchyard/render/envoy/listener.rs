//! The listener: connections, HTTP, and the filters.

use switchyard::config::{
    file::{address, types::Gateway},
    plugin::Plugin,
};

use super::{Options, Role, aws, cors, local_reply, needs, route, secret, wasm};
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
    let buffer = buffer(gateway, options);
    let mut text = format!(
        r#"name: switchyard
address:
  socket_address: {{address: "{address}", port_value: {port}}}
{buffer}filter_chains:
- filters:
  - name: envoy.filters.network.http_connection_manager
    typed_config:
      "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
"#
    );
    text.push_str(&indent(6, &manager(gateway)));
    text.push_str(&indent(6, &local_reply::config(options, downstream)));
    text.push_str(&indent(6, &route::table(gateway, downstream, options)));
    text.push_str("      http_filters:\n");
    text.push_str(&indent(6, &cors::filter(gateway)));
    text.push_str(&indent(6, reads(options.shape.role)));
    text.push_str(&indent(6, &wasm::filter(FILTER, downstream, options)?));
    if options.shape.role == Role::Standalone {
        text.push_str(&indent(6, &aws::filters(gateway)?));
    }
    text.push_str(&indent(6, &router(gateway, upstream, options)?));
    Ok(text)
}

/// The name of the filter before the router.
pub(super) const FILTER: &str = "switchyard.gateway";

/// What the filter before the router does.
pub(super) fn reads(role: Role) -> &'static str {
    match role {
        Role::Two => "# Reads the request, decides who may serve it, and names the pool.\n",
        Role::Gateway => "# Reads the request, decides who may serve it, and names the cluster.\n",
        Role::Standalone => {
            "# Reads the request, translates it for the provider that serves it, and translates the reply.\n"
        }
    }
}

/// What a connection holds.
pub(super) fn buffer(gateway: &Gateway, options: &Options) -> String {
    if needs::BODY_LIMIT.is_in(options.version) {
        let piece = route::PIECE;
        return format!(
            "# What a connection takes in at once, and holds for a peer that is slow. Bodies are held apart \
             (request_body_buffer_limit).\nper_connection_buffer_limit_bytes: {piece}\n"
        );
    }
    let body = route::body(gateway);
    format!(
        "# The largest body that is held: before Envoy 1.37 no other limit is known while the filter reads a body.\n\
         per_connection_buffer_limit_bytes: {body}\n"
    )
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

/// The router, which runs the provider role on every attempt where there are two roles.
fn router(gateway: &Gateway, upstream: &Plugin, options: &Options) -> Result<String, String> {
    let mut text = String::from(
        r#"name: envoy.filters.http.router
typed_config:
  "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router
  # No x-envoy-* headers of Envoy's own, to clients or to providers.
  suppress_envoy_headers: true
"#,
    );
    if options.shape.role == Role::Two {
        text.push_str(
            "  # Run on every attempt, for the provider that Envoy picked.\n  upstream_http_filters:\n",
        );
        text.push_str(&indent(2, &upstream_filters(gateway, upstream, options)?));
    }
    Ok(item(&text))
}

/// The filters of an attempt, as items of a list.
///
/// # Errors
/// A part of a key is in a variable that is not set here.
pub(super) fn upstream_filters(
    gateway: &Gateway,
    upstream: &Plugin,
    options: &Options,
) -> Result<String, String> {
    let filter = wasm::filter(ATTEMPT, upstream, options)?;
    around(
        gateway,
        options,
        &format!("# Translates the request for this provider, and its reply back.\n{filter}"),
    )
}

/// The name of the filter on each attempt.
pub(super) const ATTEMPT: &str = "switchyard.provider";

/// The filter of an attempt between those that hand it the keys and those that sign what it has made.
///
/// # Errors
/// As of [`upstream_filters`].
pub(super) fn around(gateway: &Gateway, options: &Options, filter: &str) -> Result<String, String> {
    let keys = if options.off_by_default { secret::guarded(gateway) } else { secret::filter(gateway) };
    let keys = keys.unwrap_or_default();
    let signers = aws::filters(gateway)?;
    Ok(format!("{keys}{filter}{signers}{CODEC}"))
}

const CODEC: &str = r#"- name: envoy.filters.http.upstream_codec
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec
"#;
