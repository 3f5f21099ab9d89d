//! Where proxies get the module.

use clap::{Args, ValueEnum};
use switchyard::config::file::{address::BaseUrl, types::Gateway};

use crate::render::envoy::{self, Cluster, Code, Options, Shape, Version};

/// What the commands are told of the module.
#[derive(Debug, Args)]
pub(crate) struct Flags {
    /// Where the module is: oci://…, https://…, http://… or file:///…; not every kind takes each.
    #[arg(long)]
    pub(crate) url: String,
    /// The SHA-256 of the module; for oci:// that of the image.
    #[arg(long)]
    pub(crate) sha256: Option<String>,
    /// When the module is fetched.
    #[arg(long, value_enum, default_value_t = PullPolicy::IfNotPresent)]
    pub(crate) pull_policy: PullPolicy,
    /// The Secret with the registry's credentials, in the policy's namespace.
    #[arg(long)]
    pub(crate) pull_secret: Option<String>,
}

/// When the module is fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "PascalCase")]
pub(crate) enum PullPolicy {
    /// Where it is not there yet.
    IfNotPresent,
    /// Whenever the policy changes.
    Always,
}

impl PullPolicy {
    /// As both hosts write it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            PullPolicy::IfNotPresent => "IfNotPresent",
            PullPolicy::Always => "Always",
        }
    }
}

/// Where the module is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Module<'a> {
    /// A registry, which the host pulls from; Envoy cannot.
    Oci,
    /// A file in the proxy's container.
    File(&'a str),
    /// A server.
    Http {
        /// Where the module is.
        url: &'a str,
        /// Its sum, without which Envoy takes nothing from there.
        sha256: Option<&'a str>,
    },
}

impl<'a> Module<'a> {
    /// What the flags say. `by_envoy`: Envoy itself fetches it.
    ///
    /// # Errors
    /// They are wrong, or Envoy cannot fetch the module from there.
    pub(crate) fn new(flags: &'a Flags, by_envoy: bool) -> Result<Self, String> {
        let (url, sha256) = (flags.url.as_str(), flags.sha256.as_deref());
        if let Some(sum) = sha256
            && (sum.len() != 64 || !sum.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')))
        {
            return Err(format!("--sha256 {sum}: must be 64 hexadecimal digits in lower case"));
        }
        if url.starts_with("oci://") {
            let why = "Envoy knows no registries; this kind takes the module by https:// with --sha256, or by file:///";
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
        if by_envoy && sha256.is_none() {
            return Err(format!("--url {url}: Envoy takes a module from a server only with --sha256"));
        }
        Ok(Module::Http { url, sha256 })
    }
}

/// Envoy 1.37 keeps larger bodies where a route says so, and survives another attempt after a reply that was held.
pub(crate) const OLDEST: Version = Version(1, 37);

/// The cluster that leads to the server of the module.
const CLUSTER: &str = "switchyard/module";

/// How Envoy's pieces are rendered for a policy. `hosts`: whose requests are the filter's.
pub(crate) fn options(module: &Module<'_>, hosts: &[String], shape: Shape, version: Version) -> Options {
    let wasm = match module {
        Module::File(path) => Code::File((*path).to_owned()),
        Module::Http { url, sha256 } => Code::Remote {
            url: (*url).to_owned(),
            sha256: sha256.unwrap_or_default().to_owned(),
            cluster: CLUSTER.to_owned(),
        },
        // Refused before.
        Module::Oci => Code::File(String::new()),
    };
    Options { wasm, shape, version, domains: hosts.to_vec(), off_by_default: true, ..Options::new("", "") }
}

/// The cluster by which Envoy fetches the module; none where it is a file.
///
/// # Errors
/// The URL is wrong. [`Module::new`] has told that before.
pub(crate) fn cluster(gateway: &Gateway, module: &Module<'_>) -> Result<Vec<Cluster>, String> {
    let Module::Http { url, .. } = module else { return Ok(Vec::new()) };
    let url = BaseUrl::parse(url)?;
    let comment = "# Where Envoy fetches the module.\n".to_owned();
    Ok(vec![envoy::endpoint(gateway, CLUSTER.to_owned(), comment, &url)])
}
