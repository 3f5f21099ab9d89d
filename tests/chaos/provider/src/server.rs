//! Listeners, a thread for each connection, and the way from a request to its reply.

use std::{
    collections::HashMap,
    io,
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use rustix::{
    net::{Shutdown, listen, shutdown, sockopt::set_socket_reuseaddr},
    process::{Resource, getrlimit, setrlimit},
};
use serde_json::Value;

use crate::{
    act::{self, Turn},
    cells::{Cell, Cells, held},
    checks::{self, Arrival},
    conn::{Conn, drop_at_once},
    control,
    counts::{Counts, Outcome},
    faults::Fault,
    formats::Answer,
    request::{self, Broken, Request},
};

/// The stack of a connection's thread. JSON is read by recursion, at most 128 levels of it.
const STACK: usize = 256 * 1024;
/// Connections that wait to be accepted.
const BACKLOG: i32 = 4096;
/// The first port of the cells that have one of their own: below those that the kernel gives to clients, which could
/// otherwise take it while the cell is down.
const FIRST_PORT: u16 = 20_000;
/// The last one.
const LAST_PORT: u16 = 32_000;
/// The model that no fault meets.
const HEALTHY: &str = "healthy";

/// The whole process.
#[derive(Debug)]
pub struct Server {
    state: Arc<State>,
    listener: TcpListener,
}

/// What all threads share.
#[derive(Debug, Default)]
pub struct State {
    /// The cells.
    pub cells: Cells,
    /// The listeners of cells that have one of their own.
    pub ports: Mutex<HashMap<String, Own>>,
    next_port: Mutex<u16>,
    /// What came and was for no cell.
    strays: Mutex<Counts>,
}

/// A listener of a cell's own.
#[derive(Debug)]
pub struct Own {
    /// Its port, the same after it was down.
    pub port: u16,
    /// Bound also while it is down: the kernel refuses connections then, and nobody else gets the port.
    listener: Arc<TcpListener>,
    /// While it is up, with the thread that accepts.
    listening: Option<(Arc<Listening>, JoinHandle<()>)>,
}

/// A listener and its connections.
#[derive(Debug)]
struct Listening {
    address: String,
    listener: Arc<TcpListener>,
    killed: Arc<AtomicBool>,
    /// Kept where the listener may go down.
    conns: Option<Mutex<HashMap<u64, TcpStream>>>,
}

impl Server {
    /// Listens.
    ///
    /// # Errors
    /// The address cannot be listened on.
    pub fn bind(address: &str) -> io::Result<Server> {
        raise_limit();
        let listener = TcpListener::bind(address)?;
        listen(&listener, BACKLOG)?;
        Ok(Server { state: Arc::default(), listener })
    }

    /// Where it listens.
    pub fn address(&self) -> String {
        self.listener.local_addr().as_ref().map(SocketAddr::to_string).unwrap_or_default()
    }

    /// Serves for ever.
    pub fn run(self) {
        let address = self.address();
        let listening =
            Listening { address, listener: Arc::new(self.listener), killed: Arc::default(), conns: None };
        accept(&self.state, &Arc::new(listening));
    }
}

/// As many files as the process may have.
fn raise_limit() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    // Where it cannot be raised it stays as it was.
    let _ = setrlimit(Resource::Nofile, limit);
}

impl State {
    /// Opens the listener of a cell, on the port it had.
    ///
    /// # Errors
    /// In words.
    pub fn up(self: &Arc<Self>, name: &str) -> Result<u16, String> {
        let mut ports = held(&self.ports);
        if !ports.contains_key(name) {
            let listener = Arc::new(self.fresh().ok_or("no port is free")?);
            let port = listener.local_addr().map_err(|error| error.to_string())?.port();
            ports.insert(name.into(), Own { port, listener, listening: None });
        }
        let own = ports.get_mut(name).ok_or("no port")?;
        if own.listening.is_none() {
            own.listening = Some(self.listen(own).map_err(|error| format!("port {}: {error}", own.port))?);
        }
        Ok(own.port)
    }

    fn listen(self: &Arc<Self>, own: &Own) -> io::Result<(Arc<Listening>, JoinHandle<()>)> {
        set_socket_reuseaddr(&own.listener, true)?;
        listen(&own.listener, BACKLOG)?;
        let listening = Arc::new(Listening {
            address: format!("127.0.0.1:{}", own.port),
            listener: own.listener.clone(),
            killed: Arc::default(),
            conns: Some(Mutex::default()),
        });
        let (state, shared) = (self.clone(), listening.clone());
        Ok((listening, spawn(move || accept(&state, &shared))?))
    }

    /// Closes the listener of a cell and resets its connections.
    pub fn down(&self, name: &str) {
        let mut ports = held(&self.ports);
        let Some((listening, thread)) = ports.get_mut(name).and_then(|own| own.listening.take()) else {
            return;
        };
        listening.killed.store(true, Ordering::Release);
        // From now on the kernel refuses. None of this fails on a socket that listens.
        let _ = shutdown(&listening.listener, Shutdown::Both);
        // The others of its kind on this machine must not get the port meanwhile.
        let _ = set_socket_reuseaddr(&listening.listener, false);
        // It has returned when nobody accepts any more.
        let _ = thread.join();
        let conns = listening.conns.as_ref().map(|conns| std::mem::take(&mut *held(conns)));
        for stream in conns.unwrap_or_default().values() {
            drop_at_once(stream);
        }
    }

