//! Access tokens: got and renewed in the root context, used by the attempts of this VM.
//!
//! The gateway role's root context looks at every tick, in each worker: what is shared is read, and copied to where the
//! attempts find it without a call of the host. Of the workers that see that a token is due, one asks.
//!
//! A request that comes while a provider has no token goes to another provider, or is refused with a time to come
//! again: it is not held, for the next token may never come. The first is asked for while Envoy still starts.

use std::{cell::RefCell, rc::Rc};

use super::setup::Setup;
use crate::{
    credential::{Shared, Source, reply, sign},
    host::{HostError, Services},
};

/// How often the state is looked at, in milliseconds. It is what a worker's token may be late.
const TICK: u32 = 250;
/// How long a token endpoint may take, in milliseconds.
const CALL: u32 = 10_000;
/// So often a change is tried again that another worker's came before.
const TRIES: usize = 4;

/// A token that attempts use.
#[derive(Debug)]
struct Held {
    id: String,
    token: Rc<str>,
    /// A provider has refused it.
    refused: bool,
}

thread_local! {
    static HELD: RefCell<Vec<Held>> = const { RefCell::new(Vec::new()) };
}

/// Runs `work` on the tokens; `None` if they are in use, which single-threaded callbacks that never nest cannot cause.
fn with_held<T>(work: impl FnOnce(&mut Vec<Held>) -> T) -> Option<T> {
    HELD.with(|held| held.try_borrow_mut().ok().map(|mut held| work(&mut held)))
}

/// The token of a source, while it can be used.
pub(super) fn usable(id: &str) -> Option<Rc<str>> {
    with_held(|held| held.iter().find(|held| held.id == id).map(|held| Rc::clone(&held.token)))?
}

/// Tells that a provider has refused the token of a source.
pub(super) fn refused(id: &str) {
    with_held(|held| held.iter_mut().filter(|held| held.id == id).for_each(|held| held.refused = true));
}

/// Keeps the tokens of one configuration.
#[derive(Debug)]
pub struct Keeper {
    setup: Rc<Setup>,
    /// Calls that are out, with the index of the provider whose source they are for.
    calls: Vec<(u32, usize)>,
}

impl Keeper {
    /// A keeper that has not begun.
    pub fn new(setup: Rc<Setup>) -> Self {
        Keeper { setup, calls: Vec::new() }
    }

    /// Begins. Where there are no tokens to keep, the host is not bothered again.
    pub fn start(&mut self, host: &impl Services) {
        if self.setup.sources().next().is_none() {
            return;
        }
        let now = millis(host);
        for (_, source) in self.setup.sources() {
            // Every change after this one is by compare-and-swap, which has to have something to compare with.
            if let Err(HostError::NotFound) = host.shared(&source.id) {
                tell(host.set_shared(&source.id, &Shared::default().write(), 0), "share a token");
            }
            look(host, source, now);
        }
        tell(host.set_tick(TICK), "set a timer");
    }

    /// Looks whether a token is due.
    pub fn on_tick(&mut self, host: &impl Services) {
        let now = millis(host);
        for (index, source) in self.setup.sources() {
            let Some((state, cas, refused)) = look(host, source, now) else { continue };
            if !state.is_due(now, refused) {
                continue;
            }
            match host.set_shared(&source.id, &state.claimed(now).write(), cas) {
                Ok(()) => match ask(host, source, now) {
                    Ok(call) => self.calls.push((call, index)),
                    Err(why) => self.fail(host, index, &why),
                },
                // Another worker has claimed it.
                Err(_) => continue,
            }
        }
    }

    /// A token endpoint has answered, or could not be reached. `size` of the body in bytes.
    pub fn on_reply(&mut self, host: &impl Services, call: u32, size: usize) {
        let Some(place) = self.calls.iter().position(|(id, _)| *id == call) else { return };
        let (_, index) = self.calls.swap_remove(place);
        let status = host.call_status();
        let got = match status {
            None => Err("the token endpoint could not be reached in time".to_owned()),
            Some(status) => {
                let body = host.call_body(size.min(reply::REPLY_BYTES)).unwrap_or_default();
                reply::read(status, &body)
            }
        };
        match got {
            Err(why) => self.fail(host, index, &why),
            Ok(got) => {
                let Some(source) = self.setup.source(index) else { return };
                let now = millis(host);
                change(host, source, |_| Shared::renewed(got.token.clone(), got.lifetime, now));
                look(host, source, now);
            }
        }
    }

    fn fail(&self, host: &impl Services, index: usize, why: &str) {
        let name = self.setup.plugin.providers.get(index).map_or("", |provider| provider.name.as_str());
        log::error!("provider `{name}`: no new token: {why}");
        if let Some(source) = self.setup.source(index) {
            let now = millis(host);
            change(host, source, |state| state.failed(now));
        }
    }
}

fn millis(host: &impl Services) -> u64 {
    host.time() / 1_000_000
}

/// Reads what is shared, and lets the attempts of this VM have it. Also: whether the token was refused.
fn look(host: &impl Services, source: &Source, now: u64) -> Option<(Shared, u32, bool)> {
    let (bytes, cas) = match host.shared(&source.id) {
        Ok(found) => found,
        Err(error) => {
            tell(Err(error), "read a token");
            return None;
        }
    };
    let state = Shared::read(&bytes);
    let token = state.usable(now);
    let refused = with_held(|held| {
        let place = held.iter().position(|held| held.id == source.id);
        match (place.and_then(|place| held.get_mut(place)), token) {
            (Some(have), Some(token)) if *have.token == *token => return have.refused,
            (Some(have), Some(token)) => (have.token, have.refused) = (token.into(), false),
            (None, Some(token)) => {
                held.push(Held { id: source.id.clone(), token: token.into(), refused: false });
            }
            (Some(_), None) => held.retain(|held| held.id != source.id),
            (None, None) => {}
        }
        false
    });
    Some((state, cas, refused.unwrap_or(false)))
}

/// Sends a request for a token.
fn ask(host: &impl Services, source: &Source, now: u64) -> Result<u32, String> {
    let signed = match source.to_sign(now / 1000) {
        None => None,
        Some((arguments, text)) => {
            let result = host.call_function(sign::FUNCTION, &arguments);
            let result = result.map_err(|error| format!("this host does not sign ({error:?})"))?;
            let signature = sign::signature(&result).ok_or("its private key cannot be used")?.to_vec();
            Some((text, signature))
        }
    };
    let request =
        source.request(signed.as_ref().map(|(text, signature)| (text.as_str(), signature.as_slice())));
    let sent = host.call(request.cluster, &request.headers, &request.body, CALL);
    sent.map_err(|error| format!("its token endpoint is not to be reached ({error:?})"))
}

/// Changes what is shared, whoever else changes it at the same time.
fn change(host: &impl Services, source: &Source, next: impl Fn(&Shared) -> Shared) {
    let mut last = Err(HostError::NotFound);
    for _ in 0..TRIES {
        let (bytes, cas) = host.shared(&source.id).unwrap_or_default();
        last = host.set_shared(&source.id, &next(&Shared::read(&bytes)).write(), cas);
        if last.is_ok() {
            return;
        }
    }
    tell(last, "share a token");
}

fn tell(result: Result<(), HostError>, what: &str) {
    if let Err(error) = result {
        log::error!("could not {what}: {error:?}");
    }
}

#[cfg(test)]
mod tests;
