//! The configuration of each host, from `gateway.yaml`.

pub(crate) mod envoy;
pub(crate) mod envoy_gateway;
#[cfg(test)]
mod full;
pub(crate) mod istio;
mod kong;
mod kubernetes;
mod text;

use std::{io::Write, path::PathBuf};

use clap::{Args, Subcommand};

/// Whose configuration is printed.
#[derive(Debug, Subcommand)]
pub(crate) enum Host {
    /// Envoy's whole configuration.
    Envoy(envoy::Arguments),
    /// Envoy Gateway's policies, with what leads to the providers.
    EnvoyGateway(envoy_gateway::Arguments),
    /// Istio's policies, with what leads to the providers.
    Istio(istio::Arguments),
    /// Kong's declarative configuration, the filter's metadata, and lines of kong.conf.
    Kong(kong::Arguments),
}

/// What every rendering needs.
#[derive(Debug, Args)]
pub(crate) struct Common {
    /// The gateway.yaml.
    pub(crate) file: PathBuf,
}

/// Prints the configuration of a host.
///
/// # Errors
/// The file is wrong; its mistakes are on standard error. Or the host cannot do what it says.
pub(crate) fn run(host: &Host) -> Result<(), String> {
    let text = match host {
        Host::Envoy(arguments) => envoy::text(arguments)?,
        Host::EnvoyGateway(arguments) => envoy_gateway::text(arguments)?,
        Host::Istio(arguments) => istio::text(arguments)?,
        Host::Kong(arguments) => kong::text(arguments)?,
    };
    // `println!` panics when the reader has gone away, as `head` does.
    std::io::stdout().write_all(text.as_bytes()).map_err(|error| format!("standard output: {error}"))
}
