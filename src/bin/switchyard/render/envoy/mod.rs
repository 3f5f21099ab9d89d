//! Envoy's configuration from `gateway.yaml`.
//!
//! The same pieces make two forms: one static file (`render envoy`), and a bootstrap with files of listeners and
//! clusters that Envoy watches (`run`), so that a changed `gateway.yaml` takes effect without a restart.

mod aws;
mod bootstrap;
mod chosen;
mod cluster;
mod cors;
mod listener;
mod local_reply;
mod needs;
mod own;
mod parts;
mod pieces;
mod pool;
mod route;
mod secret;
mod tls;
mod token;
mod version;
pub(in crate::render) mod wasm;

use std::{collections::HashSet, net::SocketAddr};

use clap::{Args, ValueEnum};
pub(crate) use needs::{check, oldest};
pub(crate) use parts::{filter_off, parts};
pub(crate) use route::{ON, PIECE, body};
use switchyard::config::{
    file::{
        address, compile,
        pools::{self, Pool},
        types::Gateway,
    },
    plugin::{Entry, Headers, Plugin, RoleName},
};
pub(crate) use token::endpoint;
pub(crate) use version::Version;
pub(crate) use wasm::{Code, json, variables};

use super::Common;
use crate::check as file_check;

/// Where the admin page listens when the file does not say.
const ADMIN: &str = "127.0.0.1:9901";

/// Where the filter runs, and as what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Role {
    /// Twice: it reads each request once, and translates on each attempt. Fails over between formats.
    #[default]
    Two,
    /// Once, before the router: keys, and which of your own clusters a model goes to. Nothing is translated.
    Gateway,
    /// Once, before the router: translates for the first provider of the model. No other provider is tried.
    Standalone,
}

/// What kind of rendering it is: its versions depend on this.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Where the filter runs.
    pub(crate) role: Role,
    /// Whether Envoy lets it hold the headers.
    pub(crate) headers: Headers,
}

/// What a rendering depends on besides the file.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// Where Envoy finds the filter.
    pub(crate) wasm: Code,
    /// What the rendering was made from, for its first lines.
    pub(crate) source: String,
    /// Where the filter runs.
    pub(crate) shape: Shape,
    /// For which Envoy.
    pub(crate) version: Version,
    /// For which hosts' requests: of the virtual host. Empty: all.
    pub(crate) domains: Vec<String>,
    /// Or for which paths, of a virtual host that is there: what stands before those of the APIs. Empty: for all.
    pub(crate) prefix: String,
    /// The filter is off where a route does not turn it on: other traffic passes the same listener.
    pub(crate) off_by_default: bool,
}

impl Options {
    /// The two roles, for the newest Envoy, which has nothing else to do.
    pub(crate) fn new(wasm: &str, source: &str) -> Self {
        Options {
            wasm: Code::File(wasm.to_owned()),
            source: source.to_owned(),
            shape: Shape::default(),
            version: Version::NEWEST,
            domains: Vec::new(),
            prefix: String::new(),
            off_by_default: false,
        }
    }
}

/// A cluster by name: of a lane or of a pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cluster {
    /// As routes and pools name it.
    pub(crate) name: String,
    /// What to say of it before it begins; lines of YAML comments, or nothing.
    pub(crate) comment: String,
    /// Its YAML.
    pub(crate) text: String,
}

/// Everything that is made from a file.
#[derive(Clone, Debug)]
pub(crate) struct Rendering {
    source: String,
    oldest: Version,
    version: Version,
    admin: SocketAddr,
    memory: u64,
    listener: String,
    pieces: pieces::Pieces,
    clusters: Vec<Cluster>,
}

/// Renders a checked file.
///
/// # Errors
/// What the Envoy that it is for cannot do, and what the role cannot; else only what the check of the file tells as a
/// mistake.
pub(crate) fn render(gateway: &Gateway, options: &Options) -> Result<Rendering, String> {
    let Shape { role, headers } = options.shape;
    needs::check(gateway, options.shape, options.version)?;
    let mut downstream = match role {
        Role::Two => compile::plugin(gateway, RoleName::Gateway)?,
        Role::Gateway => own::plugin(gateway)?,
        Role::Standalone => one_pass(gateway, headers)?,
    };
    downstream.entry.prefix.clone_from(&options.prefix);
    let upstream = Plugin { role: RoleName::Provider, ..downstream.clone() };
    Ok(Rendering {
        source: options.source.clone(),
        oldest: needs::oldest_that_takes(gateway, options.shape, options.version),
        version: options.version,
        admin: address::listen(gateway.admin.as_deref().unwrap_or(ADMIN))?,
        memory: gateway.limits.memory_bytes,
        listener: listener::listener(gateway, &downstream, &upstream, options)?,
        pieces: pieces::Pieces::new(gateway, &downstream, &upstream, options)?,
        clusters: clusters(gateway, &downstream, role)?,
    })
}

