//! The reply of one attempt, back into the client's dialect.
//!
//! Headers are held until it is known whether the attempt served the request: for a stream until its first event,
//! else until the whole body has come. Only then can a failure still be marked for another attempt.

mod at_once;

use std::rc::Rc;

use self::at_once::Gathered;
use super::{
    cooling,
    effect::{self, host_failed},
    exchange::{Answer, Exchange},
    ids, names,
    pass_reply::{self, Passed},
    provider::{Attempt, config},
    tokens,
};
use crate::{
    config::plugin::{Headers, RoleName},
    dialect::{Dialect, Head, ReplyContext},
    host::{Action, HeaderPairs, Host, Side},
    ir::{ApiError, ErrorKind},
    provider::{Format, wait},
    translate::{self, Outcome, ReplyStream, Verdict},
};

/// As much of an error's body is read; the rest says nothing new.
const ERROR_BYTES: usize = 64 * 1024;

/// Where a reply stands.
#[derive(Debug)]
enum Phase {
    /// Nothing yet.
    Waiting,
    /// A body that must come whole: a reply without a stream, or an error.
    Whole { headers: HeaderPairs, status: u16 },
    /// A stream whose headers are held.
    Held { headers: HeaderPairs, stream: ReplyStream, seen: usize, pending: Vec<u8> },
    /// A stream that is on its way to the client. `left`: how many bytes are to come, where the provider said it.
    Streaming { stream: ReplyStream, out: Vec<u8>, left: Option<u64> },
    /// An error stands in the place of the reply; its body is still to be written.
    Failing { body: Vec<u8> },
    /// A body of which the headers are on their way already.
    Gathering(Gathered),
    /// A reply that passes to the client as it comes.
    Passing(Passed),
    /// All is said; what still comes is dropped.
    Finished,
}

/// What a reply's body is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// What the provider sent.
    AsIs,
    /// Another whole one, of this length.
    Whole(usize),
    /// A whole one that is not known yet.
    Unknown,
    /// A stream.
    Stream,
}

/// An attempt that did not serve the request.
struct Failure {
    /// As the client is told.
    error: ApiError,
    verdict: Verdict,
    /// The header that says whether to try again.
    advice: Option<(&'static [u8], &'static [u8])>,
}

/// The reply of one attempt.
#[derive(Debug)]
pub(super) struct ReplyState {
    attempt: Attempt,
    phase: Phase,
}

impl ReplyState {
    /// A reply that has not begun.
    pub(super) fn new(attempt: Attempt) -> Self {
        Self { attempt, phase: Phase::Waiting }
    }

    /// Reply headers.
    pub(super) fn on_headers(&mut self, host: &impl Host, end: bool) -> Action {
        let headers = match host.headers(Side::Reply) {
            Ok(headers) => headers,
            Err(error) => return self.fail(host, host_failed("read the reply headers", error), None, end),
        };
        let status = headers.get(":status").and_then(|value| std::str::from_utf8(value).ok()?.parse().ok());
        let status: u16 = status.unwrap_or(0);
        if status == 401
            && let Some(source) = self.attempt.exchange.setup.source(self.attempt.provider)
        {
            tokens::refused(&source.id);
        }
        if let Some(passed) = Passed::of(&self.attempt.exchange, host, &headers, status) {
            self.phase = Phase::Passing(passed);
            return Action::Continue;
        }
        if self.attempt.exchange.setup.plugin.entry.headers != Headers::Held {
            return self.begin_at_once(host, headers, status, end);
        }
        match self.begin(host, &headers, status, end) {
            Ok(None) => {
                self.phase = Phase::Whole { headers, status };
                Action::Pause
            }
            Ok(Some(stream)) => {
                self.phase = Phase::Held { headers, stream, seen: 0, pending: Vec::new() };
                Action::Pause
            }
            Err(error) => self.fail(host, error, Some(&headers), end),
        }
    }

