//! Plays an exchange.

use wasmtime::Result;

use super::{
    Answer, Attempt, By, ClientReply, End, Eos, Exchanged, RETRY_HEADER, Reply, Request, Sent, pool,
    wire::{arrived, local_reply, pieces},
};
use crate::{
    count::Counts,
    headers::HeaderMap,
    stream::{Exchange, LocalReply, Side, Way},
    vm::{Passed, Vm},
};

/// Where an attempt leads.
enum Verdict {
    /// On to the next attempt.
    Retry,
    /// The provider was not reached, or reset: on to the next, or Envoy answers.
    Reset,
    /// The client has its answer.
    Done,
}

struct Play<'a> {
    vm: &'a mut Vm,
    gateway: u32,
    exchange: u32,
    leaves_after: Option<usize>,
    /// The request ends with trailers.
    trailers: bool,
    /// Bytes of each piece of an attempt's body; 0: all.
    pieces: usize,
    out: Exchanged,
}

/// Plays one exchange to its end, and closes all its contexts.
pub(super) fn play(
    vm: &mut Vm,
    gateway: u32,
    provider: u32,
    request: &Request,
    plan: &[Attempt],
) -> Result<Exchanged> {
    let exchange = vm.open(arrived(&request.headers));
    vm.exchange(exchange).request_trailers = request.trailers.clone();
    let gateway = vm.create(gateway, Side::Downstream, exchange)?;
    let trailers = HeaderMap::default();
    let reply = ClientReply { by: By::Nobody, headers: None, chunks: Vec::new(), trailers, complete: false };
    let (counts, violations) = (Counts::default(), Vec::new());
    let out = Exchanged {
        pool: None,
        sent: Vec::new(),
        reply,
        counts,
        violations,
        logs: Vec::new(),
        traps: Vec::new(),
        crash: None,
    };
    let trailers = request.eos == Eos::Trailers && !request.chunks.is_empty();
    let mut play = Play {
        vm,
        gateway,
        exchange,
        leaves_after: request.leaves_after,
        trailers,
        pieces: request.pieces,
        out,
    };
    if let Some(body) = play.request(request)? {
        if request.reloaded {
            // The filter state is the stream's and stays; what it stands for in the VM is gone.
            for value in play.vm.exchange(exchange).state.values_mut() {
                value.iter_mut().take(8).for_each(|byte| *byte = !*byte);
            }
        }
        play.route(provider, &body, plan)?;
    }
    play.finish()
}

