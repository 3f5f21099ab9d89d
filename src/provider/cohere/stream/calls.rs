//! The tool calls of a stream: begun, added to, ended.

use std::borrow::Cow;

use crate::{
    ir::{ApiError, Event},
    provider::{course::Sink, fault::server},
};

/// Most tool calls that may be open at once. Cohere sends one after the other; a stream that opens call upon call is
/// not one of its own.
const MAX_OPEN: usize = 128;

/// The longest text that may turn out to be no arguments: `null`, and some white space.
const LONGEST_NONE: usize = 16;

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Calls {
    /// Those that have begun and not ended.
    open: Vec<Open>,
    /// How many have begun.
    begun: u32,
}

#[derive(Debug)]
struct Open {
    /// The provider's index.
    index: Option<u64>,
    /// Ours.
    call: u32,
    /// Arguments that may turn out to be none: a beginning of `null`.
    held: String,
    /// Arguments were given.
    given: bool,
}

impl Calls {
    /// How many have begun.
    pub(super) fn begun(&self) -> u32 {
        self.begun
    }

    /// A call begins.
    ///
    /// # Errors
    ///
    /// Where too many are open.
    pub(super) fn start(
        &mut self,
        index: Option<u64>,
        id: Cow<'_, str>,
        name: Cow<'_, str>,
        sink: Sink<'_>,
    ) -> Result<(), ApiError> {
        // One cannot be open twice; the one before was not closed.
        if self.open.iter().any(|open| open.index == index) {
            self.end(index, sink);
        }
        if self.open.len() >= MAX_OPEN {
            return Err(server("The provider opened too many tool calls at once."));
        }
        sink(Event::ToolStart { index: self.begun, id, name, signature: None });
        self.open.push(Open { index, call: self.begun, held: String::new(), given: false });
        self.begun = self.begun.saturating_add(1);
        Ok(())
    }

    /// More of a call's arguments.
    pub(super) fn add(&mut self, index: Option<u64>, more: &str, sink: Sink<'_>) {
        let Some(open) = self.find(index).and_then(|at| self.open.get_mut(at)) else { return };
        if open.given {
            if !more.is_empty() {
                sink(Event::ToolArguments { index: open.call, fragment: Cow::Borrowed(more) });
            }
            return;
        }
        // White space before JSON means nothing.
        let more = if open.held.is_empty() { more.trim_start() } else { more };
        open.held.push_str(more);
        if open.held.len() > LONGEST_NONE || !"null".starts_with(open.held.trim_end()) {
            open.given = true;
            let fragment = Cow::Owned(std::mem::take(&mut open.held));
            sink(Event::ToolArguments { index: open.call, fragment });
        }
    }

    /// A call is complete.
    pub(super) fn end(&mut self, index: Option<u64>, sink: Sink<'_>) {
        if let Some(at) = self.find(index) {
            let open = self.open.remove(at);
            open.close(sink);
        }
    }

    /// Where the open call of this index is; the last one, for an event that names none.
    fn find(&self, index: Option<u64>) -> Option<usize> {
        match index {
            Some(_) => self.open.iter().position(|open| open.index == index),
            None => self.open.len().checked_sub(1),
        }
    }

    /// So are all that are still open.
    pub(super) fn end_all(&mut self, sink: Sink<'_>) {
        for open in std::mem::take(&mut self.open) {
            open.close(sink);
        }
    }
}

impl Open {
    fn close(self, sink: Sink<'_>) {
        if !self.given {
            // None, or `null`; or what was cut off within that word.
            sink(Event::ToolArguments { index: self.call, fragment: Cow::Borrowed("{}") });
        }
        sink(Event::ToolEnd { index: self.call });
    }
}
