//! The items that an answer is made of: the same in a whole reply and in the events of a stream.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    error,
    json::{Count, MaybeText, elements, object},
};
use crate::{
    ir::{ApiError, Citation, Finish},
    provider::{
        fault::{no_call, server},
        signature,
    },
};

/// Between two pieces of reasoning: each is a paragraph or more, with a heading.
pub(super) const BREAK: &str = "\n\n";

/// A response: a whole reply, or within an event.
#[derive(Deserialize)]
pub(super) struct Response<'a> {
    #[serde(borrow, default)]
    pub(super) id: MaybeText<'a>,
    #[serde(borrow, default)]
    pub(super) model: MaybeText<'a>,
    #[serde(borrow, default)]
    object: MaybeText<'a>,
    #[serde(borrow, default)]
    status: MaybeText<'a>,
    #[serde(borrow, default)]
    created_at: Option<&'a RawValue>,
    #[serde(borrow, default)]
    output: Option<&'a RawValue>,
    #[serde(borrow, default)]
    incomplete_details: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) usage: Option<&'a RawValue>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Incomplete<'a> {
    #[serde(borrow, default)]
    reason: MaybeText<'a>,
}

impl<'a> Response<'a> {
    /// Why it failed, where `json`, which this was read from, says so.
    pub(super) fn failure(&self, json: &[u8]) -> Option<ApiError> {
        if self.error.is_some() {
            return Some(error::told(json));
        }
        match self.status.0.as_deref() {
            Some("failed") => Some(server("The provider's answer failed.")),
            Some("cancelled") => Some(server("The provider's answer was cancelled.")),
            _ => None,
        }
    }

    /// Why there is no answer yet: only one that was asked for in the background comes back before its end.
    pub(super) fn pending(&self) -> Option<ApiError> {
        let pends = matches!(self.status.0.as_deref(), Some("queued" | "in_progress"));
        pends.then(|| server("The provider's answer has not ended."))
    }

    /// Its items, as they came; `None` where it is no response.
    pub(super) fn items(&self) -> Option<Vec<&'a RawValue>> {
        match self.output {
            Some(raw) => elements(raw),
            None => (self.object.0.as_deref() == Some("response")).then(Vec::new),
        }
    }

    /// Unix time in seconds; some servers send fractions.
    pub(super) fn created(&self) -> Option<u64> {
        let seconds: f64 = serde_json::from_str(self.created_at?.get()).ok()?;
        (seconds >= 0.0).then_some(seconds as u64)
    }

    /// Why the answer ended. `calls` says whether it holds calls, which then are why; `incomplete`, whether the event
    /// says that it is.
    pub(super) fn finish(&self, calls: bool, incomplete: bool) -> Finish<'static> {
        if incomplete || self.status.0.as_deref() == Some("incomplete") {
            let reason = self.incomplete_details.and_then(object::<Incomplete<'_>>);
            return match reason.and_then(|details| details.reason.0).as_deref() {
                Some("content_filter") => Finish::ContentFilter,
                // `max_output_tokens`, and whatever else cuts an answer short.
                _ => Finish::Length,
            };
        }
        if calls { Finish::ToolCalls } else { Finish::Stop }
    }
}

/// What an item is to a chat client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Text, or that the model declined.
    Message,
    /// A call of a function that the client is to make.
    Call,
    /// What the model thought.
    Reasoning,
    /// Anything else: [`super::beside`].
    Other,
}

/// One item; each kind uses some of these.
#[derive(Deserialize)]
pub(super) struct Item<'a> {
    #[serde(borrow, default, rename = "type")]
    pub(super) kind: MaybeText<'a>,
    #[serde(borrow, default)]
    pub(super) id: MaybeText<'a>,
    #[serde(borrow, default)]
    call_id: MaybeText<'a>,
    #[serde(borrow, default)]
    name: MaybeText<'a>,
    #[serde(borrow, default)]
    arguments: MaybeText<'a>,
    #[serde(borrow, default)]
    content: Option<&'a RawValue>,
    #[serde(borrow, default)]
    summary: Option<&'a RawValue>,
    #[serde(borrow, default)]
    encrypted_content: MaybeText<'a>,
}

