//! The gateway role: reads a request once, decides who may serve it, names the pool, and stops there.

use std::rc::Rc;

use super::{
    admission::Room,
    cooling,
    effect::{self, host_failed},
    exchange::{Answer, Exchange, Opened},
    local_reply, names,
    pass::{self, Passing},
    provider_reply::reaches_client,
    setup::Setup,
};
use crate::{
    config::plugin::{Headers, RoleName},
    dialect::{
        Ask, Dialect, Head, Operation,
        endpoint::{self, Endpoint},
        models,
    },
    host::{Action, CREDENTIALS, HeaderPairs, Host, HostError, Side},
    ir::{ApiError, ErrorKind},
    policy::keys::Key,
    provider::anthropic::beta,
    route::Plan,
    translate,
};

/// Where a request stands.
#[derive(Debug)]
pub(super) enum State {
    /// Nothing read yet.
    New,
    /// Headers taken, body awaited; what is asked for, which key was presented, and which betas of Anthropic's.
    Body { ask: Ask, key: Option<Key>, betas: String },
    /// Headers taken of a request that is passed on as it comes, and of which no more is known.
    Passing,
    /// The plan is made; the attempts run.
    Planned(Opened),
    /// As before, and the reply is the host's own: its body is replaced by this.
    Rewriting { body: Vec<u8> },
    /// Answered here, or not ours.
    Done,
}

/// One request in the gateway role.
#[derive(Debug)]
pub struct Gateway {
    pub(super) setup: Rc<Setup>,
    /// In whose words the client is told what is wrong.
    pub(super) dialect: Dialect,
    pub(super) state: State,
    /// The body of a request that is passed on as it comes.
    pub(super) passing: Option<Box<Passing>>,
    /// What it holds of the memory for bodies.
    pub(super) room: Room,
    /// Where headers go on before the body is known: the provider that they were written for.
    pub(super) announced: Option<usize>,
}

impl Gateway {
    /// A request that has not begun.
    pub fn new(setup: Rc<Setup>) -> Self {
        let room = Room::new(setup.plugin.buffered_bytes);
        Self { setup, dialect: Dialect::default(), state: State::New, passing: None, room, announced: None }
    }

    /// Request headers.
    pub fn on_request_headers(&mut self, host: &impl Host, end: bool) -> Action {
        match self.read_headers(host, end) {
            Ok(Some(answer)) => self.answer(host, 200, &answer),
            Ok(None) if matches!(self.state, State::Planned(_) | State::Done) => Action::Continue,
            Ok(None) => Action::Pause,
            Err(error) => self.refuse(host, &error),
        }
    }

    /// Request body; `size` is all that has come so far.
    pub fn on_request_body(&mut self, host: &impl Host, size: usize, end: bool) -> Action {
        if matches!(self.state, State::Passing | State::Planned(_)) {
            return self.pass_body(host, size, end);
        }
        if !matches!(self.state, State::Body { .. }) {
            return Action::Continue;
        }
        let planned = match self.check_size(size as u64) {
            Ok(()) if !end => self.room.hold(size as u64).map(|()| Action::Pause),
            Ok(()) => self.plan(host, size),
            Err(error) => Err(error),
        };
        planned.unwrap_or_else(|error| self.refuse(host, &error))
    }

    /// Request trailers: they end the body. What is in them goes no further: a provider that speaks HTTP/2 would get it.
    pub fn on_request_trailers(&mut self, host: &impl Host) -> Action {
        if !matches!(self.state, State::Body { .. }) && self.passing.is_none() {
            return Action::Continue;
        }
        if let Err(error) = host.clear_trailers(Side::Request) {
            return self.refuse(host, &host_failed("remove the request trailers", error));
        }
        if matches!(self.state, State::Planned(_)) {
            return self.pass_body(host, 0, true);
        }
        // The host gives what is buffered; the largest body that gets here is `request_bytes`.
        self.on_request_body(
            host,
            usize::try_from(self.setup.plugin.request_bytes).unwrap_or(usize::MAX),
            true,
        )
    }

