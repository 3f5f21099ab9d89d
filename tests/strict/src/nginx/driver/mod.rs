//! A whole exchange as nginx plays it: client, filter, upstream with retries below the filter, and back.
//!
//! What a trap does, as observed: in `on_request_headers` the client gets a 500; in `on_request_body` as well, where the
//! body came with the headers, and else no answer; in the callback of a call's reply the request goes on as it is; in those of
//! the reply the provider's reply passes unfiltered; in `on_log` nothing; in `on_done` the worker dies.

mod reply;
mod run;

use wasmtime::Result;

use super::{
    World,
    route::Route,
    worker::{Turn, Worker},
};
use crate::{
    driver::{Answer, Attempt, Exchanged, Request},
    headers::HeaderMap,
    host::Call,
    vm::{Compiled, Vm},
};

/// What becomes of a call that the filter makes.
#[derive(Clone, Debug)]
pub enum Called {
    /// It is answered.
    Answer(Answer),
    /// It fails: what `:dispatch_status` says. Observed: no headers, no body, and that pseudo header; `ok` of a reset.
    Failed(&'static str),
}

type Answers = Box<dyn FnMut(&Call) -> Called>;

/// A server with one location, in one worker.
pub struct Server {
    worker: Worker,
    route: Route,
    answers: Answers,
}

impl Server {
    /// Starts a worker.
    ///
    /// # Errors
    /// A trap, or a configuration that the module refuses: the worker exits.
    pub fn start(
        compiled: &Compiled,
        route: Route,
        configuration: &[u8],
        env: &[(&str, &str)],
    ) -> Result<Self> {
        let world = World { kong: route.kong, ..World::default() };
        let mut worker = Worker::start(compiled, configuration, env, world)?;
        worker.vm().take_counts();
        Ok(Server { worker, route, answers: Box::new(|_| Called::Failed("timeout")) })
    }

    /// Says what becomes of the calls from now on.
    pub fn on_call(&mut self, answers: impl FnMut(&Call) -> Called + 'static) {
        self.answers = Box::new(answers);
    }

    /// The location; what is changed holds from the next request on.
    pub fn route(&mut self) -> &mut Route {
        &mut self.route
    }

    /// Plays an exchange, and fails the test where a rule of the host was broken or a callback trapped. `servers`: those of
    /// the upstream, one after the other.
    ///
    /// # Panics
    /// A broken rule, or a trap.
    pub fn exchange(&mut self, request: &Request, servers: &[Attempt]) -> Exchanged {
        let done = self.play(request, servers);
        let told = [&done.violations[..], &done.traps[..]].concat();
        assert!(told.is_empty(), "rules of the host broken:\n{}", told.join("\n"));
        done
    }

    /// Plays an exchange, and gives broken rules and traps with it.
    ///
    /// # Panics
    /// The instance that follows one that trapped does not start.
    pub fn play(&mut self, request: &Request, servers: &[Attempt]) -> Exchanged {
        self.worker.renew().expect("the instance that follows a trap starts");
        let logged = self.worker.vm().host().logs.len();
        self.worker.vm().take_counts();
        let mut done = run::play(&mut self.worker, &self.route, &mut self.answers, request, servers);
        done.traps = self.worker.take_traps();
        let vm = self.worker.vm();
        done.violations = vm.take_violations();
        done.counts = vm.take_counts();
        done.logs = vm.host().logs.get(logged..).unwrap_or_default().to_vec();
        done.crash = vm.host().nginx.crash.clone();
        done
    }

    /// Runs the filter's timer, and plays the calls that it makes.
    ///
    /// # Errors
    /// The traps.
    ///
    /// # Panics
    /// The instance that follows one that trapped does not start.
    pub fn tick(&mut self) -> std::result::Result<(), String> {
        self.worker.renew().expect("the instance that follows a trap starts");
        if self.worker.tick() == Turn::Continue {
            while let Some(call) = next_call(&mut self.worker) {
                if reply_to(&mut self.worker, &mut self.answers, &call) == Turn::Trap {
                    break;
                }
            }
        }
        let traps = self.worker.take_traps();
        if traps.is_empty() { Ok(()) } else { Err(traps.join("\n")) }
    }

    /// The VM of the instance that runs now.
    pub fn vm(&mut self) -> &mut Vm {
        self.worker.vm()
    }
}

/// The next call that waits for its reply.
fn next_call(worker: &mut Worker) -> Option<Call> {
    let host = worker.vm().host_mut();
    if host.nginx.waiting.is_empty() {
        return None;
    }
    let id = host.nginx.waiting.remove(0);
    host.calls.iter().find(|call| call.id == id).cloned()
}

fn reply_to(worker: &mut Worker, answers: &mut Answers, call: &Call) -> Turn {
    let (mut map, body, counted) = match answers(call) {
        Called::Answer(answer) => {
            let counted = answer.headers.len();
            (answer.headers, answer.chunks.concat(), counted)
        }
        Called::Failed(why) => (HeaderMap::of([(":dispatch_status", why)]), Vec::new(), 0),
    };
    if counted > 0 {
        map.replace(":dispatch_status", "ok");
    }
    worker.call_reply(call.context, call.id, counted, map, body)
}
