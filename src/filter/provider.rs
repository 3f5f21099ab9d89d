//! The provider role: one attempt. Translates the pristine request for the provider that Envoy picked, with none but
//! that provider's credential. It never chooses.

use std::{borrow::Cow, rc::Rc};

use super::{
    effect::{self, host_failed},
    exchange::{self, Answer, Exchange},
    names,
    pass::Splice,
    provider_reply::ReplyState,
    setup::Setup,
};
use crate::{
    config::plugin::{self, Headers, RoleName, Secret},
    dialect::{Ask, Dialect, Head, pass},
    host::{Action, Host, Side},
    ir::{ApiError, ErrorKind},
    provider::{Upstream, anthropic::beta, path},
    route::{Known, Plan, pool},
    translate::{self, Outcome},
};

/// What is sent with every request besides what the provider's row names.
const USER_AGENT: &str = concat!("switchyard/", env!("CARGO_PKG_VERSION"));

/// Which target an attempt is for.
#[derive(Clone, Debug)]
pub(super) struct Attempt {
    pub(super) exchange: Rc<Exchange>,
    /// Index of the provider in the exchange's configuration.
    pub(super) provider: usize,
    /// The provider's own name of the model.
    pub(super) model: String,
}

/// Where an attempt stands.
#[derive(Debug)]
pub(super) enum State {
    /// Nothing seen yet.
    New,
    /// The plan is not known: the body is awaited to make one.
    Planless { lane: String, ask: Ask, secret: Option<Vec<u8>>, content_type: String },
    /// Headers are written, and the body passes by pieces.
    Splicing { attempt: Attempt, splice: Splice },
    /// Headers taken, body awaited.
    Body { attempt: Attempt, secret: Option<Vec<u8>> },
    /// Headers are written, the body passes as it is.
    Passing(Attempt),
    /// Headers are written, and this is the body.
    Replacing { attempt: Attempt, body: Vec<u8> },
    /// The request is sent, the reply comes.
    Sent(Box<ReplyState>),
    /// Answered here, or not ours.
    Done,
}

/// One attempt in the provider role.
#[derive(Debug)]
pub struct Provider {
    setup: Rc<Setup>,
    pub(super) state: State,
}

impl Provider {
    /// An attempt that has not begun.
    pub fn new(setup: Rc<Setup>) -> Self {
        Self { setup, state: State::New }
    }

    /// Request headers.
    pub fn on_request_headers(&mut self, host: &impl Host) -> Action {
        let Some(lane) = lane(host) else {
            return self.leave_alone(host);
        };
        match exchange::find(host) {
            Ok(exchange) => self.begin(host, exchange, &lane),
            Err(ask) => {
                let provider = pool::parse_lane(&lane).map_or("", |(provider, _)| provider);
                let index = self.setup.plugin.providers.iter().position(|known| known.name == provider);
                let secret = index.and_then(|index| discovered_secret(host, &self.setup, index));
                let ask = ask.unwrap_or(Ask::Chat);
                if matches!(ask, Ask::Realtime | Ask::Files) {
                    // There may be no body to make a plan from.
                    let error = ApiError::new(ErrorKind::Overloaded, "The gateway was restarted; try again.");
                    return self.refuse(host, Dialect::Chat, &error.with_code("gateway_error"));
                }
                let content_type =
                    host.header(Side::Request, "content-type").ok().flatten().unwrap_or_default();
                let content_type = String::from_utf8(content_type).unwrap_or_default();
                self.state = State::Planless { lane, ask, secret, content_type };
                Action::Pause
            }
        }
    }

