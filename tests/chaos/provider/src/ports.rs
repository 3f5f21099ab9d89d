//! Listeners of cells that have one of their own: they go down and come back on the same port.

use std::{
    collections::{HashMap, hash_map::Entry},
    io,
    net::TcpListener,
    process,
    sync::{Arc, Mutex},
    thread::JoinHandle,
};

use crate::{
    cells::held,
    listen::{Listening, spawn},
    server::State,
};

/// The first of the ports: below those that the kernel gives to clients, which could otherwise connect to themselves
/// while the cell is down.
const FIRST: u16 = 20_000;
/// The last one.
const LAST: u16 = 32_000;

/// The listeners by the names of their cells.
#[derive(Debug, Default)]
pub struct Ports {
    map: Mutex<HashMap<String, Own>>,
    next: Mutex<u16>,
}

/// A listener of a cell's own.
#[derive(Debug)]
struct Own {
    port: u16,
    /// Bound also while it is down.
    socket: Arc<TcpListener>,
    /// While it is up, with the thread that accepts.
    up: Option<(Arc<Listening>, JoinHandle<()>)>,
}

impl Ports {
    /// The port of a cell, up or down.
    pub fn of(&self, name: &str) -> Option<u16> {
        held(&self.map).get(name).map(|own| own.port)
    }

    /// Listens for a cell, on the port it had.
    ///
    /// # Errors
    /// No port is free, or the kernel's.
    pub fn up(&self, state: &Arc<State>, name: &str) -> io::Result<u16> {
        let mut map = held(&self.map);
        let own = match map.entry(name.into()) {
            Entry::Occupied(own) => own.into_mut(),
            Entry::Vacant(place) => place.insert(self.fresh()?),
        };
        if own.up.is_none() {
            let listening = Listening::start(own.socket.clone())?;
            let (state, shared) = (state.clone(), listening.clone());
            own.up = Some((listening, spawn(move || shared.accept(&state))?));
        }
        Ok(own.port)
    }

    /// Closes the listener of a cell and resets its connections.
    pub fn down(&self, name: &str) {
        let up = held(&self.map).get_mut(name).and_then(|own| own.up.take());
        if let Some((listening, thread)) = up {
            listening.stop(thread);
        }
    }

    /// Closes the listener of a cell for good.
    pub fn remove(&self, name: &str) {
        self.down(name);
        held(&self.map).remove(name);
    }

    /// The next free port.
    fn fresh(&self) -> io::Result<Own> {
        let mut next = held(&self.next);
        if *next < FIRST {
            // Processes that start together begin at different places.
            *next = FIRST + (process::id() % 100) as u16 * 100;
        }
        let found = (FIRST..=LAST).find_map(|_| {
            *next = if *next >= LAST { FIRST } else { *next + 1 };
            TcpListener::bind(("127.0.0.1", *next)).ok()
        });
        let socket = found.ok_or(io::ErrorKind::AddrInUse)?;
        Ok(Own { port: socket.local_addr()?.port(), socket: Arc::new(socket), up: None })
    }
}
