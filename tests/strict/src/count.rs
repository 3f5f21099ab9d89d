//! What crosses the ABI: calls and bytes, by role and by function.

use std::{collections::BTreeMap, fmt};

/// Calls of one function and the bytes they moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Number of calls.
    pub calls: u64,
    /// Bytes copied from the host into the guest.
    pub to_guest: u64,
    /// Bytes copied from the guest to the host.
    pub from_guest: u64,
}

impl Tally {
    /// Bytes in both directions.
    pub fn bytes(&self) -> u64 {
        self.to_guest + self.from_guest
    }

    /// Adds another tally to this one.
    pub fn add(&mut self, other: Tally) {
        self.calls += other.calls;
        self.to_guest += other.to_guest;
        self.from_guest += other.from_guest;
    }
}

/// Everything counted since the last reset.
///
/// Bytes are those of names, values and buffers; the out-parameters (pointers and lengths) are not counted, every
/// call has its few.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    host: BTreeMap<(String, &'static str), Tally>,
    guest: BTreeMap<(String, &'static str), u64>,
}

impl Counts {
    /// Counts one call from the guest.
    pub fn host_call(&mut self, role: &str, function: &'static str, to_guest: u64, from_guest: u64) {
        self.host.entry((role.to_owned(), function)).or_default().add(Tally {
            calls: 1,
            to_guest,
            from_guest,
        });
    }

    /// Counts one call into the guest: a callback, or an allocation for bytes that the host hands over.
    pub fn guest_call(&mut self, role: &str, function: &'static str) {
        *self.guest.entry((role.to_owned(), function)).or_default() += 1;
    }

    /// All host calls together.
    pub fn total(&self) -> Tally {
        self.sum(|_, _| true)
    }

    /// The host calls of one role.
    pub fn role(&self, role: &str) -> Tally {
        self.sum(|of, _| of == role)
    }

    /// The calls of one host function, by every role.
    pub fn function(&self, function: &str) -> Tally {
        self.sum(|_, name| name == function)
    }

    /// How often one function of the guest was called, by every role.
    pub fn guest(&self, function: &str) -> u64 {
        self.guest.iter().filter(|((_, name), _)| *name == function).map(|(_, calls)| calls).sum()
    }

    /// Calls into the guest: callbacks and allocations.
    pub fn guest_total(&self) -> u64 {
        self.guest.values().sum()
    }

    fn sum(&self, which: impl Fn(&str, &str) -> bool) -> Tally {
        let mut sum = Tally::default();
        for (_, tally) in self.host.iter().filter(|((role, name), _)| which(role, name)) {
            sum.add(*tally);
        }
        sum
    }
}

impl fmt::Display for Counts {
    /// A table: host calls with bytes in each direction, then calls into the guest.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<10} {:<36} {:>7} {:>10} {:>10}",
            "role", "host call", "calls", "to guest", "from guest"
        )?;
        for ((role, name), tally) in &self.host {
            writeln!(
                f,
                "{role:<10} {name:<36} {:>7} {:>10} {:>10}",
                tally.calls, tally.to_guest, tally.from_guest
            )?;
        }
        let all = self.total();
        writeln!(f, "{:<10} {:<36} {:>7} {:>10} {:>10}", "all", "", all.calls, all.to_guest, all.from_guest)?;
        for ((role, name), calls) in &self.guest {
            writeln!(f, "{role:<10} into the guest: {name:<20} {calls:>7}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_by_role_and_by_function() {
        let mut counts = Counts::default();
        counts.host_call("gateway", "proxy_log", 0, 5);
        counts.host_call("gateway", "proxy_get_buffer_bytes", 100, 0);
        counts.host_call("provider", "proxy_log", 0, 7);
        counts.guest_call("provider", "proxy_on_done");
        assert_eq!(counts.total(), Tally { calls: 3, to_guest: 100, from_guest: 12 });
        assert_eq!(counts.role("gateway"), Tally { calls: 2, to_guest: 100, from_guest: 5 });
        assert_eq!(counts.function("proxy_log"), Tally { calls: 2, to_guest: 0, from_guest: 12 });
        assert_eq!((counts.guest("proxy_on_done"), counts.guest_total()), (1, 1));
        assert!(counts.to_string().contains("provider   proxy_log"));
    }
}
