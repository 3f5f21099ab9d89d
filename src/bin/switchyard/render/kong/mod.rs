//! Kong's configuration from `gateway.yaml`: `kong.yml`, the filter's metadata and lines of `kong.conf`.
//!
//! Kong runs one filter once per request, below its own balancing, so that each provider is a route of its own, and a front
//! route goes from one to the next. `docs/kong.md` tells how, and which facts were read and which observed.

mod beside;
mod chain;
mod conf;
mod encoded;
mod front;
mod headers;
mod provider;
mod refuse;
mod schema;
mod target;
mod version;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use clap::{Args, ValueEnum};
use switchyard::config::file::types::Gateway;

use super::Common;
use crate::check;
use target::Target;
use version::Version;

/// The name of the filter in Kong: that of its file, `switchyard.wasm`, without the ending.
const FILTER: &str = "switchyard";

/// What the paths of the providers' own routes begin with.
const ROUTES: &str = "/switchyard/";

/// What `switchyard render kong` is told.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    common: Common,
    /// Write all the files into this directory, instead of one to standard output.
    #[arg(long, conflicts_with = "part")]
    out: Option<PathBuf>,
    /// What to print.
    #[arg(long, value_enum, default_value_t)]
    part: Part,
    /// The version of Kong, from 3.4 to 3.10; with --beside any from 3.0 on.
    #[arg(long = "kong-version", default_value = "3.9")]
    version: Version,
    /// Where Kong's proxy listens without TLS on this machine, which is where the front sends requests.
    #[arg(long, default_value = "127.0.0.1:8000")]
    proxy: SocketAddr,
    /// What stands before the APIs' paths at the front, as /ai in /ai/v1/messages.
    #[arg(long, default_value = "")]
    prefix: String,
    /// One more endpoint of a provider, as openai=10.0.0.2:8443; Kong fails over among them. May be repeated.
    #[arg(long = "target", value_name = "PROVIDER=HOST:PORT", conflicts_with = "beside")]
    targets: Vec<Target>,
    /// For a Kong without wasm: a service whose upstream is an Envoy with the filter, at `listen` of the file.
    #[arg(long)]
    beside: bool,
}

/// One of the files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Declarative configuration: services, routes, upstreams, filter chains.
    #[default]
    #[value(name = "kong.yml")]
    Entities,
    /// `switchyard.meta.json`, which Kong reads beside the filter.
    #[value(name = "meta")]
    Meta,
    /// Lines for `kong.conf`.
    #[value(name = "conf")]
    Conf,
}

impl Part {
    const ALL: [Part; 3] = [Part::Entities, Part::Meta, Part::Conf];

    /// The name of its file.
    fn file(self) -> &'static str {
        match self {
            Part::Entities => "kong.yml",
            Part::Meta => "switchyard.meta.json",
            Part::Conf => "kong.conf",
        }
    }
}

/// What a rendering depends on besides the file.
#[derive(Clone, Debug)]
struct Options {
    source: String,
    version: Version,
    proxy: SocketAddr,
    /// Without a slash at its end; may be empty.
    prefix: String,
    targets: Vec<Target>,
}

/// What is to be printed.
///
/// # Errors
/// The file is wrong, or Kong cannot do what it says: the mistakes are on standard error. Or a file cannot be written.
pub(crate) fn text(arguments: &Arguments) -> Result<String, String> {
    let file = &arguments.common.file;
    let gateway = check::load(file)?;
    let options = Options {
        source: file.display().to_string(),
        version: arguments.version,
        proxy: arguments.proxy,
        prefix: prefix(&arguments.prefix)?,
        targets: arguments.targets.clone(),
    };
    target::check(&gateway, &options.targets)?;
    if !arguments.beside {
        options.version.has_wasm()?;
        let told = refuse::mistakes(&gateway, options.version);
        if !told.is_empty() {
            told.iter().for_each(|mistake| eprintln!("{}: {mistake}", file.display()));
            return Err(format!("{}: Kong cannot do what the file says; see --beside", file.display()));
        }
        refuse::ignored(&gateway).for_each(|told| eprintln!("{}: note: {told}", file.display()));
    }
    let part = |part| match arguments.beside {
        true => beside::part(&gateway, &options, part),
        false => render(&gateway, &options, part),
    };
    match &arguments.out {
        Some(directory) => write(directory, arguments.beside, part),
        None => part(arguments.part),
    }
}

/// One of the files.
///
/// # Errors
/// What Kong would not keep of the filter's configuration, or what the check of the file tells as a mistake.
fn render(gateway: &Gateway, options: &Options, part: Part) -> Result<String, String> {
    match part {
        Part::Entities => entities(gateway, options),
        Part::Meta => schema::meta(),
        Part::Conf => conf::lines(gateway, options),
    }
}

fn entities(gateway: &Gateway, options: &Options) -> Result<String, String> {
    let served = chain::served(gateway)?;
    let mut services = front::service(gateway, options)?;
    let mut upstreams = String::new();
    for (index, plugin) in served.iter().enumerate() {
        services.push('\n');
        services.push_str(&provider::service(gateway, options, plugin, index == 0)?);
        upstreams.push('\n');
        upstreams.push_str(&provider::upstream(gateway, options, plugin)?);
    }
    Ok(format!(
        "{}_format_version: \"3.0\"\n\nservices:\n{}\n\
         # Where the providers are. Kong balances over the targets of an upstream, retries and leaves out among them; all of\n\
         # one upstream speak the format of that provider and take its one credential.\nupstreams:\n{}",
        head(options, "Declarative configuration"),
        services,
        upstreams.trim_start_matches('\n'),
    ))
}

/// The first lines of a file.
fn head(options: &Options, what: &str) -> String {
    format!(
        "# {what} for Kong {}. Made from {}\n# by `switchyard render kong`: change that, not this.\n",
        options.version, options.source
    )
}

/// A prefix as the filter reads it.
fn prefix(text: &str) -> Result<String, String> {
    let text = text.trim_end_matches('/');
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'/');
    let right = text.is_empty() || (text.starts_with('/') && text.bytes().all(plain) && !text.contains("//"));
    // Kong and nginx undo such segments before they compare.
    let dots = text.split('/').any(|segment| segment == "." || segment == "..");
    match right && !dots && !text.starts_with(ROUTES.trim_end_matches('/')) {
        true => Ok(text.to_owned()),
        false => Err(format!(
            "--prefix: {text:?} must begin with a slash, have plain segments, and not begin with {ROUTES}"
        )),
    }
}

fn write(
    directory: &Path,
    beside: bool,
    part: impl Fn(Part) -> Result<String, String>,
) -> Result<String, String> {
    let parts: &[Part] = if beside { &[Part::Entities] } else { &Part::ALL };
    let mut written = String::new();
    for one in parts {
        let text = part(*one)?;
        let path = directory.join(one.file());
        let told = |error: std::io::Error| format!("{}: {error}", path.display());
        std::fs::create_dir_all(directory).map_err(told)?;
        std::fs::write(&path, text).map_err(told)?;
        written.push_str(&format!("{}\n", path.display()));
    }
    Ok(written)
}

#[cfg(test)]
mod tests;