/// The filter's configuration where it runs once.
///
/// # Errors
/// A provider that cannot be served so, with its place.
fn one_pass(gateway: &Gateway, headers: Headers) -> Result<Plugin, String> {
    let entry = Entry { headers, ..Entry::default() };
    let plugin = Plugin { entry, ..compile::plugin(gateway, RoleName::Standalone)? };
    let Some((provider, why)) = plugin.obstacle() else { return Ok(plugin) };
    let index = plugin.providers.iter().position(|known| known.name == provider.name).unwrap_or_default();
    Err(format!("providers[{index}]: cannot be served with --role standalone: {why}"))
}

/// The clusters that the routes and pools name, and those that the filter calls.
fn clusters(gateway: &Gateway, downstream: &Plugin, role: Role) -> Result<Vec<Cluster>, String> {
    let pools = pools::pools(downstream);
    let mut clusters = Vec::new();
    match role {
        Role::Two => {
            for lane in pools::lanes(&pools) {
                clusters.push(cluster::lane(gateway, downstream, lane)?);
            }
            // A pool of one lane is that lane's cluster.
            let several: Vec<Pool> = pools.into_iter().filter(|pool| pool.lanes.len() > 1).collect();
            for lane in pools::lanes(&several) {
                clusters.push(cluster::last(gateway, downstream, lane)?);
            }
            clusters.extend(several.iter().map(|pool| pool::cluster(gateway, downstream, pool)));
        }
        Role::Standalone => {
            for lane in pools::lanes(&pools) {
                clusters.push(cluster::standalone(gateway, downstream, lane)?);
            }
        }
        // They are there already.
        Role::Gateway => {}
    }
    clusters.extend(token::clusters(gateway)?);
    clusters.push(route::none());
    Ok(clusters)
}

impl Rendering {
    fn head(&self) -> String {
        bootstrap::head(&self.source, self.oldest, self.version)
    }

    /// The whole configuration as one static file.
    pub(crate) fn static_file(&self) -> String {
        let frame = bootstrap::frame(self.admin, self.memory);
        bootstrap::static_file(&self.head(), &frame, &self.listener, &self.clusters)
    }

    /// What is added to the configuration of an Envoy that serves other things, too.
    pub(crate) fn pieces(&self) -> String {
        format!("{}{}", self.head(), self.pieces.text(&self.clusters))
    }

    /// A filter as a resource that Envoy discovers (ECDS), where its place in the listener only names it.
    ///
    /// # Errors
    /// This role has no filter on the attempts.
    fn extension(&self, upstream: bool) -> Result<String, String> {
        let text = if upstream { self.pieces.attempt.as_ref() } else { Some(&self.pieces.gateway) };
        let text = text.ok_or("--form ecds-upstream: is for --role two")?;
        Ok(format!("{}version_info: \"1\"\nresources:\n{text}", self.head()))
    }

    /// The bootstrap of an Envoy that watches files of listeners and clusters in this directory.
    pub(crate) fn watching(&self, admin: SocketAddr, directory: &str) -> String {
        let frame = bootstrap::frame(admin, self.memory);
        bootstrap::watching(&self.head(), &frame, directory)
    }

    /// The file of listeners.
    pub(crate) fn listeners_file(&self, version: u64) -> String {
        bootstrap::listeners_file(version, &self.listener)
    }

    /// The file of clusters: this rendering's, and those of the `old` ones, newest first, whose names nothing newer has.
    pub(crate) fn clusters_file<'a>(
        &'a self,
        version: u64,
        old: impl Iterator<Item = &'a Rendering>,
    ) -> String {
        let mut names = HashSet::new();
        let all = self.clusters.iter().chain(old.flat_map(|old| &old.clusters));
        bootstrap::clusters_file(version, all.filter(|cluster| names.insert(&cluster.name)))
    }
}

/// Which part of the configuration is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// A whole file for an Envoy that does nothing else.
    #[default]
    Bootstrap,
    /// What is added to the file of an Envoy that serves other things, too: filters, a virtual host, clusters.
    Pieces,
    /// The filter before the router as a resource of extension discovery (ECDS).
    Ecds,
    /// The filter on each attempt as such a resource.
    EcdsUpstream,
    /// The clusters as resources of cluster discovery (CDS).
    Cds,
}

