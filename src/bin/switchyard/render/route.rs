//! Routes: which pool a request goes to, how long it may take, and what is tried again.

use switchyard::config::file::types::Gateway;

use super::{cors, text::indent};

/// Room for what the translation of a request adds to it, beyond the largest that a client may send.
const HEADROOM: u64 = 1 << 20;

/// The route table.
pub(super) fn table(gateway: &Gateway) -> String {
    let body = gateway.limits.request_bytes + HEADROOM;
    let (stream, reply) = (stream(gateway), whole(gateway));
    let cors = indent(4, &cors::policy(gateway));
    let mut text = format!(
        r#"route_config:
  name: switchyard
  virtual_hosts:
  - name: switchyard
    domains: ["*"]
    # Bodies are kept for the next attempt. A body over this size would be sent once and never fail over; the filter
    # refuses those over limits.request_bytes before, with an error in the client's own form.
    request_body_buffer_limit: {body}
{cors}    # The filter names the pool in a header, which it removes or overwrites in all that clients send.
    routes:
"#
    );
    text.push_str(&indent(4, &stream));
    text.push_str(&indent(4, &reply));
    text.push_str(&indent(4, &cors::fallback(gateway).unwrap_or_else(|| NO_ROUTE.to_owned())));
    text
}

/// Streams: time for the first event, then between events, and none for the whole.
fn stream(gateway: &Gateway) -> String {
    let times = &gateway.timeouts;
    let (first, idle) = (times.first_event.protobuf(), times.idle.protobuf());
    let all = times.first_event.times(gateway.attempts()).plus(times.idle).protobuf();
    let retry = indent(4, &retry_policy(gateway));
    format!(
        r#"- name: stream
  match: {{prefix: "/", headers: [{{name: x-switchyard-stream, present_match: true}}]}}
  route:
    cluster_header: x-switchyard-stream
    timeout: 0s
    # While nothing moves in either direction: time for every attempt's first event.
    idle_timeout: {all}
{retry}      # The filter holds a stream's headers until its first event, so this is the time to the first event.
      per_try_timeout: {first}
      per_try_idle_timeout: {idle}
"#
    )
}

/// Replies that are no stream: time for the whole of it.
fn whole(gateway: &Gateway) -> String {
    let times = &gateway.timeouts;
    let reply = times.reply.protobuf();
    let all = times.reply.times(gateway.attempts()).plus(times.idle).protobuf();
    let retry = indent(4, &retry_policy(gateway));
    format!(
        r#"- name: reply
  match: {{prefix: "/", headers: [{{name: x-switchyard-reply, present_match: true}}]}}
  route:
    cluster_header: x-switchyard-reply
    timeout: 0s
    idle_timeout: {all}
{retry}      per_try_timeout: {reply}
"#
    )
}

fn retry_policy(gateway: &Gateway) -> String {
    let retries = gateway.attempts() - 1;
    format!(
        r#"retry_policy:
  # The filter marks each reply that another provider may do better with. The rest are failures without a reply:
  # no connection, a reset, a time that has run out.
  retry_on: retriable-headers,reset,connect-failure,refused-stream
  retriable_headers: [{{name: x-switchyard-retry, present_match: true}}]
  num_retries: {retries}
  # The next attempt goes to the next provider of the pool, so there is no reason to wait.
  retry_back_off: {{base_interval: 0.025s, max_interval: 0.250s}}
  retry_priority:
    name: envoy.retry_priorities.previous_priorities
    typed_config:
      "@type": type.googleapis.com/envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig
      update_frequency: 1
"#
    )
}

/// The filter answers all else itself; this is what is left should it ever not.
const NO_ROUTE: &str = r#"- name: none
  match: {prefix: "/"}
  direct_response:
    status: 404
    body:
      inline_string: '{"error":{"message":"no such path","type":"invalid_request_error","param":null,"code":"not_found"}}'
  response_headers_to_add:
  - header: {key: content-type, value: application/json}
    append_action: OVERWRITE_IF_EXISTS_OR_ADD
"#;
