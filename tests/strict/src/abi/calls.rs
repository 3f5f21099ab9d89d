//! HTTP calls of the plugin's own, and functions beyond the ABI.

use crate::{
    headers::{HeaderMap, decode, unfit},
    host::Call,
    memory::{Answer, Guest, Status},
};

/// `proxy_http_call`. Envoy refuses an unknown cluster, and headers without these three (`Context::httpCall`).
#[expect(clippy::too_many_arguments, reason = "the ABI's")]
pub(super) fn http_call(
    guest: &mut Guest<'_, '_>,
    cluster: u32,
    cluster_len: u32,
    headers: u32,
    headers_len: u32,
    body: u32,
    body_len: u32,
    _trailers: u32,
    _trailers_len: u32,
    timeout: u32,
    out: u32,
) -> Answer {
    let Ok(cluster) = String::from_utf8(guest.read(cluster, cluster_len)?) else {
        return guest.refuse(Status::BadArgument, "a cluster's name that is not UTF-8");
    };
    let block = guest.read(headers, headers_len)?;
    let body = if body_len == 0 { Vec::new() } else { guest.read(body, body_len)? };
    let pairs = match decode(&block) {
        Ok(pairs) => pairs,
        Err(why) => return guest.refuse(Status::BadArgument, why),
    };
    let mut headers = HeaderMap::default();
    for (name, value) in &pairs {
        if let Some(why) = unfit(name, value).or_else(|| headers.add(name, value).err()) {
            guest.violation(why);
        }
    }
    if !guest.host().clusters.contains(&cluster) {
        return Err(Status::BadArgument.into());
    }
    for name in [":method", ":path", ":authority"] {
        if headers.text(name).is_none() {
            return guest.refuse(Status::BadArgument, format!("no {name}"));
        }
    }
    let Some((context, _)) = guest.host().now else {
        return guest.refuse(Status::BadArgument, "outside a callback");
    };
    let root = guest.host().root_of(context);
    let id = u32::try_from(guest.host().calls.len() + 1).map_err(|_| Status::InternalFailure)?;
    guest.host().calls.push(Call { id, root, context, cluster, headers, body, timeout });
    guest.put(out, &id.to_le_bytes())
}

/// `proxy_call_foreign_function`: of Envoy's, `sign` is here. It does not sign, it gives the test's signature.
pub(super) fn foreign(
    guest: &mut Guest<'_, '_>,
    name: u32,
    name_len: u32,
    at: u32,
    len: u32,
    data: u32,
    size: u32,
) -> Answer {
    let (name, arguments) = (guest.read(name, name_len)?, guest.read(at, len)?);
    if name != b"sign" {
        return Err(Status::NotFound.into());
    }
    let Some(signature) = guest.host().signature.clone() else { return Err(Status::NotFound.into()) };
    guest.host().signed.push(arguments);
    // `result` (1) true, `signature` (2); lengths under 128 are one byte.
    let length = u8::try_from(signature.len()).ok().filter(|length| *length < 128);
    let mut result = vec![0x08, 1, 0x12, length.ok_or(Status::InternalFailure)?];
    result.extend_from_slice(&signature);
    guest.give(&result, data, size)
}

/// `proxy_set_effective_context`: of a context that there is.
pub(super) fn effective(guest: &mut Guest<'_, '_>, context: u32) -> Answer {
    let host = guest.host();
    if host.plugins.contains_key(&context) || host.streams.contains_key(&context) {
        return Ok(());
    }
    guest.refuse(Status::BadArgument, format!("there is no context {context}"))
}
