//! What a reply's headers tell, and those that the client gets.

use super::ReplyState;
use crate::{
    filter::{effect::host_failed, exchange::Answer},
    host::{HeaderPairs, Host, Side},
    provider::Format,
};

/// What a reply's body is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// What the provider sent.
    AsIs,
    /// Another whole one, of this length.
    Whole(usize),
    /// A whole one that is not known yet.
    Unknown,
    /// A stream.
    Stream,
}

impl ReplyState {
    /// Writes the headers that the client gets. `length`: of a whole body that was translated.
    pub(super) fn release(&self, host: &impl Host, headers: &HeaderPairs, form: Form) {
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
}

/// How AWS tells the kind of an error.
pub(super) fn error_type(headers: &HeaderPairs) -> Option<&str> {
    std::str::from_utf8(headers.get("x-amzn-errortype")?).ok()
}

/// How Bedrock tells the tokens of the prompt, where the reply's body does not.
pub(super) fn input_tokens(headers: &HeaderPairs) -> Option<u64> {
    std::str::from_utf8(headers.get("x-amzn-bedrock-input-token-count")?).ok()?.parse().ok()
}

pub(super) fn is_stream(format: Format, content_type: &[u8]) -> bool {
    let wanted = format.stream_type().as_bytes();
    content_type.get(..wanted.len()).is_some_and(|start| start.eq_ignore_ascii_case(wanted))
}

/// Headers of a whole reply that say the same to the client.
fn stays(name: &[u8]) -> bool {
    matches!(name, b":status" | b"content-type" | b"content-length" | b"date")
}

/// Headers of a provider's reply that the client gets: what tells of the request and of its limits. Cookies, the
/// operator's organisation, and whatever names the provider's infrastructure stay behind.
pub(in crate::filter) fn reaches_client(name: &[u8]) -> bool {
    const EXACT: &[&[u8]] = &[b"x-request-id", b"request-id", b"openai-processing-ms"];
    const PREFIXES: &[&[u8]] = &[b"x-ratelimit-", b"anthropic-ratelimit-"];
    EXACT.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}
