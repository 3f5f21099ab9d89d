//! Routes: which pool a request goes to, how long it may take, and what is tried again.

use switchyard::{
    config::{
        file::types::Gateway,
        plugin::{Headers, Plugin},
    },
    route::pool,
};

use super::{Cluster, Options, Role, Shape, cors, needs};
use crate::render::text::{indent, item, quote};

/// Room for what the translation of a request adds to it, beyond the largest that a client may send, and for the piece by
/// which a body grows too large: the filter is to see that before Envoy does.
const HEADROOM: u64 = 1 << 20;

/// What a connection takes in at once. Less than [`HEADROOM`].
pub(crate) const PIECE: u64 = 512 * 1024;

/// The largest body that is kept: of a request for the next attempt, of a reply for its translation.
pub(crate) fn body(gateway: &Gateway) -> u64 {
    gateway.limits.request_bytes.max(gateway.limits.reply_bytes) + HEADROOM
}

/// The route table.
pub(super) fn table(gateway: &Gateway, plugin: &Plugin, options: &Options) -> String {
    let hosts = virtual_hosts(gateway, plugin, options);
    format!("route_config:\n  name: switchyard\n  virtual_hosts:\n{}", indent(2, &hosts))
}

/// The virtual hosts, as items of a list.
pub(super) fn virtual_hosts(gateway: &Gateway, plugin: &Plugin, options: &Options) -> String {
    let Shape { role, headers } = options.shape;
    let mut domains: Vec<String> = options.domains.iter().map(|domain| quote(domain)).collect();
    if role == Role::Standalone && headers == Headers::Held && !domains.is_empty() {
        // The filter writes the provider's name of its host before the route is taken, and the request must stay here.
        domains.extend(authorities(plugin).into_iter().map(|(_, authority)| quote(authority)));
    }
    let domains = if domains.is_empty() { "\"*\"".to_owned() } else { domains.join(", ") };
    let routes = match (role, headers) {
        (Role::Two, _) => {
            let routes = [Pool::Several, Pool::One].map(|pool| stream(gateway, pool) + &whole(gateway, pool));
            format!(
                "# The filter names the pool in a header, which it removes or overwrites in all that clients send.\nroutes:\n{}",
                routes.concat()
            )
        }
        (_, Headers::Held) => format!(
            "{}# The filter names the cluster in a header.\nroutes:\n{}{}",
            removed(role),
            stream(gateway, Pool::Alone),
            whole(gateway, Pool::Alone)
        ),
        (..) => "routes:\n".to_owned(),
    };
    let mut hosts = host("switchyard", &domains, gateway, options, &format!("{routes}{}", fallback()));
    if headers != Headers::Held {
        for (name, authority) in authorities(plugin) {
            let domains = quote(authority);
            let routes = format!("{}routes:\n{}", removed(role), by_authority(gateway, name));
            hosts.push_str(&host(&format!("switchyard.{name}"), &domains, gateway, options, &routes));
        }
    }
    hosts
}

/// The routes of a path in a virtual host that is there already, as items of a list. What is said of a virtual host of
/// one's own is said of each.
pub(super) fn beside(gateway: &Gateway, options: &Options) -> String {
    let prefix = &options.prefix;
    let (pools, rewritten) = match options.shape.role {
        Role::Two => (vec![Pool::Several, Pool::One], String::new()),
        // The filter is not there to write the path.
        _ => (vec![Pool::Alone], "    prefix_rewrite: \"/\"\n".to_owned()),
    };
    let routes = pools.into_iter().flat_map(|pool| [stream(gateway, pool), whole(gateway, pool)]);
    let removed = if options.shape.role == Role::Two { String::new() } else { removed(options.shape.role) };
    let about = format!("{}{}{QUIET}{removed}", limit(gateway, options), filters(gateway, options));
    let mut text = String::from("# Before the others. The filter names the pool in a header.\n");
    for (index, route) in routes.chain([fallback()]).enumerate() {
        let route = route
            .replace("match: {prefix: \"/\"", &format!("match: {{prefix: \"{prefix}/\""))
            .replace("  route:\n", &format!("  route:\n{UPGRADES}{rewritten}"));
        text.push_str(&route);
        // The reason is said once.
        let said = |line: &&str| index == 0 || !line.trim_start().starts_with('#');
        let about: Vec<&str> = about.lines().filter(said).collect();
        text.push_str(&indent(2, &about.join("\n")));
    }
    text
}