    /// Request body; `size` is all that has come so far.
    pub fn on_request_body(&mut self, host: &impl Host, size: usize, end: bool) -> Action {
        match std::mem::replace(&mut self.state, State::Done) {
            State::Replacing { attempt, body } => self.replace_body(host, attempt, &body, end),
            State::Splicing { attempt, splice } => self.splice(host, attempt, splice, size, end),
            State::Passing(attempt) => {
                self.state = if end { sent(attempt) } else { State::Passing(attempt) };
                Action::Continue
            }
            waiting @ (State::Body { .. } | State::Planless { .. }) if !end => {
                self.state = waiting;
                Action::Pause
            }
            State::Body { attempt, secret } => match read_body(host, size) {
                Ok(body) => self.send(host, attempt, secret.as_deref(), &body, true),
                Err(error) => self.refuse(host, attempt.exchange.dialect, &error),
            },
            State::Planless { lane, ask, secret, content_type } => {
                let body = read_body(host, size);
                match body.and_then(|body| self.plan(&lane, (ask, &content_type), body)) {
                    Ok((attempt, _)) if ask.is_passed() => {
                        match self.pass(host, attempt, secret.as_deref()) {
                            Action::Continue => self.on_request_body(host, size, true),
                            action => action,
                        }
                    }
                    Ok((attempt, body)) => self.send(host, attempt, secret.as_deref(), &body, true),
                    Err(error) => self.refuse(host, ask.dialect(), &error),
                }
            }
            other => {
                self.state = other;
                Action::Continue
            }
        }
    }

    /// Request trailers: they end the body that is awaited. The gateway role has emptied them.
    pub fn on_request_trailers(&mut self, host: &impl Host) -> Action {
        match self.state {
            State::Splicing { .. } => self.on_request_body(host, 0, true),
            State::Body { .. } | State::Planless { .. } => {
                // The host gives what is buffered; the largest body that gets here is `request_bytes`.
                let most = usize::try_from(self.setup.plugin.request_bytes).unwrap_or(usize::MAX);
                self.on_request_body(host, most, true)
            }
            _ => Action::Continue,
        }
    }

    /// Reply headers.
    pub fn on_reply_headers(&mut self, host: &impl Host, end: bool) -> Action {
        if let State::Passing(attempt) | State::Replacing { attempt, .. } | State::Splicing { attempt, .. } =
            &self.state
        {
            // The provider answers before it has the whole request.
            self.state = sent(attempt.clone());
        }
        match &mut self.state {
            State::Sent(reply) => reply.on_headers(host, end),
            _ => Action::Continue,
        }
    }

    /// Reply body; `size` is all that the host holds back, or the next piece where it holds back nothing.
    pub fn on_reply_body(&mut self, host: &impl Host, size: usize, end: bool) -> Action {
        match &mut self.state {
            State::Sent(reply) => reply.on_body(host, size, end),
            _ => Action::Continue,
        }
    }

    /// Reply trailers: they end the body.
    pub fn on_reply_trailers(&mut self, host: &impl Host) -> Action {
        match &mut self.state {
            State::Sent(reply) => reply.on_trailers(host),
            _ => Action::Continue,
        }
    }

    /// The attempt of a known exchange begins, on this lane.
    pub(super) fn begin(&mut self, host: &impl Host, exchange: Rc<Exchange>, lane: &str) -> Action {
        exchange.answer.set(Answer::None);
        exchange.error.replace(None);
        let Some((place, step)) = exchange.plan.step(&exchange.setup.plugin, lane) else {
            let message = "The gateway's configuration and its host's do not fit together.";
            log::error!("the endpoint's lane `{lane}` is not part of the plan `{}`", exchange.plan.pool);
            let error = ApiError::new(ErrorKind::Server, message).with_code("gateway_error");
            return self.refuse(host, exchange.dialect, &error);
        };
        let begun = if exchange.setup.plugin.list_attempts { host.millis() } else { 0 };
        exchange.attempts.begin(place, begun);
        let (provider, model) = (step.lane.provider, step.model.clone());
        let secret = discovered_secret(host, &exchange.setup, provider);
        let attempt = Attempt { exchange: Rc::clone(&exchange), provider, model };
        match &exchange.body {
            _ if matches!(exchange.head, Head::Pass(_)) => self.pass(host, attempt, secret.as_deref()),
            Some(body) => self.send(host, attempt, secret.as_deref(), body, false),
            None => {
                self.state = State::Body { attempt, secret };
                Action::Pause
            }
        }
    }

