//! Replies that are spoiled: not JSON, not text, not framed, or without an end.

use crate::{
    act::{Then, Turn},
    aws,
    conn::{Conn, Gone},
    counts::Outcome,
    faults::Fault,
    formats::{Event, Format},
    reply::{self, Length},
};

/// How much a huge reply adds to its text.
const HUGE: usize = 50_000_000;
/// How long a line without an end gets.
const ENDLESS: usize = 64 << 20;
/// Deltas of a huge stream, and writes of a long body.
const PIECE: usize = 16 * 1024;

/// JSON that is none: the first event of a stream, or the body.
///
/// # Errors
/// The peer left.
pub fn malformed(turn: &Turn<'_>, conn: &mut Conn) -> Result<Then, Gone> {
    if turn.stream {
        let (mut events, _) = reply::events(turn);
        if let Some(event) = events.first_mut() {
            event.data = garbled(&event.data);
        }
        reply::first(turn, conn, &events)?;
        return reply::end(conn, Outcome::Told);
    }
    reply::body(turn, conn, "application/json", &garbled(&reply::whole(turn)))
}

fn garbled(json: &[u8]) -> Vec<u8> {
    let part = json.get(..json.len() * 2 / 3).unwrap_or_default();
    [part, b"}{,"].concat()
}

/// A frame whose sum is wrong: the first one, or the one after the second delta. The others are right.
///
/// # Errors
/// The peer left.
pub fn bad_crc(turn: &Turn<'_>, conn: &mut Conn) -> Result<Then, Gone> {
    let api = turn.settings.format.api();
    let (events, two) = reply::events(turn);
    let bad = if turn.fault == Fault::BadCrc { 0 } else { two };
    conn.send(&reply::stream_head(turn))?;
    for (index, event) in events.iter().enumerate() {
        let mut wire = api.wire(event);
        if index == bad {
            aws::damage(&mut wire);
        }
        reply::event(turn, conn, index, &wire)?;
    }
    reply::end(conn, Outcome::Told)
}

/// Half of the first frame, and the end of the body.
///
/// # Errors
/// The peer left.
pub fn bad_frame(turn: &Turn<'_>, conn: &mut Conn) -> Result<Then, Gone> {
    let (events, _) = reply::events(turn);
    conn.send(&reply::stream_head(turn))?;
    if let Some(event) = events.first() {
        let wire = turn.settings.format.api().wire(event);
        conn.send(&reply::chunk(wire.get(..wire.len() / 2).unwrap_or_default()))?;
    }
    reply::end(conn, Outcome::Told)
}

/// A reply of 50 MB, right but for its size.
///
/// # Errors
/// The peer left.
pub fn huge(turn: &Turn<'_>, conn: &mut Conn) -> Result<Then, Gone> {
    if turn.stream {
        let api = turn.settings.format.api();
        let (mut events, _) = reply::events(turn);
        let closing = events.split_off(events.len() - api.closing(&turn.answer).len());
        reply::first(turn, conn, &events)?;
        let large = reply::chunk(&api.wire(&api.delta(&turn.answer, &"x".repeat(PIECE))));
        for _ in 0..HUGE.div_ceil(PIECE) {
            conn.send(&large)?;
        }
        for event in closing {
            conn.send(&reply::chunk(&api.wire(&event)))?;
        }
        return reply::end(conn, Outcome::Served);
    }
    let mut body = reply::whole(turn);
    let id = format!("id:{:016x}", turn.answer.id);
    let rest = body.split_off(after(&body, &id));
    let mut bytes = reply::whole_head(turn, body.len() + HUGE + rest.len());
    bytes.extend_from_slice(&body);
    conn.send(&bytes)?;
    filler(conn, HUGE, false)?;
    conn.send(&rest)?;
    Ok(Then::Keep(Outcome::Served))
}

/// Where a text ends in these bytes, or where they begin.
fn after(bytes: &[u8], text: &str) -> usize {
    let at = bytes.windows(text.len()).position(|part| part == text.as_bytes());
    at.map_or(0, |at| at + text.len())
}

/// So many bytes `x`.
fn filler(conn: &mut Conn, mut left: usize, chunked: bool) -> Result<(), Gone> {
    let piece = [b'x'; PIECE];
    while left > 0 {
        let part = piece.get(..left.min(PIECE)).unwrap_or_default();
        if chunked {
            conn.send(&reply::chunk(part))?;
        } else {
            conn.send(part)?;
        }
        left -= part.len();
    }
    Ok(())
}

/// A byte within the text that no UTF-8 has.
///
/// # Errors
/// The peer left.
pub fn bad_utf8(turn: &Turn<'_>, conn: &mut Conn) -> Result<Then, Gone> {
    const BEFORE: &str = "served-by:";
    let insert = |bytes: &mut Vec<u8>| bytes.insert(after(bytes, BEFORE), 0xFF);
    if turn.stream {
        let (mut events, two) = reply::events(turn);
        let texts = events.iter_mut().take(two);
        let holds = |event: &&mut Event| after(&event.data, BEFORE) > 0;
        if let Some(event) = texts.into_iter().find(holds) {
            insert(&mut event.data);
        }
        reply::first(turn, conn, &events)?;
        return reply::end(conn, Outcome::Served);
    }
    let mut body = reply::whole(turn);
    insert(&mut body);
    reply::body(turn, conn, "application/json", &body)?;
    Ok(Then::Keep(Outcome::Served))
}

/// A line, a frame or a text that does not end within 64 MB.
///
/// # Errors
/// The peer left.
pub fn endless_line(turn: &Turn<'_>, conn: &mut Conn) -> Result<Then, Gone> {
    let head = if turn.stream {
        reply::stream_head(turn)
    } else {
        reply::head_of(turn, 200, "application/json", &[], Length::Chunked)
    };
    conn.send(&head)?;
    let start = match (turn.stream, turn.settings.format) {
        (true, Format::Bedrock) => aws::prelude(2 * ENDLESS, 0),
        (true, _) => b"data: {\"endless\":\"".to_vec(),
        (false, _) => b"{\"endless\":\"".to_vec(),
    };
    conn.send(&reply::chunk(&start))?;
    filler(conn, ENDLESS, true)?;
    reply::end(conn, Outcome::Told)
}