    /// Reply headers: what the provider role made of a provider's reply, or the host's own reply.
    pub fn on_reply_headers(&mut self, host: &impl Host, end: bool) -> Action {
        let exchange = match &self.state {
            State::Planned(opened) => Some(Rc::clone(opened.exchange())),
            // The host answers before the body is whole: it is over the host's own limit, or late.
            State::Body { .. } | State::Passing => None,
            _ => return Action::Continue,
        };
        if let Some(exchange) = exchange.as_ref().filter(|_| self.setup.plugin.list_attempts) {
            list_attempts(host, exchange);
        }
        // Nothing to strip, and nothing that the host could have put in its place.
        if exchange.as_ref().is_some_and(|exchange| exchange.answer.get() == Answer::Translated) {
            return Action::Continue;
        }
        if end && let Some(error) = exchange.as_ref().and_then(|exchange| exchange.error.take()) {
            // An error status without a body, from the provider or from Envoy: only an answer of our own has one.
            return self.refuse_again(host, &error);
        }
        if matches!(host.header(Side::Reply, names::FAILED), Ok(Some(_))) {
            for name in [names::FAILED, names::RETRY, names::UNWELL] {
                // Absent ones are no error.
                let _ = host.remove_header(Side::Reply, name.as_bytes());
            }
            return Action::Continue;
        }
        let model = exchange.as_ref().map(|exchange| exchange.head.model());
        let session = exchange.as_ref().is_some_and(|exchange| exchange.ask == Ask::Realtime);
        match local_reply::read(host, model, session) {
            // A body cannot be added to a reply that has none.
            Some(error) if end => self.refuse_again(host, &error),
            Some(error) => self.rewrite(host, &error),
            None => Action::Continue,
        }
    }

    /// Reply body.
    pub fn on_reply_body(&mut self, host: &impl Host) -> Action {
        if let State::Rewriting { body } = &mut self.state {
            // The first piece becomes the whole body, what follows is dropped.
            let body = std::mem::take(body);
            if let Err(error) = host.replace_body(Side::Reply, &body) {
                log::error!("could not replace the body of the host's own reply: {error:?}");
            }
        }
        Action::Continue
    }

    /// Takes the headers of a request. Gives the answer where they are enough for one.
    fn read_headers(&mut self, host: &impl Host, end: bool) -> Result<Option<Vec<u8>>, ApiError> {
        let headers =
            host.headers(Side::Request).map_err(|error| host_failed("read the request headers", error))?;
        let Some(path) = self.own_path(&headers) else {
            self.pass_by(host, &headers);
            return Ok(None);
        };
        self.dialect = endpoint::dialect(path, headers.get("anthropic-version").is_some());
        if self.setup.plugin.entry.headers == Headers::Nginx {
            has_credentials_once(&headers)?;
        }
        let endpoint = Endpoint::of(headers.get(":method").unwrap_or_default(), path)?;
        if let Endpoint::Ask(ask) = endpoint {
            self.dialect = ask.dialect();
        }
        let key = match endpoint {
            // Whoever watches over the gateway needs no key for that.
            Endpoint::Home | Endpoint::Health => None,
            Endpoint::Ask(Ask::Realtime) => {
                self.setup.keys.authenticate(|name| pass::session_key(&headers, name))?
            }
            _ => self.setup.keys.authenticate(|name| headers.get(name))?,
        };
        let allows = |model: &str| key.is_none_or(|key| key.allows(model));
        let plugin = &self.setup.plugin;
        let ask = match endpoint {
            Endpoint::Models { codex } => return Ok(Some(models::list(plugin, self.dialect, codex, allows))),
            Endpoint::Model(id) => {
                let index = self.setup.table.find(&id).filter(|_| allows(&id));
                return models::one(plugin, self.dialect, &id, index).map(Some);
            }
            Endpoint::Ask(ask) => ask,
            Endpoint::Home => return Ok(Some(models::HOME.to_vec())),
            Endpoint::Health => return Ok(Some(models::HEALTH.to_vec())),
        };
        if ask != Ask::Realtime
            && headers.get("upgrade").is_some_and(|to| to.eq_ignore_ascii_case(b"websocket"))
        {
            let message = "Only `/v1/realtime` takes WebSocket connections.";
            return Err(ApiError::invalid("upgrade", message));
        }
        self.can_be_served_here(ask)?;
        let key = key.cloned();
        if ask.is_passed() && self.pass_headers(host, (&headers, path), ask, key.as_ref(), end)? {
            return Ok(None);
        }
        if end {
            return Err(missing_body());
        }
        self.check_headers(&headers)?;
        self.strip(host, &headers)?;
        // They change what a Messages request says; a request that is made of another dialect's is the gateway's own.
        let betas = if ask.dialect() == Dialect::Messages { betas(&headers)? } else { String::new() };
        self.state = State::Body { ask, key, betas };
        Ok(None)
    }

