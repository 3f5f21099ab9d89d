//! Patches of an `EnvoyFilter`.

use switchyard::config::file::types::Gateway;

use super::{Policy, document};
use crate::render::{
    envoy::{self, Shape, Version},
    kubernetes::module,
    text::{indent, item},
};

/// What part of Istio's configuration is patched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// `GATEWAY` or `SIDECAR_OUTBOUND`.
    pub(super) context: &'static str,
    /// The oldest Envoy that takes the patches.
    pub(super) oldest: Version,
}

/// Istio's proxy 1.29 is made of Envoy 1.37, and so on: both come out four times a year.
const VERSIONS_APART: u32 = 8;

/// The oldest Envoy that takes the patches of a file.
pub(super) fn oldest(gateway: &Gateway, shape: Shape) -> Version {
    envoy::oldest(gateway, shape).max(module::OLDEST)
}

/// The minor version of Istio's proxy that is made of this Envoy.
pub(super) fn istio_minor(envoy: Version) -> u32 {
    envoy.1.saturating_sub(VERSIONS_APART)
}

impl Place {
    /// One patch. `matched`: lines of `match`, after context and proxy; may be empty.
    pub(super) fn patch(self, apply_to: &str, matched: &str, operation: &str, value: &str) -> String {
        let (context, proxies) = (self.context, self.proxies());
        item(&format!(
            "applyTo: {apply_to}\nmatch:\n  context: {context}\n  proxy: {{proxyVersion: '{proxies}'}}\n{}patch:\n  operation: \
             {operation}\n  value:\n{}",
            indent(2, matched),
            indent(4, value)
        ))
    }

    /// The regular expression of the versions of proxies that take the patches: others are left as they are.
    fn proxies(self) -> String {
        let minor = istio_minor(self.oldest);
        let (tens, ones) = (minor / 10, minor % 10);
        format!(r"^1\.({tens}[{ones}-9]|[{}-9][0-9])", tens + 1)
    }
}

/// A filter within the connection manager.
pub(super) fn router(port: Option<u16>) -> String {
    let port = port.map(|port| format!("  portNumber: {port}\n")).unwrap_or_default();
    format!(
        "listener:\n{port}  filterChain:\n    filter:\n      name: envoy.filters.network.http_connection_manager\n      subFilter: \
         {{name: envoy.filters.http.router}}\n"
    )
}

/// The policy with its patches. `comment`: whole lines.
pub(super) fn filter(policy: &Policy<'_>, comment: &str, patches: &[String]) -> String {
    let attached = document::attachment(policy, ("workloadSelector", "labels"));
    let body = format!("spec:\n{}  configPatches:\n{}", indent(2, &attached), indent(2, &patches.concat()));
    document::document(
        policy,
        comment,
        "networking.istio.io/v1alpha3",
        "EnvoyFilter",
        &policy.arguments.name,
        &body,
    )
}
