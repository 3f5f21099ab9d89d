use std::borrow::Cow;

use super::Usage;

/// Why the model stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finish<'a> {
    /// The turn ended by itself.
    Stop,
    /// One of the request's stop sequences was met; which one, where the provider tells.
    StopSequence(Option<Cow<'a, str>>),
    /// `max_tokens` or the context window was used up.
    Length,
    /// The model waits for the results of its tool calls.
    ToolCalls,
    /// The provider's policy cut the answer off.
    ContentFilter,
    /// The model declined to answer.
    Refusal,
}

/// A source that the answer names: OpenAI's `url_citation`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Citation<'a> {
    /// Where the source is.
    pub url: Cow<'a, str>,
    /// What it is called; may be empty.
    pub title: Cow<'a, str>,
    /// From which character of the answer's text up to which it stands for, counted in Unicode characters, where the
    /// provider tells.
    pub span: Option<(u64, u64)>,
}

/// What only one vendor's API tells beside the answer: safety ratings, sources that are no links, signatures of text.
/// It is the vendor's own JSON, which clients that know that vendor read, and may send back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extra<'a> {
    /// Whose: `google`, `anthropic`, `aws`, `cohere`.
    pub vendor: &'static str,
    /// What, in snake case: `safety_ratings`. One name is given once an answer.
    pub name: &'static str,
    /// JSON text.
    pub json: Cow<'a, str>,
}

/// One piece of an answer, in the order the provider gave them.
#[derive(Clone, Debug, PartialEq)]
pub enum ReplyPart<'a> {
    /// Text for the user.
    Text(Cow<'a, str>),
    /// Text that declines to answer, where the provider keeps it apart.
    Refusal(Cow<'a, str>),
    /// The model's reasoning. The signature makes it valid when it is sent back to the same provider.
    Thinking {
        /// The reasoning, possibly empty where the provider withholds it.
        text: Cow<'a, str>,
        /// Opaque; only its own provider can check it.
        signature: Option<Cow<'a, str>>,
    },
    /// Reasoning that the provider encrypted.
    RedactedThinking(Cow<'a, str>),
    /// A call that the client is to make.
    ToolCall {
        /// Names the call in the result that answers it.
        id: Cow<'a, str>,
        /// The tool's name as the client declared it.
        name: Cow<'a, str>,
        /// A JSON object as text; `{}` for a call without arguments, never empty.
        arguments: Cow<'a, str>,
        /// The reasoning behind the call, as the provider signed it; opaque, and wanted back with the call.
        signature: Option<Cow<'a, str>>,
    },
    /// A source.
    Citation(Citation<'a>),
    /// What only the vendor's own API tells.
    Extra(Extra<'a>),
}

/// A whole answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply<'a> {
    /// The provider's id of the answer.
    pub id: Option<Cow<'a, str>>,
    /// The model as the provider names it.
    pub model: Option<Cow<'a, str>>,
    /// Unix time in seconds, where the provider tells.
    pub created: Option<u64>,
    /// What was answered.
    pub parts: Vec<ReplyPart<'a>>,
    /// Why it ended.
    pub finish: Finish<'a>,
    /// What it took.
    pub usage: Option<Usage>,
}

impl Reply<'_> {
    /// Whether the provider declined to answer: by policy, and with nothing that a client could use.
    pub fn is_declined(&self) -> bool {
        let says = |part: &ReplyPart<'_>| match part {
            ReplyPart::Text(text) => !text.is_empty(),
            ReplyPart::ToolCall { .. } => true,
            _ => false,
        };
        matches!(self.finish, Finish::ContentFilter | Finish::Refusal) && !self.parts.iter().any(says)
    }
}
