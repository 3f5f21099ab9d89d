//! What waits for its turn: a Messages stream has one block open at a time, and OpenAI's chat may tell several calls at
//! once.

use std::borrow::Cow;

/// Most bytes that wait. Calls that are told at once are rare, and their arguments some kilobytes; one that writes a file
/// may be some hundred.
const MAX_BYTES: usize = 4 * 1024 * 1024;

/// What one piece counts at least.
const LEAST: usize = 64;

/// Something to write.
#[derive(Debug)]
pub(super) enum Piece<'a> {
    Text(Cow<'a, str>),
    Thinking(Cow<'a, str>),
    Signature(Cow<'a, str>),
    Redacted(Cow<'a, str>),
    Call {
        index: u32,
        id: Cow<'a, str>,
        name: Cow<'a, str>,
    },
    /// A whole delta.
    Source(Cow<'a, [u8]>),
}

impl Piece<'_> {
    fn owned(self) -> Piece<'static> {
        let own = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        match self {
            Piece::Text(text) => Piece::Text(own(text)),
            Piece::Thinking(text) => Piece::Thinking(own(text)),
            Piece::Signature(text) => Piece::Signature(own(text)),
            Piece::Redacted(text) => Piece::Redacted(own(text)),
            Piece::Call { index, id, name } => Piece::Call { index, id: own(id), name: own(name) },
            Piece::Source(delta) => Piece::Source(Cow::Owned(delta.into_owned())),
        }
    }

    fn len(&self) -> usize {
        match self {
            Piece::Text(text) | Piece::Thinking(text) | Piece::Signature(text) | Piece::Redacted(text) => {
                text.len()
            }
            Piece::Call { id, name, .. } => id.len() + name.len(),
            Piece::Source(delta) => delta.len(),
        }
    }
}

/// One that waits. Of a call, what came of its arguments, and whether it is whole.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) piece: Piece<'static>,
    pub(super) arguments: String,
    pub(super) ended: bool,
}

/// All that waits, in its order.
#[derive(Debug, Default)]
pub(super) struct Held {
    waiting: std::collections::VecDeque<Waiting>,
    bytes: usize,
}

/// More waits than is held.
#[derive(Debug)]
pub(super) struct TooMuch;

impl Held {
    pub(super) fn push(&mut self, piece: Piece<'_>) -> Result<(), TooMuch> {
        self.count(piece.len() + LEAST)?;
        self.waiting.push_back(Waiting { piece: piece.owned(), arguments: String::new(), ended: false });
        Ok(())
    }

    /// More arguments of a call that waits; those of another are of one that is written already, and is whole.
    pub(super) fn arguments(&mut self, index: u32, fragment: &str) -> Result<(), TooMuch> {
        let Some(call) = find(&mut self.waiting, index) else { return Ok(()) };
        call.arguments.push_str(fragment);
        self.count(fragment.len())
    }

    /// A call that waits is whole.
    pub(super) fn end(&mut self, index: u32) {
        if let Some(call) = find(&mut self.waiting, index) {
            call.ended = true;
        }
    }

    /// Takes the first.
    pub(super) fn next(&mut self) -> Option<Waiting> {
        let first = self.waiting.pop_front()?;
        self.bytes = self.bytes.saturating_sub(first.piece.len() + first.arguments.len() + LEAST);
        Some(first)
    }

    fn count(&mut self, bytes: usize) -> Result<(), TooMuch> {
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes > MAX_BYTES { Err(TooMuch) } else { Ok(()) }
    }
}

fn find(waiting: &mut std::collections::VecDeque<Waiting>, at: u32) -> Option<&mut Waiting> {
    waiting.iter_mut().find(|one| matches!(one.piece, Piece::Call { index, .. } if index == at))
}

/// Whether arguments that come in fragments are a whole object yet. Providers of OpenAI's chat do not say when a call
/// ends before all do.
#[derive(Debug, Default)]
pub(super) struct Braces {
    depth: u32,
    quoted: bool,
    escaped: bool,
    closed: bool,
}

impl Braces {
    pub(super) fn read(&mut self, fragment: &str) {
        for byte in fragment.bytes() {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' if self.quoted => self.escaped = true,
                b'"' => self.quoted = !self.quoted,
                _ if self.quoted => {}
                b'{' | b'[' => self.depth = self.depth.saturating_add(1),
                b'}' | b']' => {
                    self.depth = self.depth.saturating_sub(1);
                    self.closed |= self.depth == 0;
                }
                _ => {}
            }
        }
    }

    pub(super) fn are_closed(&self) -> bool {
        self.closed
    }
}
