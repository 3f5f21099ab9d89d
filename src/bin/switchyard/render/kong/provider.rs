//! A provider: its service with its own route, and its upstream.

use switchyard::config::{
    file::{
        address::BaseUrl,
        compile,
        duration::Duration,
        types::{Gateway, Provider},
    },
    plugin::{Plugin, Target},
};

use super::{Options, ROUTES, chain, headers, target};
use crate::render::text::{indent, item, quote};

/// How many certificates may stand between a provider's and one that is trusted; nginx's own default is one.
const TLS_DEPTH: u32 = 5;

/// Statuses that count against an endpoint, beside 429: `docs/architecture.md` has what each says. 529 is Anthropic's.
const UNWELL: &str = "500, 502, 503, 504, 529";

/// The longest time in which nothing may come. Kong has one such time for streams and for whole replies.
pub(super) fn silence(gateway: &Gateway) -> Duration {
    let times = &gateway.timeouts;
    times.reply.max(times.first_event).max(times.idle)
}

/// How often Kong asks again after a failure to connect.
pub(super) fn retries(gateway: &Gateway, targets: usize) -> u32 {
    (gateway.attempts() - 1).max(u32::try_from(targets.saturating_sub(1)).unwrap_or(u32::MAX))
}

/// The service, whose route has the filter as standalone.
///
/// `explain`: with the reasons, which are the same for all.
///
/// # Errors
/// What Kong would not keep of the filter's configuration.
pub(super) fn service(
    gateway: &Gateway,
    options: &Options,
    plugin: &Plugin,
    explain: bool,
) -> Result<String, String> {
    let (provider, url) = row(gateway, plugin)?;
    let (targets, _) = target::of(provider, &options.targets)?;
    let (name, path) = (names(provider), format!("{ROUTES}{}/", provider.name));
    let times = &gateway.timeouts;
    let chain = indent(2, &chain::chain(&name, plugin, options)?);
    let plugins = indent(2, &headers::transformer(!gateway.keys.is_empty(), explain));
    let comment = |text: &'static str| if explain { text } else { "" };
    let tls = match url.tls {
        // Kong refuses these for http.
        false => String::new(),
        true => format!("tls_verify: true\ntls_verify_depth: {TLS_DEPTH}\n"),
    };
    let route = item(&format!(
        "name: {name}\npaths: [{path}]\n{stays}strip_path: false\n{held}request_buffering: true\ntags: [switchyard]\n\
         plugins:\n{plugins}filter_chains:\n{chain}",
        path = quote(&path),
        stays = comment(
            "# The filter writes the path. Where it did not run, the provider has nothing at this one.\n"
        ),
        held = comment("# The filter must have the whole body.\n"),
    ));
    let format = plugin.providers.first().map_or("", |row| row.format.name());
    let service = item(&format!(
        r#"name: {name}
protocol: {scheme}
host: {upstream}
port: {port}
retries: {retries}
connect_timeout: {connect}
write_timeout: {idle}
{silence}read_timeout: {read}
{tls}tags: [switchyard]
routes:
{route}"#,
        scheme = url.scheme(),
        upstream = upstream_name(provider),
        port = url.port,
        retries = retries(gateway, targets.len()),
        connect = times.connect.millis(),
        idle = times.idle.millis(),
        silence = comment("# While nothing comes: Kong has one time for streams and whole replies.\n"),
        read = silence(gateway).millis(),
    ));
    Ok(format!("# Provider {}, in the format {format}.\n{service}", provider.name))
}

/// The upstream with its endpoints.
///
/// # Errors
/// Only for what the check of the file tells as a mistake.
pub(super) fn upstream(gateway: &Gateway, options: &Options, plugin: &Plugin) -> Result<String, String> {
    let (provider, url) = row(gateway, plugin)?;
    let (targets, same_host) = target::of(provider, &options.targets)?;
    let host = match same_host {
        true => format!("# Host and TLS name of every request.\nhost_header: {}\n", quote(&url.authority())),
        false => "# Host and TLS name are those of each target.\n".to_owned(),
    };
    let limited = targets.len() > 1 || has_one_model(plugin);
    let health = indent(2, &healthchecks(gateway, limited));
    let targets: String = targets
        .iter()
        .map(|target| format!("- {{target: {}, weight: 100, tags: [switchyard]}}\n", quote(target)))
        .collect();
    Ok(item(&format!(
        "name: {}\n{host}tags: [switchyard]\nhealthchecks:\n{health}# More endpoints of the same account: --target {}=HOST:PORT.\ntargets:\n{targets}",
        upstream_name(provider),
        provider.name
    )))
}

/// When an endpoint is left out, and how it comes back.
fn healthchecks(gateway: &Gateway, limited: bool) -> String {
    let (failures, out) = (gateway.outlier.consecutive_failures, seconds(gateway.outlier.ejection));
    let (note, statuses) = match limited {
        true => ("", format!("429, {UNWELL}")),
        false => {
            ("    # Not 429: limits are per model, and this endpoint serves several.\n", UNWELL.to_owned())
        }
    };
    format!(
        r#"passive:
  type: http
  # One success ends a row of failures; with 0, failures would be counted for ever.
  healthy: {{successes: 1}}
  unhealthy:
{note}    http_statuses: [{statuses}]
    http_failures: {failures}
    tcp_failures: {failures}
    timeouts: {failures}
# Passive checks never let an endpoint in again. So one that is out, and no other, is tried after outlier.ejection, by a
# connection alone: no key is spent.
active:
  type: tcp
  timeout: {timeout}
  healthy: {{interval: 0, successes: 1}}
  unhealthy: {{interval: {out}, tcp_failures: 0, timeouts: 0, http_failures: 0}}
"#,
        timeout = seconds(gateway.timeouts.connect),
    )
}

/// Whether the route uses one model of the provider, by the provider's own name of it.
fn has_one_model(plugin: &Plugin) -> bool {
    let mut models =
        plugin.models.iter().flat_map(|model| &model.targets).map(|target: &Target| target.model.as_deref());
    let Some(Some(first)) = models.next() else { return false };
    models.all(|model| model == Some(first))
}

/// Whole seconds, at least one: decK takes no others.
fn seconds(duration: Duration) -> u64 {
    duration.millis().div_ceil(1000)
}

/// The provider of a route, and where it is.
fn row<'g>(gateway: &'g Gateway, plugin: &Plugin) -> Result<(&'g Provider, BaseUrl), String> {
    let name = plugin.providers.first().map(|provider| provider.name.as_str()).unwrap_or_default();
    let found = gateway.providers.iter().find(|provider| provider.name == name);
    let provider = found.ok_or_else(|| format!("no provider {name}"))?;
    Ok((provider, compile::base_url(provider)?))
}

/// The name of its service, route and chain.
fn names(provider: &Provider) -> String {
    format!("switchyard-{}", provider.name)
}

/// A name as Kong checks those of hosts: no part of it may end with a hyphen, as a provider's may.
fn upstream_name(provider: &Provider) -> String {
    format!("switchyard-{}-upstream", provider.name)
}
