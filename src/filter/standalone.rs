//! Both roles in one pass, for hosts without upstream filters: decides who serves the request, translates it for that
//! target, and the reply back. One target a request: what is tried again is the host's, among endpoints of one format.

use std::rc::Rc;

use super::{
    at_once,
    effect::host_failed,
    gateway::{Gateway, State, missing_body},
    names,
    provider::{self, Provider},
    setup::Setup,
};
use crate::{
    config::plugin::Headers,
    host::{Action, Host, Side, TOLD_BY_KONG},
    ir::ApiError,
    provider::Format,
    translate,
};

/// One request.
#[derive(Debug)]
pub struct Standalone {
    setup: Rc<Setup>,
    pub(super) gateway: Gateway,
    /// The one attempt, once the plan is made.
    pub(super) provider: Provider,
    /// The model that the client named in a header.
    pub(super) named: Option<Vec<u8>>,
    /// The betas of Anthropic's that were written before the body was known.
    pub(super) betas: String,
    /// The reply that comes is a provider's.
    replied: bool,
}

impl Standalone {
    /// A request that has not begun.
    pub fn new(setup: Rc<Setup>) -> Self {
        let (gateway, provider) = (Gateway::new(Rc::clone(&setup)), Provider::new(Rc::clone(&setup)));
        Self { setup, gateway, provider, named: None, betas: String::new(), replied: false }
    }

    fn headers(&self) -> Headers {
        self.setup.plugin.entry.headers
    }

    /// Request headers.
    pub fn on_request_headers(&mut self, host: &impl Host, end: bool) -> Action {
        let nginx = self.headers() == Headers::Nginx;
        if self.headers() == Headers::AtOnce {
            // Before it is removed with all others of our own.
            self.named = host.header(Side::Request, names::MODEL).ok().flatten();
        }
        let action = self.gateway.on_request_headers(host, end || (nginx && is_bodyless(host)));
        match (&self.gateway.state, self.headers()) {
            (State::Planned(_), _) => self.begin(host).unwrap_or(action),
            (State::Body { .. }, Headers::AtOnce) => match at_once::announce(self, host) {
                Ok(()) => Action::Continue,
                Err(error) => self.gateway.refuse(host, &error),
            },
            // The body comes only when the headers go on, and no later callback comes where there is no body.
            (State::Body { .. } | State::Passing, Headers::Nginx) => match withdraw(host) {
                Ok(()) => Action::Continue,
                Err(error) => self.gateway.refuse(host, &error),
            },
            _ => action,
        }
    }

    /// Request body; `size` is all that has come so far.
    pub fn on_request_body(&mut self, host: &impl Host, size: usize, end: bool) -> Action {
        let planned = matches!(self.gateway.state, State::Planned(_));
        let action = self.gateway.on_request_body(host, size, end);
        self.go_on(host, (planned, size, end), action)
    }

    /// Request trailers: they end the body.
    pub fn on_request_trailers(&mut self, host: &impl Host) -> Action {
        let planned = matches!(self.gateway.state, State::Planned(_));
        let action = self.gateway.on_request_trailers(host);
        let most = usize::try_from(self.setup.plugin.request_bytes).unwrap_or(usize::MAX);
        self.go_on(host, (planned, if planned { 0 } else { most }, true), action)
    }

    /// After the gateway's part of a callback: the provider's.
    fn go_on(
        &mut self,
        host: &impl Host,
        (planned, size, end): (bool, usize, bool),
        action: Action,
    ) -> Action {
        if !matches!(self.gateway.state, State::Planned(_)) {
            return action;
        }
        if !planned {
            if self.headers() == Headers::AtOnce {
                return at_once::finish(self, host, size);
            }
            if let Some(refused) = self.begin(host) {
                return refused;
            }
        }
        let action = self.provider.on_request_body(host, size, end);
        self.settle();
        action
    }

    /// The attempt begins. Gives what it comes to, where that is the client's answer.
    fn begin(&mut self, host: &impl Host) -> Option<Action> {
        let State::Planned(opened) = &self.gateway.state else { return None };
        let exchange = Rc::clone(opened.exchange());
        let lane = exchange.plan.pool.clone();
        let action = self.provider.begin(host, exchange, &lane);
        self.settle().then_some(action)
    }

    /// Where the provider's part has answered the client, so has the gateway's.
    pub(super) fn settle(&mut self) -> bool {
        let done = matches!(self.provider.state, provider::State::Done);
        if done {
            self.gateway.state = State::Done;
        }
        done
    }

    /// Reply headers.
    pub fn on_reply_headers(&mut self, host: &impl Host, end: bool) -> Action {
        let of_provider = self.is_providers(host);
        self.replied = of_provider && matches!(self.gateway.state, State::Planned(_));
        if self.replied {
            let action = self.provider.on_reply_headers(host, end);
            // An error without a body: only an answer of our own has one.
            return if end { self.gateway.on_reply_headers(host, end) } else { action };
        }
        if of_provider && matches!(self.gateway.state, State::Body { .. } | State::Passing) {
            return self.answer_early(host, end);
        }
        self.gateway.on_reply_headers(host, end)
    }

    /// Reply body.
    pub fn on_reply_body(&mut self, host: &impl Host, size: usize, end: bool) -> Action {
        if self.replied {
            return self.provider.on_reply_body(host, size, end);
        }
        self.gateway.on_reply_body(host)
    }

    /// Reply trailers.
    pub fn on_reply_trailers(&mut self, host: &impl Host) -> Action {
        if self.replied { self.provider.on_reply_trailers(host) } else { Action::Continue }
    }

    /// Whether a reply is a provider's, as Envoy tells. nginx does not, and logs an error where it is asked: it answers in the
    /// provider's place only where that cannot be reached, and its answer is read as the provider's would be.
    fn is_providers(&self, host: &impl Host) -> bool {
        self.headers() == Headers::Nginx
            || host.property(&["response", "code_details"]).is_none_or(|details| details == b"via_upstream")
    }

    /// A reply to a request of which no body has come to us: what the provider says of the headers alone, or on nginx that
    /// there was no body.
    fn answer_early(&mut self, host: &impl Host, end: bool) -> Action {
        let status = host.header(Side::Reply, ":status").ok().flatten().unwrap_or_default();
        let status = std::str::from_utf8(&status).ok().and_then(|status| status.parse().ok()).unwrap_or(0);
        let error = if self.headers() == Headers::Nginx {
            missing_body()
        } else {
            translate::error(Format::Openai, status, None, b"").for_client(None)
        };
        if end {
            // A body cannot be added to a reply that has none.
            return self.gateway.refuse(host, &error);
        }
        self.gateway.rewrite(host, &error)
    }
}

/// Whether nginx will tell of no body. It calls for every other.
pub(super) fn is_bodyless(host: &impl Host) -> bool {
    let has = |name| host.header(Side::Request, name).ok().flatten();
    let length = has("content-length");
    let method = has(":method").unwrap_or_default();
    length.as_deref() == Some(b"0")
        || (length.is_none() && matches!(method.as_slice(), b"GET" | b"HEAD" | b"DELETE"))
}

/// Takes out of a request what a provider must not see, before it is known for whom it is: should no body come, it goes on
/// as it then is.
fn withdraw(host: &impl Host) -> Result<(), ApiError> {
    for name in TOLD_BY_KONG {
        // Outside Kong there is no such variable, and nothing is told.
        let _ = host.set_property(name, b"");
    }
    host.replace_headers(Side::Request, &[(b":path", b"/")])
        .map_err(|error| host_failed("write the request headers", error))
}
