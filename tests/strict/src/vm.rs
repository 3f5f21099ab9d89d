//! One VM: the module, its plugins, their contexts, and the callbacks with what they let through.

use wasmtime::{Config, Engine, Error, Instance, Linker, Module, Result, Store, WasmParams, WasmResults};

use crate::{
    count::Counts,
    headers::HeaderMap,
    host::{Host, Plugin},
    load::{self, Rules},
    stream::{Callback, Exchange, LocalReply, Side, Stream, Way},
};

/// A module that is compiled and found fit; VMs are made of it.
#[derive(Clone)]
pub struct Compiled {
    engine: Engine,
    module: Module,
    linker: Linker<Host>,
}

impl Compiled {
    /// Compiles a module (`.wasm`) and checks its imports and exports by Envoy's rules.
    ///
    /// # Errors
    /// Not a module; or imports and exports that Envoy's rules refuse, all of them told.
    pub fn new(wasm: &[u8]) -> Result<Self> {
        Self::under(Rules::Envoy, wasm)
    }

    /// Compiles a module and checks its imports and exports by the rules of a host.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn under(rules: Rules, wasm: &[u8]) -> Result<Self> {
        let engine = Engine::new(&Config::new())?;
        let module = Module::new(&engine, wasm)?;
        Self::checked(engine, module, rules)
    }

    /// The same module held to the rules of another host; it is not compiled again.
    ///
    /// # Errors
    /// Imports and exports that those rules refuse.
    pub fn held_to(&self, rules: Rules) -> Result<Self> {
        Self::checked(self.engine.clone(), self.module.clone(), rules)
    }

    fn checked(engine: Engine, module: Module, rules: Rules) -> Result<Self> {
        let linker = load::linker(&engine, rules)?;
        let mut wrong = load::wrong_imports(&module, &linker, &mut Store::new(&engine, Host::default()));
        wrong.extend(load::wrong_exports(&module));
        if wrong.is_empty() {
            Ok(Compiled { engine, module, linker })
        } else {
            Err(Error::msg(wrong.join("; ")))
        }
    }

    /// The compiled module.
    pub fn module(&self) -> &Module {
        &self.module
    }
}

/// What a callback let through to the next filter, or the wire.
#[derive(Debug, Default)]
pub struct Passed {
    /// The headers left with it.
    pub headers: bool,
    /// Body bytes that left, where a body callback let any through.
    pub data: Option<Vec<u8>>,
    /// The message is over with it.
    pub end: bool,
    /// The filter answers by itself.
    pub local: Option<LocalReply>,
}

/// A running VM.
pub struct Vm {
    store: Store<Host>,
    instance: Instance,
    last: u32,
}

impl Vm {
    /// Starts a VM with an environment.
    ///
    /// # Errors
    /// A trap in `_initialize`.
    pub fn start(compiled: &Compiled, env: &[(&str, &str)]) -> Result<Self> {
        let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let mut store = Store::new(&compiled.engine, Host::of(env));
        let instance = compiled.linker.instantiate(&mut store, &compiled.module)?;
        let host_memory = instance.get_memory(&mut store, "memory");
        let allocator = ["malloc", "proxy_on_memory_allocate"];
        let malloc = allocator.iter().find_map(|name| instance.get_typed_func(&mut store, name).ok());
        store.data_mut().memory = host_memory;
        store.data_mut().malloc = malloc;
        let mut vm = Vm { store, instance, last: 0 };
        vm.optional::<(), ()>(0, Callback::Start, ())?;
        Ok(vm)
    }

    /// Adds a plugin: root context, `proxy_on_vm_start`, `proxy_on_configure`. Gives the root context.
    ///
    /// # Errors
    /// A trap, or a callback that says no: Envoy then refuses the configuration.
    pub fn plugin(&mut self, plugin: Plugin) -> Result<u32> {
        let root = self.root(plugin)?;
        let vm_configuration = size(&self.host().vm_configuration);
        if self.optional(root, Callback::VmStart, (root, vm_configuration))? == Some(0) {
            return Err(Error::msg("proxy_on_vm_start says no"));
        }
        self.configure(root)?;
        Ok(root)
    }

    /// The root context of a plugin, and no more.
    ///
    /// # Errors
    /// A trap.
    pub(crate) fn root(&mut self, plugin: Plugin) -> Result<u32> {
        let root = self.next();
        self.host_mut().plugins.insert(root, plugin);
        self.optional::<_, ()>(root, Callback::ContextCreate, (root, 0))?;
        Ok(root)
    }

