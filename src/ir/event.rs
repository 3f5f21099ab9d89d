use std::borrow::Cow;

use super::{ApiError, Citation, Extra, Finish, Usage};

/// One step of a streamed answer.
///
/// A decoder gives, in this order: `Start` once; any number of content events; `Usage` zero or more times, each
/// cumulative; `Finish` once; `Done` once, when the provider's own last event was seen. `Error` may come at any point
/// and is the last event of its stream.
#[derive(Clone, Debug, PartialEq)]
pub enum Event<'a> {
    /// The provider began to answer.
    Start {
        /// The provider's id of the answer.
        id: Option<Cow<'a, str>>,
        /// The model as the provider names it.
        model: Option<Cow<'a, str>>,
    },
    /// More text for the user.
    Text(Cow<'a, str>),
    /// More text that declines to answer.
    Refusal(Cow<'a, str>),
    /// More of the model's reasoning.
    Thinking(Cow<'a, str>),
    /// The signature of the reasoning so far; it closes one block of reasoning.
    Signature(Cow<'a, str>),
    /// A whole block of encrypted reasoning.
    RedactedThinking(Cow<'a, str>),
    /// A tool call begins. `index` counts the calls of the answer: 0, 1, 2, …
    ToolStart {
        /// Which call.
        index: u32,
        /// Names the call in the result that answers it.
        id: Cow<'a, str>,
        /// The tool's name as the client declared it.
        name: Cow<'a, str>,
        /// The reasoning behind the call, as the provider signed it; opaque, and wanted back with the call.
        signature: Option<Cow<'a, str>>,
    },
    /// More of a call's arguments: a fragment of JSON text.
    ToolArguments {
        /// Which call.
        index: u32,
        /// The fragments of one call joined are a JSON object.
        fragment: Cow<'a, str>,
    },
    /// A tool call is complete. The decoder has sent `{}` for a call that had no arguments.
    ToolEnd {
        /// Which call.
        index: u32,
    },
    /// A source of the text so far.
    Citation(Citation<'a>),
    /// What only the vendor's own API tells.
    Extra(Extra<'a>),
    /// What it took so far.
    Usage(Usage),
    /// Why the model stopped.
    Finish(Finish<'a>),
    /// The stream failed; nothing follows.
    Error(ApiError),
    /// The provider's own last event: the answer is whole.
    Done,
}

/// Reads a provider's stream. Any split of the bytes gives the same events.
pub trait Decoder: std::fmt::Debug {
    /// Takes the next bytes, however they were cut, and gives each event that they complete to `sink`.
    fn push(&mut self, bytes: &[u8], sink: &mut dyn FnMut(Event<'_>));

    /// The body has ended. Gives [`Event::Error`] if the provider's last event has not been seen.
    fn end(&mut self, sink: &mut dyn FnMut(Event<'_>));
}

/// Writes a client's stream.
pub trait Encoder: std::fmt::Debug {
    /// Appends what `event` is in the client's dialect to `out`: nothing, or whole SSE events.
    fn encode(&mut self, event: Event<'_>, out: &mut Vec<u8>);
}
