//! A whole exchange as Envoy plays it: client, gateway role, router with retries, provider role, provider, and back.

mod message;
mod run;
mod wire;

pub use message::{Answer, By, ClientReply, End, Eos, Exchanged, Pool, Reply, Request, Sent};

use wasmtime::Result;

use crate::{
    headers::HeaderMap,
    host::Plugin,
    stream::Lane,
    vm::{Compiled, Vm},
};

/// The header that makes Envoy retry (`retriable_headers` on the rendered routes).
pub const RETRY_HEADER: &str = "x-switchyard-retry";

/// The headers that name the pool (`cluster_header` of the rendered routes): one route for streams, which have no
/// time limit, one for replies.
pub const POOL_HEADERS: [&str; 2] = ["x-switchyard-stream", "x-switchyard-reply"];

/// One way to the provider, and what the provider does.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// The endpoint that Envoy picks.
    pub lane: Lane,
    /// What it answers.
    pub reply: Reply,
}

impl Attempt {
    /// An attempt at a provider's first lane.
    pub fn at(provider: &str, reply: impl Into<Reply>) -> Self {
        Attempt { lane: Lane::of(provider), reply: reply.into() }
    }
}

/// A VM with both roles.
pub struct Gateway {
    vm: Vm,
    gateway: u32,
    provider: u32,
}

impl Gateway {
    /// Starts a VM with both roles, each with its own configuration.
    ///
    /// # Errors
    /// A trap, or a configuration that the module refuses.
    pub fn start(compiled: &Compiled, gateway: &[u8], provider: &[u8], env: &[(&str, &str)]) -> Result<Self> {
        let mut vm = Vm::start(compiled, env)?;
        let plugin = |name: &str, configuration: &[u8]| Plugin {
            name: name.to_owned(),
            configuration: configuration.to_vec(),
            stop_on_headers: true,
        };
        let gateway = vm.plugin(plugin("gateway", gateway))?;
        let provider = vm.plugin(plugin("provider", provider))?;
        vm.take_counts();
        Ok(Gateway { vm, gateway, provider })
    }

    /// Plays an exchange, and fails the test where a rule of the host was broken.
    ///
    /// # Panics
    /// A broken rule, or a trap.
    pub fn exchange(&mut self, request: &Request, attempts: &[Attempt]) -> Exchanged {
        let exchanged = match self.play(request, attempts) {
            Ok(exchanged) => exchanged,
            Err(trap) => {
                self.vm.take_violations();
                panic!("{trap:?}");
            }
        };
        assert!(
            exchanged.violations.is_empty(),
            "rules of the host broken:\n{}",
            exchanged.violations.join("\n")
        );
        exchanged
    }

    /// Plays an exchange, and gives the broken rules with it.
    ///
    /// # Errors
    /// A trap.
    pub fn play(&mut self, request: &Request, attempts: &[Attempt]) -> Result<Exchanged> {
        let logged = self.vm.host().logs.len();
        self.vm.take_counts();
        let mut exchanged = run::play(&mut self.vm, self.gateway, self.provider, request, attempts)?;
        exchanged.violations = self.vm.take_violations();
        exchanged.counts = self.vm.take_counts();
        exchanged.logs = self.vm.host().logs.get(logged..).unwrap_or_default().to_vec();
        Ok(exchanged)
    }

    /// Runs the timers of both roles.
    ///
    /// # Errors
    /// A trap.
    pub fn tick(&mut self) -> Result<()> {
        self.vm.tick(self.gateway)?;
        self.vm.tick(self.provider)
    }

    /// The VM.
    pub fn vm(&mut self) -> &mut Vm {
        &mut self.vm
    }
}

/// The pool that a request was given: Envoy's router reads the cluster's name from the header its route names.
fn pool(headers: &HeaderMap) -> Option<Pool> {
    POOL_HEADERS.iter().find_map(|header| {
        headers.text(header).map(|cluster| Pool { header: (*header).to_owned(), cluster: cluster.to_owned() })
    })
}
