//! Replies: good ones, parts of them, and errors.

use std::time::Duration;

use crate::{
    act::{Then, Turn},
    conn::{Conn, Gone},
    counts::Outcome,
    faults::Fault,
    formats::{Event, Failure},
    gzip::Gzip,
};

/// What a proxy in front of a provider would show.
pub const HTML: &[u8] =
    b"<!DOCTYPE html>\n<html><head><title>Please wait</title></head><body>Please wait.</body></html>\n";

const JSON: &str = "application/json";
/// The last chunk.
const END: &[u8] = b"0\r\n\r\n";

/// What may differ in a good reply.
#[derive(Clone, Copy, Debug, Default)]
pub struct Style {
    /// Another content type.
    pub kind: Option<&'static str>,
    /// Packed, although nobody asked for it.
    pub gzip: bool,
}

/// How long a body is.
#[derive(Clone, Copy, Debug)]
pub enum Length {
    /// So many bytes.
    Of(usize),
    /// It comes in chunks.
    Chunked,
}

/// A head of a reply.
pub fn head_of(turn: &Turn<'_>, status: u16, kind: &str, more: &[(&str, &str)], length: Length) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {status} {}\r\ncontent-type: {kind}\r\n", reason(status)).into_bytes();
    let mut add = |name: &str, value: &str| {
        for part in [name, ": ", value, "\r\n"] {
            head.extend_from_slice(part.as_bytes());
        }
    };
    for (name, value) in more {
        add(name, value);
    }
    if turn.fault != Fault::None {
        for (name, value) in &turn.settings.headers {
            add(name, value);
        }
    }
    match length {
        Length::Of(bytes) => add("content-length", &bytes.to_string()),
        Length::Chunked => add("transfer-encoding", "chunked"),
    }
    head.extend_from_slice(b"\r\n");
    head
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        408 => "Request Timeout",
        409 => "Conflict",
        413 => "Content Too Large",
        422 => "Unprocessable Content",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        529 => "Overloaded",
        _ => "Status",
    }
}

/// The head of a good reply.
pub fn head(turn: &Turn<'_>) -> Vec<u8> {
    if turn.stream { stream_head(turn) } else { whole_head(turn, whole(turn).len()) }
}

/// The head of a good stream.
pub fn stream_head(turn: &Turn<'_>) -> Vec<u8> {
    let kind = turn.settings.format.api().stream_type();
    head_of(turn, 200, kind, &[("cache-control", "no-cache")], Length::Chunked)
}

/// The head of a good whole reply.
pub fn whole_head(turn: &Turn<'_>, length: usize) -> Vec<u8> {
    head_of(turn, 200, JSON, &[], Length::Of(length))
}

/// The body of a good whole reply.
pub fn whole(turn: &Turn<'_>) -> Vec<u8> {
    turn.settings.format.api().whole(&turn.answer)
}

/// The events of a good stream, and how many of them there are up to the second delta.
pub fn events(turn: &Turn<'_>) -> (Vec<Event>, usize) {
    let api = turn.settings.format.api();
    let mut events = api.opening(&turn.answer);
    let pieces = turn.answer.pieces();
    let two = events.len() + pieces.len().min(2);
    events.extend(pieces.iter().map(|piece| api.delta(&turn.answer, piece)));
    events.extend(api.closing(&turn.answer));
    (events, two)
}

/// A chunk of a chunked body.
pub fn chunk(bytes: &[u8]) -> Vec<u8> {
    let size = format!("{:x}\r\n", bytes.len());
    [size.as_bytes(), bytes, b"\r\n"].concat()
}

/// Ends a chunked body.
///
/// # Errors
/// The peer left.
pub fn end(conn: &mut Conn, outcome: Outcome) -> Result<Then, Gone> {
    conn.send(END)?;
    Ok(Then::Keep(outcome))
}

/// Sends an event as a chunk of its own, with the pause of the cell before all but the first.
///
/// # Errors
/// The peer left.
pub fn event(turn: &Turn<'_>, conn: &mut Conn, index: usize, wire: &[u8]) -> Result<(), Gone> {
    if index > 0 {
        conn.wait(Duration::from_millis(turn.settings.gap_ms))?;
    }
    conn.send(&chunk(wire))
}

/// Sends the head of a stream and its first events.
///
/// # Errors
/// The peer left.
pub fn first(turn: &Turn<'_>, conn: &mut Conn, events: &[Event]) -> Result<(), Gone> {
    conn.send(&stream_head(turn))?;
    let api = turn.settings.format.api();
    for (index, one) in events.iter().enumerate() {
        event(turn, conn, index, &api.wire(one))?;
    }
    Ok(())
}

