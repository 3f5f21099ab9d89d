//! A streamed reply in the form of Messages events.
//!
//! The order is Anthropic's: `message_start`, `ping`, the blocks one after the other, `message_delta` with the reason to
//! stop and all counts, `message_stop`. Providers that tell several calls at once are put into that order by
//! [`held::Held`]. The last two events wait for the provider's own last event, so that a stream that is cut never looks
//! finished, and clients read the counts of the prompt there: most providers tell them last.
//!
//! What only one vendor tells has no place. That goes for the signature of a text too, which Google tells behind it and
//! does not ask for: a block of encrypted reasoning that ends a message makes Claude Code (2.1.330, `-p`) take the
//! answer for empty. A whole reply carries it before the text.

use super::{error, words};
use crate::{
    dialect::{ReplyContext, chat::json},
    ir::{ApiError, Citation, Encoder, ErrorKind, Event, Finish, Usage},
    signature::Carried,
};

mod held;
#[cfg(test)]
mod tests;

use held::{Braces, Held, Piece};

/// Most bytes of sources that wait for a text; further ones are left out.
const MAX_CITED: usize = 64 * 1024;

/// Writes one stream.
#[derive(Debug)]
pub struct MessagesEncoder {
    context: ReplyContext,
    /// `message_start` was written.
    begun: bool,
    /// The index of the next block.
    next: u64,
    open: Open,
    /// What each delta of the open block begins with, up to what it adds: nearly all events are such.
    head: Vec<u8>,
    held: Held,
    /// Sources that wait for a text: deltas without their index.
    cited: Vec<Vec<u8>>,
    calls: bool,
    declines: bool,
    finish: Option<Finish<'static>>,
    usage: Usage,
    /// `message_stop` or an error was written; nothing follows it.
    closed: bool,
}

/// The block that is open.
#[derive(Debug, Default)]
enum Open {
    #[default]
    None,
    Text,
    Thinking,
    Call {
        index: u32,
        braces: Braces,
    },
}

impl MessagesEncoder {
    /// A stream that has not begun.
    pub fn new(context: ReplyContext) -> Self {
        Self {
            context,
            begun: false,
            next: 0,
            open: Open::None,
            head: Vec::new(),
            held: Held::default(),
            cited: Vec::new(),
            calls: false,
            declines: false,
            finish: None,
            usage: Usage::default(),
            closed: false,
        }
    }

    fn start(&mut self, id: Option<&str>, model: Option<&str>, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.begun, true) {
            return;
        }
        begin("message_start", out);
        out.extend_from_slice(b",\"message\":");
        words::head(id, model, &self.context, out);
        out.extend_from_slice(b",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":");
        words::usage(&Usage::default(), out);
        out.extend_from_slice(words::USAGE_REST);
        out.extend_from_slice(b"}}\n\nevent: ping\ndata: {\"type\":\"ping\"}\n\n");
    }

    /// Whether a call is open that is not whole: what is to come after it must wait.
    fn is_busy(&self) -> bool {
        matches!(&self.open, Open::Call { braces, .. } if !braces.are_closed())
    }

    /// Writes a piece, or holds it back until its turn has come.
    fn piece(&mut self, piece: Piece<'_>, out: &mut Vec<u8>) {
        if self.is_busy() {
            if self.held.push(piece).is_err() {
                let what = "The provider told more tool calls at once than can be put in order.";
                self.fail(&ApiError::new(ErrorKind::Server, what), out);
            }
            return;
        }
        self.write(piece, out);
    }

    fn write(&mut self, piece: Piece<'_>, out: &mut Vec<u8>) {
        match piece {
            Piece::Text(text) => self.text(&text, out),
            Piece::Thinking(text) => {
                self.open_thinking(out);
                self.delta(&text, out);
            }
            Piece::Signature(signature) => self.signature(&signature, out),
            Piece::Redacted(data) => self.redacted(&data, out),
            Piece::Call { index, id, name } => {
                self.close(out);
                self.block(
                    |out| {
                        words::call(&id, &name, out);
                        out.extend_from_slice(b"{}}");
                    },
                    out,
                );
                self.opened(
                    Open::Call { index, braces: Braces::default() },
                    b"input_json_delta\",\"partial_json",
                );
                self.calls = true;
            }
            Piece::Source(delta) => self.source(delta.into_owned(), out),
        }
    }

