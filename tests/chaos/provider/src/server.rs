//! The whole process: what all threads share, and the port that all cells share.

use std::{
    io,
    net::TcpListener,
    sync::{Arc, Mutex},
};

use rustix::process::{Resource, getrlimit, setrlimit};
use serde_json::Value;

use crate::{
    cells::{Cells, held},
    counts::Counts,
    listen::Listening,
    ports::Ports,
};

/// The process.
#[derive(Debug)]
pub struct Server {
    state: Arc<State>,
    listening: Arc<Listening>,
    address: String,
}

/// What all threads share.
#[derive(Debug, Default)]
pub struct State {
    /// The cells.
    pub cells: Cells,
    /// The listeners of cells that have one of their own.
    pub ports: Ports,
    strays: Mutex<Counts>,
}

impl Server {
    /// Listens.
    ///
    /// # Errors
    /// The address cannot be listened on.
    pub fn bind(address: &str) -> io::Result<Server> {
        raise_limit();
        let socket = TcpListener::bind(address)?;
        let address = socket.local_addr()?.to_string();
        Ok(Server { state: Arc::default(), listening: Listening::start(Arc::new(socket))?, address })
    }

    /// Where it listens.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Serves for ever.
    pub fn run(self) {
        self.listening.accept(&self.state);
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
    /// Notes what came and was for no cell.
    pub fn stray(&self, what: String) {
        held(&self.strays).note(vec![what]);
    }

    /// What came and was for no cell.
    pub fn strays(&self) -> Value {
        held(&self.strays).violations()
    }
}
