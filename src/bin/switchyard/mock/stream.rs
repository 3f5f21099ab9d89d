//! A body that is sent piece by piece, at a human pace.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum::body::{Body, Bytes};
use futures_core::Stream;
use tokio::sync::mpsc;

/// A piece of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    /// Its bytes.
    pub(crate) text: String,
    /// Whether a pause comes before it.
    pub(crate) paced: bool,
}

impl Piece {
    /// A piece that is sent at once.
    pub(crate) fn now(text: String) -> Self {
        Piece { text, paced: false }
    }

    /// A piece that a person reads before the next comes.
    pub(crate) fn paced(text: String) -> Self {
        Piece { text, paced: true }
    }
}

/// The pieces as a body; with `cut`, half of them and then a broken connection.
///
/// The sender ends with the connection: nothing is made for a client that has gone.
pub(crate) fn body(pieces: Vec<Piece>, pause: Duration, cut: bool) -> Body {
    let (sender, receiver) = mpsc::channel(1);
    let kept = if cut { pieces.len().div_ceil(2) } else { pieces.len() };
    tokio::spawn(async move {
        for piece in pieces.into_iter().take(kept) {
            if piece.paced {
                tokio::time::sleep(pause).await;
            }
            if sender.send(Ok(Bytes::from(piece.text))).await.is_err() {
                return;
            }
        }
        if cut {
            // What was sent before must be on its way, or the client would see no stream at all.
            tokio::time::sleep(pause).await;
            let _ = sender.send(Err(io::Error::other("cut"))).await;
        }
    });
    Body::from_stream(Received(receiver))
}

struct Received(mpsc::Receiver<Result<Bytes, io::Error>>);

impl Stream for Received {
    type Item = Result<Bytes, io::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(context)
    }
}
