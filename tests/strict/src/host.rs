//! Everything that a VM's store holds.

use std::collections::BTreeMap;

use wasmtime::{Memory, TypedFunc};

use crate::{
    count::Counts,
    headers::HeaderMap,
    nginx::World,
    store::{Metrics, SharedData},
    stream::{Callback, Exchange, Stream},
};

/// A plugin: one configuration of the module, with its root context.
#[derive(Clone, Debug)]
pub struct Plugin {
    /// Its name in tables and messages: `gateway`, `provider`.
    pub name: String,
    /// What `proxy_on_configure` finds in the buffer.
    pub configuration: Vec<u8>,
    /// Envoy's `allow_on_headers_stop_iteration`: without it a pause in a header callback never ends.
    pub stop_on_headers: bool,
}

/// An HTTP call that a plugin made.
#[derive(Clone, Debug)]
pub struct Call {
    /// The number by which its reply is told.
    pub id: u32,
    /// The root context of the plugin that made it.
    pub root: u32,
    /// The context that it was made from.
    pub context: u32,
    /// Where to: a cluster of Envoy's, or `host:port` on nginx.
    pub cluster: String,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Vec<u8>,
    /// How long it may take, in milliseconds.
    pub timeout: u32,
}

/// The host's state.
#[derive(Default)]
pub struct Host {
    /// Plugins by root context.
    pub plugins: BTreeMap<u32, Plugin>,
    /// Stream contexts.
    pub streams: BTreeMap<u32, Stream>,
    /// Requests in flight.
    pub exchanges: BTreeMap<u32, Exchange>,
    /// What only the host of nginx and Kong has: its requests in flight, and more.
    pub nginx: World,
    /// The context and the callback that run now.
    pub now: Option<(u32, Callback)>,
    /// Environment of the VM.
    pub env: Vec<(String, String)>,
    /// What `proxy_on_vm_start` finds in the buffer.
    pub vm_configuration: Vec<u8>,
    /// Shared data.
    pub shared: SharedData,
    /// Metrics.
    pub metrics: Metrics,
    /// Clusters that calls may go to.
    pub clusters: Vec<String>,
    /// The calls that were made.
    pub calls: Vec<Call>,
    /// The reply that the running callback tells of: headers and body.
    pub call_reply: Option<(HeaderMap, Vec<u8>)>,
    /// What the function `sign` gives; without one there is no such function.
    pub signature: Option<Vec<u8>>,
    /// The arguments that it was called with.
    pub signed: Vec<Vec<u8>>,
    /// What was logged: level 0 (trace) to 5 (critical), text.
    pub logs: Vec<(u32, String)>,
    /// Rules broken since the last look.
    pub violations: Vec<String>,
    /// What crossed the ABI since the last look.
    pub counts: Counts,
    /// The guest's memory, once it is there.
    pub memory: Option<Memory>,
    /// The guest's allocator, once it is there.
    pub malloc: Option<TypedFunc<u32, u32>>,
    clock: u64,
    random: u64,
}

impl Host {
    /// 2023-11-14T22:13:20Z, in nanoseconds: the clock starts here, so that runs are alike.
    pub const EPOCH: u64 = 1_700_000_000_000_000_000;

    /// The host of a VM with this environment.
    pub fn of(env: Vec<(String, String)>) -> Self {
        Host { env, ..Host::default() }
    }

    /// The time now; each look is a microsecond later than the last.
    pub fn time(&mut self) -> u64 {
        self.clock += 1_000;
        Self::EPOCH + self.clock
    }

    /// The next random byte: of a fixed sequence (xorshift64), so that runs are alike.
    pub fn random(&mut self) -> u8 {
        if self.random == 0 {
            self.random = 0x9E37_79B9_7F4A_7C15;
        }
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random.to_le_bytes()[4]
    }

    /// The guest's memory.
    pub fn memory(&self) -> Option<Memory> {
        self.memory
    }

    /// The name of the plugin whose context runs; `vm` outside any.
    pub fn role(&self) -> &str {
        let root = self.now.map(|(context, _)| self.root_of(context));
        root.and_then(|root| self.plugins.get(&root)).map_or("vm", |plugin| plugin.name.as_str())
    }

    /// The root of a context: itself, where it is one.
    pub fn root_of(&self, context: u32) -> u32 {
        let nginx = || self.nginx.requests.get(&context).map(|request| request.root);
        self.streams.get(&context).map(|stream| stream.root).or_else(nginx).unwrap_or(context)
    }

    /// The stream whose context runs, with the callback.
    pub fn stream(&mut self) -> Option<(&mut Stream, Callback)> {
        let (context, callback) = self.now?;
        self.streams.get_mut(&context).map(|stream| (stream, callback))
    }

    /// The request that the running context is part of.
    pub fn exchange(&mut self) -> Option<&mut Exchange> {
        let exchange = self.stream().map(|(stream, _)| stream.exchange)?;
        self.exchanges.get_mut(&exchange)
    }

    /// Records a broken rule: who broke it, where, and what it is.
    pub fn violation(&mut self, function: &str, what: &str) {
        let during = self.now.map_or("outside a callback", |(_, callback)| callback.name());
        let line = format!("{} in {during}: {function}: {what}", self.role());
        self.violations.push(line);
    }
}