/// What `switchyard render envoy` is told.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    common: Common,
    /// What is printed.
    #[arg(long, value_enum, default_value_t)]
    form: Form,
    /// Where the filter runs.
    #[arg(long, value_enum, default_value_t)]
    role: Role,
    /// Whether Envoy lets the filter hold a request's headers until it has read the body; with `--role standalone`
    /// alone. By default it does where the version is 1.35 or newer.
    #[arg(long, value_enum)]
    headers: Option<Held>,
    /// The Envoy that it is for. What that version cannot do is refused.
    #[arg(long, value_name = "1.NN", default_value_t = Version::NEWEST)]
    envoy_version: Version,
    /// Host names whose requests are for the gateway, with `--form pieces`. May be given several times.
    #[arg(long = "domain", value_name = "HOST", default_value = "switchyard.example")]
    domains: Vec<String>,
    /// Or the path under which it is found in a virtual host of yours, with `--form pieces` or `ecds`: `/ai` makes the base
    /// URL `https://.../ai/v1`. Not with `--role standalone`.
    #[arg(long, value_name = "PATH", conflicts_with = "domains")]
    prefix: Option<String>,
    /// Where Envoy will find the filter: a path, or with the two flags below an http(s) URL.
    #[arg(long, default_value = "dist/switchyard.wasm")]
    wasm: String,
    /// The filter's SHA-256, where it comes by HTTP.
    #[arg(long, value_name = "HEX", requires = "wasm_cluster")]
    wasm_sha256: Option<String>,
    /// The cluster of yours that leads to the host of that URL.
    #[arg(long, value_name = "NAME", requires = "wasm_sha256")]
    wasm_cluster: Option<String>,
}

/// [`Headers`], of which Envoy knows two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Held {
    /// Held: the model is read from the body.
    Held,
    /// They go on at once: the model is in the header `x-switchyard-model`, or there is one provider.
    AtOnce,
}

impl Arguments {
    fn headers(&self) -> Result<Headers, String> {
        match (self.headers, self.role) {
            (Some(_), Role::Two | Role::Gateway) => {
                Err("--headers: is for --role standalone; the other roles hold them".to_owned())
            }
            (Some(Held::AtOnce), Role::Standalone) => Ok(Headers::AtOnce),
            (None, Role::Standalone) if self.envoy_version < Version(1, 35) => Ok(Headers::AtOnce),
            _ => Ok(Headers::Held),
        }
    }

    fn prefix(&self) -> Result<String, String> {
        let Some(prefix) = &self.prefix else { return Ok(String::new()) };
        if self.role == Role::Standalone || self.form == Form::Bootstrap {
            return Err("--prefix: is for --form pieces or ecds, and not for --role standalone".to_owned());
        }
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/_-.".contains(&byte);
        if !prefix.starts_with('/') || prefix.ends_with('/') || !prefix.bytes().all(plain) {
            return Err(
                "--prefix: write it as /ai: letters, digits, `/`, `_`, `-` and `.`, no `/` at the end"
                    .to_owned(),
            );
        }
        Ok(prefix.clone())
    }

    fn options(&self) -> Result<Options, String> {
        let shape = Shape { role: self.role, headers: self.headers()? };
        let pieces = self.form != Form::Bootstrap;
        let domains = if pieces { self.domains.clone() } else { Vec::new() };
        let source = self.common.file.display().to_string();
        Ok(Options {
            wasm: Code::new(&self.wasm, self.wasm_sha256.as_deref(), self.wasm_cluster.as_deref())?,
            source,
            shape,
            version: self.envoy_version,
            domains,
            prefix: self.prefix()?,
            off_by_default: pieces,
        })
    }
}

/// Envoy's configuration of a file.
///
/// # Errors
/// The file is wrong; its mistakes are on standard error. Or this Envoy cannot do what it asks for.
pub(crate) fn text(arguments: &Arguments) -> Result<String, String> {
    let options = arguments.options()?;
    let gateway = file_check::load(&arguments.common.file)?;
    let rendering = render(&gateway, &options)?;
    Ok(match arguments.form {
        Form::Bootstrap => rendering.static_file(),
        Form::Pieces => rendering.pieces(),
        Form::Ecds => rendering.extension(false)?,
        Form::EcdsUpstream => rendering.extension(true)?,
        Form::Cds => format!("{}{}", rendering.head(), rendering.clusters_file(1, std::iter::empty())),
    })
}

#[cfg(test)]
mod tests;
