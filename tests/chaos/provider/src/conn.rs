//! A connection of a peer: reading, writing, waiting until the peer leaves, and every way to end it.

use std::{
    io::{ErrorKind, Read, Write},
    net::{Shutdown, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    net::{connect_unspec, sockopt::set_socket_linger},
};

/// The peer has left, or the listener of the connection went down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gone;

/// What has been written must reach the peer before a reset, which discards what is under way.
const SETTLE: Duration = Duration::from_millis(30);

/// A write that does not get on looks so often whether the connection is to be dropped.
const STALL: Duration = Duration::from_millis(500);

/// One connection.
#[derive(Debug)]
pub struct Conn {
    stream: TcpStream,
    buffer: Vec<u8>,
    killed: Arc<AtomicBool>,
}

impl Conn {
    /// A connection that was accepted; `killed` tells that its listener went down.
    pub fn new(stream: TcpStream, killed: Arc<AtomicBool>) -> Conn {
        // Each write is one packet, as the faults want it. Neither fails on a connection that stands.
        let _ = stream.set_nodelay(true);
        let _ = stream.set_write_timeout(Some(STALL));
        Conn { stream, buffer: Vec::new(), killed }
    }

    /// Whether the listener went down: the connection was reset from there.
    pub fn killed(&self) -> bool {
        self.killed.load(Ordering::Acquire)
    }

    /// What has come and was not taken yet.
    pub fn buffered(&self) -> &[u8] {
        &self.buffer
    }

    /// Waits for more bytes.
    ///
    /// # Errors
    /// The peer left.
    pub fn more(&mut self) -> Result<(), Gone> {
        self.readable(None)?;
        let mut piece = [0; 16 * 1024];
        match self.stream.read(&mut piece) {
            Ok(count @ 1..) => {
                self.buffer.extend_from_slice(piece.get(..count).unwrap_or_default());
                Ok(())
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => Ok(()),
            _ => Err(Gone),
        }
    }

    /// Takes this many bytes of what has come.
    pub fn take(&mut self, count: usize) -> Vec<u8> {
        let rest = self.buffer.split_off(count.min(self.buffer.len()));
        std::mem::replace(&mut self.buffer, rest)
    }

    /// The next `count` bytes.
    ///
    /// # Errors
    /// The peer left.
    pub fn exactly(&mut self, count: usize) -> Result<Vec<u8>, Gone> {
        while self.buffer.len() < count {
            self.buffer.reserve(count - self.buffer.len());
            self.more()?;
        }
        Ok(self.take(count))
    }

    /// Writes bytes as they are.
    ///
    /// # Errors
    /// The peer left.
    pub fn send(&mut self, mut bytes: &[u8]) -> Result<(), Gone> {
        while !bytes.is_empty() {
            match self.stream.write(bytes) {
                Ok(0) => return Err(Gone),
                Ok(count) => bytes = bytes.get(count..).unwrap_or_default(),
                Err(error) => match error.kind() {
                    ErrorKind::Interrupted => {}
                    ErrorKind::WouldBlock | ErrorKind::TimedOut if !self.killed() => {}
                    _ => return Err(Gone),
                },
            }
        }
        Ok(())
    }

    /// Waits for this long.
    ///
    /// # Errors
    /// The peer left meanwhile.
    pub fn wait(&mut self, time: Duration) -> Result<(), Gone> {
        let end = Instant::now() + time;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            if self.readable(Some(left))? {
                self.still_there(left)?;
            }
        }
    }

    /// Says nothing until the peer leaves.
    pub fn hang(&mut self) -> Gone {
        while self.wait(Duration::from_secs(60)).is_ok() {}
        Gone
    }

    /// Drops the connection at once (RST).
    pub fn reset(self) {
        drop_at_once(&self.stream);
    }

    /// Drops the connection at once, when what was written has reached the peer.
    pub fn reset_later(self) {
        thread::sleep(SETTLE);
        self.reset();
    }

    /// Whether there is something to read within this time.
    fn readable(&self, time: Option<Duration>) -> Result<bool, Gone> {
        let time = time.and_then(|time| Timespec::try_from(time).ok());
        let mut fds = [PollFd::new(&self.stream, PollFlags::IN | PollFlags::RDHUP)];
        match poll(&mut fds, time.as_ref()) {
            Ok(ready) => Ok(ready > 0),
            Err(rustix::io::Errno::INTR) => Ok(false),
            Err(_) => Err(Gone),
        }
    }

    /// There is something to read while nothing is expected: the end, or a request too early, which waits.
    fn still_there(&self, left: Duration) -> Result<(), Gone> {
        let mut fds = [PollFd::new(&self.stream, PollFlags::RDHUP)];
        let time = Timespec::try_from(left).ok();
        match poll(&mut fds, time.as_ref()) {
            Ok(0) | Err(rustix::io::Errno::INTR) => Ok(()),
            _ => Err(Gone),
        }
    }
}

/// Resets a connection from any thread; whoever reads or writes there finds the peer gone.
pub fn drop_at_once(stream: &TcpStream) {
    // Dissolving the association sends the reset now, whoever else holds the socket. Kernels that refuse it while
    // somebody waits there reset it when the last holder closes it.
    if connect_unspec(stream).is_err() {
        let _ = set_socket_linger(stream, Some(Duration::ZERO));
        let _ = stream.shutdown(Shutdown::Read);
    }
}