    /// Decides by the headers what the body is: a stream, or (`None`) something that must come whole.
    fn begin(
        &self,
        host: &impl Host,
        headers: &HeaderPairs,
        status: u16,
        end: bool,
    ) -> Result<Option<ReplyStream>, ApiError> {
        let format = config(&self.attempt)?.format;
        if end && status == 200 {
            return Err(unusable("no body"));
        }
        if end {
            return Err(translate::error(format, status, error_type(headers), b""));
        }
        if let Some(encoding) = headers.get("content-encoding")
            && !encoding.eq_ignore_ascii_case(b"identity")
        {
            return Err(unusable("a compressed body, which was not asked for"));
        }
        let streamed = headers.get("content-type").is_some_and(|value| is_stream(format, value));
        match (status, streamed) {
            (200, true) if self.attempt.exchange.head.stream() => {
                Ok(Some(ReplyStream::new(self.attempt.exchange.dialect, format, self.context(host, format))))
            }
            (200, true) => Err(unusable("a stream, which was not asked for")),
            _ => Ok(None),
        }
    }

    /// Reply body.
    pub(super) fn on_body(&mut self, host: &impl Host, size: usize, end: bool) -> Action {
        match &mut self.phase {
            Phase::Whole { status, .. } => {
                let limit =
                    if *status == 200 { self.attempt.exchange.setup.plugin.reply_bytes } else { u64::MAX };
                let enough = *status != 200 && size > ERROR_BYTES;
                match (size as u64 > limit, end || enough) {
                    (true, _) => {
                        self.fail_held(host, unusable("more than the gateway's limit of bytes"), end)
                    }
                    (_, true) => self.finish_whole(host, size, end),
                    _ => Action::Pause,
                }
            }
            Phase::Held { .. } => self.on_held(host, size, end),
            Phase::Passing(passed) => passed.on_body(&self.attempt.exchange, host, size, end),
            Phase::Gathering(_) => self.gather(host, size, end),
            Phase::Streaming { stream, out, left } => {
                *left = left.map(|left| left.saturating_sub(size as u64));
                // Of a body whose length is told nginx does not say which piece is the last.
                let end = end || *left == Some(0);
                stream_on(host, stream, out, size, end);
                let usage = stream.progress().usage;
                self.attempt.exchange.usage.set(usage);
                if end {
                    self.phase = Phase::Finished;
                }
                Action::Continue
            }
            Phase::Failing { body } => {
                let body = std::mem::take(body);
                self.phase = Phase::Finished;
                write_body(host, &body);
                Action::Continue
            }
            Phase::Finished => {
                write_body(host, &[]);
                Action::Continue
            }
            Phase::Waiting => Action::Continue,
        }
    }

    /// Reply trailers. The client gets none of them: they are not known to be for it.
    pub(super) fn on_trailers(&mut self, host: &impl Host) -> Action {
        if let Err(error) = host.clear_trailers(Side::Reply) {
            host_failed("remove the reply trailers", error);
        }
        match &self.phase {
            // What is held back is still in the host's hands.
            Phase::Whole { .. } | Phase::Held { .. } => {
                let most =
                    usize::try_from(self.attempt.exchange.setup.plugin.reply_bytes).unwrap_or(usize::MAX);
                self.on_body(host, most, true)
            }
            Phase::Passing(_) | Phase::Gathering(_) => self.on_body(host, 0, true),
            _ => Action::Continue,
        }
    }

    /// A stream whose headers are held: reads what is new, and lets the headers go once an event has come.
    fn on_held(&mut self, host: &impl Host, size: usize, end: bool) -> Action {
        let Phase::Held { headers, stream, seen, pending } = &mut self.phase else { return Action::Continue };
        let bytes = match host.body(Side::Reply, *seen, size.saturating_sub(*seen)) {
            Ok(bytes) => bytes,
            Err(error) => return self.fail_held(host, host_failed("read the reply", error), end),
        };
        *seen += bytes.len();
        if stream.push(&bytes, pending) == Outcome::AsIs {
            pending.extend_from_slice(&bytes);
        }
        if end {
            stream.end(pending);
        }
        let progress = stream.progress();
        // Nothing that an error follows at once has reached the client: the attempt can still be made elsewhere.
        if let Some(error) = progress.error.clone() {
            return self.fail_held(host, error, end);
        }
        if !progress.started && !progress.done && !end {
            return Action::Pause;
        }
        self.attempt.exchange.usage.set(progress.usage);
        let (headers, pending) = (std::mem::take(headers), std::mem::take(pending));
        self.release(host, &headers, Form::Stream);
        write_body(host, &pending);
        let Phase::Held { stream, .. } = std::mem::replace(&mut self.phase, Phase::Finished) else {
            return Action::Continue;
        };
        if !end {
            self.phase = Phase::Streaming { stream, out: Vec::new(), left: None };
        }
        Action::Continue
    }