    /// The path below the gateway's own prefix; `None` for a request that is not the gateway's.
    fn own_path<'h>(&self, headers: &'h HeaderPairs) -> Option<&'h [u8]> {
        let entry = &self.setup.plugin.entry;
        let path = headers.get(":path").unwrap_or_default().strip_prefix(entry.prefix.as_bytes())?;
        if !entry.prefix.is_empty() && !matches!(path.first(), None | Some(b'/' | b'?')) {
            return None;
        }
        // On nginx `:authority` is the server's own name, and the client's is where HTTP/1 has it.
        let authority = headers.get("host").or(headers.get(":authority")).unwrap_or_default();
        let of = |name: &String| is_host(authority, name.as_bytes());
        (entry.authorities.is_empty() || entry.authorities.iter().any(of)).then_some(path)
    }

    /// Lets a request go that is not the gateway's, but without what steers the gateway's own routes.
    fn pass_by(&mut self, host: &impl Host, headers: &HeaderPairs) {
        self.state = State::Done;
        for (name, _) in headers.iter().filter(|(name, _)| name.starts_with(names::PREFIX.as_bytes())) {
            if let Err(error) = host.remove_header(Side::Request, name) {
                host_failed("remove a header", error);
            }
        }
    }

    /// Refuses what can be served only where headers are held, or by two roles.
    fn can_be_served_here(&self, ask: Ask) -> Result<(), ApiError> {
        let needs_more = match self.setup.plugin.entry.headers {
            Headers::Held => false,
            Headers::AtOnce => ask.is_passed(),
            Headers::Nginx => matches!(ask, Ask::Realtime | Ask::Files),
        };
        if !needs_more {
            return Ok(());
        }
        let message = "This endpoint cannot be served on the gateway's host, only where Envoy runs both of its filters.";
        Err(ApiError::new(ErrorKind::NotFound, message).with_code("unsupported_endpoint"))
    }

    pub(super) fn check_headers(&self, headers: &HeaderPairs) -> Result<(), ApiError> {
        if let Some(encoding) = headers.get("content-encoding")
            && !encoding.eq_ignore_ascii_case(b"identity")
        {
            let message = "A compressed request body cannot be read; send it without `content-encoding`.";
            return Err(ApiError::invalid("content-encoding", message));
        }
        let length = headers.get("content-length").and_then(|value| std::str::from_utf8(value).ok());
        // Without a length, or with one that is none, the body is counted as it comes.
        length
            .and_then(|value| value.parse().ok())
            .map_or(Ok(()), |length| self.check_size(length).and_then(|()| self.room.fits(length)))
    }

    pub(super) fn check_size(&self, size: u64) -> Result<(), ApiError> {
        let limit = self.setup.plugin.request_bytes;
        if size <= limit {
            return Ok(());
        }
        let message = format!("The request body is larger than {limit} bytes, the limit of this gateway.");
        Err(ApiError::new(ErrorKind::TooLarge, message).with_code("request_too_large"))
    }

    /// Removes what a client may not tell the gateway or the router.
    pub(super) fn strip(&self, host: &impl Host, headers: &HeaderPairs) -> Result<(), ApiError> {
        for (name, _) in headers.iter() {
            if is_internal(name) {
                host.remove_header(Side::Request, name)
                    .map_err(|error| host_failed("remove a header", error))?;
            }
        }
        Ok(())
    }

    /// Reads the whole body and hands the request over to the attempts.
    fn plan(&mut self, host: &impl Host, size: usize) -> Result<Action, ApiError> {
        let State::Body { ask, key, betas } = &mut self.state else { return Ok(Action::Continue) };
        let body = match host.body(Side::Request, 0, size) {
            Ok(body) => body,
            Err(HostError::NotFound) => Vec::new(),
            Err(error) => return Err(host_failed("read the request body", error)),
        };
        self.room.hold(body.len() as u64)?;
        let head = Head::scan(*ask, &body)?;
        if let Some(key) = key {
            key.authorize(head.model())?;
        }
        let plan = match cooling::plan(host, &self.setup, head.model(), (head.operation(), head.used())) {
            Err(error) if counts_itself(&self.setup, &head, &error) => {
                return Ok(self.estimate(host, &head, &body));
            }
            plan => narrowed(&self.setup, self.announced, plan?)?,
        };
        let mut exchange = Exchange::new(Rc::clone(&self.setup), *ask, head, plan, body.len());
        exchange.betas = std::mem::take(betas);
        self.hand_over(host, exchange, body)?;
        Ok(Action::Continue)
    }

    /// Hands a request with its plan over to the attempts.
    pub(super) fn hand_over(
        &mut self,
        host: &impl Host,
        exchange: Exchange,
        body: Vec<u8>,
    ) -> Result<(), ApiError> {
        let opened = Opened::new(exchange, body);
        if self.setup.role() != RoleName::Gateway {
            self.state = State::Planned(opened);
            return Ok(());
        }
        let exchange = opened.exchange();
        let route = names::pool(exchange.head.stream());
        // The property first: in the downstream filter every header that is written makes the host pick its route
        // anew, and the pool is what it picks by.
        host.set_property(names::EXCHANGE, &opened.mark())
            .and_then(|()| limit_attempts(host, exchange))
            .and_then(|()| host.set_header(Side::Request, route, exchange.plan.pool.as_bytes()))
            .map_err(|error| host_failed("hand over the plan", error))?;
        self.state = State::Planned(opened);
        Ok(())
    }

    fn estimate(&mut self, host: &impl Host, head: &Head, body: &[u8]) -> Action {
        let mut count = Vec::with_capacity(64);
        translate::count::estimated(body, head, &mut count);
        self.state = State::Done;
        effect::answer(host, 200, &[(ESTIMATE.as_bytes(), b"estimate")], &count);
        Action::Pause
    }

    fn answer(&mut self, host: &impl Host, status: u16, body: &[u8]) -> Action {
        self.state = State::Done;
        effect::answer(host, status, &[], body);
        Action::Pause
    }

    pub(super) fn refuse(&mut self, host: &impl Host, error: &ApiError) -> Action {
        self.state = State::Done;
        effect::refuse(host, self.dialect, error, &[]);
        Action::Pause
    }

    /// Puts an error in the place of a reply whose body is still to come.
    pub(super) fn rewrite(&mut self, host: &impl Host, error: &ApiError) -> Action {
        if let Some(body) = local_reply::rewrite(host, self.dialect, error) {
            self.state = State::Rewriting { body };
        }
        Action::Continue
    }

    /// Answers in the place of an error reply that has no body, which keeps its `retry-after` and the like.
    fn refuse_again(&mut self, host: &impl Host, error: &ApiError) -> Action {
        self.state = State::Done;
        let headers = host.headers(Side::Reply).unwrap_or_default();
        let ours = [names::SHOULD_RETRY.as_bytes(), names::ATTEMPTS.as_bytes()];
        let kept = |name: &[u8]| reaches_client(name) || ours.contains(&name);
        let kept: Vec<(&[u8], &[u8])> = headers.iter().filter(|(name, _)| kept(name)).collect();
        effect::refuse(host, self.dialect, error, &kept);
        Action::Pause
    }
}

