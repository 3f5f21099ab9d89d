//! What each fault does.

use std::time::Duration;

use crate::{
    conn::{Conn, Gone},
    counts::Outcome,
    faults::Fault,
    formats::Answer,
    reply::{self, Style},
    settings::Settings,
    spoil,
};

/// A request that is to be answered.
#[derive(Debug)]
pub struct Turn<'a> {
    /// How the cell behaves.
    pub settings: &'a Settings,
    /// The reply is to be a stream.
    pub stream: bool,
    /// What a good reply says.
    pub answer: Answer,
    /// What goes wrong with this one.
    pub fault: Fault,
}

/// What becomes of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// The reply is at its end; the next request may come.
    Keep(Outcome),
    /// It is closed in good order (FIN).
    Close,
    /// It is dropped (RST).
    Reset,
    /// It is dropped when what was written has reached the peer.
    ResetLater,
}

/// The pause between two bytes of a drip.
const DRIP: Duration = Duration::from_secs(1);

/// Answers.
///
/// # Errors
/// The peer left before the reply was all written.
pub fn act(turn: &Turn<'_>, conn: &mut Conn) -> Result<Then, Gone> {
    conn.wait(Duration::from_millis(turn.settings.delay_ms))?;
    let api = turn.settings.format.api();
    match turn.fault {
        Fault::None => reply::good(turn, conn, Style::default()),
        Fault::WrongType => reply::good(turn, conn, Style { kind: Some("text/plain"), ..Style::default() }),
        Fault::Gzip => reply::good(turn, conn, Style { gzip: true, ..Style::default() }),
        Fault::Status(status) => reply::failure(turn, conn, &api.error(status)),
        Fault::ErrorCode(why) => reply::failure(turn, conn, &api.refusal(why)),
        Fault::ResetBefore => Ok(Then::Reset),
        Fault::CloseBefore => Ok(Then::Close),
        Fault::Silent => Err(conn.hang()),
        Fault::ResetInHead => {
            let head = reply::head(turn);
            conn.send(head.get(..head.len() / 2).unwrap_or_default())?;
            Ok(Then::ResetLater)
        }
        Fault::ResetAfterHead => {
            conn.send(&reply::head(turn))?;
            Ok(Then::ResetLater)
        }
        Fault::HeadOnly => {
            conn.send(&reply::head(turn))?;
            Err(conn.hang())
        }
        Fault::Drip => drip(turn, conn),
        Fault::HangMid => {
            reply::begin(turn, conn)?;
            Err(conn.hang())
        }
        Fault::CutMid => {
            reply::cut(turn, conn)?;
            Ok(Then::ResetLater)
        }
        Fault::CutMidFin => {
            reply::cut(turn, conn)?;
            Ok(Then::Close)
        }
        Fault::EndEarly => reply::end_early(turn, conn),
        Fault::ErrorFirst | Fault::ErrorLater if turn.stream => reply::error_within(turn, conn),
        Fault::ErrorFirst | Fault::ErrorLater | Fault::Error200 => {
            let failure = api.error(503);
            reply::body(turn, conn, "application/json", &failure.body)
        }
        Fault::Html200 => reply::body(turn, conn, "text/html; charset=utf-8", reply::HTML),
        Fault::Malformed => spoil::malformed(turn, conn),
        Fault::BadCrc | Fault::BadCrcLater => spoil::bad_crc(turn, conn),
        Fault::BadFrame => spoil::bad_frame(turn, conn),
        Fault::Huge => spoil::huge(turn, conn),
        Fault::BadUtf8 => spoil::bad_utf8(turn, conn),
        Fault::EndlessLine => spoil::endless_line(turn, conn),
    }
}

/// The head, and then one byte a second of the right body.
fn drip(turn: &Turn<'_>, conn: &mut Conn) -> Result<Then, Gone> {
    let (head, body) = reply::all(turn);
    conn.send(&head)?;
    for byte in body {
        conn.wait(DRIP)?;
        conn.send(&[byte])?;
    }
    Ok(Then::Keep(Outcome::Served))
}