    /// A whole body has come.
    fn finish_whole(&mut self, host: &impl Host, size: usize, end: bool) -> Action {
        let Phase::Whole { headers, status } = &mut self.phase else { return Action::Continue };
        let (headers, status) = (std::mem::take(headers), *status);
        let body = host.body(Side::Reply, 0, if status == 200 { size } else { size.min(ERROR_BYTES) });
        let body = match body {
            Ok(body) => body,
            Err(error) => {
                let action = self.fail(host, host_failed("read the reply", error), Some(&headers), false);
                self.on_body(host, size, end);
                return action;
            }
        };
        let mut out = Vec::new();
        match self.read_whole(host, (status, &headers), &body, &mut out) {
            Ok(outcome) => {
                let form = if outcome == Outcome::AsIs { Form::AsIs } else { Form::Whole(out.len()) };
                self.release(host, &headers, form);
                self.phase = Phase::Finished;
                if outcome == Outcome::Replaced {
                    write_body(host, &out);
                }
                Action::Continue
            }
            Err(error) => {
                let action = self.fail(host, error, Some(&headers), false);
                // The body is in the host's hands now: it is written now.
                self.on_body(host, size, end);
                action
            }
        }
    }

    /// Translates a whole body, or says why it is none.
    fn read_whole(
        &self,
        host: &impl Host,
        (status, headers): (u16, &HeaderPairs),
        body: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<Outcome, ApiError> {
        let exchange = &self.attempt.exchange;
        let format = config(&self.attempt)?.format;
        if status != 200 {
            return Err(translate::error(format, status, error_type(headers), body));
        }
        let context = self.context(host, format);
        let (outcome, usage) =
            translate::any_reply(format, body, &exchange.head, &context, input_tokens(headers), out)?;
        if exchange.head.stream() {
            return Err(unusable("a reply without a stream, although one was asked for"));
        }
        exchange.usage.set(usage);
        Ok(outcome)
    }

    /// Writes the headers that the client gets. `length`: of a whole body that was translated.
    fn release(&self, host: &impl Host, headers: &HeaderPairs, form: Form) {
        self.attempt.exchange.answer.set(Answer::Translated);
        self.attempt.exchange.attempts.answered(200, None);
        let strays = || headers.iter().filter(|(name, _)| !stays(name) && !reaches_client(name));
        // Removing a few costs less than writing all.
        if form == Form::AsIs && strays().count() <= 4 {
            for (name, _) in strays() {
                if let Err(error) = host.remove_header(Side::Reply, name) {
                    host_failed("remove a reply header", error);
                }
            }
            return;
        }
        let length = match form {
            Form::Whole(length) => Some(length.to_string().into_bytes()),
            Form::AsIs => headers.get("content-length").map(<[u8]>::to_vec),
            Form::Stream | Form::Unknown => None,
        };
        let content_type: &[u8] =
            if form == Form::Stream { b"text/event-stream" } else { b"application/json" };
        let mut pairs: Vec<(&[u8], &[u8])> = Vec::with_capacity(16);
        pairs.extend([(&b":status"[..], &b"200"[..]), (b"content-type", content_type)]);
        match &length {
            Some(length) => pairs.push((b"content-length", length)),
            None if form == Form::Stream => pairs.push((b"cache-control", b"no-cache")),
            None => {}
        }
        pairs.extend(headers.iter().filter(|(name, _)| reaches_client(name)));
        if let Err(error) = host.replace_headers(Side::Reply, &pairs) {
            host_failed("write the reply headers", error);
        }
    }

    /// As [`Self::fail`], for a reply whose headers are held and whose body is in the host's hands.
    fn fail_held(&mut self, host: &impl Host, error: ApiError, end: bool) -> Action {
        let phase = std::mem::replace(&mut self.phase, Phase::Finished);
        let headers = match phase {
            Phase::Whole { headers, .. } | Phase::Held { headers, .. } => Some(headers),
            _ => None,
        };
        let action = self.fail(host, error, headers.as_ref(), false);
        self.on_body(host, 0, end);
        action
    }

    /// Puts an error in the place of the reply, marked for what Envoy is to do about it.
    fn fail(
        &mut self,
        host: &impl Host,
        error: ApiError,
        headers: Option<&HeaderPairs>,
        bodyless: bool,
    ) -> Action {
        let exchange = &self.attempt.exchange;
        let Failure { error, verdict, advice } = self.judge(host, error, headers);
        let mut body = Vec::with_capacity(256);
        translate::write_error(exchange.dialect, &error, &mut body);
        let status = translate::error_status(exchange.dialect, &error).to_string();
        let length = body.len().to_string();
        let mut pairs: Vec<(&[u8], &[u8])> = Vec::with_capacity(12);
        pairs.push((b":status", status.as_bytes()));
        let retry = is_worth_another(&verdict, exchange);
        let marks = [(true, names::FAILED), (retry, names::RETRY), (verdict.unwell, names::UNWELL)];
        // In one pass nobody reads them but the client.
        let marks: &[_] = if exchange.setup.role() == RoleName::Standalone { &[] } else { &marks };
        pairs.extend(marks.iter().filter(|(set, _)| *set).map(|(_, name)| (name.as_bytes(), &b"1"[..])));
        // A reply without a body cannot be given one here: the gateway role answers in its place.
        if !bodyless {
            pairs.extend([
                (&b"content-type"[..], &b"application/json"[..]),
                (b"content-length", length.as_bytes()),
            ]);
        }
        let wait = effect::wait(&error);
        pairs.extend(wait.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())));
        pairs.extend(advice);
        let passed = headers.into_iter().flat_map(HeaderPairs::iter).filter(|(name, _)| reaches_client(name));
        pairs.extend(passed);
        exchange.answer.set(Answer::Failed);
        if let Err(error) = host.replace_headers(Side::Reply, &pairs) {
            host_failed("write the reply headers", error);
        }
        exchange.error.replace(Some(error));
        self.phase = Phase::Failing { body };
        Action::Continue
    }

    /// What a failure means, and how the client is told of it.
    fn judge(&self, host: &impl Host, mut error: ApiError, headers: Option<&HeaderPairs>) -> Failure {
        let exchange = &self.attempt.exchange;
        let provider = config(&self.attempt).ok().map(|row| row.name.as_str());
        self.heed_wait(host, &mut error, headers);
        let mut verdict =
            Verdict::of(&error, exchange.setup.sole_model(self.attempt.provider), exchange.plan.elsewhere);
        pass_reply::judge(&mut verdict, exchange, &error);
        // Who says when to come again is not asked before.
        verdict.again &= error.retry_after.is_none();
        let advice = effect::advice(&error);
        let mut error = error.for_client(provider);
        if let Some(secret) = exchange.setup.secret(self.attempt.provider) {
            error.remove(&secret);
        }
        error.retry_after = exchange.attempts.wait();
        Failure { error, verdict, advice }
    }

    /// Notes how the attempt ended. Its target cools where the provider wants not to be asked for a while.
    fn heed_wait(&self, host: &impl Host, error: &mut ApiError, headers: Option<&HeaderPairs>) {
        let exchange = &self.attempt.exchange;
        let status = error.upstream_status.unwrap_or(200);
        if !cooling::cools(error) {
            return exchange.attempts.answered(status, None);
        }
        let now = host.millis();
        let told = headers.and_then(|headers| wait::of_headers(|name| headers.get(name), now));
        error.retry_after = told.or(error.retry_after);
        exchange.attempts.answered(status, error.retry_after);
        if let (Some(wait), Ok(row)) = (error.retry_after, config(&self.attempt)) {
            let most = exchange.setup.plugin.cooling_ms;
            cooling::cool(host, (&row.name, &self.attempt.model), now, wait.min(most));
        }
    }

    fn context(&self, host: &impl Host, format: Format) -> ReplyContext {
        let include_usage = self.attempt.exchange.head.include_usage();
        let exchange = &self.attempt.exchange;
        // What passes through brings its own id and time.
        if format == Format::Openai && exchange.dialect == Dialect::Chat {
            return ReplyContext { include_usage, ..ReplyContext::default() };
        }
        let model = self.attempt.model.clone();
        let provider = config(&self.attempt).map(|row| row.name.clone()).unwrap_or_default();
        let asked = match &exchange.head {
            Head::Responses(head) => Some(Rc::clone(&head.asked)),
            _ => None,
        };
        ReplyContext {
            id: ids::next(),
            created: host.now() / 1_000_000_000,
            model,
            include_usage,
            provider,
            // Where another may be asked, and has not been.
            declined_is_error: exchange.plan.elsewhere.content_policy
                && exchange.attempts.is_one_left(exchange.plan.steps.len()),
            asked,
        }
    }
}

