//! The reply that a filter sends by itself.

use crate::{
    headers::{HeaderMap, decode, unfit},
    memory::{Answer, Guest, Status},
    nginx::running,
    stream::{Callback, LocalReply},
};

/// `proxy_send_local_response`. Observed: a line feed is always appended to the body; in the header callback of a reply it is
/// only put before the provider's own body; a second one, and one in a body callback of a reply, traps.
#[expect(clippy::too_many_arguments, reason = "the ABI's own")]
pub(super) fn send_local_response(
    guest: &mut Guest<'_, '_>,
    status: u32,
    details: u32,
    details_len: u32,
    body: u32,
    body_len: u32,
    headers: u32,
    headers_len: u32,
    _grpc: i32,
) -> Answer {
    let details = guest.read(details, details_len)?;
    let (mut body, headers) = (guest.read(body, body_len)?, guest.read(headers, headers_len)?);
    let Ok(headers) = decode(&headers) else {
        return guest.refuse(Status::InternalFailure, "headers that cannot be read");
    };
    for (name, value) in &headers {
        if let Some(why) = unfit(name, value) {
            guest.violation(why);
        }
    }
    // Source: a status that nginx cannot send is a bad argument.
    if !(100..=999).contains(&status) {
        return guest.refuse(Status::BadArgument, format!("status {status}"));
    }
    if !body.is_empty() {
        body.push(b'\n');
    }
    let Some((request, during)) = running(guest.host()) else {
        return guest.trap("no request runs");
    };
    if request.local.is_some() {
        return guest.trap("local response already stashed");
    }
    match (during, &mut request.reply) {
        (Callback::RequestHeaders | Callback::RequestBody | Callback::CallReply, None) => {
            request.local = Some(LocalReply { status, details, body, headers: HeaderMap::of(headers) });
        }
        (Callback::ResponseHeaders, Some(reply)) => {
            reply.headers.replace(":status", status.to_string());
            reply.headers.remove("content-length");
            reply.chunk.0.push(body);
            guest.violation("the provider's own body follows this one");
        }
        _ => return guest.trap("response already sent"),
    }
    Ok(())
}