/// One part of a message's or of reasoning's content.
#[derive(Deserialize)]
pub(super) struct Part<'a> {
    #[serde(borrow, default)]
    pub(super) text: MaybeText<'a>,
    #[serde(borrow, default)]
    pub(super) refusal: MaybeText<'a>,
    #[serde(borrow, default)]
    annotations: Option<&'a RawValue>,
}

impl<'a> Item<'a> {
    /// `None` where it is no object.
    pub(super) fn read(raw: &'a RawValue) -> Option<Self> {
        object(raw)
    }

    pub(super) fn kind(&self) -> Kind {
        match self.kind.0.as_deref() {
            Some("message") => Kind::Message,
            Some("function_call") => Kind::Call,
            Some("reasoning") => Kind::Reasoning,
            _ => Kind::Other,
        }
    }

    /// The parts of `content`.
    pub(super) fn parts(&self) -> Vec<Part<'a>> {
        parts(self.content)
    }

    /// The parts of `summary`.
    pub(super) fn summaries(&self) -> Vec<Part<'a>> {
        parts(self.summary)
    }

    /// The text of reasoning: summaries, then what servers of open models tell in full.
    pub(super) fn thoughts(&self) -> Cow<'a, str> {
        let texts = self.summaries().into_iter().chain(self.parts()).filter_map(|part| part.text.0);
        let mut texts = texts.filter(|text| !text.is_empty());
        let mut all = texts.next().unwrap_or_default();
        for text in texts {
            let all = all.to_mut();
            all.push_str(BREAK);
            all.push_str(&text);
        }
        all
    }

    /// What makes reasoning good to be sent back, where it was asked for.
    pub(super) fn signature(&self) -> Option<String> {
        signature::of_openai(self.id.0.as_deref()?, self.encrypted_content.0.as_deref()?)
    }

    /// The name of the function, the id of the call, and its arguments, which are empty where there are none. `made` is
    /// the id where the provider gave none.
    ///
    /// # Errors
    ///
    /// For a call without a name.
    pub(super) fn call(self, made: impl FnOnce() -> String) -> Result<Call<'a>, ApiError> {
        let some = |text: MaybeText<'a>| text.0.filter(|text| !text.is_empty());
        let name = some(self.name).ok_or_else(|| no_call())?;
        let id = some(self.call_id).or(some(self.id)).unwrap_or_else(|| Cow::Owned(made()));
        let arguments = self.arguments.0.filter(|text| !text.trim().is_empty()).unwrap_or_default();
        Ok(Call { id, name, arguments })
    }
}

/// A call of a function.
pub(super) struct Call<'a> {
    pub(super) id: Cow<'a, str>,
    pub(super) name: Cow<'a, str>,
    pub(super) arguments: Cow<'a, str>,
}

fn parts(raw: Option<&RawValue>) -> Vec<Part<'_>> {
    raw.and_then(elements).unwrap_or_default().into_iter().filter_map(object).collect()
}

impl<'a> Part<'a> {
    /// Its annotations, as they came.
    pub(super) fn annotations(&self) -> Vec<&'a RawValue> {
        self.annotations.and_then(elements).unwrap_or_default()
    }
}

#[derive(Deserialize)]
struct Annotation<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: MaybeText<'a>,
    #[serde(borrow, default)]
    url: MaybeText<'a>,
    #[serde(borrow, default)]
    title: MaybeText<'a>,
    #[serde(default)]
    start_index: Count,
    #[serde(default)]
    end_index: Count,
}

/// The link that an annotation is, if it is one. Its places count from the start of its part, `before` characters behind
/// that of the answer's text.
pub(super) fn citation(raw: &RawValue, before: u64) -> Option<Citation<'_>> {
    let annotation: Annotation<'_> = object(raw)?;
    if annotation.kind.0.as_deref() != Some("url_citation") {
        return None;
    }
    let span = annotation.start_index.0.zip(annotation.end_index.0);
    Some(Citation {
        url: annotation.url.0?,
        title: annotation.title.0.unwrap_or_default(),
        span: span.map(|(start, end)| (start.saturating_add(before), end.saturating_add(before))),
    })
}

/// How many characters a text has, as places in it are counted.
pub(super) fn characters(text: &str) -> u64 {
    text.chars().count() as u64
}
