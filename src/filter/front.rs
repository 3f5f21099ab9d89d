//! On Kong: the one place that clients know, before the providers' own routes of the same host.
//!
//! What is a stream goes on to the route of the plan's first provider. For a reply that comes whole the filter calls the
//! routes itself, one after another until one serves the request, and answers with what it got: nginx tries again only
//! below the filters, where a request cannot be translated anew.

use std::rc::Rc;

use super::{
    effect::{self, host_failed},
    gateway::{Gateway, State, missing_body},
    names,
    provider::read_body,
    provider_reply::reaches_client,
    setup::Setup,
    standalone::is_bodyless,
};
use crate::{
    config::plugin::{Elsewhere, Front as Routes},
    dialect::Dialect,
    host::{Action, HeaderPairs, Host, HostError, Services, Side},
    ir::{ApiError, ErrorKind},
    provider::{Format, anthropic::beta},
    translate::{self, Verdict},
};

/// As much of a reply is taken: the routes hold no more either.
fn most(setup: &Setup) -> usize {
    usize::try_from(setup.plugin.reply_bytes).unwrap_or(usize::MAX)
}

/// One request.
#[derive(Debug)]
pub struct Front {
    setup: Rc<Setup>,
    gateway: Gateway,
    /// The path that the client asked for, with its query and without the front's own prefix.
    path: String,
    calls: Option<Calls>,
}

/// A request that is made by calls.
#[derive(Debug)]
struct Calls {
    /// Names of the providers that have not been asked, the next one last.
    left: Vec<String>,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    dialect: Dialect,
    /// Which refusals of the request are no last word.
    elsewhere: Elsewhere,
}

impl Front {
    /// A request that has not begun.
    pub fn new(setup: Rc<Setup>) -> Self {
        let gateway = Gateway::new(Rc::clone(&setup));
        Self { setup, gateway, path: String::new(), calls: None }
    }

    /// Request headers.
    pub fn on_request_headers(&mut self, host: &impl Host, end: bool) -> Action {
        let path = host.header(Side::Request, ":path").ok().flatten().unwrap_or_default();
        let path = String::from_utf8(path).unwrap_or_default();
        self.path = path.strip_prefix(&self.setup.plugin.entry.prefix).unwrap_or(&path).to_owned();
        let action = self.gateway.on_request_headers(host, end || is_bodyless(host));
        if !matches!(self.gateway.state, State::Body { .. } | State::Passing) {
            return action;
        }
        // Should no body come, the request is to end at a route that there is not, never at this one again.
        match self.send_to(host, "-") {
            Ok(()) => Action::Continue,
            Err(error) => self.gateway.refuse(host, &error),
        }
    }

    /// Request body, which comes whole.
    pub fn on_request_body(&mut self, host: &(impl Host + Services), size: usize, end: bool) -> Action {
        let action = self.gateway.on_request_body(host, size, end);
        if !matches!(self.gateway.state, State::Planned(_)) || self.calls.is_some() {
            return action;
        }
        match self.serve(host, size) {
            Ok(action) => action,
            Err(error) => self.gateway.refuse(host, &error),
        }
    }

    /// The reply to a call.
    pub fn on_call_reply(&mut self, host: &(impl Host + Services), size: usize) {
        let Some(calls) = &self.calls else { return };
        let reply = match host.call_status() {
            Some(status) => match self.call_body(host, size) {
                Ok(body) => Some((status, body)),
                Err(error) => return self.refuse(host, &host_failed("read the reply", error)),
            },
            None => None,
        };
        let failure = match &reply {
            Some((status, body)) => failure(calls.dialect, *status, body),
            None => Some(unreached()),
        };
        let is_next =
            failure.as_ref().is_some_and(|error| Verdict::of(error, false, calls.elsewhere).elsewhere);
        if is_next && !calls.left.is_empty() {
            return match self.call_next(host) {
                Ok(()) => {}
                Err(error) => self.refuse(host, &error),
            };
        }
        match (reply, failure) {
            (None, _) => self.refuse(host, &unreached()),
            // The status of a success had gone before it failed.
            (Some((200, body)), Some(error)) => {
                let status = translate::error_status(calls.dialect, &error);
                self.answer(host, status, &body);
            }
            (Some((status, body)), _) => self.answer(host, status, &body),
        }
    }

    /// Reply headers: of a route that the request was sent on to, or of none.
    pub fn on_reply_headers(&mut self, host: &impl Host) -> Action {
        if matches!(self.gateway.state, State::Body { .. } | State::Passing) {
            return self.gateway.rewrite(host, &missing_body());
        }
        // What a route answers is in the client's words already.
        Action::Continue
    }

    /// Reply body.
    pub fn on_reply_body(&mut self, host: &impl Host) -> Action {
        self.gateway.on_reply_body(host)
    }