    /// `proxy_on_configure` of a plugin.
    ///
    /// # Errors
    /// A trap, or that it says no.
    pub(crate) fn configure(&mut self, root: u32) -> Result<()> {
        let configuration = self.host().plugins.get(&root).map_or(0, |plugin| size(&plugin.configuration));
        if self.optional(root, Callback::Configure, (root, configuration))? == Some(0) {
            return Err(Error::msg("proxy_on_configure says no"));
        }
        Ok(())
    }

    /// Begins a request.
    pub fn open(&mut self, request_headers: HeaderMap) -> u32 {
        let id = self.next();
        self.host_mut().exchanges.insert(id, Exchange { request_headers, ..Exchange::default() });
        id
    }

    /// A fresh stream context.
    ///
    /// # Errors
    /// A trap.
    pub fn create(&mut self, root: u32, side: Side, exchange: u32) -> Result<u32> {
        let context = self.next();
        self.host_mut().streams.insert(context, Stream::new(root, side, exchange));
        self.optional::<_, ()>(context, Callback::ContextCreate, (context, root))?;
        Ok(context)
    }

    /// Ends a stream context: `proxy_on_log` (downstream only), `proxy_on_done`, `proxy_on_delete`.
    ///
    /// # Errors
    /// A trap.
    pub fn close(&mut self, context: u32) -> Result<()> {
        if self.stream(context).side == Side::Downstream {
            self.optional::<_, ()>(context, Callback::Log, context)?;
        }
        if self.optional(context, Callback::Done, context)? == Some(0) {
            self.violation(
                context,
                Callback::Done,
                "holds the stream back, and this host knows no proxy_done",
            );
        }
        self.optional::<_, ()>(context, Callback::Delete, context)?;
        self.host_mut().streams.remove(&context);
        Ok(())
    }

    /// Hands the headers of one way to a context. `end`: no body follows.
    ///
    /// # Errors
    /// A trap.
    pub fn headers(&mut self, context: u32, way: Way, end: bool) -> Result<Passed> {
        let callback = if way == Way::Request { Callback::RequestHeaders } else { Callback::ResponseHeaders };
        let exchange = self.stream(context).exchange;
        let count = match way {
            Way::Request => self.exchange(exchange).request_headers.len(),
            Way::Response => self.stream(context).response_headers.len(),
        };
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        let action = self.optional(context, callback, (context, count, u32::from(end)))?;
        let stream = self.stream(context);
        let local = stream.local.take();
        stream.half(way).ended = end;
        stream.half(way).held = action == Some(1);
        stream.half(way).left = action != Some(1) && local.is_none();
        let left = stream.half(way).left;
        let root = stream.root;
        if !left && local.is_none() {
            let may = self.host().plugins.get(&root).is_some_and(|plugin| plugin.stop_on_headers);
            if end || !may {
                self.violation(
                    context,
                    callback,
                    "pauses and nothing will ever resume it: the request hangs",
                );
            }
        }
        self.check_action(context, callback, action);
        Ok(Passed { headers: left, data: None, end: left && end, local })
    }

    /// Hands a piece of the body of one way to a context.
    ///
    /// # Errors
    /// A trap.
    pub fn body(&mut self, context: u32, way: Way, chunk: &[u8], end: bool) -> Result<Passed> {
        let callback = if way == Way::Request { Callback::RequestBody } else { Callback::ResponseBody };
        let half = self.stream(context).half(way);
        half.arrive(chunk);
        half.ended = end;
        let len = size(&half.body);
        let action = self.optional(context, callback, (context, len, u32::from(end)))?;
        self.check_action(context, callback, action);
        let stream = self.stream(context);
        let local = stream.local.take();
        let half = stream.half(way);
        half.buffering = action == Some(1);
        if half.buffering || local.is_some() {
            if end && local.is_none() {
                self.violation(context, callback, "pauses at the end of the body: the request hangs");
            }
            return Ok(Passed { local, ..Passed::default() });
        }
        let headers = !half.left;
        half.left = true;
        Ok(Passed { headers, data: Some(std::mem::take(&mut half.body)), end, local })
    }

    /// Tells a context that the trailers of one way came, which end the body. The trailers themselves are not played.
    ///
    /// # Errors
    /// A trap.
    pub fn trailers(&mut self, context: u32, way: Way) -> Result<Passed> {
        let callback =
            if way == Way::Request { Callback::RequestTrailers } else { Callback::ResponseTrailers };
        let action = self.optional(context, callback, (context, 1))?;
        self.check_action(context, callback, action);
        let stream = self.stream(context);
        let local = stream.local.take();
        if action == Some(1) || local.is_some() {
            if local.is_none() {
                self.violation(context, callback, "pauses at the trailers: the request hangs");
            }
            return Ok(Passed { local, ..Passed::default() });
        }
        let half = stream.half(way);
        let headers = !std::mem::replace(&mut half.left, true);
        let data = std::mem::take(&mut half.buffering).then(|| std::mem::take(&mut half.body));
        Ok(Passed { headers, data, end: true, local })
    }

