//! The way of a request to its upstream, and on to the next server of it.

use super::{Answers, next_call, reply_to};
use crate::{
    count::Counts,
    driver::{Answer, Attempt, By, ClientReply, Exchanged, Reply, Request, Sent},
    headers::HeaderMap,
    nginx::{
        request::{self, Chain, decoded},
        route::Route,
        worker::{Turn, Worker},
    },
    stream::Callback,
};

/// Whether a request goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    On,
    /// It is answered, or hangs.
    Over,
}

pub(super) struct Play<'a> {
    pub(super) worker: &'a mut Worker,
    pub(super) route: &'a Route,
    answers: &'a mut Answers,
    pub(super) context: u32,
    pub(super) leaves_after: Option<usize>,
    pub(super) out: Exchanged,
}

/// Plays one exchange to its end.
pub(super) fn play(
    worker: &mut Worker,
    route: &Route,
    answers: &mut Answers,
    request: &Request,
    servers: &[Attempt],
) -> Exchanged {
    let context = worker.open(arrived(route, request));
    let trailers = HeaderMap::default();
    let reply = ClientReply { by: By::Nobody, headers: None, chunks: Vec::new(), trailers, complete: false };
    let out = Exchanged {
        pool: None,
        sent: Vec::new(),
        reply,
        counts: Counts::default(),
        violations: Vec::new(),
        logs: Vec::new(),
        traps: Vec::new(),
        crash: None,
    };
    let mut play = Play { worker, route, answers, context, leaves_after: request.leaves_after, out };
    if play.request() == Step::On {
        play.upstream(servers);
    }
    play.worker.close(context);
    play.out
}

/// The request as nginx has it before the first callback.
fn arrived(route: &Route, client: &Request) -> request::Request {
    let text = |name: &str| client.headers.get(name).unwrap_or_default().to_vec();
    let unparsed = text(":path");
    let mut parts = unparsed.splitn(2, |byte| *byte == b'?');
    let uri = decoded(parts.next().unwrap_or_default());
    let args = parts.next().unwrap_or_default().to_vec();
    let mut request = request::Request { method: text(":method"), uri, args, ..request::Request::default() };
    for (name, value) in client.headers.pairs() {
        match name.as_slice() {
            b":authority" => request.lines.push(b"host", value),
            name if name.starts_with(b":") => {}
            name => request.lines.push(name, value),
        }
    }
    let buffers = client.chunks.iter().filter(|chunk| !chunk.is_empty()).cloned();
    request.body = Chain(buffers.collect());
    request.spooled = request.body.len() > route.client_body_buffer;
    let told = request.lines.get(b"content-length").is_some();
    request.length = (told || !request.body.is_empty()).then_some(request.body.len());
    let own = |(name, value): &(&str, &str)| {
        // Kong's Lua sets it before the filter runs.
        let value = if *name == "upstream_uri" { unparsed.clone() } else { value.as_bytes().to_vec() };
        ((*name).to_owned(), value)
    };
    request.variables = route.variables.iter().map(own).collect();
    request.unparsed = unparsed;
    request
}

