//! A reply of those who are compatible with OpenAI, or one chunk of a stream, member by member: what whole replies and
//! streams are read by on their way into the intermediate form. Mistral's are read by it too.
//!
//! What differs from provider to provider: content may be a list of parts (Mistral), reasoning is `reasoning_content`
//! (DeepSeek, vLLM, SGLang), `reasoning` (Groq, OpenRouter, Together), `reasoning_details` (OpenRouter) or a part of the
//! content (Mistral), usage and errors may be members of Groq's own, sources are `annotations` (OpenAI) or stand beside
//! the choices (Perplexity, xAI). Parts of kinds that no client has a place for are passed over.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::{
    ir::{ApiError, Citation, Finish},
    provider::{
        json::{compact, count, list, pick_bytes, pick_in, text},
        openai::error,
    },
};

/// A reply, or one chunk of a stream.
pub(in crate::provider) struct Answer<'a> {
    /// Not empty.
    pub(in crate::provider) id: Option<Cow<'a, str>>,
    /// Not empty.
    pub(in crate::provider) model: Option<Cow<'a, str>>,
    pub(in crate::provider) created: Option<u64>,
    choices: Option<&'a RawValue>,
    pub(in crate::provider) usage: Option<&'a RawValue>,
    /// A list of sources beside the choices, as JSON text.
    pub(in crate::provider) sources: Option<&'a RawValue>,
}

/// One answer, or a piece of it.
pub(in crate::provider) struct Choice<'a> {
    /// The message, or the delta of one.
    pub(in crate::provider) turn: Option<Turn<'a>>,
    /// JSON text.
    pub(in crate::provider) finish_reason: &'a str,
}

impl<'a> Answer<'a> {
    /// `None` where the bytes are neither a reply nor an error.
    ///
    /// # Errors
    ///
    /// The provider's own, which some also send with status 200 and in the middle of a stream.
    pub(in crate::provider) fn read(bytes: &'a [u8]) -> Result<Option<Self>, ApiError> {
        let names = [
            "id",
            "model",
            "created",
            "choices",
            "usage",
            "object",
            "error",
            "detail",
            "x_groq",
            "citations",
            "search_results",
        ];
        let Some(found) = pick_bytes(bytes, names) else { return Ok(None) };
        let [id, model, created, choices, usage, object, failed, detail, groq, links, results] = found;
        let bare = choices.is_none() && detail.is_some();
        // vLLM's and Mistral's have no wrapper.
        if bare || failed.is_some() || text(object).as_deref() == Some("error") {
            return Err(error::read(200, bytes));
        }
        let [of_groq, failed] = pick_in(groq, ["usage", "error"]).unwrap_or_default();
        if let Some(failed) = failed {
            return Err(error::read(200, failed.get().as_bytes()));
        }
        Ok(Some(Self {
            id: some(text(id)),
            model: some(text(model)),
            created: count(created),
            choices,
            usage: usage.or(of_groq),
            sources: results.or(links),
        }))
    }

    /// Whether it has a choice. (Azure's first chunk has none, and no id; the chunk that tells usage has none either.)
    pub(in crate::provider) fn has_choices(&self) -> bool {
        !list(self.choices).is_empty()
    }

    /// The first answer; the gateway asks for no others.
    ///
    /// # Errors
    ///
    /// Where the choice tells of one (OpenRouter).
    pub(in crate::provider) fn first(&self) -> Result<Option<Choice<'a>>, ApiError> {
        for raw in list(self.choices) {
            let names = ["index", "message", "delta", "finish_reason", "error"];
            let Some([index, message, delta, reason, failed]) = pick_bytes(raw.get().as_bytes(), names)
            else {
                continue;
            };
            if index.is_some_and(|index| index.get() != "0") {
                continue;
            }
            if let Some(failed) = failed {
                return Err(error::read(200, failed.get().as_bytes()));
            }
            let turn = message.or(delta).and_then(Turn::read);
            return Ok(Some(Choice { turn, finish_reason: reason.map_or("null", RawValue::get) }));
        }
        Ok(None)
    }
}

/// The end of an answer by OpenAI's word for it; `calls` says whether the answer holds calls, which then are why it
/// ended.
pub(in crate::provider) fn finish_of(word: &str, calls: bool) -> Finish<'static> {
    match word {
        "length" => Finish::Length,
        "content_filter" => Finish::ContentFilter,
        "tool_calls" | "function_call" => Finish::ToolCalls,
        _ if calls => Finish::ToolCalls,
        _ => Finish::Stop,
    }
}

/// A message, or a delta of one.
pub(in crate::provider) struct Turn<'a> {
    content: Option<&'a RawValue>,
    refusal: Option<&'a RawValue>,
    calls: Option<&'a RawValue>,
    /// The first form of a call.
    function: Option<&'a RawValue>,
    /// `reasoning_content`, `reasoning`, `reasoning_details`.
    reasoning: [Option<&'a RawValue>; 3],
    annotations: Option<&'a RawValue>,
}