/// No target is asked twice where there are several: the routes' number of attempts is that of the longest list.
fn limit_attempts(host: &impl Host, exchange: &Exchange) -> Result<(), HostError> {
    let steps = exchange.plan.steps.len();
    if steps < 2 || steps as u64 >= u64::from(exchange.setup.plugin.attempts) {
        return Ok(());
    }
    host.set_header(Side::Request, names::MAX_RETRIES, (steps - 1).to_string().as_bytes())
}

/// What of a plan one pass can do: its first target, or the one at the provider that the headers were written for.
pub(super) fn narrowed(setup: &Setup, announced: Option<usize>, plan: Plan) -> Result<Plan, ApiError> {
    if setup.role() != RoleName::Standalone {
        return Ok(plan);
    }
    let Some(provider) = announced else { return Ok(plan.only(&setup.plugin, 0)) };
    let place = plan.steps.iter().position(|step| step.lane.provider == provider);
    let place = place.ok_or_else(|| {
        let name = setup.plugin.providers.get(provider).map_or("", |row| row.name.as_str());
        let message =
            format!("The model cannot be served by the provider `{name}`, to which the request was sent.");
        ApiError::invalid("model", message).with_code("wrong_provider")
    })?;
    Ok(plan.only(&setup.plugin, place))
}

