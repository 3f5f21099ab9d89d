//! Buffers: bodies and configurations.

use crate::{
    memory::{Answer, Guest, Status},
    nginx::{request::Chain, running},
    stream::Callback,
};

const REQUEST_BODY: u32 = 0;
const REPLY_BODY: u32 = 1;
const CALL_BODY: u32 = 4;
const VM_CONFIGURATION: u32 = 6;
const PLUGIN_CONFIGURATION: u32 = 7;

/// The buffers of a body that may be read now. Observed: a body out of its phase traps, in the callback of a call's reply
/// too; the request's may be read in `on_log`. Source: in `on_request_headers` it is not there yet.
fn body(guest: &mut Guest<'_, '_>, kind: u32) -> Answer<Chain> {
    let Some((request, during)) = running(guest.host()) else {
        return guest.trap("no request runs");
    };
    match (kind, during) {
        (REQUEST_BODY, Callback::RequestHeaders) => Err(Status::NotFound.into()),
        (REQUEST_BODY, Callback::RequestBody | Callback::Log) => {
            // Observed: of a body in a file the size is told, and no byte given.
            if request.spooled || request.body.is_empty() {
                return Err(Status::NotFound.into());
            }
            Ok(request.body.clone())
        }
        (REPLY_BODY, Callback::ResponseBody) => {
            Ok(request.reply.as_ref().map(|reply| reply.chunk.clone()).unwrap_or_default())
        }
        _ => guest.trap("can only get a body during its own callback"),
    }
}

/// `proxy_get_buffer_bytes`. Observed: `start` is ignored; a `max` below the length of what is in several buffers writes over
/// memory that is not the value's. Source: of no bytes nothing is told, not even that.
pub(super) fn get(
    guest: &mut Guest<'_, '_>,
    kind: u32,
    start: u32,
    max: u32,
    data: u32,
    size: u32,
) -> Answer {
    if start != 0 {
        guest.violation(format!("the offset {start} is ignored"));
    }
    let now = guest.host().now;
    let chain = match kind {
        REQUEST_BODY | REPLY_BODY => body(guest, kind)?,
        CALL_BODY => match (now, guest.host().call_reply.clone()) {
            (Some((_, Callback::CallReply)), Some((_, body))) if body.is_empty() => {
                return Err(Status::NotFound.into());
            }
            (Some((_, Callback::CallReply)), Some((_, body))) => Chain(vec![body]),
            _ => return guest.trap("can only get the body of a call's reply during its own callback"),
        },
        VM_CONFIGURATION => Chain(vec![guest.host().vm_configuration.clone()]),
        PLUGIN_CONFIGURATION => {
            let root = now.map(|(context, _)| guest.host().root_of(context));
            let plugin = root.and_then(|root| guest.host().plugins.get(&root));
            Chain(vec![plugin.map(|plugin| plugin.configuration.clone()).unwrap_or_default()])
        }
        _ => return Err(Status::BadArgument.into()),
    };
    let (bytes, max) = (chain.bytes(), max as usize);
    if max < bytes.len() && chain.0.len() > 1 {
        guest.violation(format!(
            "{max} of {} bytes in several buffers: the guest's memory is overwritten",
            bytes.len()
        ));
        return guest.trap("memory of the guest is overwritten");
    }
    let given = &bytes[..max.min(bytes.len())];
    if given.is_empty() { Ok(()) } else { guest.give(given, data, size) }
}

/// `proxy_set_buffer_bytes`. What it does with `start` and `size`: [`Chain::set`].
pub(super) fn set(guest: &mut Guest<'_, '_>, kind: u32, start: u32, size: u32, at: u32, len: u32) -> Answer {
    let value = guest.read(at, len)?;
    let (start, size) = (start as usize, size as usize);
    if (1..value.len()).contains(&size) {
        guest.violation(format!("{} bytes are cut to the size {size}", value.len()));
    }
    let Some((request, during)) = running(guest.host()) else {
        return guest.trap("no request runs");
    };
    match (kind, during) {
        (REQUEST_BODY, Callback::RequestBody) if request.spooled => {
            // Observed: appended to what is in the file.
            request.body.0.push(value);
            request.length = Some(request.body.len());
            guest.violation("the body is in a file: this is appended to it");
        }
        (REQUEST_BODY, Callback::RequestBody) => {
            request.body.set(start, size, &value);
            // Observed: the length upstream follows, the map keeps the old value.
            request.length = Some(request.body.len());
        }
        (REQUEST_BODY, Callback::RequestHeaders) => {
            // Observed: broken, the request times out.
            let awaited = !request.body.is_empty();
            request.stuck |= awaited;
            if awaited {
                guest.violation("a body is written that has yet to come: the request hangs");
            } else {
                request.body.set(start, size, &value);
                request.length = Some(request.body.len());
            }
        }
        (REPLY_BODY, Callback::ResponseBody) => match &mut request.reply {
            Some(reply) => reply.chunk.set(start, size, &value),
            None => return Err(Status::InternalFailure.into()),
        },
        (REQUEST_BODY | REPLY_BODY, _) => return guest.trap("can only set a body during its own callback"),
        _ => return Err(Status::BadArgument.into()),
    }
    Ok(())
}