fn host(name: &str, domains: &str, gateway: &Gateway, options: &Options, routes: &str) -> String {
    let name = quote_if_needed(name);
    let limit = limit(gateway, options);
    let filters = filters(gateway, options);
    let (quiet, routes) = match options.off_by_default {
        // What is said to the connection manager of an Envoy of one's own.
        true => (QUIET, routes.replace("  route:\n", &format!("  route:\n{UPGRADES}"))),
        false => ("", routes.to_owned()),
    };
    item(&format!("name: {name}\ndomains: [{domains}]\n{limit}{filters}{quiet}{routes}"))
}

/// No word of Envoy's own to clients.
const QUIET: &str = "response_headers_to_remove: [x-envoy-upstream-service-time]\n";

/// Realtime sessions. The filter refuses them on all other paths.
const UPGRADES: &str = "    upgrade_configs: [{upgrade_type: websocket}]\n";

/// Plain names stand as they are.
fn quote_if_needed(name: &str) -> String {
    let plain = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'.');
    if plain { name.to_owned() } else { quote(name) }
}

fn limit(gateway: &Gateway, options: &Options) -> String {
    if !needs::BODY_LIMIT.is_in(options.version) {
        return String::new();
    }
    let (body, counted) = match needs::COUNTED_ONCE.is_in(options.version) || options.shape.role != Role::Two
    {
        true => (body(gateway), ""),
        false => (
            2 * body(gateway),
            "# Twice of it: before Envoy 1.38 a body that the filter has held counts twice.\n",
        ),
    };
    format!(
        "# Bodies are kept for the next attempt, and replies until they are translated. A request over this size would be sent
# once and never fail over, and a reply over it would end in an error that no other provider is tried for. The filter
# acts before: at limits.request_bytes with an error in the client's own form, at limits.reply_bytes by failing over.
{counted}request_body_buffer_limit: {body}\n"
    )
}

/// What a virtual host says to the filters before the router.
fn filters(gateway: &Gateway, options: &Options) -> String {
    let mut text = cors::policy(gateway);
    if options.off_by_default {
        text.push_str(ON);
    }
    if text.is_empty() { text } else { format!("typed_per_filter_config:\n{}", indent(2, &text)) }
}

/// What turns the filter on, among `typed_per_filter_config`.
pub(crate) const ON: &str = r#"# The filter is off for all others.
switchyard.gateway:
  "@type": type.googleapis.com/envoy.config.route.v3.FilterConfig
  config: {}
"#;

/// What of a request does not go to where it is sent: what the filter says to the routes, the client's key where the
/// filter does not replace it, and what Envoy adds after the filter has written all headers.
fn removed(role: Role) -> String {
    let names = match role {
        Role::Gateway => "authorization, x-api-key, api-key, x-goog-api-key",
        _ => "x-forwarded-proto, x-request-id",
    };
    format!(
        "# Not for the one who serves.\n\
         request_headers_to_remove: [x-switchyard-stream, x-switchyard-reply, \
             x-envoy-expected-rq-timeout-ms, {names}]\n"
    )
}

/// Each provider that a model leads to, with its authority; of two at the same one the first.
fn authorities(plugin: &Plugin) -> Vec<(&str, &str)> {
    let mut found: Vec<(&str, &str)> = Vec::new();
    for provider in &plugin.providers {
        let authority = provider.authority.as_str();
        if !found.iter().any(|(_, known)| *known == authority) {
            found.push((&provider.name, authority));
        }
    }
    found
}

/// Where the filter has written the provider's own name of its host.
fn by_authority(gateway: &Gateway, name: &str) -> String {
    let cluster = quote(name);
    let retry = indent(4, &retry_policy(gateway, Pool::Alone));
    let times = &gateway.timeouts;
    let reply = times.reply.protobuf();
    let all = times.reply.times(Pool::Alone.attempts(gateway)).plus(times.idle).protobuf();
    // A whole reply may be as long in coming as a stream is silent; here nothing tells them apart.
    format!(
        r#"- match: {{prefix: "/"}}
  route:
    cluster: {cluster}
    timeout: 0s
    idle_timeout: {all}
{retry}      per_try_timeout: {reply}
      per_try_idle_timeout: {reply}
"#
    )
}