    /// Sends a planned request on, or begins to call.
    fn serve(&mut self, host: &(impl Host + Services), size: usize) -> Result<Action, ApiError> {
        let State::Planned(opened) = &self.gateway.state else { return Ok(Action::Continue) };
        let exchange = Rc::clone(opened.exchange());
        let mut names: Vec<String> = Vec::new();
        for step in &exchange.plan.steps {
            if let Some(row) = self.setup.plugin.providers.get(step.lane.provider)
                && !names.contains(&row.name)
            {
                names.push(row.name.clone());
            }
        }
        if exchange.head.stream() || exchange.ask.is_passed() || names.len() < 2 {
            self.send_to(host, names.first().map_or("-", String::as_str))?;
            return Ok(Action::Continue);
        }
        names.reverse();
        let body = read_body(host, size)?;
        let headers = host.headers(Side::Request);
        let headers = headers.map_err(|error| host_failed("read the request headers", error))?;
        let headers = self.call_headers(&headers);
        let (dialect, elsewhere) = (exchange.dialect, exchange.plan.elsewhere);
        self.calls = Some(Calls { left: names, headers, body, dialect, elsewhere });
        self.call_next(host)?;
        // Whoever goes on after a call is served twice.
        Ok(Action::Pause)
    }

    /// Sends the request on to the route of a provider.
    fn send_to(&self, host: &impl Host, provider: &str) -> Result<(), ApiError> {
        let Some(routes) = self.routes() else { return Ok(()) };
        let path = format!("{}{provider}{}", routes.prefix, self.path);
        host.set_path(&path).map_err(|error| host_failed("send the request on", error))
    }

    /// Calls the route of the next provider; where the call cannot be made, of the one after it.
    fn call_next(&mut self, host: &impl Services) -> Result<(), ApiError> {
        let (Some(routes), Some(calls)) = (self.setup.plugin.entry.front.as_ref(), &mut self.calls) else {
            return Ok(());
        };
        let mut last = HostError::NotFound;
        while let Some(provider) = calls.left.pop() {
            let path = format!("{}{provider}{}", routes.prefix, self.path);
            let mut headers: Vec<(&str, &str)> = vec![(":path", &path)];
            headers.extend(calls.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())));
            let timeout = u32::try_from(routes.reply_ms).unwrap_or(u32::MAX);
            match host.call(&routes.call, &headers, &calls.body, timeout) {
                Ok(_) => return Ok(()),
                Err(error) => last = error,
            }
        }
        Err(host_failed("call a provider's route", last))
    }

    fn routes(&self) -> Option<&Routes> {
        self.setup.plugin.entry.front.as_ref()
    }

    /// What a call carries of the client's headers: who asks, and in which version of its API.
    fn call_headers(&self, headers: &HeaderPairs) -> Vec<(String, String)> {
        let call = self.routes().map_or("", |routes| routes.call.as_str());
        let authority = headers.get("host").or(headers.get(":authority")).unwrap_or(call.as_bytes());
        let mut out: Vec<(String, String)> = vec![
            (":method".to_owned(), "POST".to_owned()),
            (":scheme".to_owned(), "http".to_owned()),
            (":authority".to_owned(), text(authority)),
        ];
        // Of several the first: a call with two of them fails.
        let carried = CARRIED.iter().filter_map(|name| Some(((*name).to_owned(), text(headers.get(name)?))));
        out.extend(carried);
        out
    }

    fn call_body(&self, host: &impl Services, size: usize) -> Result<Vec<u8>, HostError> {
        if size == 0 { Ok(Vec::new()) } else { host.call_body(most(&self.setup)) }
    }

    fn answer(&mut self, host: &(impl Host + Services), status: u16, body: &[u8]) {
        let headers = host.call_headers().unwrap_or_default();
        let kept = |name: &[u8]| {
            reaches_client(name)
                || [names::SHOULD_RETRY, "retry-after", "retry-after-ms"].map(str::as_bytes).contains(&name)
        };
        let kept: Vec<(&[u8], &[u8])> = headers.iter().filter(|(name, _)| kept(name)).collect();
        self.calls = None;
        self.gateway.state = State::Done;
        effect::answer(host, status, &kept, body);
    }

    fn refuse(&mut self, host: &impl Host, error: &ApiError) {
        let dialect = self.calls.take().map_or(self.gateway.dialect, |calls| calls.dialect);
        self.gateway.state = State::Done;
        effect::refuse(host, dialect, error, &[]);
    }
}

/// Headers of a client that a provider's route reads.
const CARRIED: &[&str] = &[
    "authorization",
    "x-api-key",
    "api-key",
    "x-goog-api-key",
    "content-type",
    "user-agent",
    "anthropic-version",
    beta::HEADER,
];

/// What a route's reply says went wrong, in the words of the client's API. Who the client is and what it asks has been
/// checked here, so that it is between the route and its provider.
fn failure(dialect: Dialect, status: u16, body: &[u8]) -> Option<ApiError> {
    let (format, error) = match dialect {
        Dialect::Messages => (Format::Anthropic, &b"{\"type\":\"error\","[..]),
        _ => (Format::Openai, &b"{\"error\":{\"message\":"[..]),
    };
    // A reply that a route could not read to its end has the status of one that it could: that had gone before.
    (status != 200 || body.starts_with(error)).then(|| translate::error(format, status, None, body))
}

fn unreached() -> ApiError {
    ApiError::new(ErrorKind::Overloaded, "No provider of the model could be reached.")
        .with_code("no_upstream")
}

/// Header values are ASCII nearly always; a call cannot carry others.
fn text(value: &[u8]) -> String {
    String::from_utf8(value.to_vec()).unwrap_or_default()
}