    /// Makes a plan from the body alone: the gateway role's is not in this VM's memory.
    fn plan(
        &self,
        lane: &str,
        (ask, content_type): (Ask, &str),
        body: Vec<u8>,
    ) -> Result<(Attempt, Vec<u8>), ApiError> {
        let head = if ask.is_passed() {
            Head::Pass(Box::new(pass::whole(ask, content_type, &body)?))
        } else {
            Head::scan(ask, &body)?
        };
        let plan = Plan::new(&*self.setup, &self.setup.table, head.model(), (head.operation(), head.used()))?;
        let Some((place, step)) = plan.step(&self.setup.plugin, lane) else {
            let message = format!("The model `{}` is not served where the request was sent.", head.model());
            return Err(ApiError::new(ErrorKind::Server, message).with_code("gateway_error"));
        };
        let (provider, model) = (step.lane.provider, step.model.clone());
        let exchange = Exchange::new(Rc::clone(&self.setup), ask, head, plan, body.len());
        exchange.attempts.begin(place, 0);
        Ok((Attempt { exchange: Rc::new(exchange), provider, model }, body))
    }

    /// Translates and writes headers. `now`: the host waits with the body in its hands, so that it is written too.
    fn send(
        &mut self,
        host: &impl Host,
        attempt: Attempt,
        secret: Option<&[u8]>,
        body: &[u8],
        now: bool,
    ) -> Action {
        let mut out = Vec::new();
        let exchange = &attempt.exchange;
        let outcome = translate_request(&attempt, body, &mut out).and_then(|(outcome, betas)| {
            write_headers_of(host, &attempt, secret, outcome, &out, &betas).map(|()| outcome)
        });
        match outcome {
            Err(error) => {
                let dialect = exchange.dialect;
                self.refuse(host, dialect, &error)
            }
            Ok(Outcome::AsIs) => {
                self.state = if now { sent(attempt) } else { State::Passing(attempt) };
                Action::Continue
            }
            Ok(Outcome::Replaced) if now => self.replace_body(host, attempt, &out, true),
            Ok(Outcome::Replaced) => {
                self.state = State::Replacing { attempt, body: out };
                Action::Continue
            }
        }
    }

    /// Puts the translated body in the place of the first piece in the host's hands, and nothing in the place of
    /// those that follow. Which is the last is not always told: trailers may end the body.
    pub(super) fn replace_body(
        &mut self,
        host: &impl Host,
        attempt: Attempt,
        body: &[u8],
        end: bool,
    ) -> Action {
        if let Err(error) = host.replace_body(Side::Request, body) {
            // What is in the host's hands is in another provider's format: it must not go out.
            let error = host_failed("write the request body", error);
            return self.refuse(host, attempt.exchange.dialect, &error);
        }
        self.state = if end { sent(attempt) } else { State::Replacing { attempt, body: Vec::new() } };
        Action::Continue
    }

    /// An endpoint that carries no mark of ours: the user's own cluster behind a shared router. The filters around this one
    /// do not know that: what the one before it hands over, the keys in files, must not go there, and the ones after it
    /// must not sign what a client marks.
    fn leave_alone(&mut self, host: &impl Host) -> Action {
        self.state = State::Done;
        let secrets = self.setup.plugin.providers.iter().filter_map(|row| row.secret.as_ref());
        let named = secrets.filter_map(|secret| match secret {
            Secret::Header(name) => Some(name.as_str()),
            Secret::Signer(_) => Some(names::SIGN),
            Secret::Env(_) | Secret::Value(_) | Secret::Token(_) => None,
        });
        // Absent ones are no error.
        let removed = named.map(|name| host.remove_header(Side::Request, name.as_bytes()));
        match removed.collect::<Result<(), _>>() {
            Ok(()) => Action::Continue,
            Err(error) => self.refuse(host, Dialect::Chat, &host_failed("remove a header", error)),
        }
    }