impl Play<'_> {
    /// Headers, then the body where there is one: observed, in one piece, with its end, however it came.
    fn request(&mut self) -> Step {
        let (context, count) = (self.context, self.worker.request(self.context).lines.seen().count() + 4);
        let turn = self.worker.headers(context, Callback::RequestHeaders, count);
        let step = self.settle(Callback::RequestHeaders, turn);
        let length = self.worker.request(context).body.len();
        if step == Step::Over || length == 0 {
            return step;
        }
        let turn = self.worker.body(context, Callback::RequestBody, length, true);
        self.settle(Callback::RequestBody, turn)
    }

    /// What follows a callback of the request.
    fn settle(&mut self, callback: Callback, turn: Turn) -> Step {
        if self.is_dead() {
            return Step::Over;
        }
        if turn == Turn::Trap {
            if callback == Callback::RequestHeaders || !self.route.late_body {
                self.host_answers(500);
            }
            return Step::Over;
        }
        if self.answered_locally() || self.worker.request(self.context).stuck {
            return Step::Over;
        }
        let calls = !self.worker.vm().host().nginx.waiting.is_empty();
        match (calls, turn) {
            (false, Turn::Pause) => {
                // Observed, of both callbacks.
                let what = "pauses and no call will ever end it: the request hangs";
                self.worker.violation(self.context, callback, what);
                return Step::Over;
            }
            (false, _) => return Step::On,
            (true, Turn::Continue) => {
                // Observed.
                let what = "goes on after a call: the worker dies, or the upstream gets two requests";
                self.worker.violation(self.context, callback, what);
            }
            (true, _) => {}
        }
        self.wait()
    }

    /// Waits for the replies to all calls.
    fn wait(&mut self) -> Step {
        while let Some(call) = next_call(self.worker) {
            let turn = reply_to(self.worker, self.answers, &call);
            if self.is_dead() {
                return Step::Over;
            }
            if turn == Turn::Trap {
                self.worker.vm().host_mut().nginx.waiting.clear();
                return Step::On;
            }
            if self.answered_locally() {
                return Step::Over;
            }
        }
        Step::On
    }

    /// The worker died: the client's connection with it.
    pub(super) fn is_dead(&mut self) -> bool {
        self.worker.vm().host().nginx.crash.is_some()
    }

    fn answered_locally(&mut self) -> bool {
        let Some(local) = self.worker.request(self.context).local.take() else { return false };
        // Source: calls that wait are cancelled.
        self.worker.vm().host_mut().nginx.waiting.clear();
        let mut answer =
            Answer::json(200, &local.body).ending(crate::driver::End::Whole(crate::driver::Eos::WithLast));
        answer.headers = HeaderMap::of([(":status", local.status.to_string())]);
        for (name, value) in local.headers.pairs() {
            answer.headers.replace(name, value);
        }
        if !local.body.is_empty() && answer.headers.get("content-type").is_none() {
            answer.headers.replace("content-type", "text/plain");
        }
        answer.headers.replace("content-length", local.body.len().to_string());
        // Strict: it goes through the callbacks of the reply.
        self.reply(By::Gateway, &answer);
        true
    }

    /// What nginx, or Kong, says by itself, which goes through the callbacks of the reply too (strict).
    fn host_answers(&mut self, status: u16) {
        let answer = if self.route.kong {
            let message = r#"{"message":"An invalid response was received from the upstream server"}"#;
            Answer::json(status, message)
        } else {
            Answer::json(status, format!("<html>{status}</html>")).with("content-type", "text/html")
        };
        self.reply(By::Host, &answer);
    }

    /// Server after server of the upstream. Observed: the filter does not run again, and what it wrote is sent again.
    fn upstream(&mut self, servers: &[Attempt]) {
        let request = self.worker.request(self.context);
        let (headers, body) = (self.route.upstream(request), request.body.bytes());
        let repeatable = self.route.next.non_idempotent || request.method != b"POST";
        self.check_framing(&headers, body.len());
        for (index, server) in servers.iter().enumerate() {
            let last = index + 1 == servers.len();
            let sent = Sent {
                lane: server.lane.clone(),
                headers: headers.clone(),
                body: body.clone(),
                trailers: HeaderMap::default(),
            };
            let again = match &server.reply {
                // Observed: a refused connection leads to the next server in any case.
                Reply::Refused => true,
                Reply::Reset => {
                    self.out.sent.push(sent);
                    repeatable && self.route.next.error
                }
                Reply::Answer(answer) => {
                    self.out.sent.push(sent);
                    let status = answer.headers.text(":status").and_then(|status| status.parse().ok());
                    let wanted = status.is_some_and(|status| self.route.next.statuses.contains(&status));
                    if last || !repeatable || !wanted {
                        return self.reply(By::Provider(index), answer);
                    }
                    true
                }
            };
            if !again {
                break;
            }
        }
        self.host_answers(502);
    }

    /// Observed: a body without a length goes into the next request on the connection. Strict: one with another length is cut
    /// or awaited.
    fn check_framing(&mut self, headers: &HeaderMap, length: usize) {
        let told = self.worker.request(self.context).length;
        if told.unwrap_or(0) != length {
            let line = format!("the request upstream has {length} bytes and a content-length of {told:?}");
            self.worker.vm().host_mut().violations.push(line);
        }
        for name in [":method", ":authority"] {
            if headers.get(name).is_none_or(<[u8]>::is_empty) {
                self.worker.vm().host_mut().violations.push(format!("the request upstream has no `{name}`"));
            }
        }
        let fits = |byte: &u8| byte.is_ascii_graphic();
        if !headers.get(":path").is_some_and(|path| path.first() == Some(&b'/') && path.iter().all(fits)) {
            self.worker
                .vm()
                .host_mut()
                .violations
                .push("the request upstream has no path that is one".to_owned());
        }
    }
}
