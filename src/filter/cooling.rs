//! Targets that asked not to be asked for a while, as all workers know them.
//!
//! A provider that is rate-limited says for how long (`Retry-After`). It is left out of plans for that time, and the
//! client, who would otherwise have to wait, is served by the next one. This is not ejecting: Envoy's outlier detection
//! leaves out a provider, and a limit is of one model of it.

use std::cell::OnceCell;

use super::{effect::host_failed, setup::Setup};
use crate::{
    config::plugin::Plugin,
    dialect::{Operation, Used, chat::field::Fields},
    host::{Host, HostError, SharedData},
    ir::{ApiError, ErrorKind},
    provider::model::ModelFacts,
    route::{Known, Plan},
};

/// What it is shared under. What stands before the slash is the name of a memory of its own on Kong, where there is one.
const KEY: &str = "switchyard/cooling";
/// The most targets that cool at a time: what is read with each request stays small. Of more, those that are over
/// soonest are forgotten.
const MOST: usize = 64;
/// So often a change is tried again that another worker's came before.
const TRIES: usize = 4;

/// The targets that cool now.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Cooling {
    /// The name of the provider, its own name of the model, and until when: Unix time in milliseconds.
    entries: Vec<(String, String, u64)>,
}

impl Cooling {
    /// What is shared, without what is over at `now`, in milliseconds.
    /// The time is asked for only where something is shared.
    pub(super) fn read(host: &impl SharedData, now: impl FnOnce() -> u64) -> Self {
        match host.shared(KEY) {
            Ok((bytes, _)) if !bytes.is_empty() => Self::parse(&bytes, now()),
            Ok(_) => Self::default(),
            Err(HostError::NotFound) => Self::default(),
            Err(error) => {
                host_failed("read what cools", error);
                Self::default()
            }
        }
    }

    fn has(&self, provider: &str, model: &str) -> bool {
        self.entries.iter().any(|(of, name, _)| of == provider && name == model)
    }

    /// A line an entry: the time, the provider's name, which has no blank, and the model's.
    fn parse(bytes: &[u8], now: u64) -> Self {
        let text = std::str::from_utf8(bytes).unwrap_or_default();
        let entry = |line: &str| {
            let (until, rest) = line.split_once(' ')?;
            let (provider, model) = rest.split_once(' ')?;
            let until: u64 = until.parse().ok()?;
            (until > now).then(|| (provider.to_owned(), model.to_owned(), until))
        };
        Self { entries: text.lines().filter_map(entry).collect() }
    }

    fn write(&self) -> String {
        let lines =
            self.entries.iter().map(|(provider, model, until)| format!("{until} {provider} {model}\n"));
        lines.collect()
    }

    /// The later of two times holds.
    fn add(&mut self, provider: &str, model: &str, until: u64) {
        match self.entries.iter_mut().find(|(of, name, _)| of == provider && name == model) {
            Some((_, _, known)) => *known = until.max(*known),
            None => self.entries.push((provider.to_owned(), model.to_owned(), until)),
        }
        if self.entries.len() > MOST {
            let soonest = self.entries.iter().enumerate().min_by_key(|(_, (_, _, until))| *until);
            if let Some((place, _)) = soonest {
                self.entries.swap_remove(place);
            }
        }
    }
}

/// Whether an error with a time to wait cools its target: what says that it is too much or not now, not that the request
/// is wrong.
pub(super) fn cools(error: &ApiError) -> bool {
    matches!(
        error.kind,
        ErrorKind::RateLimit | ErrorKind::Timeout | ErrorKind::Overloaded | ErrorKind::Server
    )
}

/// Lets a target cool from `now` for `wait`, both in milliseconds, whatever other workers say at the same time.
pub(super) fn cool(host: &impl SharedData, (provider, model): (&str, &str), now: u64, wait: u64) {
    // A client can have asked for it through a pattern; with a line break it would be two entries.
    if model.contains(char::is_control) {
        return;
    }
    let mut last = Ok(());
    for _ in 0..TRIES {
        let (bytes, cas) = host.shared(KEY).unwrap_or_default();
        let mut cooling = Cooling::parse(&bytes, now);
        cooling.add(provider, model, now.saturating_add(wait));
        last = host.set_shared(KEY, cooling.write().as_bytes(), cas);
        if last.is_ok() {
            return;
        }
    }
    if let Err(error) = last {
        host_failed("share what cools", error);
    }
}