/// What a client is told that sent no body.
pub(super) fn missing_body() -> ApiError {
    ApiError::new(ErrorKind::InvalidRequest, "The request has no body.").with_code("missing_body")
}

/// Whether the gateway is to say itself how many tokens a prompt has, since it has no plan to ask somebody: none of the
/// targets counts, or those that do would have to refuse what another serves.
fn counts_itself(setup: &Setup, head: &Head, error: &ApiError) -> bool {
    let chat = || Plan::new(setup, &setup.table, head.model(), (Operation::Chat, head.used()));
    head.operation() == Operation::Count
        && error.kind == ErrorKind::InvalidRequest
        && (error.code.as_deref() == Some("unsupported_endpoint") || chat().is_ok())
}

fn list_attempts(host: &impl Host, exchange: &Exchange) {
    let list = exchange.attempts.list(&exchange.plan, &exchange.setup.plugin, host.millis());
    if !list.is_empty()
        && let Err(error) = host.set_header(Side::Reply, names::ATTEMPTS, list.as_bytes())
    {
        host_failed("list the attempts", error);
    }
}

/// The header by which a client sees that a count of tokens is the gateway's own estimate.
const ESTIMATE: &str = "x-token-count";

/// The betas of Anthropic's API that the client names: all values of their header, which are lists.
fn betas(headers: &HeaderPairs) -> Result<String, ApiError> {
    let mut betas = String::new();
    for (_, value) in headers.iter().filter(|(name, _)| *name == beta::HEADER.as_bytes()) {
        let value = std::str::from_utf8(value)
            .map_err(|_| ApiError::invalid(beta::HEADER, "The header `anthropic-beta` is not UTF-8."))?;
        if !betas.is_empty() {
            betas.push(',');
        }
        betas.push_str(value);
    }
    Ok(betas)
}

/// On nginx only the first of several headers of one name can be written over: another would reach the provider.
fn has_credentials_once(headers: &HeaderPairs) -> Result<(), ApiError> {
    let twice = |name: &&&str| headers.iter().filter(|(of, _)| *of == name.as_bytes()).count() > 1;
    let Some(name) = CREDENTIALS.iter().find(twice) else { return Ok(()) };
    let message =
        format!("The header `{name}` is there more than once, which the gateway's host cannot handle.");
    Err(ApiError::invalid(*name, message).with_code("repeated_header"))
}

/// Whether an authority is this host, whatever its port. `name` is in lower case.
fn is_host(authority: &[u8], name: &[u8]) -> bool {
    let (host, rest) = authority.split_at_checked(name.len()).unwrap_or_default();
    host.eq_ignore_ascii_case(name) && (rest.is_empty() || rest.starts_with(b":")) && !name.is_empty()
}

/// Headers that steer Envoy's router, and our own. Two that Envoy writes about every downstream connection are left
/// alone: nothing believes them, and the provider role sends none of them on.
fn is_internal(name: &[u8]) -> bool {
    let written_by_envoy = matches!(name, b"x-envoy-internal" | b"x-envoy-external-address");
    !written_by_envoy && (name.starts_with(b"x-envoy-") || name.starts_with(names::PREFIX.as_bytes()))
}
