//! What the two roles know together of one request.
//!
//! Both roles run in one VM, so the gateway role's plan is handed over in memory: never re-parsed, never in a header
//! that a client could forge. The key travels as a property of the exchange.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use hashbrown::HashMap;

use super::{attempts::Attempts, ids, names, setup::Setup};
use crate::{
    dialect::{Ask, Dialect, Head},
    host::Host,
    ir::{ApiError, Usage},
    route::Plan,
};

/// Bodies up to this size are kept for the attempts, which spares each a copy out of the host. Larger ones are
/// read again from the host by each attempt.
const KEEP_BODY: usize = 64 * 1024;
/// All kept bodies of a VM together: 128 of the largest. What comes above is not kept.
const KEEP_ALL: usize = 8 * 1024 * 1024;

/// How the latest attempt ended, as far as it has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Answer {
    /// No reply yet: what the client gets is the host's own.
    #[default]
    None,
    /// The provider role let a reply through.
    Translated,
    /// The provider role wrote an error, which the host may have replaced by another attempt's.
    Failed,
}

/// One request, from its plan to the end of its reply.
#[derive(Debug)]
pub(super) struct Exchange {
    /// The configuration it began under.
    pub(super) setup: Rc<Setup>,
    /// What the client speaks.
    pub(super) dialect: Dialect,
    /// Which endpoint it came to.
    pub(super) ask: Ask,
    /// What is known of the request.
    pub(super) head: Head,
    /// The client's own `anthropic-beta`.
    pub(super) betas: String,
    /// Who may serve it.
    pub(super) plan: Plan,
    /// Size of the body in bytes.
    pub(super) body_length: usize,
    /// Who was asked so far.
    pub(super) attempts: Attempts,
    /// How the latest attempt ended.
    pub(super) answer: Cell<Answer>,
    /// The error that the latest attempt ended with, for replies that have no body to carry it.
    pub(super) error: RefCell<Option<ApiError>>,
    /// What the provider reported.
    pub(super) usage: Cell<Option<Usage>>,
    /// The pristine body, where it is small.
    pub(super) body: Option<Vec<u8>>,
}

impl Exchange {
    /// A request that no attempt has been made of. `body_length` in bytes.
    pub(super) fn new(setup: Rc<Setup>, ask: Ask, head: Head, plan: Plan, body_length: usize) -> Self {
        Self {
            setup,
            dialect: head.dialect(),
            ask,
            head,
            betas: String::new(),
            plan,
            body_length,
            attempts: Attempts::default(),
            answer: Cell::default(),
            error: RefCell::default(),
            usage: Cell::default(),
            body: None,
        }
    }
}

#[derive(Default)]
struct Store {
    last: u64,
    kept: usize,
    open: HashMap<u64, Rc<Exchange>>,
}

thread_local! {
    static STORE: RefCell<Store> = RefCell::default();
}

impl Store {
    /// Whether a body of this size may be kept; it is counted then.
    fn reserve(&mut self, size: usize) -> bool {
        let fits = size <= KEEP_BODY && self.kept + size <= KEEP_ALL;
        if fits {
            self.kept += size;
        }
        fits
    }

    fn insert(&mut self, exchange: Rc<Exchange>) -> u64 {
        // The count begins anywhere: the keys of a VM that ran before this one are to mean nothing here.
        if self.last == 0 {
            self.last = ids::random();
        }
        self.last = self.last.wrapping_add(1).max(1);
        self.open.insert(self.last, exchange);
        self.last
    }

    fn remove(&mut self, id: u64) {
        if let Some(exchange) = self.open.remove(&id) {
            self.kept = self.kept.saturating_sub(exchange.body.as_ref().map_or(0, Vec::len));
        }
    }
}

/// Runs `work` on the store; `None` if it is in use, which single-threaded callbacks that never nest cannot cause.
fn with_store<T>(work: impl FnOnce(&mut Store) -> T) -> Option<T> {
    STORE.with(|store| store.try_borrow_mut().ok().map(|mut store| work(&mut store)))
}

/// An exchange in the store, for as long as the gateway role's stream lives.
#[derive(Debug)]
pub(super) struct Opened {
    id: u64,
    exchange: Rc<Exchange>,
}

impl Opened {
    /// Puts an exchange into the store. `body` is kept where it is small enough.
    pub(super) fn new(mut exchange: Exchange, body: Vec<u8>) -> Self {
        if with_store(|store| store.reserve(body.len())).unwrap_or(false) {
            exchange.body = Some(body);
        }
        let exchange = Rc::new(exchange);
        // Key 0 is never given out: an exchange that is not in the store is one that no attempt finds.
        let id = with_store(|store| store.insert(Rc::clone(&exchange))).unwrap_or(0);
        Self { id, exchange }
    }

    /// What finds it for the provider role: its key, and what the client asked for, should it not be found.
    pub(super) fn mark(&self) -> [u8; 9] {
        let mut mark = [self.exchange.ask.code(); 9];
        for (byte, of_key) in mark.iter_mut().zip(self.id.to_le_bytes()) {
            *byte = of_key;
        }
        mark
    }

    /// The exchange.
    pub(super) fn exchange(&self) -> &Rc<Exchange> {
        &self.exchange
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        with_store(|store| store.remove(self.id));
    }
}

/// Finds the exchange that the running attempt belongs to; where it is not in this VM's memory, at least what its client
/// asked for.
pub(super) fn find(host: &impl Host) -> Result<Rc<Exchange>, Option<Ask>> {
    let mark = host.property(&[names::EXCHANGE]).ok_or(None)?;
    let (key, ask) = mark.split_first_chunk().ok_or(None)?;
    let found = with_store(|store| store.open.get(&u64::from_le_bytes(*key)).cloned()).flatten();
    found.ok_or_else(|| ask.first().and_then(|code| Ask::of_code(*code)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark_of_the_first() -> [u8; 9] {
        let json = serde_json::json!({"version": crate::config::plugin::VERSION, "role": "gateway",
            "request_bytes": 1, "reply_bytes": 1, "models": [{"name": "m", "targets": [{"provider": 0}]}],
            "providers": [{"name": "p", "format": "openai", "authority": "a", "scheme": "http", "path": "/"}]});
        let setup = Rc::new(Setup::new(json.to_string().as_bytes(), Vec::new).unwrap());
        let body = br#"{"model":"m","messages":[{"role":"user","content":"hi"}]}"#;
        let head = Head::scan(Ask::Chat, body).unwrap();
        let plan = Plan::new(&*setup, &setup.table, "m", (head.operation(), head.used())).unwrap();
        let exchange = Exchange::new(setup, Ask::Chat, head, plan, 0);
        Opened::new(exchange, Vec::new()).mark()
    }

    /// A VM that was started again counts anew; a request from before, whose next attempt comes to it, must not find
    /// another client's exchange under its key. Each thread has a store of its own, as each VM has.
    #[test]
    fn keys_of_one_vm_mean_nothing_in_the_next() {
        let keys = [(); 2].map(|()| std::thread::spawn(mark_of_the_first).join().unwrap());
        assert_ne!(keys[0], keys[1]);
    }
}
