//! The reply of one attempt, back into the client's dialect.
//!
//! Headers are held until it is known whether the attempt served the request: for a stream until its first event,
//! else until the whole body has come. Only then can a failure still be marked for another attempt.

mod at_once;
mod failure;
mod head;

use std::rc::Rc;

pub(super) use self::head::reaches_client;
use self::{
    at_once::Gathered,
    head::{Form, error_type, input_tokens, is_stream},
};
use super::{
    effect::host_failed,
    ids,
    pass_reply::Passed,
    provider::{Attempt, config},
    tokens,
};
use crate::{
    config::plugin::Headers,
    dialect::{Dialect, Head, ReplyContext},
    host::{Action, HeaderPairs, Host, Side},
    ir::{ApiError, ErrorKind},
    provider::Format,
    translate::{self, Outcome, ReplyStream},
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

fn unusable(what: &str) -> ApiError {
    ApiError::new(ErrorKind::Server, format!("The provider sent {what}.")).with_code("upstream_invalid_reply")
}
