//! A listener, and a thread for each of its connections.

use std::{
    collections::HashMap,
    io, mem,
    net::{TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use rustix::net::{Shutdown, listen, shutdown, sockopt::set_socket_reuseaddr};

use crate::{
    cells::held,
    conn::{Conn, drop_at_once},
    exchange,
    server::State,
};

/// The stack of a connection's thread. JSON is read by recursion, at most 128 levels of it.
const STACK: usize = 256 * 1024;
/// Connections that wait to be accepted.
const BACKLOG: i32 = 4096;

/// A listener and its connections, from `start` until `stop`.
#[derive(Debug)]
pub struct Listening {
    address: String,
    socket: Arc<TcpListener>,
    stopped: Arc<AtomicBool>,
    conns: Mutex<HashMap<u64, TcpStream>>,
}

impl Listening {
    /// Listens with a socket that is bound, also again after a `stop`.
    ///
    /// # Errors
    /// The kernel's.
    pub fn start(socket: Arc<TcpListener>) -> io::Result<Arc<Listening>> {
        set_socket_reuseaddr(&socket, true)?;
        listen(&socket, BACKLOG)?;
        let address = socket.local_addr()?.to_string();
        let (stopped, conns) = (Arc::default(), Mutex::default());
        Ok(Arc::new(Listening { address, socket, stopped, conns }))
    }

    /// Accepts until `stop`.
    pub fn accept(self: &Arc<Self>, state: &Arc<State>) {
        for number in 0.. {
            match self.socket.accept() {
                Ok((stream, _)) => self.connected(state, number, stream),
                Err(_) if self.stopped.load(Ordering::Acquire) => return,
                // Out of files, as a rule: some will be closed.
                Err(_) => thread::sleep(Duration::from_millis(10)),
            }
        }
    }

    fn connected(self: &Arc<Self>, state: &Arc<State>, number: u64, stream: TcpStream) {
        // Without a second handle a `stop` could not reach it.
        let Ok(second) = stream.try_clone() else { return };
        held(&self.conns).insert(number, second);
        let (state, shared) = (state.clone(), self.clone());
        let served = spawn(move || {
            exchange::serve(&state, Conn::new(stream, shared.stopped.clone()), &shared.address);
            held(&shared.conns).remove(&number);
        });
        // Without room for a thread the connection is dropped, as by any server.
        if served.is_err() {
            held(&self.conns).remove(&number);
        }
    }

    /// Refuses connections from now on, and resets those that there are. `thread` is the one that accepts.
    pub fn stop(&self, thread: JoinHandle<()>) {
        self.stopped.store(true, Ordering::Release);
        // Neither of the two fails on a socket that listens. It stays bound: nobody else may get the port meanwhile.
        let _ = shutdown(&self.socket, Shutdown::Both);
        let _ = set_socket_reuseaddr(&self.socket, false);
        // When it has returned no connection is added any more.
        let _ = thread.join();
        for stream in mem::take(&mut *held(&self.conns)).values() {
            drop_at_once(stream);
        }
    }
}

/// A thread with a small stack: there may be thousands.
///
/// # Errors
/// There is no room for one.
pub fn spawn(body: impl FnOnce() + Send + 'static) -> io::Result<JoinHandle<()>> {
    thread::Builder::new().stack_size(STACK).spawn(body)
}
