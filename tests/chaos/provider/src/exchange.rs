//! The way from a request to its reply, on one connection.

use std::{mem, sync::Arc};

use crate::{
    act::{self, Then, Turn},
    cells::Cell,
    checks::{self, Arrival},
    conn::Conn,
    control,
    counts::Outcome,
    faults::Fault,
    formats::Answer,
    request::{self, Broken, Request},
    server::State,
};

/// The model that no fault meets.
const HEALTHY: &str = "healthy";

/// Serves the requests of a connection.
pub fn serve(state: &Arc<State>, mut conn: Conn, address: &str) {
    let mut before = String::new();
    loop {
        let request = match request::read(&mut conn) {
            Ok(request) => request,
            Err(Broken::Gone) => return,
            Err(Broken::Bad(what, target)) => {
                // What is no request at all came after the body of the one before.
                return refuse(state, conn, what, if target.is_empty() { &before } else { &target });
            }
        };
        let last = request.says("connection", "close");
        let kept = if request.target.starts_with("/_") {
            control::serve(state, &mut conn, &request).then_some(conn)
        } else {
            exchange(state, conn, &request, address)
        };
        match kept {
            Some(kept) if !last => (conn, before) = (kept, request.target),
            _ => return,
        }
    }
}

/// Not HTTP/1.1: noted where it can be told for whom it was, and refused.
fn refuse(state: &State, mut conn: Conn, what: String, target: &str) {
    let cell = split(target).and_then(|(name, _)| state.cells.get(name));
    match cell {
        Some(cell) => cell.counts().note(vec![what]),
        None => state.stray(what),
    }
    let _ = conn.send(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
}

/// The name of a cell, and the path below it.
fn split(target: &str) -> Option<(&str, &str)> {
    let rest = target.strip_prefix('/')?;
    rest.find('/').and_then(|at| rest.split_at_checked(at))
}

/// One request to a cell; the connection comes back where it can be used again.
fn exchange(state: &State, mut conn: Conn, request: &Request, address: &str) -> Option<Conn> {
    let found = split(&request.target).and_then(|(name, target)| Some((state.cells.get(name)?, target)));
    let Some((cell, target)) = found else {
        state.stray(format!("no cell at {:?}", request.target));
        let sent = conn.send(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n");
        return sent.is_ok().then_some(conn);
    };
    let settings = cell.settings();
    let arrival = Arrival { request, target, address };
    let (mut asked, id) = checks::read(&arrival, &settings, &state.cells.keys());
    let fault = {
        let mut counts = cell.counts();
        counts.begin(id, settings.record, state.cells.now_ms());
        counts.note(mem::take(&mut asked.wrong));
        let meets = settings.fault != Fault::None
            && asked.model != HEALTHY
            && (asked.stream || !settings.fault.only_bedrock());
        if meets && counts.fails(settings.every) { settings.fault.clone() } else { Fault::None }
    };
    let answer = Answer {
        cell: cell.name.clone(),
        id,
        model: asked.model,
        deltas: settings.events,
        usage: asked.usage,
    };
    let turn = Turn { settings: &settings, stream: asked.stream, answer, fault };
    let (outcome, kept) = finish(turn, conn);
    done(&cell, id, settings.record, outcome);
    kept
}

/// Answers, and tells how that ended.
fn finish(turn: Turn<'_>, mut conn: Conn) -> (Outcome, Option<Conn>) {
    match act::act(&turn, &mut conn) {
        Ok(Then::Keep(outcome)) => (outcome, Some(conn)),
        Ok(Then::Close) => (Outcome::Aborted, None),
        Ok(Then::Reset) => {
            conn.reset();
            (Outcome::Aborted, None)
        }
        Ok(Then::ResetLater) => {
            conn.reset_later();
            (Outcome::Aborted, None)
        }
        Err(_) if conn.killed() => (Outcome::Aborted, None),
        Err(_) => (Outcome::Cancelled, None),
    }
}

fn done(cell: &Cell, id: u64, record: bool, outcome: Outcome) {
    cell.counts().end(id, record, outcome);
}
