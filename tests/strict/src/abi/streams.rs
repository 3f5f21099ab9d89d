//! Properties, and the reply that a filter sends by itself.

use crate::{
    headers::{HeaderMap, decode, unfit},
    memory::{Answer, Guest, Status},
    property,
    stream::{Callback, LocalReply, Way},
};

/// `proxy_get_property`: path segments are joined with NUL.
pub(super) fn get_property(guest: &mut Guest<'_, '_>, at: u32, len: u32, data: u32, size: u32) -> Answer {
    let path = guest.read(at, len)?;
    let segments: Vec<&[u8]> = path.split(|byte| *byte == 0).collect();
    match property::get(guest.host(), &segments) {
        Ok(value) => guest.give(&value, data, size),
        Err(status) => Err(status.into()),
    }
}

/// `proxy_set_property`: filter state `wasm.<path>`. Only a path of one segment can be read back.
pub(super) fn set_property(
    guest: &mut Guest<'_, '_>,
    at: u32,
    len: u32,
    value: u32,
    value_len: u32,
) -> Answer {
    let (path, value) = (guest.read(at, len)?, guest.read(value, value_len)?);
    if path.is_empty() || path.contains(&0) || property::is_attribute(&path) {
        guest.violation(format!("`{}` cannot be read back", path.escape_ascii()));
    }
    if guest.host().now.is_some_and(|(_, now)| matches!(now, Callback::Done | Callback::Delete)) {
        guest.violation("too late: the access log is written");
    }
    match guest.host().exchange() {
        Some(exchange) => {
            exchange.state.insert(path, value);
            Ok(())
        }
        None => guest.refuse(Status::NotFound, "not a stream context"),
    }
}

/// `proxy_send_local_response`: kept until the callback returns, as in Envoy (`addAfterVmCallAction`).
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
    let (body, headers) = (guest.read(body, body_len)?, guest.read(headers, headers_len)?);
    let headers = match decode(&headers) {
        Ok(headers) => headers,
        Err(why) => return guest.refuse(Status::BadArgument, why),
    };
    if !(200..=599).contains(&status) {
        guest.violation(format!("status {status}"));
    }
    for (name, value) in &headers {
        let pseudo = name.starts_with(b":").then(|| format!("a second `{}`", name.escape_ascii()));
        if let Some(why) = unfit(name, value).or(pseudo) {
            guest.violation(why);
        }
    }
    let Some((stream, during)) = guest.host().stream() else {
        return guest.refuse(Status::BadArgument, "not a stream context");
    };
    let in_time = match during {
        Callback::RequestHeaders | Callback::RequestBody | Callback::RequestTrailers => true,
        Callback::ResponseHeaders | Callback::ResponseBody | Callback::ResponseTrailers => {
            !stream.half(Way::Response).left
        }
        _ => false,
    };
    if !in_time {
        return guest.refuse(Status::BadArgument, "too late: Envoy resets the stream, or does nothing");
    }
    if stream.local.is_some() {
        return guest.refuse(Status::BadArgument, "a second one");
    }
    stream.local = Some(LocalReply { status, details, body, headers: HeaderMap::of(headers) });
    Ok(())
}
