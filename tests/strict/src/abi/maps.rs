//! Header maps.

use crate::{
    headers::{HeaderMap, decode, encode, unfit},
    memory::{Answer, Guest, Status},
    stream::{Access, Callback, Way},
};

/// A map of trailers, which is open in its own callback only; nothing here needs it longer.
fn trailers<'a>(guest: &'a mut Guest<'_, '_>, kind: u32) -> Answer<Option<&'a mut HeaderMap>> {
    let (way, own) = match kind {
        1 => (Way::Request, Callback::RequestTrailers),
        3 => (Way::Response, Callback::ResponseTrailers),
        _ => return Ok(None),
    };
    if guest.host().stream().is_none_or(|(_, during)| during != own) {
        return guest.refuse(Status::BadArgument, format!("the {way:?} trailers are closed"));
    }
    Ok(match way {
        Way::Request => guest.host().exchange().map(|exchange| &mut exchange.request_trailers),
        Way::Response => guest.host().stream().map(|(stream, _)| &mut stream.response_trailers),
    })
}

/// What a map of headers may be used for now.
fn access(guest: &mut Guest<'_, '_>, map: u32) -> Answer<(Way, Access)> {
    let way = match map {
        0 => Way::Request,
        2 => Way::Response,
        other => return guest.refuse(Status::BadArgument, format!("map type {other} is never there")),
    };
    match guest.host().stream() {
        Some((stream, during)) => Ok((way, stream.access(way, during))),
        None => guest.refuse(Status::BadArgument, "not a stream context"),
    }
}

/// The map of one way.
fn map<'a>(guest: &'a mut Guest<'_, '_>, way: Way) -> Option<&'a mut HeaderMap> {
    match way {
        Way::Request => guest.host().exchange().map(|exchange| &mut exchange.request_headers),
        Way::Response => guest.host().stream().map(|(stream, _)| &mut stream.response_headers),
    }
}

/// A map to read from: `None` where it is closed.
fn readable<'a>(guest: &'a mut Guest<'_, '_>, kind: u32) -> Answer<Option<&'a mut HeaderMap>> {
    let (way, access) = access(guest, kind)?;
    if access == Access::Closed {
        guest.violation(format!("the {way:?} headers are closed"));
        return Ok(None);
    }
    Ok(map(guest, way))
}

/// A map to write to.
fn writable<'a>(guest: &'a mut Guest<'_, '_>, kind: u32) -> Answer<&'a mut HeaderMap> {
    let (way, access) = access(guest, kind)?;
    match access {
        Access::Open => {}
        Access::Gone => guest.violation(format!("the {way:?} headers have left, the write is lost")),
        Access::Read | Access::Closed => {
            return guest.refuse(Status::BadArgument, format!("the {way:?} headers are closed"));
        }
    }
    map(guest, way).ok_or_else(|| Status::InternalFailure.into())
}

/// `proxy_get_header_map_pairs`: all pairs. Of a closed map Envoy gives none, and says nothing.
pub(super) fn get_pairs(guest: &mut Guest<'_, '_>, kind: u32, data: u32, size: u32) -> Answer {
    let pairs = readable(guest, kind)?.map(|map| encode(map.pairs())).unwrap_or_else(|| encode(&[]));
    guest.give(&pairs, data, size)
}

/// `proxy_get_header_map_size`: the bytes of all names and values.
pub(super) fn get_size(guest: &mut Guest<'_, '_>, kind: u32, size: u32) -> Answer {
    let Some(map) = readable(guest, kind)? else { return Err(Status::BadArgument.into()) };
    let bytes: usize = map.pairs().iter().map(|(name, value)| name.len() + value.len()).sum();
    let bytes = u32::try_from(bytes).map_err(|_| Status::InternalFailure)?;
    guest.put(size, &bytes.to_le_bytes())
}