/// A good reply.
///
/// # Errors
/// The peer left.
pub fn good(turn: &Turn<'_>, conn: &mut Conn, style: Style) -> Result<Then, Gone> {
    let api = turn.settings.format.api();
    let packed: &[(&str, &str)] = if style.gzip { &[("content-encoding", "gzip")] } else { &[] };
    let mut gzip = style.gzip.then(Gzip::default);
    let mut pack = |bytes: Vec<u8>| gzip.as_mut().map_or_else(|| bytes.clone(), |gzip| gzip.blocks(&bytes));
    if turn.stream {
        let kind = style.kind.unwrap_or(api.stream_type());
        conn.send(&head_of(turn, 200, kind, packed, Length::Chunked))?;
        for (index, one) in events(turn).0.iter().enumerate() {
            event(turn, conn, index, &pack(api.wire(one)))?;
        }
        if let Some(gzip) = gzip {
            conn.send(&chunk(&gzip.end()))?;
        }
        return end(conn, Outcome::Served);
    }
    let mut body = pack(whole(turn));
    if let Some(gzip) = gzip {
        body.extend(gzip.end());
    }
    let mut bytes = head_of(turn, 200, style.kind.unwrap_or(JSON), packed, Length::Of(body.len()));
    bytes.extend_from_slice(&body);
    conn.send(&bytes)?;
    Ok(Then::Keep(Outcome::Served))
}

/// All of a good reply: its head, and its body as it goes over the wire.
pub fn all(turn: &Turn<'_>) -> (Vec<u8>, Vec<u8>) {
    if !turn.stream {
        let body = whole(turn);
        return (whole_head(turn, body.len()), body);
    }
    let api = turn.settings.format.api();
    let mut body: Vec<u8> = events(turn).0.iter().flat_map(|one| chunk(&api.wire(one))).collect();
    body.extend_from_slice(END);
    (stream_head(turn), body)
}

/// A reply with status 200 that is something else than asked.
///
/// # Errors
/// The peer left.
pub fn body(turn: &Turn<'_>, conn: &mut Conn, kind: &str, body: &[u8]) -> Result<Then, Gone> {
    let mut bytes = head_of(turn, 200, kind, &[], Length::Of(body.len()));
    bytes.extend_from_slice(body);
    conn.send(&bytes)?;
    Ok(Then::Keep(Outcome::Told))
}

/// An error reply.
///
/// # Errors
/// The peer left.
pub fn failure(turn: &Turn<'_>, conn: &mut Conn, failure: &Failure) -> Result<Then, Gone> {
    if failure.event && turn.stream {
        first(turn, conn, &[Event { name: "", data: failure.body.clone() }])?;
        return end(conn, Outcome::Told);
    }
    let more: Vec<(&str, &str)> =
        failure.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let mut bytes = head_of(turn, failure.status, JSON, &more, Length::Of(failure.body.len()));
    bytes.extend_from_slice(&failure.body);
    conn.send(&bytes)?;
    Ok(Then::Keep(Outcome::Told))
}

/// The first event, or half the body.
///
/// # Errors
/// The peer left.
pub fn begin(turn: &Turn<'_>, conn: &mut Conn) -> Result<(), Gone> {
    if turn.stream {
        let (events, _) = events(turn);
        return first(turn, conn, events.get(..1).unwrap_or_default());
    }
    half(turn, conn)
}

/// The events up to the second delta and half of the next, or half the body.
///
/// # Errors
/// The peer left.
pub fn cut(turn: &Turn<'_>, conn: &mut Conn) -> Result<(), Gone> {
    if !turn.stream {
        return half(turn, conn);
    }
    let (events, two) = events(turn);
    first(turn, conn, events.get(..two).unwrap_or_default())?;
    if let Some(next) = events.get(two) {
        let wire = turn.settings.format.api().wire(next);
        event(turn, conn, two, wire.get(..wire.len() / 2).unwrap_or_default())?;
    }
    Ok(())
}

fn half(turn: &Turn<'_>, conn: &mut Conn) -> Result<(), Gone> {
    let body = whole(turn);
    let mut bytes = whole_head(turn, body.len());
    bytes.extend_from_slice(body.get(..body.len() / 2).unwrap_or_default());
    conn.send(&bytes)
}

/// A reply that ends in good order and too early.
///
/// # Errors
/// The peer left.
pub fn end_early(turn: &Turn<'_>, conn: &mut Conn) -> Result<Then, Gone> {
    if turn.stream {
        let (events, two) = events(turn);
        first(turn, conn, events.get(..two).unwrap_or_default())?;
        return end(conn, Outcome::Told);
    }
    let whole = whole(turn);
    body(turn, conn, JSON, whole.get(..whole.len() / 2).unwrap_or_default())
}

/// A stream with an error as its first event, or after the second delta; it ends in good order.
///
/// # Errors
/// The peer left.
pub fn error_within(turn: &Turn<'_>, conn: &mut Conn) -> Result<Then, Gone> {
    let (mut events, two) = events(turn);
    events.truncate(if turn.fault == Fault::ErrorFirst { 0 } else { two });
    events.push(turn.settings.format.api().error_event());
    first(turn, conn, &events)?;
    end(conn, Outcome::Told)
}