    fn text(&mut self, text: &str, out: &mut Vec<u8>) {
        if !matches!(self.open, Open::Text) {
            self.close(out);
            self.block(|out| out.extend_from_slice(b"{\"type\":\"text\",\"text\":\"\"}"), out);
            self.opened(Open::Text, b"text_delta\",\"text");
            for delta in std::mem::take(&mut self.cited) {
                self.source(delta, out);
            }
        }
        self.delta(text, out);
    }

    /// A block of reasoning begins without a signature; one that never comes leaves it at the empty one, which the SDKs'
    /// types ask for.
    fn open_thinking(&mut self, out: &mut Vec<u8>) {
        if !matches!(self.open, Open::Thinking) {
            self.close(out);
            let block = b"{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}";
            self.block(|out| out.extend_from_slice(block), out);
            self.opened(Open::Thinking, b"thinking_delta\",\"thinking");
        }
    }

    /// A signature closes the block that it is of. A provider that withholds its reasoning sends nothing else.
    fn signature(&mut self, signature: &str, out: &mut Vec<u8>) {
        self.open_thinking(out);
        self.change(
            |out| {
                out.extend_from_slice(b"{\"type\":\"signature_delta\",\"signature\":");
                json::string(signature, out);
                out.push(b'}');
            },
            out,
        );
        self.close(out);
    }

    fn redacted(&mut self, data: &str, out: &mut Vec<u8>) {
        self.close(out);
        self.block(|out| words::redacted(data, out), out);
        self.open = Open::Text;
        self.close(out);
    }

    /// A source of the text that is open, or of the next one.
    fn source(&mut self, delta: Vec<u8>, out: &mut Vec<u8>) {
        if matches!(self.open, Open::Text) {
            self.change(|out| out.extend_from_slice(&delta), out);
        } else if self.cited.iter().map(Vec::len).sum::<usize>() + delta.len() <= MAX_CITED {
            self.cited.push(delta);
        }
    }

    fn tool_start(&mut self, call: Piece<'_>, signature: Option<&str>, out: &mut Vec<u8>) {
        if let Some(signature) = signature {
            self.piece(Piece::Redacted(Carried::OfCall(signature).data().into()), out);
        }
        self.piece(call, out);
    }

    fn tool_arguments(&mut self, at: u32, fragment: &str, out: &mut Vec<u8>) {
        let Open::Call { index, braces } = &mut self.open else { return };
        if *index == at {
            braces.read(fragment);
            self.delta(fragment, out);
            self.flush(out);
        } else if self.held.arguments(at, fragment).is_err() {
            let what = "The provider told more tool calls at once than can be put in order.";
            self.fail(&ApiError::new(ErrorKind::Server, what), out);
        }
    }

    fn tool_end(&mut self, at: u32, out: &mut Vec<u8>) {
        match &self.open {
            Open::Call { index, .. } if *index == at => {
                self.close(out);
                self.flush(out);
            }
            _ => self.held.end(at),
        }
    }

    /// Writes what waited, up to a call that is not whole.
    fn flush(&mut self, out: &mut Vec<u8>) {
        while !self.is_busy() {
            let Some(held) = self.held.next() else { return };
            self.write(held.piece, out);
            if let Open::Call { braces, .. } = &mut self.open
                && !held.arguments.is_empty()
            {
                braces.read(&held.arguments);
                self.delta(&held.arguments, out);
            }
            if held.ended {
                self.close(out);
            }
        }
    }

    /// Appends the beginning of the next block, which `block` writes.
    fn block(&mut self, block: impl FnOnce(&mut Vec<u8>), out: &mut Vec<u8>) {
        begin("content_block_start", out);
        out.extend_from_slice(b",\"index\":");
        json::number(self.next, out);
        out.extend_from_slice(b",\"content_block\":");
        block(out);
        out.extend_from_slice(b"}\n\n");
    }

    /// A block was opened whose deltas are of the type and add to the member that `delta` names.
    fn opened(&mut self, open: Open, delta: &[u8]) {
        self.open = open;
        self.head.clear();
        begin("content_block_delta", &mut self.head);
        self.head.extend_from_slice(b",\"index\":");
        json::number(self.next, &mut self.head);
        self.head.extend_from_slice(b",\"delta\":{\"type\":\"");
        self.head.extend_from_slice(delta);
        self.head.extend_from_slice(b"\":\"");
    }

    /// Appends what the open block gains.
    fn delta(&mut self, text: &str, out: &mut Vec<u8>) {
        if text.is_empty() {
            return;
        }
        const TAIL: &[u8] = b"\"}}\n\n";
        out.reserve(self.head.len() + text.len() + TAIL.len());
        out.extend_from_slice(&self.head);
        json::escaped(text, out);
        out.extend_from_slice(TAIL);
    }

