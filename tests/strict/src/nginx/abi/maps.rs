//! Header maps.

use crate::{
    headers::{HeaderMap, Pair, decode, encode, unfit},
    memory::{Answer, Guest, Status},
    nginx::{crash, request::Request, running},
    stream::Callback,
};

const REQUEST: u32 = 0;
const REPLY: u32 = 2;
const CALL: u32 = 6;

/// The names of the request that are no headers. Observed: the last two are read-only.
const SPECIAL: [&[u8]; 4] = [b":path", b":method", b":scheme", b":authority"];

/// A map to read from. Source: those of request and reply are there in every callback of the request. Strict: a reply's
/// before there is one is asked for in vain.
fn readable(guest: &mut Guest<'_, '_>, kind: u32) -> Answer<HeaderMap> {
    if kind == CALL {
        return match (guest.host().now, guest.host().call_reply.clone()) {
            (Some((_, Callback::CallReply)), Some((headers, _))) => Ok(headers),
            _ => guest.trap("the headers of a call's reply are there in its own callback only"),
        };
    }
    // Observed: trailers, and what else there is, answer 2.
    if kind != REQUEST && kind != REPLY {
        return Err(Status::BadArgument.into());
    }
    if running(guest.host()).is_none() {
        return crash(guest, "a header map in the root context");
    }
    let Some((request, _)) = running(guest.host()) else { return Err(Status::InternalFailure.into()) };
    if kind == REQUEST {
        let mut map = HeaderMap::default();
        let special = SPECIAL.iter().filter_map(|name| Some((name.to_vec(), request.header(name)?)));
        let all: Vec<Pair> = special.chain(request.lines.seen()).collect();
        map.extend_as_it_is(all);
        return Ok(map);
    }
    match &request.reply {
        Some(reply) => Ok(reply.headers.clone()),
        None => guest.refuse(Status::NotFound, "the reply's headers, before there is a reply"),
    }
}

/// The request whose map may be written now. Observed: a request's headers may be written in its own callbacks and in those
/// of calls' replies, a reply's in its header callback alone; anything else traps.
fn writable<'a>(guest: &'a mut Guest<'_, '_>, kind: u32) -> Answer<&'a mut Request> {
    if kind != REQUEST && kind != REPLY {
        // Observed, of trailers.
        return Err(Status::InternalFailure.into());
    }
    let Some((request, during)) = running(guest.host()) else {
        return crash(guest, "a header map in the root context");
    };
    let open = match (kind, during) {
        (REQUEST, Callback::RequestHeaders | Callback::RequestBody | Callback::CallReply) => {
            request.reply.is_none()
        }
        (REPLY, Callback::ResponseHeaders) => request.reply.as_ref().is_some_and(|reply| !reply.frozen),
        _ => false,
    };
    if !open {
        return guest.trap(format!("map {kind} cannot be written now"));
    }
    running(guest.host()).map(|(request, _)| request).ok_or(Status::InternalFailure.into())
}

/// What a pair asks for that this host does not do, or does to its harm. Strict: what would split a message is told; the
/// source escapes it.
fn told(guest: &mut Guest<'_, '_>, name: &[u8], value: &[u8]) {
    if let Some(why) = unfit(name, value) {
        guest.violation(why);
    }
}

/// `proxy_get_header_map_pairs`.
pub(super) fn get_pairs(guest: &mut Guest<'_, '_>, kind: u32, data: u32, size: u32) -> Answer {
    let pairs = encode(readable(guest, kind)?.pairs());
    guest.give(&pairs, data, size)
}

/// `proxy_get_header_map_value`. Source: an empty value is allocated too.
pub(super) fn get(guest: &mut Guest<'_, '_>, kind: u32, at: u32, len: u32, data: u32, size: u32) -> Answer {
    let name = guest.read(at, len)?.to_ascii_lowercase();
    let map = readable(guest, kind)?;
    let found = map.pairs().iter().find(|(of, _)| *of == name).map(|(_, value)| value.clone());
    guest.give_allocated(&found.ok_or(Status::NotFound)?, data, size)
}