/// What a request may be sent to: attempts after the first are another thing for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pool {
    /// Several targets: the next attempt goes to the next one.
    Several,
    /// One: the next attempt is a second try.
    One,
    /// One, and the filter sees no attempt: it is the status that says whether there is a next.
    Alone,
}

impl Pool {
    /// The name of a route of such pools, and what it reads of the header that names the pool.
    fn route(self, name: &str) -> (String, String) {
        match self {
            Pool::Several => (name.to_owned(), format!("string_match: {{prefix: \"{}\"}}", pool::PREFIX)),
            Pool::One => (format!("{name}.one"), "present_match: true".to_owned()),
            Pool::Alone => (name.to_owned(), "present_match: true".to_owned()),
        }
    }

    fn attempts(self, gateway: &Gateway) -> u32 {
        match self {
            Pool::Several => gateway.attempts(),
            Pool::One | Pool::Alone => gateway.retries.attempts.unwrap_or(ATTEMPTS_AT_ONE),
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
    let held = if pool == Pool::Alone { "" } else { FIRST_EVENT };
    format!(
        r#"- name: {name}
  match: {{prefix: "/", headers: [{{name: x-switchyard-stream, {read}}}]}}
  route:
    cluster_header: x-switchyard-stream
    timeout: 0s
    # While nothing moves in either direction: time for every attempt's first event.
    idle_timeout: {all}
{retry}{held}      per_try_timeout: {first}
      per_try_idle_timeout: {idle}
"#
    )
}

const FIRST_EVENT: &str = "      # The filter holds a stream's headers until its first event, so this is the time to the first event.\n";

/// Replies that are no stream: time for the whole of it.
fn whole(gateway: &Gateway, pool: Pool) -> String {
    let times = &gateway.timeouts;
    let reply = times.reply.protobuf();
    let all = times.reply.times(pool.attempts(gateway)).plus(times.idle).protobuf();
    // Once its headers are with the filter, only this ends a reply.
    let whole = if pool == Pool::Alone { all.as_str() } else { "0s" };
    let retry = indent(4, &retry_policy(gateway, pool));
    let (name, read) = pool.route("reply");
    format!(
        r#"- name: {name}
  match: {{prefix: "/", headers: [{{name: x-switchyard-reply, {read}}}]}}
  route:
    cluster_header: x-switchyard-reply
    timeout: {whole}
    idle_timeout: {all}
{retry}      per_try_timeout: {reply}
"#
    )
}

fn retry_policy(gateway: &Gateway, pool: Pool) -> String {
    let retries = pool.attempts(gateway) - 1;
    let back_off = match pool {
        Pool::Several => MOVING_ON.to_owned(),
        Pool::One | Pool::Alone => {
            let (base, most) = (gateway.retries.back_off, gateway.retries.back_off.times(MOST_BACK_OFF));
            format!(
                "  # The same provider is asked a second time, after a time that is drawn at random below this one, which\n  \
                 # doubles.\n  retry_back_off: {{base_interval: {}, max_interval: {}}}\n",
                base.protobuf(),
                most.protobuf()
            )
        }
    };
    let reasons = if pool == Pool::Alone { BY_STATUS } else { BY_MARK };
    format!("retry_policy:\n{reasons}  num_retries: {retries}\n{back_off}")
}

const BY_MARK: &str = "  # The filter marks each reply that another provider may do better with. The rest are failures without a reply:
  # no connection, a reset, a time that has run out.
  retry_on: retriable-headers,reset,connect-failure,refused-stream
  retriable_headers: [{name: x-switchyard-retry, present_match: true}]
";

const BY_STATUS: &str = "  # By the status alone: what the filter makes of a reply comes after this.
  retry_on: 5xx,reset,connect-failure,refused-stream,retriable-status-codes
  retriable_status_codes: [429]
";

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
         - name: none\n  match: {{prefix: \"/\"}}\n  route:\n    cluster: {NONE}\n"
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
