//! Messages as Envoy's codecs and its connection manager shape them.

use super::Eos;
use crate::{headers::HeaderMap, stream::LocalReply};

/// What Envoy's connection manager adds before the first filter.
pub(super) fn arrived(headers: &HeaderMap) -> HeaderMap {
    let mut headers = headers.clone();
    for (name, value) in
        [("x-forwarded-proto", "http"), ("x-request-id", "5a7c7e9e-0d6f-4a51-9d0c-7f5f3c1f3b8a")]
    {
        headers.replace(name, value);
    }
    headers
}

/// The pieces of a body, each with whether the body ends with it.
pub(super) fn pieces(chunks: &[Vec<u8>], eos: Eos) -> Vec<(&[u8], bool)> {
    let mut pieces: Vec<_> = chunks.iter().map(|chunk| (chunk.as_slice(), false)).collect();
    match (eos, pieces.last_mut()) {
        (Eos::Apart, _) => pieces.push((&[], true)),
        (Eos::WithLast, Some((_, end))) => *end = true,
        (Eos::WithLast, None) | (Eos::Trailers, _) => {}
    }
    pieces
}

/// A local reply as Envoy writes it: content-type where none is given, content-length always.
pub(super) fn local_reply(local: LocalReply) -> (HeaderMap, Vec<u8>) {
    let mut headers = HeaderMap::of([(":status", local.status.to_string())]);
    for (name, value) in local.headers.pairs() {
        // Names that are single were refused when the filter asked.
        let _ = headers.add(name, value);
    }
    if !local.body.is_empty() {
        if headers.get("content-type").is_none() {
            headers.replace("content-type", "text/plain");
        }
        headers.replace("content-length", local.body.len().to_string());
    }
    (headers, local.body)
}
