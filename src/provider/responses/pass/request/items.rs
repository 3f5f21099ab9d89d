//! Items of reasoning, which only their own provider can read.
//!
//! Reasoning that the gateway marked as this provider's goes back without the mark. Marked reasoning of others is left out:
//! OpenAI answers 400 to encrypted content that it cannot read. What came without a mark came from OpenAI, and passes.
//!
//! OpenAI keeps in mind which reasoning a stored call or message came with, and refuses the one without the other. So what
//! follows reasoning that was left out, up to what is not the model's, gets an id that no one has seen: a message or a call
//! with such an id is taken as it stands, as long as the id begins with the letters of its kind.

use std::ops::Range;

use serde_json::value::RawValue;

use crate::{
    provider::{
        json::{list, pick, text, value},
        openai::edits::Edits,
    },
    signature::{Encrypted, at},
    stream::template::position,
};

/// What becomes of an item.
enum Fate<'a> {
    Keep,
    Drop,
    /// It goes without the mark that its encrypted content, which begins behind the first quotation mark, has.
    Unmark(&'a RawValue, usize),
}

/// Adds to `edits` what must change in `input`, a part of `whole`.
pub(super) fn edit(whole: &[u8], input: &RawValue, provider: &str, edits: &mut Edits) {
    let mut lost = Lost { from: None, to: 0, kept: None };
    // Reasoning before the next items was left out.
    let mut orphaned = false;
    for (index, item) in list(Some(input)).into_iter().enumerate() {
        let Some(start) = position(whole, item.get().as_bytes()) else { continue };
        let span = start..start + item.get().len();
        let [kind, content, id, role] =
            pick(item.get(), ["type", "encrypted_content", "id", "role"]).unwrap_or_default();
        let kind = text(kind).unwrap_or_default();
        if kind == "reasoning" {
            let fate = fate(content, provider);
            orphaned = matches!(fate, Fate::Drop);
            match fate {
                Fate::Drop => {
                    lost.drop(span);
                    continue;
                }
                Fate::Unmark(content, length) => remove(whole, content, length, edits),
                Fate::Keep => {}
            }
        } else {
            let prefix = prefix(&kind, role);
            orphaned &= prefix.is_some();
            if let (true, Some(prefix), Some(id)) = (orphaned, prefix, id) {
                rename(whole, id, prefix, index, edits);
            }
        }
        lost.keep(span, edits);
    }
    lost.end(edits);
}

fn fate<'a>(content: Option<&'a RawValue>, provider: &str) -> Fate<'a> {
    let Some(raw) = content else { return Fate::Keep };
    let content = text(content).unwrap_or_default();
    match Encrypted::of(&content) {
        None => Fate::Keep,
        Some(Encrypted::At { provider: whose, .. }) if whose == provider => {
            Fate::Unmark(raw, at(provider).len())
        }
        Some(_) => Fate::Drop,
    }
}

/// What the id of an item of the model's begins with; `None` for what is not the model's.
fn prefix(kind: &str, role: Option<&RawValue>) -> Option<&'static str> {
    match kind {
        "function_call" => Some("fc_"),
        "custom_tool_call" => Some("ctc_"),
        "message" | "" if text(role).as_deref() == Some("assistant") => Some("msg_"),
        _ => None,
    }
}

/// The mark needs no escapes, so that it stands as it is.
fn remove(whole: &[u8], content: &RawValue, length: usize, edits: &mut Edits) {
    let Some(start) = position(whole, content.get().as_bytes()) else { return };
    edits.add(start + 1..start + 1 + length, Vec::new());
}

fn rename(whole: &[u8], id: &RawValue, prefix: &str, index: usize, edits: &mut Edits) {
    let Some(start) = position(whole, id.get().as_bytes()) else { return };
    let mut name = Vec::new();
    value(&mut name, [prefix, &index.to_string()].concat().as_str());
    edits.add(start..start + id.get().len(), name);
}

/// Items that are left out, with the commas that go with them.
struct Lost {
    /// Where the first of a run of them begins.
    from: Option<usize>,
    /// Where the last of them ends.
    to: usize,
    /// Where the last item ends that was kept.
    kept: Option<usize>,
}

impl Lost {
    fn drop(&mut self, span: Range<usize>) {
        self.from.get_or_insert(span.start);
        self.to = span.end;
    }

    fn keep(&mut self, span: Range<usize>, edits: &mut Edits) {
        if let Some(from) = self.from.take() {
            edits.add(from..span.start, Vec::new());
        }
        self.kept = Some(span.end);
    }

    /// The last run has no item behind it: the comma before it goes.
    fn end(self, edits: &mut Edits) {
        if let Some(from) = self.from {
            edits.add(self.kept.unwrap_or(from)..self.to, Vec::new());
        }
    }
}