    /// Runs a plugin's tick.
    ///
    /// # Errors
    /// A trap.
    pub fn tick(&mut self, root: u32) -> Result<()> {
        self.optional::<_, ()>(root, Callback::Tick, root).map(|_| ())
    }

    /// Answers a call that a plugin made; `None`: it could not be reached.
    ///
    /// # Errors
    /// A trap.
    pub fn answer_call(&mut self, call: u32, reply: Option<(u16, &str)>) -> Result<()> {
        let made = self.host().calls.iter().find(|made| made.id == call).expect("a call that was made");
        let root = made.root;
        let (mut headers, mut length, mut count) = (HeaderMap::default(), 0, 0);
        if let Some((status, body)) = reply {
            headers.add(b":status", status.to_string().as_bytes()).expect("a status fits");
            (length, count) = (size(body.as_bytes()), 1);
        }
        // Envoy tells of a failure by a reply without headers (`Context::onHttpCallFailure`).
        let body = reply.map(|(_, body)| body.as_bytes().to_vec()).unwrap_or_default();
        self.host_mut().call_reply = Some((headers, body));
        let done = self.optional::<_, ()>(root, Callback::CallReply, (root, call, count, length, 0u32));
        self.host_mut().call_reply = None;
        done.map(|_| ())
    }

    /// A stream context that is open.
    pub fn stream(&mut self, context: u32) -> &mut Stream {
        self.host_mut().streams.get_mut(&context).expect("an open context")
    }

    /// A request that is open.
    pub fn exchange(&mut self, id: u32) -> &mut Exchange {
        self.host_mut().exchanges.get_mut(&id).expect("an open exchange")
    }

    /// The host's state.
    pub fn host(&self) -> &Host {
        self.store.data()
    }

    /// The host's state.
    pub fn host_mut(&mut self) -> &mut Host {
        self.store.data_mut()
    }

    /// Bytes of memory that the guest has; they never shrink.
    pub fn memory_bytes(&self) -> usize {
        self.host().memory.map_or(0, |memory| memory.data_size(&self.store))
    }

    /// What was counted since the last look.
    pub fn take_counts(&mut self) -> Counts {
        std::mem::take(&mut self.host_mut().counts)
    }

    /// The rules broken since the last look.
    pub fn take_violations(&mut self) -> Vec<String> {
        std::mem::take(&mut self.host_mut().violations)
    }

    pub(crate) fn next(&mut self) -> u32 {
        self.last += 1;
        self.last
    }

    pub(crate) fn check_action(&mut self, context: u32, callback: Callback, action: Option<u32>) {
        if action.is_some_and(|action| action > 1) {
            self.violation(context, callback, &format!("answers with the action {action:?}"));
        }
    }

    pub(crate) fn violation(&mut self, context: u32, callback: Callback, what: &str) {
        let host = self.host_mut();
        host.now = Some((context, callback));
        host.violation("answer", what);
        host.now = None;
    }

    /// Runs a callback, where the module has it.
    pub(crate) fn optional<P, R>(&mut self, context: u32, callback: Callback, args: P) -> Result<Option<R>>
    where
        P: WasmParams,
        R: WasmResults,
    {
        let Ok(function) = self.instance.get_typed_func::<P, R>(&mut self.store, callback.name()) else {
            return Ok(None);
        };
        let host = self.store.data_mut();
        host.now = Some((context, callback));
        let role = host.role().to_owned();
        host.counts.guest_call(&role, callback.name());
        let answer = function.call(&mut self.store, args);
        self.store.data_mut().now = None;
        let logs = &self.store.data().logs;
        answer.map(Some).map_err(|trap| {
            let said = logs.last().map(|(_, text)| text.clone()).unwrap_or_default();
            trap.context(format!("{role}: {} trapped; last log line: {said}", callback.name()))
        })
    }
}

impl Drop for Vm {
    /// A rule broken and never looked at fails the test.
    fn drop(&mut self) {
        let violations = self.take_violations();
        if !violations.is_empty() && !std::thread::panicking() {
            panic!("rules of the host broken:\n{}", violations.join("\n"));
        }
    }
}

pub(crate) fn size(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).expect("a test's body fits the guest's memory")
}
