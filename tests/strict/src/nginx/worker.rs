//! A worker process of nginx with its one instance of the module (isolation `none`), and what a trap does to it.

use wasmtime::{WasmParams, WasmResults};

use super::{World, request::Request};
use crate::{
    headers::HeaderMap,
    host::Plugin,
    stream::Callback,
    vm::{Compiled, Vm},
};

/// What a callback answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Go on, or there is no such callback.
    Continue,
    /// Wait.
    Pause,
    /// It trapped.
    Trap,
}

/// A worker.
pub struct Worker {
    compiled: Compiled,
    plugin: Plugin,
    env: Vec<(String, String)>,
    vm: Vm,
    root: u32,
    /// The instance trapped: the next request gets a new one.
    poisoned: bool,
    /// The traps since the last look.
    traps: Vec<String>,
}

impl Worker {
    /// Starts a worker with one filter.
    ///
    /// # Errors
    /// A trap, or a callback that says no. Observed: the worker exits, and is not started again.
    pub fn start(
        compiled: &Compiled,
        configuration: &[u8],
        env: &[(&str, &str)],
        world: World,
    ) -> wasmtime::Result<Self> {
        let env: Vec<_> = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let plugin = Plugin {
            name: "filter".to_owned(),
            configuration: configuration.to_vec(),
            stop_on_headers: false,
        };
        let mut vm = instance(compiled, &env)?;
        vm.host_mut().nginx = world;
        let root = vm.plugin(plugin.clone())?;
        Ok(Worker { compiled: compiled.clone(), plugin, env, vm, root, poisoned: false, traps: Vec::new() })
    }

    /// A new instance in the place of one that trapped. Observed: statics are lost, `on_configure` runs again and
    /// `on_vm_start` does not, shared data is kept.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn renew(&mut self) -> wasmtime::Result<()> {
        if !self.poisoned {
            return Ok(());
        }
        let mut vm = instance(&self.compiled, &self.env)?;
        let (old, new) = (self.vm.host_mut(), vm.host_mut());
        new.shared = std::mem::take(&mut old.shared);
        new.metrics = std::mem::take(&mut old.metrics);
        new.calls = std::mem::take(&mut old.calls);
        new.logs = std::mem::take(&mut old.logs);
        new.counts = std::mem::take(&mut old.counts);
        new.violations = std::mem::take(&mut old.violations);
        let world = std::mem::take(&mut old.nginx);
        new.nginx = World { shared_bytes: world.shared_bytes, kong: world.kong, ..World::default() };
        self.vm = vm;
        self.poisoned = false;
        if world.crash.is_some() {
            // A new process, in which all begins anew but what is in shared memory.
            self.root = self.vm.plugin(self.plugin.clone())?;
        } else {
            self.root = self.vm.root(self.plugin.clone())?;
            self.vm.configure(self.root)?;
        }
        Ok(())
    }

    /// Begins a request; gives its context.
    pub fn open(&mut self, mut request: Request) -> u32 {
        let context = self.vm.next();
        request.root = self.root;
        self.vm.host_mut().nginx.requests.insert(context, request);
        let _ = self.run::<_, ()>(context, Callback::ContextCreate, (context, self.root));
        context
    }

    /// Ends a request: `on_log`, `on_done`, `on_delete`. Observed: a trap in `on_log` is logged only; one in `on_done` ends
    /// the worker.
    pub fn close(&mut self, context: u32) {
        let _ = self.run::<_, ()>(context, Callback::Log, context);
        if self.run::<_, u32>(context, Callback::Done, context).is_err() {
            self.vm.host_mut().nginx.crash.get_or_insert_with(|| "a trap in proxy_on_done".to_owned());
        }
        let _ = self.run::<_, ()>(context, Callback::Delete, context);
        self.vm.host_mut().nginx.requests.remove(&context);
    }

    /// Headers of the request or the reply. Observed: the end of the message is never told with them.
    pub fn headers(&mut self, context: u32, callback: Callback, count: usize) -> Turn {
        self.turn(context, callback, (context, word(count), 0))
    }

    /// A body, or a piece of one.
    pub fn body(&mut self, context: u32, callback: Callback, bytes: usize, end: bool) -> Turn {
        self.turn(context, callback, (context, word(bytes), u32::from(end)))
    }

    /// The reply to a call. `headers`: as many as are counted.
    pub fn call_reply(
        &mut self,
        context: u32,
        call: u32,
        headers: usize,
        map: HeaderMap,
        body: Vec<u8>,
    ) -> Turn {
        let args = (context, call, word(headers), word(body.len()), 0_u32);
        self.vm.host_mut().call_reply = Some((map, body));
        let done = self.run::<_, ()>(context, Callback::CallReply, args);
        self.vm.host_mut().call_reply = None;
        done.map_or(Turn::Trap, |_| Turn::Continue)
    }

    /// The filter's timer.
    pub fn tick(&mut self) -> Turn {
        self.run::<_, ()>(self.root, Callback::Tick, self.root).map_or(Turn::Trap, |_| Turn::Continue)
    }

    /// A request in flight.
    ///
    /// # Panics
    /// None is in that context.
    pub fn request(&mut self, context: u32) -> &mut Request {
        self.vm.host_mut().nginx.requests.get_mut(&context).expect("a request in flight")
    }

    /// Records what a callback did wrong.
    pub fn violation(&mut self, context: u32, callback: Callback, what: &str) {
        self.vm.violation(context, callback, what);
    }

    /// The traps since the last look.
    pub fn take_traps(&mut self) -> Vec<String> {
        std::mem::take(&mut self.traps)
    }

    /// The VM of the instance.
    pub fn vm(&mut self) -> &mut Vm {
        &mut self.vm
    }

    fn turn(&mut self, context: u32, callback: Callback, args: (u32, u32, u32)) -> Turn {
        match self.run(context, callback, args) {
            Err(Trapped) => Turn::Trap,
            Ok(action) => {
                self.vm.check_action(context, callback, action);
                if action == Some(1) { Turn::Pause } else { Turn::Continue }
            }
        }
    }

    /// Runs a callback where the module has it. On an instance that trapped none runs any more: what comes passes unfiltered.
    fn run<P: WasmParams, R: WasmResults>(
        &mut self,
        context: u32,
        callback: Callback,
        args: P,
    ) -> Result<Option<R>, Trapped> {
        if self.poisoned {
            return Ok(None);
        }
        self.vm.optional(context, callback, args).map_err(|trap| {
            self.poisoned = true;
            self.traps.push(format!("{trap:?}"));
            Trapped
        })
    }
}

/// A callback trapped: [`Worker::take_traps`] tells of it.
#[derive(Clone, Copy, Debug)]
struct Trapped;

fn instance(compiled: &Compiled, env: &[(String, String)]) -> wasmtime::Result<Vm> {
    let env: Vec<(&str, &str)> = env.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    Vm::start(compiled, &env)
}

fn word(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
