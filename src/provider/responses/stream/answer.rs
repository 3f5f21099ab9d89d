//! What was given of an answer so far, so that nothing is given twice and nothing is left out.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::{
    super::{
        beside::Beside,
        item::{BREAK, Call, Item, Kind, characters, citation},
    },
    Sink,
};
use crate::{
    ir::{ApiError, Event},
    provider::{fault::server, ids::call_id},
};

/// The most items that one answer may have. OpenAI's longest have a few dozen, and what is kept of each is small: a
/// stream with more never ends.
const MAX_ITEMS: usize = 4096;

/// What a text belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said {
    Text,
    Refusal,
    /// Of reasoning, as OpenAI sums it up.
    Summary,
    /// Of reasoning, as servers of open models tell it in full.
    Thought,
    /// Of a call.
    Arguments,
}

#[derive(Debug)]
pub(super) struct Answer {
    /// What the ids of calls are made of where the provider gives none.
    id: String,
    /// What reasoning is marked with.
    provider: String,
    /// Those that events told of, in the order in which they did; at most [`MAX_ITEMS`].
    items: Vec<Seen>,
    /// How many calls have begun.
    calls: u32,
    /// Of the text so far.
    characters: u64,
    /// Where the part of text that is being written began, and which part of which item that is.
    part: (u64, Option<(u64, u64)>),
    /// Text, or that the model declined, was given.
    talks: bool,
    /// Reasoning was given.
    thinks: bool,
    /// A signature of reasoning was given.
    signed: bool,
    beside: Beside,
}

/// What was given of an item.
#[derive(Debug, Default)]
struct Seen {
    /// Its place in the output. Servers that tell none have every item at the first; the newest is meant then.
    output: u64,
    /// Parts of its content with text, one bit each; those from the 64th on share one.
    content: u64,
    /// Parts of its summary with text.
    summary: u64,
    /// How many annotations came by themselves.
    annotations: usize,
    /// The call that it is: which one of the answer's.
    call: Option<u32>,
    /// Arguments came.
    arguments: bool,
    /// Nothing more is expected of it.
    is_done: bool,
}

impl Seen {
    /// A piece of the arguments, or all of them, which are not given where pieces were. Those of what is no call of the
    /// client's, such as of a tool that the provider runs, are passed over.
    fn arguments(&mut self, text: &str, is_whole: bool, sink: Sink<'_>) {
        let Some(index) = self.call.filter(|_| !text.is_empty()) else { return };
        if !(is_whole && self.arguments) {
            self.arguments = true;
            sink(Event::ToolArguments { index, fragment: Cow::Borrowed(text) });
        }
    }

    /// Ends a call. `whole` are its arguments, which are given where no pieces of them were.
    fn close(&mut self, whole: &str, sink: Sink<'_>) {
        self.arguments(if whole.is_empty() { "{}" } else { whole }, true, sink);
        self.is_done = true;
        if let Some(index) = self.call {
            sink(Event::ToolEnd { index });
        }
    }

    fn is_open_call(&self) -> bool {
        self.call.is_some() && !self.is_done
    }
}

impl Answer {
    pub(super) fn new(id: &str, provider: &str) -> Self {
        Self {
            id: id.to_owned(),
            provider: provider.to_owned(),
            items: Vec::new(),
            calls: 0,
            characters: 0,
            part: (0, None),
            talks: false,
            thinks: false,
            signed: false,
            beside: Beside::default(),
        }
    }

    pub(super) fn has_calls(&self) -> bool {
        self.calls > 0
    }

    /// The item at a place of the output. Events of one mostly come together, so that it is looked for from the end.
    fn seen(&mut self, output: u64) -> Result<&mut Seen, ApiError> {
        match self.items.iter().rposition(|item| item.output == output) {
            Some(at) => self.items.get_mut(at).ok_or_else(too_many),
            None => self.begin(output),
        }
    }

    /// The same for what cannot belong to an item that is done.
    fn open(&mut self, output: u64) -> Result<&mut Seen, ApiError> {
        if self.seen(output)?.is_done { self.begin(output) } else { self.seen(output) }
    }

