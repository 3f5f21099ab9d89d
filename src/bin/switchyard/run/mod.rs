//! `switchyard run`: from a file, or from nothing, to a gateway that serves.

mod detect;
mod envoy;
mod find;
mod health;
mod http;
mod place;
mod reload;
mod retired;
mod tell;

use std::{
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
};

use clap::Args;
use envoy::Envoy;
use place::StateDirectory;
use reload::{Serving, Watch};
use switchyard::config::file::{
    self, address,
    credentials::{self, Credential},
    meaning::Surroundings,
    types::Gateway,
};
use tokio::signal::unix::{SignalKind, signal};

use crate::{
    check::{self, Here},
    mock,
    render::envoy::{self as render, Options},
};

/// What `run` can be told.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The gateway.yaml. Without one: the providers whose keys are in the environment, a local Ollama, or else a mock.
    file: Option<PathBuf>,
    /// The Envoy to start; otherwise $ENVOY, the one in PATH, or one that is fetched.
    #[arg(long)]
    envoy: Option<PathBuf>,
    /// The filter; otherwise $SWITCHYARD_WASM or dist/switchyard.wasm.
    #[arg(long)]
    wasm: Option<PathBuf>,
    /// Worker threads of Envoy; otherwise one for each processor.
    #[arg(long)]
    concurrency: Option<usize>,
    /// Where to listen when there is no file.
    #[arg(long, default_value = "127.0.0.1:10000", conflicts_with = "file")]
    listen: String,
}

/// Runs until told to stop.
///
/// # Errors
/// What is missing or wrong, and what to do about it.
pub(crate) fn run(arguments: Arguments) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.map_err(|error| format!("no runtime: {error}"))?.block_on(serve(arguments))
}

async fn serve(arguments: Arguments) -> Result<(), String> {
    // First of all, so that no signal finds us without a way to clean up.
    let mut signals = Signals::new()?;
    tokio::select! {
        () = signals.any() => Ok(()),
        started = start(arguments) => {
            let mut running = started?;
            let ended = running.until(&mut signals).await;
            running.stop().await;
            ended
        }
    }
}

/// A gateway that serves.
struct Running {
    envoy: Envoy,
    serving: Serving,
    state: StateDirectory,
    watch: Option<(PathBuf, Watch)>,
    health: health::Health,
}

async fn start(arguments: Arguments) -> Result<Running, String> {
    let wasm = place::wasm(arguments.wasm)?;
    // Before the file is read: a change while Envoy starts is a change too.
    let watch = arguments.file.clone().map(|path| (path.clone(), Watch::new(&path)));
    let (gateway, source) = match &arguments.file {
        Some(path) => (check::load(path)?, path.display().to_string()),
        None => (without_file(&arguments.listen).await?, "the environment".to_owned()),
    };
    keys_are_there(&gateway)?;
    let listen = address::listen(&gateway.listen)?;
    free(listen)?;
    let shape = render::Shape::default();
    let lacks = |version| render::check(&gateway, shape, version);
    let found = find::find(arguments.envoy, render::oldest(&gateway, shape), lacks).await?;
    let state = StateDirectory::make()?;
    let admin = admin(&gateway)?;
    let options =
        Options { version: found.version.parse()?, ..Options::new(&wasm.display().to_string(), &source) };
    let version = found.version.clone();
    let serving = Serving::prepare(found.clone(), options, &gateway, &state).await?;
    let directory = state.path().display().to_string();
    state.write("bootstrap.yaml", &serving.rendering().watching(admin, &directory))?;
    let concurrency =
        arguments.concurrency.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, Into::into));
    let envoy = Envoy::start(&found, &state, admin, concurrency).await?;
    tell::started(&gateway, listen, admin, &version);
    Ok(Running { envoy, serving, state, watch, health: health::Health::default() })
}

