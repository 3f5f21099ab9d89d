//! Where proxies get the module.

use switchyard::config::file::address::BaseUrl;

use super::{Arguments, Kind, Policy};
use crate::render::envoy::{self, Cluster, Code, Options, Shape, Version};

/// Where the module is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Module<'a> {
    /// A registry, which istio-agent pulls from; Envoy cannot.
    Oci,
    /// A file in the proxy's container.
    File(&'a str),
    /// A server; with the sum without which Envoy takes nothing from one.
    Http(&'a str),
}

impl<'a> Module<'a> {
    /// What the flags say.
    ///
    /// # Errors
    /// They are wrong, or Envoy cannot fetch the module from there.
    pub(super) fn new(arguments: &'a Arguments) -> Result<Self, String> {
        let url = arguments.url.as_str();
        let sum = arguments.sha256.as_deref();
        if let Some(sum) = sum
            && (sum.len() != 64 || !sum.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')))
        {
            return Err(format!("--sha256 {sum}: must be 64 hexadecimal digits in lower case"));
        }
        let by_envoy = matches!(arguments.kind, Kind::Envoyfilter | Kind::EnvoyfilterStandalone);
        if url.starts_with("oci://") {
            let why = "Envoy knows no registries; an EnvoyFilter takes the module by https:// with --sha256, or by file:///";
            return if by_envoy { Err(format!("--url {url}: {why}")) } else { Ok(Module::Oci) };
        }
        if let Some(path) = url.strip_prefix("file://") {
            let absolute = path.starts_with('/');
            return if absolute {
                Ok(Module::File(path))
            } else {
                Err(format!("--url {url}: write it as file:///path"))
            };
        }
        BaseUrl::parse(url).map_err(|why| format!("--url {url}: {why}; or write oci://… or file:///…"))?;
        if by_envoy && sum.is_none() {
            return Err(format!("--url {url}: Envoy takes a module from a server only with --sha256"));
        }
        Ok(Module::Http(url))
    }
}

/// The cluster that leads to the server of the module.
const CLUSTER: &str = "switchyard/module";

/// How Envoy's pieces are rendered for a policy.
pub(super) fn options(policy: &Policy<'_>, shape: Shape, version: Version) -> Options {
    let wasm = match policy.module {
        Module::File(path) => Code::File(path.to_owned()),
        Module::Http(url) => Code::Remote {
            url: url.to_owned(),
            sha256: policy.arguments.sha256.clone().unwrap_or_default(),
            cluster: CLUSTER.to_owned(),
        },
        // Refused before.
        Module::Oci => Code::File(String::new()),
    };
    let domains = policy.arguments.hosts.clone();
    Options { wasm, shape, version, domains, off_by_default: true, ..Options::new("", "") }
}

/// The cluster by which Envoy fetches the module; none where it is a file.
///
/// # Errors
/// The URL is wrong. [`Module::new`] has told that before.
pub(super) fn cluster(policy: &Policy<'_>) -> Result<Vec<Cluster>, String> {
    let Module::Http(url) = policy.module else { return Ok(Vec::new()) };
    let url = BaseUrl::parse(url)?;
    let comment = "# Where Envoy fetches the module.\n".to_owned();
    Ok(vec![envoy::endpoint(policy.gateway, CLUSTER.to_owned(), comment, &url)])
}
