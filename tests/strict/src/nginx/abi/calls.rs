//! HTTP calls of the filter's own, and functions beyond the ABI.

use crate::{
    headers::{HeaderMap, decode},
    host::Call,
    memory::{Answer, Guest, Status},
    nginx::lines::is_builtin,
    stream::Callback,
};

/// `proxy_http_call`. Observed: to `host:port`, while the request's headers or body are in hand, on the timer and in the
/// callback of another call's reply; anywhere else, and to no host, it traps. Source: so it does without method or path.
#[expect(clippy::too_many_arguments, reason = "the ABI's")]
pub(super) fn http_call(
    guest: &mut Guest<'_, '_>,
    host: u32,
    host_len: u32,
    headers: u32,
    headers_len: u32,
    body: u32,
    body_len: u32,
    _trailers: u32,
    _trailers_len: u32,
    timeout: u32,
    out: u32,
) -> Answer {
    let Ok(cluster) = String::from_utf8(guest.read(host, host_len)?) else {
        return guest.trap("a host that is no text");
    };
    let (block, body) = (guest.read(headers, headers_len)?, guest.read(body, body_len)?);
    let Some((context, during)) = guest.host().now else {
        return guest.trap("outside a callback");
    };
    let allowed = [Callback::RequestHeaders, Callback::RequestBody, Callback::Tick, Callback::CallReply];
    if !allowed.contains(&during) {
        return guest.trap("can only send HTTP calls while a request is in hand, or on the timer");
    }
    if cluster.split(':').next().is_none_or(str::is_empty) {
        return guest.trap("dispatch failed: no host");
    }
    let Ok(pairs) = decode(&block) else {
        return guest.refuse(Status::InternalFailure, "headers that cannot be read");
    };
    if let Some((name, _)) = pairs
        .iter()
        .find(|(name, _)| is_builtin(name) && pairs.iter().filter(|(other, _)| other == name).count() > 1)
    {
        // Source: such a header is not added to another, and the call made of it fails when it is sent.
        guest.violation(format!("`{}` is there twice: the call fails", name.escape_ascii()));
    }
    let headers = HeaderMap::of(pairs);
    for name in [":method", ":path", ":authority"] {
        if headers.get(name).is_none_or(<[u8]>::is_empty) {
            return guest.trap(format!("dispatch failed: no {name}"));
        }
    }
    let root = guest.host().root_of(context);
    // Source: numbers begin at 0.
    let id = u32::try_from(guest.host().calls.len()).map_err(|_| Status::InternalFailure)?;
    guest.host().calls.push(Call { id, root, context, cluster, headers, body, timeout });
    guest.host().nginx.waiting.push(id);
    guest.put(out, &id.to_le_bytes())
}

/// `proxy_call_foreign_function`. Observed: one that the host does not have traps; it has none that a filter of this kind
/// has a use for.
pub(super) fn foreign(
    guest: &mut Guest<'_, '_>,
    _name: u32,
    _name_len: u32,
    _at: u32,
    _len: u32,
    _data: u32,
    _size: u32,
) -> Answer {
    guest.trap("unknown foreign function")
}