    fn begin(&mut self, output: u64) -> Result<&mut Seen, ApiError> {
        if self.items.len() >= MAX_ITEMS {
            return Err(too_many());
        }
        self.items.push(Seen { output, ..Seen::default() });
        self.items.last_mut().ok_or_else(too_many)
    }

    /// A piece of a text, or with `is_whole` all of it, which is not given where pieces of it were.
    pub(super) fn said(
        &mut self,
        said: Said,
        (output, part): (Option<u64>, u64),
        text: &str,
        is_whole: bool,
        sink: Sink<'_>,
    ) -> Result<(), ApiError> {
        let output = output.unwrap_or(0);
        let seen = if is_whole { self.seen(output)? } else { self.open(output)? };
        if text.is_empty() || seen.is_done {
            return Ok(());
        }
        let given = match said {
            Said::Arguments => {
                seen.arguments(text, is_whole, sink);
                return Ok(());
            }
            Said::Summary => &mut seen.summary,
            Said::Text | Said::Refusal | Said::Thought => &mut seen.content,
        };
        let bit = 1u64 << part.min(63);
        let is_new = *given & bit == 0;
        if is_whole && !is_new {
            return Ok(());
        }
        *given |= bit;
        match said {
            Said::Text => self.text((output, part), text, sink),
            Said::Refusal => {
                self.talks = true;
                sink(Event::Refusal(Cow::Borrowed(text)));
            }
            _ => self.thinking(text, is_new, sink),
        }
        Ok(())
    }

    fn text(&mut self, part: (u64, u64), text: &str, sink: Sink<'_>) {
        if self.part.1 != Some(part) {
            self.part = (self.characters, Some(part));
        }
        self.talks = true;
        self.characters = self.characters.saturating_add(characters(text));
        sink(Event::Text(Cow::Borrowed(text)));
    }

    fn thinking(&mut self, text: &str, is_new: bool, sink: Sink<'_>) {
        if is_new && self.thinks {
            sink(Event::Thinking(Cow::Borrowed(BREAK)));
        }
        self.thinks = true;
        sink(Event::Thinking(Cow::Borrowed(text)));
    }

    /// A source of the part of text that is being written.
    pub(super) fn annotation(
        &mut self,
        output: Option<u64>,
        raw: &RawValue,
        sink: Sink<'_>,
    ) -> Result<(), ApiError> {
        let seen = self.seen(output.unwrap_or(0))?;
        seen.annotations = seen.annotations.saturating_add(1);
        self.source(raw, self.part.0, sink);
        Ok(())
    }

    fn source(&mut self, raw: &RawValue, before: u64, sink: Sink<'_>) {
        match citation(raw, before) {
            Some(citation) => sink(Event::Citation(citation)),
            None => self.beside.annotation(raw),
        }
    }

    pub(super) fn item_added(
        &mut self,
        output: Option<u64>,
        item: Item<'_>,
        sink: Sink<'_>,
    ) -> Result<(), ApiError> {
        let output = output.unwrap_or(0);
        if self.open(output)?.call.is_none() && item.kind() == Kind::Call {
            let whole = self.call(output, item, sink)?;
            // Most begin without arguments, and get them in pieces.
            self.open(output)?.arguments(&whole, true, sink);
        }
        Ok(())
    }

    /// Begins a call, and gives its arguments back.
    fn call<'a>(&mut self, output: u64, item: Item<'a>, sink: Sink<'_>) -> Result<Cow<'a, str>, ApiError> {
        let index = self.calls;
        let Call { id, name, arguments } = item.call(|| call_id(&self.id, index))?;
        self.open(output)?.call = Some(index);
        self.calls = self.calls.saturating_add(1);
        sink(Event::ToolStart { index, id, name, signature: None });
        Ok(arguments)
    }

