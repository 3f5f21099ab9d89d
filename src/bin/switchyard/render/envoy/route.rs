//! Routes: which pool a request goes to, how long it may take, and what is tried again.

use switchyard::{config::file::types::Gateway, route::pool};

use super::{Cluster, cors};
use crate::render::text::indent;

/// Room for what the translation of a request adds to it, beyond the largest that a client may send, and for the piece by
/// which a body grows too large: the filter is to see that before Envoy does.
const HEADROOM: u64 = 1 << 20;

/// What a connection takes in at once. Less than [`HEADROOM`].
pub(super) const PIECE: u64 = 512 * 1024;

/// The route table.
pub(super) fn table(gateway: &Gateway) -> String {
    let limits = &gateway.limits;
    let body = limits.request_bytes.max(limits.reply_bytes) + HEADROOM;
    let routes = [Pool::Several, Pool::One].map(|pool| stream(gateway, pool) + &whole(gateway, pool));
    let cors = indent(4, &cors::policy(gateway));
    let mut text = format!(
        r#"route_config:
  name: switchyard
  virtual_hosts:
  - name: switchyard
    domains: ["*"]
    # Bodies are kept for the next attempt, and replies until they are translated. A request over this size would be sent
    # once and never fail over, and a reply over it would end in an error that no other provider is tried for. The filter
    # acts before: at limits.request_bytes with an error in the client's own form, at limits.reply_bytes by failing over.
    request_body_buffer_limit: {body}
{cors}    # The filter names the pool in a header, which it removes or overwrites in all that clients send.
    routes:
"#
    );
    for route in routes {
        text.push_str(&indent(4, &route));
    }
    text.push_str(&indent(4, &fallback()));
    text
}

/// What a request may be sent to: attempts after the first are another thing for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pool {
    /// Several targets: the next attempt goes to the next one.
    Several,
    /// One: the next attempt is a second try.
    One,
}

impl Pool {
    /// The name of a route of such pools, and what it reads of the header that names the pool.
    fn route(self, name: &str) -> (String, String) {
        match self {
            Pool::Several => (name.to_owned(), format!("string_match: {{prefix: \"{}\"}}", pool::PREFIX)),
            Pool::One => (format!("{name}.one"), "present_match: true".to_owned()),
        }
    }

    fn attempts(self, gateway: &Gateway) -> u32 {
        match self {
            Pool::Several => gateway.attempts(),
            Pool::One => gateway.retries.attempts.unwrap_or(ATTEMPTS_AT_ONE),
        }
    }
}

/// Streams: time for the first event, then between events, and none for the whole.
fn stream(gateway: &Gateway, pool: Pool) -> String {
    let times = &gateway.timeouts;
    let (first, idle) = (times.first_event.protobuf(), times.idle.protobuf());
    let all = times.first_event.times(pool.attempts(gateway)).plus(times.idle).protobuf();
    let retry = indent(4, &retry_policy(gateway, pool));
    let (name, read) = pool.route("stream");
    format!(
        r#"- name: {name}
  match: {{prefix: "/", headers: [{{name: x-switchyard-stream, {read}}}]}}
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
fn whole(gateway: &Gateway, pool: Pool) -> String {
    let times = &gateway.timeouts;
    let reply = times.reply.protobuf();
    let all = times.reply.times(pool.attempts(gateway)).plus(times.idle).protobuf();
    let retry = indent(4, &retry_policy(gateway, pool));
    let (name, read) = pool.route("reply");
    format!(
        r#"- name: {name}
  match: {{prefix: "/", headers: [{{name: x-switchyard-reply, {read}}}]}}
  route:
    cluster_header: x-switchyard-reply
    timeout: 0s
    idle_timeout: {all}
{retry}      per_try_timeout: {reply}
"#
    )
}

fn retry_policy(gateway: &Gateway, pool: Pool) -> String {
    let retries = pool.attempts(gateway) - 1;
    let back_off = match pool {
        Pool::Several => MOVING_ON.to_owned(),
        Pool::One => {
            let (base, most) = (gateway.retries.back_off, gateway.retries.back_off.times(MOST_BACK_OFF));
            format!(
                "  # The same provider is asked a second time, after a time that is drawn at random below this one, which\n  \
                 # doubles.\n  retry_back_off: {{base_interval: {}, max_interval: {}}}\n",
                base.protobuf(),
                most.protobuf()
            )
        }
    };
    format!(
        r#"retry_policy:
  # The filter marks each reply that another provider may do better with. The rest are failures without a reply:
  # no connection, a reset, a time that has run out.
  retry_on: retriable-headers,reset,connect-failure,refused-stream
  retriable_headers: [{{name: x-switchyard-retry, present_match: true}}]
  num_retries: {retries}
{back_off}"#
    )
}

/// Of a model of one target, where `retries.attempts` does not say.
const ATTEMPTS_AT_ONE: u32 = 2;

/// The longest time before a second try, in times of the shortest.
const MOST_BACK_OFF: u32 = 10;

const MOVING_ON: &str = r#"  # The next attempt goes to the next provider of the pool, so there is no reason to wait: a millisecond is the least.
  retry_back_off: {base_interval: 0.001s, max_interval: 0.001s}
  retry_priority:
    name: envoy.retry_priorities.previous_priorities
    typed_config:
      "@type": type.googleapis.com/envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig
      update_frequency: 1
"#;

/// Where the requests that the filter answers itself seem to go, and all others while their body comes: the limit of bodies
/// holds only on a route to a cluster, and so does the CORS filter. This cluster has no endpoint.
fn fallback() -> String {
    format!(
        "# While the filter reads a body, and for what it answers itself. Only a route to a cluster has the limit above.\n\
         - name: none\n  match: {{prefix: \"/\"}}\n  route: {{cluster: {NONE}}}\n"
    )
}

/// The cluster of [`fallback`].
pub(super) fn none() -> Cluster {
    let text = format!(
        "name: {NONE}\ntype: STATIC\nconnect_timeout: 1s\nload_assignment: {{cluster_name: {NONE}}}\n"
    );
    Cluster { name: NONE.to_owned(), comment: "# Where no request is to go.\n".to_owned(), text }
}

/// Names of lanes have no slash and those of pools begin with `pool/`.
const NONE: &str = "none/";