/// What a turn says. No text is empty, but for a thought that is a signature alone.
pub(in crate::provider) enum Piece<'a> {
    Text(Cow<'a, str>),
    Refusal(Cow<'a, str>),
    Thought { text: Cow<'a, str>, signature: Option<Cow<'a, str>> },
    Citation(Citation<'a>),
}

/// A call of a tool, or more of one. No text is empty.
pub(in crate::provider) struct Call<'a> {
    pub(in crate::provider) index: Option<u64>,
    pub(in crate::provider) id: Option<Cow<'a, str>>,
    pub(in crate::provider) name: Option<Cow<'a, str>>,
    pub(in crate::provider) arguments: Option<Cow<'a, str>>,
    pub(in crate::provider) signature: Option<Cow<'a, str>>,
}

impl<'a> Turn<'a> {
    fn read(raw: &'a RawValue) -> Option<Self> {
        let names = [
            "content",
            "refusal",
            "tool_calls",
            "function_call",
            "reasoning_content",
            "reasoning",
            "reasoning_details",
            "annotations",
        ];
        let [content, refusal, calls, function, one, two, three, annotations] =
            pick_bytes(raw.get().as_bytes(), names)?;
        let reasoning = [one, two, three];
        Some(Self { content, refusal, calls, function, reasoning, annotations })
    }

    /// Gives what it says, in order.
    pub(in crate::provider) fn pieces(&self, each: &mut dyn FnMut(Piece<'a>)) {
        if let Some(text) = self.thought() {
            each(Piece::Thought { text, signature: None });
        }
        match some(text(self.content)) {
            Some(text) => each(Piece::Text(text)),
            None => list(self.content).into_iter().filter_map(part).for_each(&mut *each),
        }
        if let Some(text) = some(text(self.refusal)) {
            each(Piece::Refusal(text));
        }
        citations(self.annotations, &mut |citation| each(Piece::Citation(citation)));
    }

    /// Its reasoning, if that stands beside the content. Who has several of the members says the same in each.
    fn thought(&self) -> Option<Cow<'a, str>> {
        let [one, two, details] = self.reasoning;
        some(text(one)).or_else(|| some(text(two))).or_else(|| some(joined(details, "summary")))
    }

    /// Its calls, in order.
    pub(in crate::provider) fn calls(&self) -> impl Iterator<Item = Call<'a>> + use<'a> {
        let legacy = self.function.map(|raw| Call::of(None, None, Some(raw), None));
        list(self.calls).into_iter().filter_map(Call::read).chain(legacy)
    }
}

/// What a part of the content says to a client.
fn part(raw: &RawValue) -> Option<Piece<'_>> {
    let names = ["type", "text", "refusal", "thinking", "signature"];
    let [kind, said, refusal, thought, signature] = pick_bytes(raw.get().as_bytes(), names)?;
    match text(kind).as_deref() {
        // The type may be left out of a part of text.
        Some("text" | "output_text") | None => some(text(said)).map(Piece::Text),
        Some("refusal") => some(text(refusal)).map(Piece::Refusal),
        Some("thinking") => {
            let (text, signature) = (joined(thought, "text").unwrap_or_default(), some(text(signature)));
            (!text.is_empty() || signature.is_some()).then_some(Piece::Thought { text, signature })
        }
        Some(_) => None,
    }
}

impl<'a> Call<'a> {
    fn read(raw: &'a RawValue) -> Option<Self> {
        let [index, id, function, extra] =
            pick_bytes(raw.get().as_bytes(), ["index", "id", "function", "extra_content"])?;
        Some(Self::of(index, id, function, extra))
    }

    fn of(
        index: Option<&'a RawValue>,
        id: Option<&'a RawValue>,
        function: Option<&'a RawValue>,
        extra: Option<&'a RawValue>,
    ) -> Self {
        let [name, arguments] = pick_in(function, ["name", "arguments"]).unwrap_or_default();
        let [google] = pick_in(extra, ["google"]).unwrap_or_default();
        let [signature] = pick_in(google, ["thought_signature"]).unwrap_or_default();
        Self {
            index: count(index),
            // `null` is the word of Mistral's SDK for no id.
            id: some(text(id)).filter(|id| id != "null"),
            name: some(text(name)),
            arguments: some(arguments.and_then(arguments_of)),
            signature: some(text(signature)),
        }
    }
}

/// Gives the sources of a list: OpenAI's annotations, objects with a `url`, or URLs.
pub(in crate::provider) fn citations<'a>(raw: Option<&'a RawValue>, each: &mut dyn FnMut(Citation<'a>)) {
    for raw in list(raw) {
        if let Some(url) = some(text(Some(raw))) {
            each(Citation { url, ..Citation::default() });
            continue;
        }
        let [inner] = pick_in(Some(raw), ["url_citation"]).unwrap_or_default();
        let names = ["url", "title", "start_index", "end_index"];
        let Some([url, title, start, end]) = pick_in(inner.or(Some(raw)), names) else { continue };
        let Some(url) = some(text(url)) else { continue };
        let span = count(start).zip(count(end));
        each(Citation { url, title: text(title).unwrap_or_default(), span });
    }
}

/// A text, or the texts of a list of parts joined, which are called `text` or `other`; `None` where it is neither.
pub(in crate::provider) fn joined<'a>(raw: Option<&'a RawValue>, other: &str) -> Option<Cow<'a, str>> {
    let said = |part: &'a RawValue| {
        let [said, other] = pick_bytes(part.get().as_bytes(), ["text", other])?;
        text(said).or_else(|| text(other))
    };
    let texts = text(raw).into_iter().chain(list(raw).into_iter().filter_map(said));
    texts.reduce(|joined, text| Cow::Owned(joined.into_owned() + &text))
}

/// JSON text, or an object in its place.
fn arguments_of(raw: &RawValue) -> Option<Cow<'_, str>> {
    if raw.get().starts_with('{') { Some(compact(raw.get())) } else { text(Some(raw)) }
}

/// A text that is not empty.
fn some(text: Option<Cow<'_, str>>) -> Option<Cow<'_, str>> {
    text.filter(|text| !text.is_empty())
}
