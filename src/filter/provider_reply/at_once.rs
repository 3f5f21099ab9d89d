//! The reply where its headers cannot wait for its body: they go on with what the provider's own headers tell.
//!
//! A stream is as elsewhere, but that an error in its place comes as an event of it. Of a whole reply the pieces are taken
//! out of the host's hands as they come, and with the last one all of it is put in their place: hosts that hold a body back
//! hold no more than a little of it.

use super::{
    ERROR_BYTES, Phase, ReplyState, config,
    failure::Failure,
    head::{Form, error_type, reaches_client},
    unusable, write_body,
};
use crate::{
    filter::{
        effect::{self, host_failed},
        exchange::Answer,
    },
    host::{Action, HeaderPairs, Host, Side},
    ir::ApiError,
    translate::{self, Outcome},
};

/// A body that is being taken.
#[derive(Debug)]
pub(super) struct Gathered {
    headers: HeaderPairs,
    status: u16,
    /// What has come so far, but for what is over the limit.
    body: Vec<u8>,
    /// All bytes that have come.
    seen: u64,
    /// How many are to come, where the provider said it: some hosts do not tell which piece is the last.
    expected: Option<u64>,
    /// More bytes than this are not kept.
    limit: u64,
}

impl Gathered {
    fn push(&mut self, bytes: &[u8]) {
        self.seen += bytes.len() as u64;
        let room = usize::try_from(self.limit).unwrap_or(usize::MAX).saturating_sub(self.body.len());
        self.body.extend_from_slice(bytes.get(..room.min(bytes.len())).unwrap_or_default());
    }

    fn is_whole(&self) -> bool {
        self.expected.is_some_and(|expected| self.seen >= expected)
    }

    fn is_cut(&self) -> bool {
        self.seen > self.limit
    }
}

impl ReplyState {
    /// Reply headers: all that the client gets of them is decided now.
    pub(super) fn begin_at_once(
        &mut self,
        host: &impl Host,
        headers: HeaderPairs,
        status: u16,
        end: bool,
    ) -> Action {
        match self.begin(host, &headers, status, end) {
            Ok(Some(stream)) => {
                self.release(host, &headers, Form::Stream);
                self.phase = Phase::Streaming { stream, out: Vec::new(), left: length(&headers) };
            }
            Ok(None) => {
                let limit = if status == 200 {
                    self.release(host, &headers, Form::Unknown);
                    self.attempt.exchange.setup.plugin.reply_bytes
                } else {
                    self.announce_error(host, &headers, status);
                    ERROR_BYTES as u64
                };
                let expected = length(&headers);
                let (body, seen) = (Vec::new(), 0);
                self.phase = Phase::Gathering(Gathered { headers, status, body, seen, expected, limit });
            }
            Err(error) => return self.fail(host, error, Some(&headers), end),
        }
        Action::Continue
    }

    /// The headers of an error whose body is still to come.
    fn announce_error(&self, host: &impl Host, headers: &HeaderPairs, status: u16) {
        let exchange = &self.attempt.exchange;
        let error = match config(&self.attempt) {
            Ok(row) => translate::error(row.format, status, error_type(headers), b""),
            Err(error) => error,
        };
        let Failure { error, advice, .. } = self.judge(host, error, Some(headers));
        let status = translate::error_status(exchange.dialect, &error).to_string();
        let mut pairs: Vec<(&[u8], &[u8])> = Vec::with_capacity(12);
        pairs.extend([(&b":status"[..], status.as_bytes()), (b"content-type", b"application/json")]);
        let wait = effect::wait(&error);
        pairs.extend(wait.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())));
        pairs.extend(advice);
        pairs.extend(headers.iter().filter(|(name, _)| reaches_client(name)));
        exchange.answer.set(Answer::Failed);
        if let Err(error) = host.replace_headers(Side::Reply, &pairs) {
            host_failed("write the reply headers", error);
        }
    }

    /// The next piece of a body that is being taken.
    pub(super) fn gather(&mut self, host: &impl Host, size: usize, end: bool) -> Action {
        let Phase::Gathering(gathered) = &mut self.phase else { return Action::Continue };
        if size > 0 {
            match host.body(Side::Reply, 0, size) {
                Ok(bytes) => gathered.push(&bytes),
                Err(error) => drop(host_failed("read the reply", error)),
            }
        }
        if !end && !gathered.is_whole() {
            write_body(host, &[]);
            return Action::Continue;
        }
        let Phase::Gathering(gathered) = std::mem::replace(&mut self.phase, Phase::Finished) else {
            return Action::Continue;
        };
        let mut out = Vec::new();
        match self.read_gathered(host, &gathered, &mut out) {
            Ok(Outcome::AsIs) => write_body(host, &gathered.body),
            Ok(Outcome::Replaced) => write_body(host, &out),
            Err(error) => {
                out.clear();
                let Failure { error, .. } = self.judge(host, error, Some(&gathered.headers));
                translate::write_error(self.attempt.exchange.dialect, &error, &mut out);
                write_body(host, &out);
            }
        }
        Action::Continue
    }

    fn read_gathered(
        &self,
        host: &impl Host,
        gathered: &Gathered,
        out: &mut Vec<u8>,
    ) -> Result<Outcome, ApiError> {
        if gathered.status == 200 {
            if gathered.is_cut() {
                return Err(unusable("more than the gateway's limit of bytes"));
            }
            // The host passes on what has come when a provider breaks off; it must not pass for the whole.
            if gathered.expected.is_some_and(|expected| gathered.seen < expected) {
                return Err(unusable("less than it said"));
            }
        }
        self.read_whole(host, (gathered.status, &gathered.headers), &gathered.body, out)
    }
}

/// How long a body is, where the provider said it.
fn length(headers: &HeaderPairs) -> Option<u64> {
    std::str::from_utf8(headers.get("content-length")?).ok()?.parse().ok()
}
