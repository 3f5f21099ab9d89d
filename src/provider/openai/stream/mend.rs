//! What a chunk means, told as OpenAI would tell it.
//!
//! - Usage is told once, in a chunk of its own without choices, last, and to who asked. Others tell it beside the last
//!   piece of the answer (Mistral, DeepSeek, Moonshot), in every chunk (Perplexity, vLLM on demand) or in a member of
//!   their own (Groq).
//! - A choice finishes once, for one of OpenAI's reasons.
//! - A call has an index and arguments: a client that parses the empty text fails.

use super::chunk::{Chunk, Finished};
use crate::{
    ir::ApiError,
    provider::openai::{
        calls::Calls,
        edits::Edits,
        finish::{self, Reason},
    },
};

/// What becomes of a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mended {
    /// It passes, and so may those that differ from it in texts alone.
    Quiet,
    Pass,
    Hide,
    Replace,
}

/// What is kept of the chunks so far.
#[derive(Debug, Default)]
pub(super) struct Mend {
    include_usage: bool,
    pub(super) finished: Finished,
    calls: Calls,
    /// What the gateway's own chunks begin with: of the first chunk with choices and an id. (Azure's first chunk has
    /// neither.)
    head: Vec<u8>,
    /// That chunk has been seen.
    named: bool,
    /// The usage object to be told, while it has not been.
    usage: Vec<u8>,
    /// The usage chunk has been sent.
    told: bool,
}

impl Mend {
    pub(super) fn new(include_usage: bool) -> Self {
        Self { include_usage, ..Self::default() }
    }

    /// Takes a chunk, whose text is `data`; for [`Mended::Replace`] appends events to `out`.
    ///
    /// # Errors
    ///
    /// Where a choice finished because the provider failed.
    pub(super) fn chunk(
        &mut self,
        chunk: &Chunk<'_>,
        data: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<Mended, ApiError> {
        if !self.named {
            self.named = chunk.has_choices() && chunk.has_id();
            self.head = chunk.head();
        }
        let mut edits = Edits::default();
        let mut tells = false;
        // What is sent after the chunk: ends of choices whose last call began in it and has no arguments.
        let mut after = Vec::new();
        let has_calls = memchr::memmem::find(data, b"\"tool_calls\"").is_some();
        for choice in chunk.choices() {
            let delta = choice.delta.filter(|_| has_calls);
            let mut begins = false;
            if let Some(delta) = delta {
                begins = self.calls.note(choice.index, delta, data, &mut edits);
                tells |= begins;
            }
            let Some(raw) = choice.finish_reason else {
                self.finished.note(choice.index, false);
                continue;
            };
            let reason = finish::read(raw.get());
            if let Reason::Failed(error) = reason {
                return Err(error);
            }
            let instead = finish::told_instead(raw.get(), &reason);
            let Reason::Stopped(word) = reason else {
                self.finished.note(choice.index, false);
                edits.replace(data, raw.get(), instead.unwrap_or_default());
                continue;
            };
            if self.finished.note(choice.index, true) {
                edits.replace(data, raw.get(), &b"null"[..]);
                continue;
            }
            let empty = self.calls.without_arguments(Some(choice.index));
            if begins && !empty.is_empty() {
                edits.replace(data, raw.get(), &b"null"[..]);
                self.arguments(&empty, &mut after);
                self.own(
                    &format!(
                        "\"choices\":[{{\"index\":{},\"delta\":{{}},\"finish_reason\":\"{word}\"}}]",
                        choice.index
                    ),
                    &mut after,
                );
                continue;
            }
            self.arguments(&empty, out);
            if let Some(instead) = instead {
                edits.replace(data, raw.get(), instead);
            }
        }
        if !self.usage(chunk, data, &mut edits) {
            return Ok(Mended::Hide);
        }
        if edits.is_empty() && out.is_empty() {
            return Ok(if tells { Mended::Pass } else { Mended::Quiet });
        }
        out.extend_from_slice(b"data: ");
        let from = out.len();
        if !edits.apply(data, out) {
            out.extend_from_slice(data);
        }
        // Data of several lines; line ends mean nothing between tokens, and inside of them there are none.
        out.iter_mut().skip(from).filter(|byte| **byte == b'\n').for_each(|byte| *byte = b' ');
        out.extend_from_slice(b"\n\n");
        out.append(&mut after);
        Ok(Mended::Replace)
    }

    /// Takes the usage of a chunk. Returns whether the chunk is sent at all.
    fn usage(&mut self, chunk: &Chunk<'_>, data: &[u8], edits: &mut Edits) -> bool {
        let Some(raw) = chunk.usage() else { return true };
        let is_own_chunk = !chunk.has_choices();
        let can_tell = is_own_chunk && chunk.usage.is_some() && self.finished.all();
        if can_tell && self.include_usage && !self.told {
            self.told = true;
            return true;
        }
        if self.include_usage && raw.get().starts_with('{') {
            self.usage.clear();
            self.usage.extend_from_slice(raw.get().as_bytes());
        }
        if let Some(beside) = chunk.usage.filter(|_| !is_own_chunk) {
            edits.replace(data, beside.get(), &b"null"[..]);
        }
        !is_own_chunk
    }

    /// The stream has come to its end: appends what is still to be told before it is.
    pub(super) fn end(&mut self, out: &mut Vec<u8>) {
        let empty = self.calls.without_arguments(None);
        self.arguments(&empty, out);
        if !self.told && !self.usage.is_empty() {
            self.told = true;
            let usage = std::mem::take(&mut self.usage);
            self.own("\"choices\":[],\"usage\":", out);
            // Behind the members and before the end of the event that `own` wrote.
            out.truncate(out.len().saturating_sub(b"}\n\n".len()));
            out.extend(usage.iter().map(|byte| if *byte == b'\n' { b' ' } else { *byte }));
            out.extend_from_slice(b"}\n\n");
        }
    }

    /// Appends a chunk that tells `{}` for each of these calls.
    fn arguments(&self, calls: &[(u64, u64)], out: &mut Vec<u8>) {
        for (choice, call) in calls {
            self.own(
                &format!(
                    "\"choices\":[{{\"index\":{choice},\"delta\":{{\"tool_calls\":[{{\"index\":{call},\
                     \"function\":{{\"arguments\":\"{{}}\"}}}}]}},\"finish_reason\":null}}]"
                ),
                out,
            );
        }
    }

    /// Appends a chunk of the gateway's own with these members.
    fn own(&self, members: &str, out: &mut Vec<u8>) {
        out.extend_from_slice(b"data: ");
        out.extend_from_slice(&self.head);
        out.push(b',');
        out.extend_from_slice(members.as_bytes());
        out.extend_from_slice(b"}\n\n");
    }
}