    /// An item is whole: gives what is new of it.
    pub(super) fn item_done(
        &mut self,
        output: Option<u64>,
        raw: &RawValue,
        item: Item<'_>,
        sink: Sink<'_>,
    ) -> Result<(), ApiError> {
        let at = output.unwrap_or(0);
        // Sent twice, or another one where items have no places.
        if self.seen(at)?.is_done && output.is_some() {
            return Ok(());
        }
        self.open(at)?;
        match item.kind() {
            Kind::Message => self.message(at, &item, sink)?,
            Kind::Reasoning => self.reasoning(at, &item, sink)?,
            Kind::Other => self.beside.item(raw, &item),
            Kind::Call => {
                let whole = match self.open(at)?.call {
                    Some(_) => item.call(String::new)?.arguments,
                    None => self.call(at, item, sink)?,
                };
                self.open(at)?.close(&whole, sink);
            }
        }
        self.seen(at)?.is_done = true;
        Ok(())
    }

    fn message(&mut self, output: u64, item: &Item<'_>, sink: Sink<'_>) -> Result<(), ApiError> {
        let parts = item.parts();
        let mut length: u64 = 0;
        for (at, part) in (0..).zip(&parts) {
            let text = part.text("text").unwrap_or_default();
            length = length.saturating_add(characters(&text));
            self.said(Said::Text, (Some(output), at), &text, true, sink)?;
            let refusal = part.text("refusal").unwrap_or_default();
            self.said(Said::Refusal, (Some(output), at), &refusal, true, sink)?;
        }
        let mut told = self.seen(output)?.annotations;
        // The text so far ends with this message's.
        let mut before = self.characters.saturating_sub(length);
        for part in &parts {
            for raw in part.list("annotations") {
                match told.checked_sub(1) {
                    Some(rest) => told = rest,
                    None => self.source(raw, before, sink),
                }
            }
            before = before.saturating_add(part.text("text").map_or(0, |text| characters(&text)));
        }
        Ok(())
    }

    fn reasoning(&mut self, output: u64, item: &Item<'_>, sink: Sink<'_>) -> Result<(), ApiError> {
        for (said, parts) in [(Said::Summary, item.summaries()), (Said::Thought, item.parts())] {
            for (at, part) in (0..).zip(parts) {
                let text = part.text("text").unwrap_or_default();
                self.said(said, (Some(output), at), &text, true, sink)?;
            }
        }
        if let Some(signature) = item.signature(&self.provider) {
            self.signed = true;
            sink(Event::Signature(Cow::Owned(signature)));
        }
        Ok(())
    }

    /// The answer is whole, and these are its items once more: gives what no event told of, ends calls that are open,
    /// and gives all that has no place of its own.
    ///
    /// Servers that leave out events leave out places too, so that these items cannot be known by them: a kind of which
    /// anything was given is taken as given.
    pub(super) fn end(&mut self, items: &[&RawValue], sink: Sink<'_>) -> Result<(), ApiError> {
        for seen in self.items.iter_mut().filter(|seen| seen.is_open_call()) {
            let item = usize::try_from(seen.output).ok().and_then(|at| Item::read(items.get(at)?));
            let call = item.filter(|item| item.kind() == Kind::Call).map(|item| item.call(String::new));
            let whole = call.and_then(Result::ok).map(|call| call.arguments).unwrap_or_default();
            seen.close(&whole, sink);
        }
        self.items.iter_mut().for_each(|seen| seen.is_done = true);
        let (talks, thinks, calls) = (self.talks, self.thinks || self.signed, self.has_calls());
        let kept = !self.beside.has_no_items();
        for raw in items {
            let Some(item) = Item::read(raw) else { continue };
            let given = match item.kind() {
                Kind::Message => talks,
                Kind::Reasoning => thinks,
                Kind::Call => calls,
                Kind::Other => kept,
            };
            if !given {
                self.item_done(None, raw, item, sink)?;
            }
        }
        std::mem::take(&mut self.beside).extras().for_each(|extra| sink(Event::Extra(extra)));
        Ok(())
    }
}

fn too_many() -> ApiError {
    server("The provider's answer has too many items.")
}