    /// Appends a delta of another type than [`Self::delta`]'s.
    fn change(&mut self, delta: impl FnOnce(&mut Vec<u8>), out: &mut Vec<u8>) {
        begin("content_block_delta", out);
        out.extend_from_slice(b",\"index\":");
        json::number(self.next, out);
        out.extend_from_slice(b",\"delta\":");
        delta(out);
        out.extend_from_slice(b"}\n\n");
    }

    fn close(&mut self, out: &mut Vec<u8>) {
        if matches!(std::mem::take(&mut self.open), Open::None) {
            return;
        }
        begin("content_block_stop", out);
        out.extend_from_slice(b",\"index\":");
        json::number(self.next, out);
        out.extend_from_slice(b"}\n\n");
        self.next = self.next.saturating_add(1);
    }

    /// What is content, and what tells why it ended.
    fn content(&mut self, event: Event<'_>, out: &mut Vec<u8>) {
        match event {
            Event::Text(text) if !text.is_empty() => self.piece(Piece::Text(text), out),
            Event::Refusal(text) if !text.is_empty() => {
                self.declines = true;
                self.piece(Piece::Text(text), out);
            }
            Event::Thinking(text) if !text.is_empty() => self.piece(Piece::Thinking(text), out),
            Event::Signature(signature) => self.piece(Piece::Signature(signature), out),
            Event::RedactedThinking(data) => self.piece(Piece::Redacted(data), out),
            Event::ToolStart { index, id, name, signature } => {
                self.tool_start(Piece::Call { index, id, name }, signature.as_deref(), out);
            }
            Event::ToolArguments { index, fragment } => self.tool_arguments(index, &fragment, out),
            Event::ToolEnd { index } => self.tool_end(index, out),
            Event::Citation(source) => self.piece(Piece::Source(citation(&source).into()), out),
            Event::Finish(finish) => self.finish = Some(owned(finish)),
            _ => {}
        }
    }

    fn done(&mut self, out: &mut Vec<u8>) {
        let Some(finish) = self.finish.take() else {
            let what = "The provider's stream ended without a reason to finish.";
            return self.fail(&ApiError::new(ErrorKind::Server, what), out);
        };
        self.start(None, None, out);
        while !matches!(self.open, Open::None) {
            self.close(out);
            self.flush(out);
        }
        // Clients take a block for granted; an empty text is none where there is another.
        if self.next == 0 {
            self.text("", out);
            self.close(out);
        }
        begin("message_delta", out);
        out.extend_from_slice(b",\"delta\":{");
        words::stop(&finish, self.calls, self.declines, out);
        out.extend_from_slice(b"},\"usage\":");
        words::usage(&self.usage, out);
        out.extend_from_slice(b"}}\n\n");
        begin("message_stop", out);
        out.extend_from_slice(b"}\n\n");
        self.closed = true;
    }

    fn fail(&mut self, error: &ApiError, out: &mut Vec<u8>) {
        error::write_event(error, out);
        self.closed = true;
    }
}

/// Appends an event of this type up to the first of its other members.
fn begin(kind: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b"event: ");
    out.extend_from_slice(kind.as_bytes());
    out.extend_from_slice(b"\ndata: {\"type\":\"");
    out.extend_from_slice(kind.as_bytes());
    out.push(b'"');
}

fn owned(finish: Finish<'_>) -> Finish<'static> {
    match finish {
        Finish::StopSequence(sequence) => {
            Finish::StopSequence(sequence.map(|sequence| sequence.into_owned().into()))
        }
        Finish::Stop => Finish::Stop,
        Finish::Length => Finish::Length,
        Finish::ToolCalls => Finish::ToolCalls,
        Finish::ContentFilter => Finish::ContentFilter,
        Finish::Refusal => Finish::Refusal,
    }
}

fn citation(citation: &Citation<'_>) -> Vec<u8> {
    let mut delta = b"{\"type\":\"citations_delta\",\"citation\":".to_vec();
    words::source(citation, &mut delta);
    delta.push(b'}');
    delta
}

impl Encoder for MessagesEncoder {
    fn encode(&mut self, event: Event<'_>, out: &mut Vec<u8>) {
        if self.closed {
            return;
        }
        match event {
            Event::Error(error) => self.fail(&error, out),
            Event::Done => self.done(out),
            Event::Start { id, model } => self.start(id.as_deref(), model.as_deref(), out),
            Event::Usage(usage) => self.usage.merge(usage),
            content => {
                self.start(None, None, out);
                self.content(content, out);
            }
        }
    }
}
