//! What a chunk means, told as OpenAI would tell it.
//!
//! - Usage is told once, in a chunk of its own without choices, last, and to who asked. Others tell it beside the last
//!   piece of the answer (Mistral, DeepSeek, Moonshot), in every chunk (Perplexity, vLLM on demand) or in a member of
//!   their own (Groq).
//! - A choice finishes once, for one of OpenAI's reasons.
//! - A call has an index and arguments: a client that parses the empty text fails.

use serde_json::value::RawValue;

use super::chunk::{Choice, Chunk, Finished};
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
        let has_calls = memchr::memmem::find(data, b"\"tool_calls\"").is_some();
        let mut work = Work { data, has_calls, edits: Edits::default(), out, after: Vec::new() };
        let mut tells = false;
        for choice in chunk.choices() {
            tells |= self.choice(choice, &mut work)?;
        }
        if !self.usage(chunk, data, &mut work.edits) {
            return Ok(Mended::Hide);
        }
        Ok(match (work.write(), tells) {
            (true, _) => Mended::Replace,
            (false, true) => Mended::Pass,
            (false, false) => Mended::Quiet,
        })
    }

    /// Takes one choice of a chunk. Returns whether one that differs from it in its texts alone may tell more.
    fn choice(&mut self, choice: &Choice<'_>, work: &mut Work<'_>) -> Result<bool, ApiError> {
        let Choice { index, .. } = *choice;
        let delta = choice.delta.filter(|_| work.has_calls);
        let tells = delta.is_some_and(|delta| self.calls.note(index, delta, work.data, &mut work.edits));
        let reason = match choice.finish_reason.map(|raw| (raw, finish::read(raw.get()))) {
            Some((_, Reason::Failed(error))) => return Err(error),
            Some((raw, Reason::Stopped(word))) => Some((raw, word)),
            Some((raw, open @ Reason::Open)) => {
                work.tell_instead(raw, &open);
                None
            }
            None => None,
        };
        let finished_before = self.finished.note(index, reason.is_some());
        let Some((raw, word)) = reason else { return Ok(tells) };
        if finished_before {
            work.edits.replace(work.data, raw.get(), &b"null"[..]);
            return Ok(tells);
        }
        let empty = self.calls.without_arguments(Some(index));
        if tells && !empty.is_empty() {
            // Their arguments come behind this chunk, in which they began, and so the end of the choice does.
            work.edits.replace(work.data, raw.get(), &b"null"[..]);
            self.arguments(&empty, &mut work.after);
            let end =
                format!("\"choices\":[{{\"index\":{index},\"delta\":{{}},\"finish_reason\":\"{word}\"}}]");
            self.own(&end, &mut work.after);
        } else {
            self.arguments(&empty, work.out);
            work.tell_instead(raw, &Reason::Stopped(word));
        }
        Ok(tells)
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

/// One chunk on its way.
struct Work<'w> {
    data: &'w [u8],
    /// There may be calls in it.
    has_calls: bool,
    edits: Edits,
    /// What is sent before the chunk, and in the end the chunk.
    out: &'w mut Vec<u8>,
    /// What is sent after it.
    after: Vec<u8>,
}

impl Work<'_> {
    fn tell_instead(&mut self, raw: &RawValue, reason: &Reason) {
        if let Some(instead) = finish::told_instead(raw.get(), reason) {
            self.edits.replace(self.data, raw.get(), instead);
        }
    }

    /// Appends the chunk, and what is sent after it. Returns false where it is to pass as it is.
    fn write(self) -> bool {
        let Self { data, edits, out, after, .. } = self;
        if edits.is_empty() && out.is_empty() {
            return false;
        }
        out.extend_from_slice(b"data: ");
        let from = out.len();
        if !edits.apply(data, out) {
            out.extend_from_slice(data);
        }
        // Data of several lines; line ends mean nothing between tokens, and inside of them there are none.
        out.iter_mut().skip(from).filter(|byte| **byte == b'\n').for_each(|byte| *byte = b' ');
        out.extend_from_slice(b"\n\n");
        out.extend_from_slice(&after);
        true
    }
}