    /// Notes what came and was for no cell.
    pub fn stray(&self, what: String) {
        held(&self.strays).note(vec![what]);
    }

    /// What came and was for no cell.
    pub fn strays(&self) -> Value {
        held(&self.strays).violations()
    }

    /// The next free port.
    fn fresh(&self) -> Option<TcpListener> {
        let mut next = held(&self.next_port);
        if *next < FIRST_PORT {
            // Processes that start together begin at different places.
            *next = FIRST_PORT + (std::process::id() % 100) as u16 * 100;
        }
        (0..=LAST_PORT - FIRST_PORT).find_map(|_| {
            *next = if *next >= LAST_PORT { FIRST_PORT } else { *next + 1 };
            TcpListener::bind(("127.0.0.1", *next)).ok()
        })
    }
}

fn spawn(body: impl FnOnce() + Send + 'static) -> io::Result<JoinHandle<()>> {
    thread::Builder::new().stack_size(STACK).spawn(body)
}

fn accept(state: &Arc<State>, listening: &Arc<Listening>) {
    for number in 0.. {
        let stream = match listening.listener.accept() {
            Ok((stream, _)) => stream,
            Err(_) if listening.killed.load(Ordering::Acquire) => return,
            Err(_) => {
                thread::sleep(Duration::from_millis(10));
                continue;
            }
        };
        if let Some(conns) = &listening.conns
            && let Ok(second) = stream.try_clone()
        {
            held(conns).insert(number, second);
        }
        let (state, listening) = (state.clone(), listening.clone());
        // A process without room for a thread drops the connection, as a server without room would.
        let _ = spawn(move || {
            let conn = Conn::new(stream, listening.killed.clone());
            serve(&state, conn, &listening.address);
            if let Some(conns) = &listening.conns {
                held(conns).remove(&number);
            }
        });
    }
}

/// Serves the requests of a connection.
fn serve(state: &Arc<State>, mut conn: Conn, address: &str) {
    let mut before = String::new();
    loop {
        let request = match request::read(&mut conn) {
            Ok(request) => request,
            Err(Broken::Gone) => return,
            Err(Broken::Bad(what, target)) => {
                // What is no request at all came after the body of the one before.
                return refuse(state, conn, what, if target.is_empty() { &before } else { &target });
            }
        };
        let last = request.says("connection", "close");
        let kept = if request.target.starts_with("/_") {
            control::serve(state, &mut conn, &request).then_some(conn)
        } else {
            exchange(state, conn, &request, address)
        };
        match kept {
            Some(kept) if !last => (conn, before) = (kept, request.target),
            _ => return,
        }
    }
}

/// Not HTTP/1.1: noted where it can be told for whom it was, and refused.
fn refuse(state: &State, mut conn: Conn, what: String, target: &str) {
    let cell = split(target).and_then(|(name, _)| state.cells.get(name));
    match cell {
        Some(cell) => cell.counts().note(vec![what]),
        None => state.stray(what),
    }
    let _ = conn.send(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
}

/// The name of a cell, and the path below it.
fn split(target: &str) -> Option<(&str, &str)> {
    let rest = target.strip_prefix('/')?;
    rest.find('/').and_then(|at| rest.split_at_checked(at))
}

/// One request to a cell; the connection comes back where it can be used again.
fn exchange(state: &State, mut conn: Conn, request: &Request, address: &str) -> Option<Conn> {
    let found = split(&request.target).and_then(|(name, target)| Some((state.cells.get(name)?, target)));
    let Some((cell, target)) = found else {
        state.stray(format!("no cell at {:?}", request.target));
        let sent = conn.send(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n");
        return sent.is_ok().then_some(conn);
    };
    let settings = cell.settings();
    let arrival = Arrival { request, target, address };
    let (mut asked, id) = checks::read(&arrival, &settings, &state.cells.keys());
    let fault = {
        let mut counts = cell.counts();
        counts.begin(id, settings.record, state.cells.now_ms());
        counts.note(std::mem::take(&mut asked.wrong));
        let meets = settings.fault != Fault::None
            && asked.model != HEALTHY
            && (asked.stream || !settings.fault.only_bedrock());
        if meets && counts.fails(settings.every) { settings.fault.clone() } else { Fault::None }
    };
    let answer = Answer {
        cell: cell.name.clone(),
        id,
        model: asked.model,
        deltas: settings.events,
        usage: asked.usage,
    };
    let turn = Turn { settings: &settings, stream: asked.stream, answer, fault };
    let (outcome, kept) = finish(turn, conn);
    done(&cell, id, settings.record, outcome);
    kept
}

/// Answers, and tells how that ended.
fn finish(turn: Turn<'_>, mut conn: Conn) -> (Outcome, Option<Conn>) {
    match act::act(&turn, &mut conn) {
        Ok(act::Then::Keep(outcome)) => (outcome, Some(conn)),
        Ok(act::Then::Close) => (Outcome::Aborted, None),
        Ok(act::Then::Reset) => {
            conn.reset();
            (Outcome::Aborted, None)
        }
        Ok(act::Then::ResetLater) => {
            conn.reset_later();
            (Outcome::Aborted, None)
        }
        Err(_) if conn.killed() => (Outcome::Aborted, None),
        Err(_) => (Outcome::Cancelled, None),
    }
}

fn done(cell: &Cell, id: u64, record: bool, outcome: Outcome) {
    cell.counts().end(id, record, outcome);
}