impl Play<'_> {
    /// The client's request through the gateway role: the body that goes on, or `None` where it goes no further.
    fn request(&mut self, request: &Request) -> Result<Option<Vec<u8>>> {
        let mut body = Vec::new();
        let passed = self.vm.headers(self.gateway, Way::Request, request.chunks.is_empty())?;
        let mut ended = passed.end;
        if self.answered_locally(passed.local, By::Gateway)? {
            return Ok(None);
        }
        let pieces =
            if request.chunks.is_empty() { Vec::new() } else { pieces(&request.chunks, request.eos) };
        for (chunk, end) in pieces {
            let passed = self.vm.body(self.gateway, Way::Request, chunk, end)?;
            if self.answered_locally(passed.local, By::Gateway)? {
                return Ok(None);
            }
            body.extend(passed.data.unwrap_or_default());
            ended |= passed.end;
        }
        if self.trailers {
            let passed = self.vm.trailers(self.gateway, Way::Request)?;
            if self.answered_locally(passed.local, By::Gateway)? {
                return Ok(None);
            }
            body.extend(passed.data.unwrap_or_default());
            ended |= passed.end;
        }
        Ok(ended.then_some(body))
    }

    /// Envoy's router: finds the cluster, then attempt after attempt.
    fn route(&mut self, provider: u32, body: &[u8], plan: &[Attempt]) -> Result<()> {
        let headers = &mut self.vm.exchange(self.exchange).request_headers;
        headers.replace("x-envoy-expected-rq-timeout-ms", "60000");
        self.out.pool = pool(headers);
        let Some(pool) = &self.out.pool else {
            return self.envoy_answers(404, "");
        };
        self.vm.exchange(self.exchange).cluster = pool.cluster.clone().into_bytes();
        for (index, attempt) in plan.iter().enumerate() {
            let last = index + 1 == plan.len();
            let context = self.begin(provider, attempt)?;
            let verdict = self.attempt(context, index, last, attempt, body)?;
            self.vm.close(context)?;
            match verdict {
                Verdict::Done => return Ok(()),
                Verdict::Retry | Verdict::Reset if !last => {}
                Verdict::Retry | Verdict::Reset => {
                    return self.envoy_answers(
                        503,
                        "upstream connect error or disconnect/reset before headers. reset reason: connection termination",
                    );
                }
            }
        }
        self.envoy_answers(503, "no healthy upstream")
    }

    fn begin(&mut self, provider: u32, attempt: &Attempt) -> Result<u32> {
        let exchange = self.vm.exchange(self.exchange);
        exchange.host = Some(attempt.lane.clone());
        exchange.attempt += 1;
        self.vm.create(provider, Side::Upstream, self.exchange)
    }

    /// One attempt: the pristine body through a fresh context of the provider role, then the answer back.
    fn attempt(
        &mut self,
        context: u32,
        index: usize,
        last: bool,
        to: &Attempt,
        body: &[u8],
    ) -> Result<Verdict> {
        let mut passed = self.vm.headers(context, Way::Request, body.is_empty())?;
        let mut sent = Vec::new();
        if !body.is_empty() && passed.local.is_none() {
            let size = if self.pieces == 0 { body.len() } else { self.pieces };
            let count = body.len().div_ceil(size);
            for (index, piece) in body.chunks(size).enumerate() {
                passed = self.vm.body(context, Way::Request, piece, index + 1 == count && !self.trailers)?;
                sent.extend(passed.data.take().unwrap_or_default());
                if passed.local.is_some() {
                    break;
                }
            }
        }
        if self.trailers && passed.local.is_none() {
            passed = self.vm.trailers(context, Way::Request)?;
            sent.extend(passed.data.unwrap_or_default());
        }
        if self.answered_locally(passed.local, By::ProviderRole)? || !passed.end {
            return Ok(Verdict::Done);
        }
        let Exchange { request_headers: headers, request_trailers, .. } = self.vm.exchange(self.exchange);
        let (headers, trailers) = (headers.clone(), request_trailers.clone());
        self.on_the_wire("the request upstream", &headers, &mut sent, &[":method", ":path", ":authority"]);
        self.out.sent.push(Sent { lane: to.lane.clone(), headers, body: sent, trailers });
        match &to.reply {
            Reply::Refused | Reply::Reset => Ok(Verdict::Reset),
            Reply::Answer(answer) => self.answer(context, index, last, answer),
        }
    }

    fn answer(&mut self, context: u32, index: usize, last: bool, answer: &Answer) -> Result<Verdict> {
        self.vm.stream(context).response_headers = answer.headers.clone();
        let at_once = answer.chunks.is_empty() && answer.end == End::Whole(Eos::WithLast);
        let passed = self.vm.headers(context, Way::Response, at_once)?;
        if let Some(verdict) = self.onward(context, index, last, passed, false)? {
            return Ok(verdict);
        }
        let eos = if let End::Whole(eos) = answer.end { Some(eos) } else { None };
        for (chunk, end) in pieces(&answer.chunks, eos.unwrap_or_default()) {
            if end && eos.is_none() {
                break;
            }
            let passed = self.vm.body(context, Way::Response, chunk, end)?;
            if let Some(verdict) = self.onward(context, index, last, passed, false)? {
                return Ok(verdict);
            }
        }
        if eos == Some(Eos::Trailers) {
            self.vm.stream(context).response_trailers = answer.trailers.clone();
            let passed = self.vm.trailers(context, Way::Response)?;
            if let Some(verdict) = self.onward(context, index, last, passed, true)? {
                return Ok(verdict);
            }
        }
        // Cut short. Before the headers went on it is a reset like any other; after, the client's stream is reset.
        let begun = self.vm.stream(context).response.left;
        Ok(if begun || eos.is_some() { Verdict::Done } else { Verdict::Reset })
    }

    /// What left the provider role: the router's decision, then the gateway role. A verdict ends the attempt.
    fn onward(
        &mut self,
        context: u32,
        index: usize,
        last: bool,
        passed: Passed,
        trailers: bool,
    ) -> Result<Option<Verdict>> {
        if self.answered_locally(passed.local, By::ProviderRole)? {
            return Ok(Some(Verdict::Done));
        }
        if passed.headers {
            let headers = self.vm.stream(context).response_headers.clone();
            if headers.get(RETRY_HEADER).is_some() && !last {
                return Ok(Some(Verdict::Retry));
            }
            self.out.reply.by = By::Provider(index);
            self.respond(headers, passed.data.is_none() && passed.end && !trailers)?;
        }
        if let Some(data) = passed.data {
            self.respond_data(&data, passed.end && !trailers)?;
        }
        if trailers && passed.end && !self.out.reply.complete {
            let trailers = self.vm.stream(context).response_trailers.clone();
            self.vm.stream(self.gateway).response_trailers = trailers.clone();
            self.out.reply.trailers = trailers;
            let passed = self.vm.trailers(self.gateway, Way::Response)?;
            self.deliver(passed)?;
        }
        let over = passed.end || self.out.reply.complete || self.left();
        Ok(over.then_some(Verdict::Done))
    }

    /// The client closed the connection.
    fn left(&self) -> bool {
        self.leaves_after.is_some_and(|after| self.out.reply.chunks.len() >= after)
    }

    fn respond(&mut self, headers: HeaderMap, end: bool) -> Result<()> {
        self.vm.stream(self.gateway).response_headers = headers;
        let passed = self.vm.headers(self.gateway, Way::Response, end)?;
        self.deliver(passed)
    }

    fn respond_data(&mut self, data: &[u8], end: bool) -> Result<()> {
        if self.out.reply.complete {
            return Ok(());
        }
        let passed = self.vm.body(self.gateway, Way::Response, data, end)?;
        self.deliver(passed)
    }

    fn deliver(&mut self, passed: Passed) -> Result<()> {
        let reply = &mut self.out.reply;
        if let Some(local) = passed.local {
            // A reply in the response phase goes out past the filters.
            let (headers, body) = local_reply(local);
            (reply.by, reply.headers, reply.complete) = (By::Gateway, Some(headers), true);
            reply.chunks = vec![body];
            return Ok(());
        }
        if passed.headers {
            reply.headers = Some(self.vm.stream(self.gateway).response_headers.clone());
        }
        reply.chunks.extend(passed.data.filter(|data| !data.is_empty()));
        reply.complete |= passed.end;
        Ok(())
    }

    /// Sends a local reply of either role through the gateway's response callbacks, as Envoy does.
    fn answered_locally(&mut self, local: Option<LocalReply>, by: By) -> Result<bool> {
        let Some(local) = local else { return Ok(false) };
        let (headers, body) = local_reply(local);
        self.out.reply.by = by;
        self.respond(headers, body.is_empty())?;
        if !body.is_empty() {
            self.respond_data(&body, true)?;
        }
        Ok(true)
    }

    fn envoy_answers(&mut self, status: u32, body: &str) -> Result<()> {
        let (details, body) = (b"envoy".to_vec(), body.as_bytes().to_vec());
        let local = LocalReply { status, details, body, headers: HeaderMap::default() };
        self.answered_locally(Some(local), By::Host).map(|_| ())
    }

    fn finish(mut self) -> Result<Exchanged> {
        if let Some(headers) = self.out.reply.headers.clone() {
            self.vm.exchange(self.exchange).status = Some(self.out.reply.status().into());
            let mut body = self.out.reply.body();
            if self.out.reply.complete {
                self.on_the_wire("the reply to the client", &headers, &mut body, &[":status"]);
            }
        }
        self.vm.close(self.gateway)?;
        self.vm.host_mut().exchanges.remove(&self.exchange);
        Ok(self.out)
    }

    /// What Envoy's codec makes of a message: it needs its pseudo headers, and sends no more than its content-length.
    fn on_the_wire(&mut self, what: &str, headers: &HeaderMap, body: &mut Vec<u8>, needed: &[&str]) {
        for name in needed.iter().filter(|name| headers.get(name).is_none_or(<[u8]>::is_empty)) {
            self.vm.host_mut().violations.push(format!("{what} has no `{name}`"));
        }
        let Some(length) = headers.get("content-length") else { return };
        let length = std::str::from_utf8(length).ok().and_then(|length| length.parse::<usize>().ok());
        if length != Some(body.len()) {
            let line = format!("{what} has {} bytes and a content-length of {length:?}", body.len());
            self.vm.host_mut().violations.push(line);
        }
        body.truncate(length.unwrap_or(usize::MAX));
    }
}