/// Whether a failed attempt is to be followed by another one: at a target that has not been asked, or at the same one where
/// it is the only one and may do better in a moment. Envoy's limits on attempts and second tries hold all the same.
fn is_worth_another(verdict: &Verdict, exchange: &Exchange) -> bool {
    match exchange.plan.steps.len() {
        0 | 1 => verdict.again,
        // Where Envoy has left out the others it may choose the same one again, which answers what it answered before.
        steps => {
            verdict.elsewhere
                && exchange.attempts.is_one_left(steps)
                && (verdict.again || !exchange.attempts.is_again())
        }
    }
}

/// The next piece of a stream that is on its way.
fn stream_on(host: &impl Host, stream: &mut ReplyStream, out: &mut Vec<u8>, size: usize, end: bool) {
    out.clear();
    let bytes = if size == 0 { Ok(Vec::new()) } else { host.body(Side::Reply, 0, size) };
    let bytes = match bytes {
        Ok(bytes) => bytes,
        Err(error) => {
            // What cannot be read must not pass in another format than the client's.
            host_failed("read the reply", error);
            return write_body(host, &[]);
        }
    };
    let outcome = stream.push(&bytes, out);
    if end {
        let before = out.len();
        stream.end(out);
        if outcome == Outcome::AsIs && out.len() > before {
            let rest = out.split_off(before);
            out.clear();
            out.extend_from_slice(&bytes);
            out.extend_from_slice(&rest);
            return write_body(host, out);
        }
    }
    if outcome == Outcome::Replaced {
        write_body(host, out);
    }
}