/// Plans a request, without the targets that cool.
///
/// # Errors
///
/// As [`Plan::new`].
pub(super) fn plan(
    host: &impl Host,
    setup: &Setup,
    model: &str,
    asked: (Operation, Used),
) -> Result<Plan, ApiError> {
    Plan::new(&Now { host, setup, cooling: OnceCell::new() }, &setup.table, model, asked)
}

/// A configuration, and what of it cools now, which is read when it is first asked for.
struct Now<'a, H> {
    host: &'a H,
    setup: &'a Setup,
    cooling: OnceCell<Cooling>,
}

impl<H: Host> Known for Now<'_, H> {
    fn plugin(&self) -> &Plugin {
        self.setup.plugin()
    }

    fn facts(&self, provider: usize, model: &str) -> &ModelFacts {
        self.setup.facts(provider, model)
    }

    fn lacks(&self, provider: usize) -> Fields {
        self.setup.lacks(provider)
    }

    fn has_credential(&self, provider: usize) -> bool {
        self.setup.has_credential(provider)
    }

    fn is_cooling(&self, provider: usize, model: &str) -> bool {
        let cooling = self.cooling.get_or_init(|| Cooling::read(self.host, || self.host.millis()));
        let name = self.setup.plugin.providers.get(provider).map_or("", |provider| provider.name.as_str());
        cooling.has(name, model)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    /// Shared data that a second worker changes between a read and the write that follows it.
    #[derive(Default)]
    struct Busy {
        value: RefCell<Option<(Vec<u8>, u32)>>,
        other: RefCell<Vec<Vec<u8>>>,
    }

    impl SharedData for Busy {
        fn shared(&self, _: &str) -> Result<(Vec<u8>, u32), HostError> {
            let found = self.value.borrow().clone().ok_or(HostError::NotFound);
            if let Some(theirs) = self.other.borrow_mut().pop() {
                let last = self.value.borrow().as_ref().map_or(0, |(_, cas)| *cas);
                *self.value.borrow_mut() = Some((theirs, last + 1));
            }
            found
        }

        fn set_shared(&self, _: &str, value: &[u8], cas: u32) -> Result<(), HostError> {
            let last = self.value.borrow().as_ref().map_or(0, |(_, cas)| *cas);
            if cas != 0 && cas != last {
                return Err(HostError::Refused(8));
            }
            *self.value.borrow_mut() = Some((value.to_vec(), last + 1));
            Ok(())
        }
    }

    #[test]
    fn a_target_cools_until_its_time_is_over() {
        let host = Busy::default();
        cool(&host, ("openai", "gpt 4"), 1_000, 500);
        cool(&host, ("claude", "opus"), 1_000, 2_000);
        cool(&host, ("claude", "opus"), 1_000, 1_000);
        let at = |now| Cooling::read(&host, || now);
        assert!(at(1_499).has("openai", "gpt 4") && at(1_499).has("claude", "opus"));
        assert!(!at(1_500).has("openai", "gpt 4") && at(2_999).has("claude", "opus"));
        assert_eq!(at(3_000), Cooling::default());
        assert!(!at(1_499).has("openai", "gpt"));
    }

    #[test]
    fn two_workers_do_not_forget_each_others() {
        let host = Busy::default();
        cool(&host, ("a", "m"), 0, 10);
        host.other.borrow_mut().push(b"99 b m\n10 a m\n".to_vec());
        cool(&host, ("c", "m"), 0, 50);
        let cooling = Cooling::read(&host, || 1);
        assert!(["a", "b", "c"].iter().all(|provider| cooling.has(provider, "m")), "{cooling:?}");
    }

    #[test]
    fn what_is_shared_stays_small_and_odd_names_stay_out() {
        let host = Busy::default();
        for index in 0..200_u64 {
            cool(&host, ("a", &format!("m{index}")), 0, 1_000 + index);
        }
        let cooling = Cooling::read(&host, || 1);
        assert_eq!(cooling.entries.len(), MOST);
        assert!(cooling.has("a", "m199") && !cooling.has("a", "m0"));
        cool(&host, ("a", "x\n9999999999999 b m"), 0, 5_000);
        assert!(!Cooling::read(&host, || 1).has("b", "m"));
        assert_eq!(Cooling::parse(b"\xff\xfe garbage\n1\n2 x", 0), Cooling::default());
    }
}