/// `proxy_set_header_map_pairs`: removes every header, pseudo headers too, and adds these.
pub(super) fn set_pairs(guest: &mut Guest<'_, '_>, kind: u32, at: u32, len: u32) -> Answer {
    let bytes = guest.read(at, len)?;
    let pairs = match decode(&bytes) {
        Ok(pairs) => pairs,
        Err(why) => return guest.refuse(Status::BadArgument, why),
    };
    let mut fresh = HeaderMap::default();
    for (name, value) in &pairs {
        if let Some(why) = unfit(name, value).or_else(|| fresh.add(name, value).err()) {
            guest.violation(why);
        }
    }
    if let Some(map) = trailers(guest, kind)? {
        *map = fresh;
        return Ok(());
    }
    *writable(guest, kind)? = fresh;
    missing_pseudo_header(guest, kind)
}

/// A message without its pseudo headers fails in Envoy's codec, far from the call that lost them.
fn missing_pseudo_header(guest: &mut Guest<'_, '_>, kind: u32) -> Answer {
    let needed: &[&str] = if kind == 0 { &[":method", ":path", ":authority"] } else { &[":status"] };
    let map = writable(guest, kind)?;
    if let Some(missing) = needed.iter().find(|name| map.get(name).is_none_or(<[u8]>::is_empty)) {
        guest.violation(format!("leaves no `{missing}`"));
    }
    Ok(())
}

/// `proxy_get_header_map_value`: the first value of a name.
pub(super) fn get(guest: &mut Guest<'_, '_>, kind: u32, at: u32, len: u32, data: u32, size: u32) -> Answer {
    if kind == 6 {
        return call_reply(guest, at, len, data, size);
    }
    let name = guest.read(at, len)?;
    let logging = guest.host().now.is_some_and(|(_, callback)| callback == Callback::Log);
    let Some(map) = readable(guest, kind)? else {
        return Err(if logging { Status::NotFound } else { Status::BadArgument }.into());
    };
    let value = map.get(&name).ok_or(Status::NotFound)?.to_vec();
    guest.give(&value, data, size)
}

/// `proxy_remove_header_map_value`.
pub(super) fn remove(guest: &mut Guest<'_, '_>, kind: u32, at: u32, len: u32) -> Answer {
    let name = guest.read(at, len)?;
    writable(guest, kind)?.remove(&name);
    if name.starts_with(b":") { missing_pseudo_header(guest, kind) } else { Ok(()) }
}

/// `proxy_replace_header_map_value`.
pub(super) fn replace(
    guest: &mut Guest<'_, '_>,
    kind: u32,
    at: u32,
    len: u32,
    to: u32,
    to_len: u32,
) -> Answer {
    let (name, value) = pair(guest, at, len, to, to_len)?;
    writable(guest, kind)?.replace(&name, &value);
    Ok(())
}

/// `proxy_add_header_map_value`.
pub(super) fn add(guest: &mut Guest<'_, '_>, kind: u32, at: u32, len: u32, to: u32, to_len: u32) -> Answer {
    let (name, value) = pair(guest, at, len, to, to_len)?;
    if let Err(why) = writable(guest, kind)?.add(&name, &value) {
        guest.violation(why);
    }
    Ok(())
}

fn pair(guest: &mut Guest<'_, '_>, at: u32, len: u32, to: u32, to_len: u32) -> Answer<(Vec<u8>, Vec<u8>)> {
    let (name, value) = (guest.read(at, len)?, guest.read(to, to_len)?);
    if let Some(why) = unfit(&name, &value) {
        guest.violation(why);
    }
    Ok((name, value))
}

/// A header of the reply to a call, which is there in its own callback only.
fn call_reply(guest: &mut Guest<'_, '_>, at: u32, len: u32, data: u32, size: u32) -> Answer {
    let name = guest.read(at, len)?;
    let Some((headers, _)) = guest.host().call_reply.clone() else {
        return guest.refuse(Status::BadArgument, "a call's reply is there in its own callback only");
    };
    let found = headers.pairs().iter().find(|(have, _)| *have == name).map(|(_, value)| value.clone());
    guest.give(&found.ok_or(Status::NotFound)?, data, size)
}
