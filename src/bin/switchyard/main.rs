//! The `switchyard` command line.

mod check;
mod keys;
mod mock;
mod models;
mod providers;
mod render;
mod run;
mod table;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

/// Turns an Envoy into an AI gateway.
#[derive(Debug, Parser)]
#[command(name = "switchyard", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check a gateway.yaml: every mistake, with its place and line.
    Check {
        /// The file.
        file: PathBuf,
    },
    /// Make a key for a client, and its sum for gateway.yaml.
    Keys {
        /// What to do.
        #[command(subcommand)]
        action: KeysAction,
    },
    /// A local provider that speaks OpenAI and Anthropic, and fails when told to.
    Mock(mock::Arguments),
    /// Show the models that are configured, or all that are known, with context and price.
    Models(models::Arguments),
    /// Show the types of providers, or one of them in full.
    Providers(providers::Arguments),
    /// Print a host's own configuration, complete and commented.
    Render {
        /// The host.
        #[command(subcommand)]
        host: render::Host,
    },
    /// Start the gateway on an Envoy of its own; it follows changes of the file.
    Run(run::Arguments),
}

#[derive(Debug, Subcommand)]
enum KeysAction {
    /// Make a key and print it with its SHA-256.
    New,
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Check { file } => check::run(&file),
        Command::Keys { action: KeysAction::New } => keys::new(),
        Command::Mock(arguments) => mock::run(&arguments),
        Command::Models(arguments) => models::run(&arguments),
        Command::Providers(arguments) => providers::run(&arguments),
        Command::Run(arguments) => run::run(arguments),
        Command::Render { host } => render::run(&host),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("switchyard: {error}");
            ExitCode::FAILURE
        }
    }
}