    pub(super) fn refuse(&mut self, host: &impl Host, dialect: Dialect, error: &ApiError) -> Action {
        self.state = State::Done;
        // The gateway role sees this reply too, and is to leave it as it is.
        let mark: &[(&[u8], &[u8])] = &[(names::FAILED.as_bytes(), b"1")];
        effect::refuse(
            host,
            dialect,
            error,
            if self.setup.role() == RoleName::Provider { mark } else { &[] },
        );
        Action::Pause
    }
}

pub(super) fn sent(attempt: Attempt) -> State {
    State::Sent(Box::new(ReplyState::new(attempt)))
}

/// The lane that an attempt is on, by its endpoint's metadata: the one mark of an attempt that every topology has.
fn lane(host: &impl Host) -> Option<String> {
    let path = ["xds", "upstream_host_metadata", "filter_metadata", names::METADATA, "lane"];
    String::from_utf8(host.property(&path)?).ok()
}

/// The secret that Envoy's secret discovery put into a request header, for providers whose key is a file.
fn discovered_secret(host: &impl Host, setup: &Setup, provider: usize) -> Option<Vec<u8>> {
    match setup.plugin.providers.get(provider)?.secret.as_ref()? {
        Secret::Header(name) => host.header(Side::Request, name).ok().flatten(),
        Secret::Env(_) | Secret::Value(_) | Secret::Signer(_) | Secret::Token(_) => None,
    }
}

pub(super) fn read_body(host: &impl Host, size: usize) -> Result<Vec<u8>, ApiError> {
    host.body(Side::Request, 0, size).map_err(|error| host_failed("read the request body", error))
}

/// Gives the value of the header that names Anthropic's betas, empty for none.
pub(super) fn translate_request(
    attempt: &Attempt,
    body: &[u8],
    out: &mut Vec<u8>,
) -> Result<(Outcome, String), ApiError> {
    let Attempt { exchange, provider, model } = attempt;
    let facts = exchange.setup.facts(*provider, model);
    let row = config(attempt)?;
    let upstream = Upstream { model, facts, quirks: &row.quirks, provider: &row.name };
    let mut betas = named_betas(row, &exchange.betas);
    let outcome = translate::any_request(row.format, body, &exchange.head, &upstream, &mut betas, out)?;
    Ok((outcome, betas.join(",")))
}

/// The betas of Anthropic's that the operator and the client name.
pub(super) fn named_betas<'b>(row: &'b plugin::Provider, of_client: &'b str) -> Vec<&'b str> {
    let named = row.headers.iter().filter(|(name, _)| name == beta::HEADER);
    let mut betas: Vec<&str> = named.flat_map(|(_, value)| value.split(',')).collect();
    betas.extend(beta::of_client(row.format, of_client.split(',')));
    betas
}

const FORWARDED_PROTO: &str = "x-forwarded-proto";

/// What Envoy's route table cannot do without (`RouteConfigImpl`, "No x-forwarded-proto header"): in one pass the request
/// gets its route after this filter. Its routes should remove it.
fn told_scheme(host: &impl Host, setup: &Setup) -> Option<Vec<u8>> {
    let routed_after = setup.role() == RoleName::Standalone && setup.plugin.entry.headers != Headers::Nginx;
    if !routed_after {
        return None;
    }
    host.header(Side::Request, FORWARDED_PROTO).ok().flatten()
}

/// The provider's row of the configuration.
pub(super) fn config(attempt: &Attempt) -> Result<&plugin::Provider, ApiError> {
    row(&attempt.exchange.setup, attempt.provider)
}

