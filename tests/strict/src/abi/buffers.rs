//! Buffers: bodies and configurations.

use crate::{
    memory::{Answer, Guest, Status},
    stream::{Callback, Way},
};

/// What a buffer type names.
enum Buffer {
    Body(Way),
    CallReply,
    VmConfiguration,
    PluginConfiguration,
}

fn kind(guest: &mut Guest<'_, '_>, kind: u32) -> Answer<Buffer> {
    match kind {
        0 => Ok(Buffer::Body(Way::Request)),
        1 => Ok(Buffer::Body(Way::Response)),
        4 => Ok(Buffer::CallReply),
        6 => Ok(Buffer::VmConfiguration),
        7 => Ok(Buffer::PluginConfiguration),
        other => guest.refuse(Status::NotFound, format!("buffer type {other} is never there")),
    }
}

/// The bytes of a buffer. Envoy shows an empty one where a body is asked for out of its phase.
fn bytes(guest: &mut Guest<'_, '_>, buffer: u32) -> Answer<Vec<u8>> {
    let buffer = kind(guest, buffer)?;
    let now = guest.host().now;
    let Some((context, callback)) = now else {
        return guest.refuse(Status::NotFound, "outside a callback");
    };
    match buffer {
        Buffer::Body(way) => {
            if let Some((stream, _)) =
                guest.host().stream().filter(|(stream, _)| stream.body_open(way, callback))
            {
                return Ok(stream.half(way).body.clone());
            }
            guest.violation(format!("the {way:?} body is closed"));
            Ok(Vec::new())
        }
        Buffer::CallReply => match guest.host().call_reply.clone() {
            Some((_, body)) => Ok(body),
            None => guest.refuse(Status::NotFound, "a call's reply is there in its own callback only"),
        },
        Buffer::VmConfiguration if callback == Callback::VmStart => Ok(guest.host().vm_configuration.clone()),
        Buffer::PluginConfiguration if callback == Callback::Configure => {
            let plugin = guest.host().plugins.get(&context);
            Ok(plugin.map(|plugin| plugin.configuration.clone()).unwrap_or_default())
        }
        Buffer::VmConfiguration | Buffer::PluginConfiguration => {
            guest.refuse(Status::NotFound, "a configuration is there in its own callback only")
        }
    }
}

/// `proxy_get_buffer_bytes`: at most `max` bytes from `start`; less where the buffer ends.
pub(super) fn get(
    guest: &mut Guest<'_, '_>,
    buffer: u32,
    start: u32,
    max: u32,
    data: u32,
    size: u32,
) -> Answer {
    if start.checked_add(max).is_none() {
        return guest.refuse(Status::BadArgument, "start + max does not fit 32 bits");
    }
    let bytes = bytes(guest, buffer)?;
    let rest = bytes.get(start as usize..).unwrap_or_default();
    let wanted = rest.get(..max as usize).unwrap_or(rest);
    guest.give(wanted, data, size)
}

/// `proxy_get_buffer_status`: the length.
pub(super) fn status(guest: &mut Guest<'_, '_>, buffer: u32, size: u32, flags: u32) -> Answer {
    let bytes = bytes(guest, buffer)?;
    let len = u32::try_from(bytes.len()).map_err(|_| Status::InternalFailure)?;
    guest.put(size, &len.to_le_bytes())?;
    guest.put(flags, &0_u32.to_le_bytes())
}

/// `proxy_set_buffer_bytes`. Envoy's `Buffer::copyFrom` knows three ways: before all (0, 0), in place of all (0, at
/// least the length) and after all (start at least the length); any other is a bad argument.
pub(super) fn set(
    guest: &mut Guest<'_, '_>,
    buffer: u32,
    start: u32,
    size: u32,
    at: u32,
    len: u32,
) -> Answer {
    let value = guest.read(at, len)?;
    let Buffer::Body(way) = kind(guest, buffer)? else {
        return guest.refuse(Status::BadArgument, "a configuration is read-only");
    };
    let open = guest.host().stream().filter(|(stream, during)| stream.body_open(way, *during));
    let Some((stream, _)) = open else {
        return guest.refuse(Status::BadArgument, format!("the {way:?} body is closed"));
    };
    let body = &mut stream.half(way).body;
    let (start, size) = (start as usize, size as usize);
    if start == 0 && size == 0 {
        body.splice(..0, value);
    } else if start == 0 && size >= body.len() {
        *body = value;
    } else if start != 0 && start >= body.len() {
        body.extend(value);
    } else {
        let have = body.len();
        let what = format!("({start}, {size}) of {have} bytes is neither before, after, nor in place of all");
        return guest.refuse(Status::BadArgument, what);
    }
    Ok(())
}
