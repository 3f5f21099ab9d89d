//! Replies that are passed on as they come.

use super::{
    effect::host_failed,
    exchange::{Answer, Exchange},
    provider_reply::reaches_client,
};
use crate::{
    dialect::{Ask, Head, pass::realtime},
    host::{Action, HeaderPairs, Host, Side},
    ir::ApiError,
    provider::openai::tail::{Tail, WINDOW},
    translate::Verdict,
};

/// A reply on its way to the client.
#[derive(Debug)]
pub(super) struct Passed {
    /// Its last bytes, where they may tell usage.
    tail: Option<Tail>,
}

impl Passed {
    /// Lets the headers of a reply go that served the request; `None` where it is another's, or failed.
    pub(super) fn of(
        exchange: &Exchange,
        host: &impl Host,
        headers: &HeaderPairs,
        status: u16,
    ) -> Option<Self> {
        let Head::Pass(head) = &exchange.head else { return None };
        let serves = if head.socket.is_some() { status == 101 } else { (200..300).contains(&status) };
        if !serves {
            return None;
        }
        exchange.answer.set(Answer::Translated);
        exchange.attempts.answered(status, None);
        let offered = |name: &[u8], value: &[u8]| match &head.socket {
            Some(socket) if name == realtime::PROTOCOL.as_bytes() => socket.offers(value),
            Some(_) => true,
            None => !is_of_session(name),
        };
        let kept = |name: &[u8]| is_of_body(name) || is_of_session(name) || reaches_client(name);
        let pairs: Vec<(&[u8], &[u8])> =
            headers.iter().filter(|(name, value)| kept(name) && offered(name, value)).collect();
        if let Err(error) = host.replace_headers(Side::Reply, &pairs) {
            host_failed("write the reply headers", error);
        }
        let kind = headers.get("content-type").unwrap_or_default();
        let counted = [&b"application/json"[..], b"text/event-stream"]
            .iter()
            .any(|known| kind.get(..known.len()).is_some_and(|start| start.eq_ignore_ascii_case(known)));
        let tail = (counted && exchange.ask != Ask::Files && head.socket.is_none()).then(Tail::default);
        Some(Self { tail })
    }

    /// The next piece of the body, of which nothing is changed.
    pub(super) fn on_body(
        &mut self,
        exchange: &Exchange,
        host: &impl Host,
        size: usize,
        end: bool,
    ) -> Action {
        let Some(tail) = &mut self.tail else { return Action::Continue };
        if size > 0 {
            let from = size.saturating_sub(WINDOW);
            match host.body(Side::Reply, from, size - from) {
                Ok(bytes) => tail.push(&bytes),
                Err(error) => drop(host_failed("read the reply", error)),
            }
        }
        if end {
            exchange.usage.set(tail.usage());
        }
        Action::Continue
    }
}

/// What describes a body that passes as it is.
fn is_of_body(name: &[u8]) -> bool {
    const NAMES: &[&[u8]] = &[
        b":status",
        b"date",
        b"content-type",
        b"content-length",
        b"content-disposition",
        b"content-encoding",
        b"cache-control",
    ];
    NAMES.contains(&name)
}

/// What accepts a session (RFC 6455 section 4.2.2).
fn is_of_session(name: &[u8]) -> bool {
    const NAMES: &[&[u8]] = &[
        b"connection",
        b"upgrade",
        b"sec-websocket-accept",
        b"sec-websocket-extensions",
        b"sec-websocket-protocol",
    ];
    NAMES.contains(&name)
}

/// What a failure means for a request that is passed on. That a host has no such endpoint (404, 405, 501) says nothing of
/// its health; and files are one provider's alone.
pub(super) fn judge(verdict: &mut Verdict, exchange: &Exchange, error: &ApiError) {
    if !matches!(exchange.head, Head::Pass(_)) {
        return;
    }
    if matches!(error.upstream_status, Some(404 | 405 | 501)) {
        *verdict = Verdict { elsewhere: true, unwell: false, again: false };
    }
    verdict.elsewhere &= exchange.ask != Ask::Files;
    // Whether a file came whole before the failure is not known.
    verdict.again &= exchange.ask != Ask::Files;
}