/// A row of the configuration.
pub(super) fn row(setup: &Setup, provider: usize) -> Result<&plugin::Provider, ApiError> {
    let row = setup.plugin.providers.get(provider);
    row.ok_or_else(|| ApiError::new(ErrorKind::Server, "The plan names a provider that is not configured."))
}

/// Writes all headers of a request that is translated.
fn write_headers_of(
    host: &impl Host,
    attempt: &Attempt,
    discovered: Option<&[u8]>,
    outcome: Outcome,
    out: &[u8],
    betas: &str,
) -> Result<(), ApiError> {
    let exchange = &attempt.exchange;
    let row = config(attempt)?;
    let path = path::of(row, exchange.head.operation(), &attempt.model, exchange.head.stream())?;
    let length = if outcome == Outcome::AsIs { exchange.body_length } else { out.len() }.to_string();
    let accept: &[u8] =
        if exchange.head.stream() { row.format.stream_type().as_bytes() } else { b"application/json" };
    let betas = (!betas.is_empty()).then_some((beta::HEADER.as_bytes(), betas.as_bytes()));
    let mut own: Vec<(&[u8], &[u8])> = Vec::with_capacity(8);
    own.extend([
        (&b":method"[..], &b"POST"[..]),
        (b":path", path.as_bytes()),
        (b"content-type", b"application/json"),
        (b"content-length", length.as_bytes()),
        (b"accept", accept),
    ]);
    own.extend(betas);
    write_headers(host, (&exchange.setup, attempt.provider), discovered, &own, Some(exchange))
}

/// Writes all headers of the attempt anew: every attempt runs on the same header map, so that whatever stands in it
/// may be another attempt's, or the client's. `own` are those of this request, among them `:method` and `:path`.
/// `exchange`: where it is known already, the route is told too, if it is this filter that has to.
pub(super) fn write_headers(
    host: &impl Host,
    (setup, provider): (&Setup, usize),
    discovered: Option<&[u8]>,
    own: &[(&[u8], &[u8])],
    exchange: Option<&Exchange>,
) -> Result<(), ApiError> {
    let row = row(setup, provider)?;
    let discovered = discovered.map(<[u8]>::trim_ascii).filter(|secret| !secret.is_empty());
    let discovered = discovered.map(|secret| Cow::Owned([row.auth_prefix.as_bytes(), secret].concat()));
    let credential = discovered.or_else(|| setup.credential(provider));
    let mut pairs: Vec<(&[u8], &[u8])> = Vec::with_capacity(16);
    pairs.extend(own);
    pairs.extend([
        (&b":scheme"[..], row.scheme.as_bytes()),
        (b":authority", row.authority.as_bytes()),
        // What is compressed cannot be read here.
        (b"accept-encoding", b"identity"),
        (b"user-agent", USER_AGENT.as_bytes()),
    ]);
    // Without one the request goes out all the same, with nobody's: it is this provider's to refuse, and the refusal is
    // what Envoy can try another one after. An answer of ours would be final.
    if let (Some(name), Some(value)) = (&row.auth_header, &credential) {
        pairs.push((name.as_bytes(), value));
    }
    if let Some(Secret::Signer(name)) = &row.secret {
        pairs.push((names::SIGN.as_bytes(), name.as_bytes()));
    }
    let scheme = told_scheme(host, setup);
    pairs.extend(scheme.iter().map(|value| (FORWARDED_PROTO.as_bytes(), value.as_slice())));
    if setup.role() == RoleName::Standalone && setup.plugin.entry.headers == Headers::Held {
        let told = exchange.map(|exchange| (names::pool(exchange.head.stream()), &exchange.plan.pool));
        pairs.extend(told.map(|(name, pool)| (name.as_bytes(), pool.as_bytes())));
    }
    let others = row.headers.iter().filter(|(name, _)| name != beta::HEADER);
    pairs.extend(others.map(|(name, value)| (name.as_bytes(), value.as_bytes())));
    host.replace_headers(Side::Request, &pairs)
        .map_err(|error| host_failed("write the request headers", error))
}
