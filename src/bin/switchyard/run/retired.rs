//! What was served before, for as long as a connection from then may still ask for it.

use std::time::Duration;

use tokio::time::Instant;

/// Things that were replaced, each with the time until which it is kept.
#[derive(Debug)]
pub(crate) struct Retired<T> {
    kept: Vec<(Instant, T)>,
}

impl<T> Default for Retired<T> {
    fn default() -> Self {
        Retired { kept: Vec::new() }
    }
}

impl<T> Retired<T> {
    /// Keeps what was replaced at `now` for so long.
    pub(crate) fn add(&mut self, what: T, now: Instant, time: Duration) {
        self.kept.push((now + time, what));
    }

    /// Drops what has been kept for long enough; tells whether there was any.
    pub(crate) fn expire(&mut self, now: Instant) -> bool {
        let before = self.kept.len();
        self.kept.retain(|(until, _)| *until > now);
        self.kept.len() < before
    }

    /// All that is kept, the newest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.kept.iter().rev().map(|(_, what)| what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_kept_for_its_time() {
        let (start, second) = (Instant::now(), Duration::from_secs(1));
        let mut retired = Retired::default();
        retired.add("first", start, 10 * second);
        retired.add("second", start + 5 * second, 10 * second);
        assert!(!retired.expire(start + 9 * second));
        assert_eq!(retired.iter().collect::<Vec<_>>(), [&"second", &"first"]);
        assert!(retired.expire(start + 10 * second));
        assert_eq!(retired.iter().collect::<Vec<_>>(), [&"second"]);
        assert!(retired.expire(start + 15 * second) && retired.iter().next().is_none());
    }
}