/// `proxy_set_header_map_pairs`. Source: each header is removed, then each pair set, until one that is read-only: what
/// comes after that is lost, with status 0.
pub(super) fn set_pairs(guest: &mut Guest<'_, '_>, kind: u32, at: u32, len: u32) -> Answer {
    let bytes = guest.read(at, len)?;
    let Ok(pairs) = decode(&bytes) else {
        return guest.refuse(Status::InternalFailure, "pairs that cannot be read");
    };
    let request = writable(guest, kind)?;
    if kind == REQUEST {
        request.lines.clear();
        request.length = None;
    } else if let Some(reply) = &mut request.reply {
        // Source: the status is kept, and nginx has the content-type apart from its list.
        let kept = [":status", "content-type"]
            .map(|name| Some((name.as_bytes().to_vec(), reply.headers.get(name)?.to_vec())));
        reply.headers = HeaderMap::of(kept.into_iter().flatten());
    }
    for (name, value) in &pairs {
        set(guest, kind, name, value)?;
        if kind == REQUEST && (name == b":scheme" || name == b":authority") {
            guest.violation("what comes after a read-only name is lost");
            return Ok(());
        }
    }
    Ok(())
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
    let (name, value) = (guest.read(at, len)?, guest.read(to, to_len)?);
    writable(guest, kind)?;
    set(guest, kind, &name, &value)
}

fn set(guest: &mut Guest<'_, '_>, kind: u32, name: &[u8], value: &[u8]) -> Answer {
    told(guest, name, value);
    let request = writable(guest, kind)?;
    match (kind, name) {
        (REQUEST, b":path") => request.set_path(value),
        (REQUEST, b":method") => request.method = value.to_vec(),
        // Observed: logged and ignored, status 0.
        (REQUEST, b":scheme" | b":authority") => {
            let name = name.escape_ascii();
            guest.host().logs.push((4, format!("cannot set read-only \"{name}\" header")));
        }
        (REQUEST, _) => {
            request.lines.replace(name, value);
            set_length(guest, name, value)?;
        }
        (_, b":status") => set_status(guest, value)?,
        _ => {
            if let Some(reply) = &mut request.reply {
                reply.headers.replace(name, value);
            }
        }
    }
    Ok(())
}

/// Source: a `content-length` that is written is the one that frames the body.
fn set_length(guest: &mut Guest<'_, '_>, name: &[u8], value: &[u8]) -> Answer {
    if name.eq_ignore_ascii_case(b"content-length") {
        writable(guest, REQUEST)?.length = std::str::from_utf8(value).ok().and_then(|text| text.parse().ok());
    }
    Ok(())
}

/// Observed: a status that is none is warned of, and ignored.
fn set_status(guest: &mut Guest<'_, '_>, value: &[u8]) -> Answer {
    let status = std::str::from_utf8(value).ok().and_then(|text| text.parse::<u16>().ok());
    match status.filter(|status| (100..=999).contains(status)) {
        Some(_) => {
            if let Some(reply) = &mut writable(guest, REPLY)?.reply {
                reply.headers.replace(":status", value);
            }
        }
        None => guest.violation(format!("the status `{}` is ignored", value.escape_ascii())),
    }
    Ok(())
}

/// `proxy_add_header_map_value`.
pub(super) fn add(guest: &mut Guest<'_, '_>, kind: u32, at: u32, len: u32, to: u32, to_len: u32) -> Answer {
    let (name, value) = (guest.read(at, len)?, guest.read(to, to_len)?);
    if name.starts_with(b":") {
        return set(guest, kind, &name, &value);
    }
    told(guest, &name, &value);
    let request = writable(guest, kind)?;
    if kind == REQUEST {
        if !request.lines.add(&name, &value) {
            guest.violation(format!("`{}` is there already, and this one ignored", name.escape_ascii()));
            return Ok(());
        }
        return set_length(guest, &name, &value);
    }
    if let Some(Err(why)) = request.reply.as_mut().map(|reply| reply.headers.add(&name, &value)) {
        guest.violation(why);
    }
    Ok(())
}

/// `proxy_remove_header_map_value`. Observed: of `:path`, `:method` and `:status` the worker dies.
pub(super) fn remove(guest: &mut Guest<'_, '_>, kind: u32, at: u32, len: u32) -> Answer {
    let name = guest.read(at, len)?.to_ascii_lowercase();
    writable(guest, kind)?;
    match name.as_slice() {
        b":path" | b":method" | b":status" => {
            return crash(guest, &format!("`{}` is removed", name.escape_ascii()));
        }
        // Source: read-only, logged and ignored.
        b":scheme" | b":authority" => return Ok(()),
        _ => {}
    }
    let request = writable(guest, kind)?;
    if kind == REQUEST {
        request.lines.remove(&name);
        if name == b"content-length" {
            request.length = None;
        }
    } else if let Some(reply) = &mut request.reply {
        reply.headers.remove(&name);
    }
    Ok(())
}