fn write_body(host: &impl Host, body: &[u8]) {
    if let Err(error) = host.replace_body(Side::Reply, body) {
        host_failed("write the reply", error);
    }
}

/// How AWS tells the kind of an error.
fn error_type(headers: &HeaderPairs) -> Option<&str> {
    std::str::from_utf8(headers.get("x-amzn-errortype")?).ok()
}

/// How Bedrock tells the tokens of the prompt, where the reply's body does not.
fn input_tokens(headers: &HeaderPairs) -> Option<u64> {
    std::str::from_utf8(headers.get("x-amzn-bedrock-input-token-count")?).ok()?.parse().ok()
}

fn is_stream(format: Format, content_type: &[u8]) -> bool {
    let wanted = format.stream_type().as_bytes();
    content_type.get(..wanted.len()).is_some_and(|start| start.eq_ignore_ascii_case(wanted))
}

fn unusable(what: &str) -> ApiError {
    ApiError::new(ErrorKind::Server, format!("The provider sent {what}.")).with_code("upstream_invalid_reply")
}

/// Headers of a whole reply that say the same to the client.
fn stays(name: &[u8]) -> bool {
    matches!(name, b":status" | b"content-type" | b"content-length" | b"date")
}

/// Headers of a provider's reply that the client gets: what tells of the request and of its limits. Cookies, the
/// operator's organisation, and whatever names the provider's infrastructure stay behind.
pub(super) fn reaches_client(name: &[u8]) -> bool {
    const EXACT: &[&[u8]] = &[b"x-request-id", b"request-id", b"openai-processing-ms"];
    const PREFIXES: &[&[u8]] = &[b"x-ratelimit-", b"anthropic-ratelimit-"];
    EXACT.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}
