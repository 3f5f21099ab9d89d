//! How much of requests' bodies a VM lets be held at a time. What comes on top is told to come again, before memory is gone.
//!
//! Bytes are counted as they come: a client that only says it has much takes no room from others. They are held until the
//! stream ends, because the host keeps them for a further attempt.

use std::cell::Cell;

use crate::ir::{ApiError, ErrorKind};

thread_local! {
    /// Bytes of all streams of this VM.
    static HELD: Cell<u64> = const { Cell::new(0) };
}

/// After how many milliseconds a client that was refused may come again.
const WAIT: u64 = 1000;

/// What one stream holds.
#[derive(Debug)]
pub(super) struct Room {
    limit: u64,
    bytes: u64,
}

impl Room {
    /// A stream that holds nothing. `limit`: of all streams together.
    pub(super) fn new(limit: u64) -> Self {
        Self { limit, bytes: 0 }
    }

    /// Whether so many bytes of this stream would fit now. None are taken.
    pub(super) fn fits(&self, bytes: u64) -> Result<(), ApiError> {
        let others = HELD.get().saturating_sub(self.bytes);
        // One that is alone is taken in whatever the limit is: it would never be served else.
        if others == 0 || others.saturating_add(bytes) <= self.limit {
            return Ok(());
        }
        let message = "The gateway holds as much of requests as it may; try again.";
        let error = ApiError::new(ErrorKind::Overloaded, message).with_code("gateway_overloaded");
        Err(ApiError { retry_after: Some(WAIT), ..error })
    }

    /// Takes what is missing to this many bytes.
    pub(super) fn hold(&mut self, bytes: u64) -> Result<(), ApiError> {
        if bytes > self.bytes {
            self.fits(bytes)?;
            HELD.set(HELD.get() - self.bytes + bytes);
            self.bytes = bytes;
        }
        Ok(())
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        HELD.set(HELD.get().saturating_sub(self.bytes));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_over_the_limit_is_told_to_come_again() {
        let (mut first, mut second) = (Room::new(100), Room::new(100));
        first.hold(60).unwrap();
        first.hold(60).unwrap();
        second.hold(40).unwrap();
        let error = second.hold(41).unwrap_err();
        assert_eq!((error.code.as_deref(), error.retry_after), (Some("gateway_overloaded"), Some(1000)));
        drop(first);
        second.hold(100).unwrap();
        assert_eq!(HELD.get(), 100);
        drop(second);
        assert_eq!(HELD.get(), 0);
    }

    #[test]
    fn one_that_is_alone_is_taken() {
        let mut alone = Room::new(10);
        alone.hold(1000).unwrap();
        assert!(Room::new(10).hold(1).is_err());
        drop(alone);
        Room::new(10).hold(1).unwrap();
        assert_eq!(HELD.get(), 0);
    }

    #[test]
    fn what_is_only_announced_takes_no_room() {
        let (announced, mut other) = (Room::new(100), Room::new(100));
        announced.fits(100).unwrap();
        other.hold(100).unwrap();
        assert!(announced.fits(1).is_err());
    }
}