impl Running {
    /// Serves until a signal comes (no error) or Envoy ends (an error).
    async fn until(&mut self, signals: &mut Signals) -> Result<(), String> {
        let mut look = tokio::time::interval(reload::LOOK);
        loop {
            tokio::select! {
                () = signals.any() => return Ok(()),
                reason = self.envoy.ended() => return Err(reason),
                _ = look.tick() => {}
            }
            tokio::select! {
                () = signals.any() => return Ok(()),
                () = self.look() => {}
            }
        }
    }

    async fn look(&mut self) {
        self.health.look(&self.envoy).await;
        if let Err(reason) = self.serving.tidy(&self.state) {
            eprintln!("clusters of an older file stay: {reason}");
        }
        let Some((path, watch)) = &mut self.watch else { return };
        if !watch.changed() {
            return;
        }
        match self.serving.reload(path, &self.envoy, &self.state).await {
            Ok(gateway) => tell::reloaded(path, &gateway),
            Err(reason) => eprintln!("{reason}\nnot reloaded: what was served before is still served"),
        }
    }

    async fn stop(self) {
        eprintln!("stopping");
        self.envoy.stop().await;
    }
}

/// A configuration of what is there. The mock, if it comes to that, runs in this process and ends with it.
async fn without_file(listen: &str) -> Result<Gateway, String> {
    let detected = detect::detect().await;
    let text = if detected.is_empty() {
        let mock = mock::start("127.0.0.1:0", mock::Pace::default()).await?;
        eprintln!("no OPENAI_API_KEY, ANTHROPIC_API_KEY or Ollama here: a mock answers (http://{mock})");
        detect::mock_file(listen, mock)
    } else {
        detected.file(listen)
    };
    let reading = file::read(&text, &Here);
    check::print(Path::new("(made from the environment)"), &reading.findings);
    reading.gateway.ok_or_else(|| format!("no configuration could be made for {listen}"))
}

/// Whether every credential that the file names is there.
///
/// # Errors
/// A line that names the provider and what it lacks.
fn keys_are_there(gateway: &Gateway) -> Result<(), String> {
    for (index, provider) in gateway.providers.iter().enumerate() {
        let (at, env, file) = match credentials::of(provider) {
            Credential::Key(key) => ("api_key", key.env.clone(), key.file.clone()),
            Credential::Google(google) => {
                ("google.service_account", google.service_account.and_then(|part| part.env), None)
            }
            Credential::Azure(azure) => ("azure.client_secret", azure.client_secret.env.clone(), None),
            Credential::Aws(_) | Credential::None => continue,
        };
        let lacks = match (env, file) {
            (Some(name), _) if !Here.has_env(&name) => format!("{name} is not set"),
            (_, Some(file)) if !Here.has_file(&file) => format!("{file} is not there"),
            _ => continue,
        };
        let name = &provider.name;
        return Err(format!(
            "provider {name} has no key: {lacks} (providers[{index}].{at}); set it, or remove {name}"
        ));
    }
    Ok(())
}

/// Where the admin page of this Envoy listens: as the file says, or where a port is free.
fn admin(gateway: &Gateway) -> Result<SocketAddr, String> {
    match &gateway.admin {
        Some(text) => {
            let asked = address::listen(text)?;
            free(asked)?;
            Ok(asked)
        }
        None => {
            let listener = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
            listener.map_err(|error| format!("no free port for Envoy's admin page: {error}"))
        }
    }
}

/// Whether an address can be listened on.
fn free(address: SocketAddr) -> Result<(), String> {
    match TcpListener::bind(address) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => Err(format!(
            "{address} is in use by another program: stop it, or listen elsewhere (`listen` in the file, or --listen)"
        )),
        Err(error) => Err(format!("cannot listen on {address}: {error}")),
    }
}

/// The signals that mean stop.
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

impl Signals {
    fn new() -> Result<Self, String> {
        let of = |kind| signal(kind).map_err(|error| format!("signals: {error}"));
        Ok(Signals { interrupt: of(SignalKind::interrupt())?, terminate: of(SignalKind::terminate())? })
    }

    async fn any(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
