//! The items that an answer is made of: the same in a whole reply and in the events of a stream.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::{
    error,
    json::{Fields, elements},
};
use crate::{
    dialect::responses::custom,
    ir::{ApiError, Citation, Finish},
    provider::fault::{no_call, server},
    signature,
};

/// Between two pieces of reasoning: each is a paragraph or more, with a heading.
pub(super) const BREAK: &str = "\n\n";

/// A response: a whole reply, or within an event.
pub(super) struct Response<'a>(pub(super) Fields<'a>);

impl<'a> Response<'a> {
    /// Why it failed, where `json`, which this was read from, says so.
    pub(super) fn failure(&self, json: &[u8]) -> Option<ApiError> {
        if self.0.raw("error").is_some() {
            return Some(error::told(json));
        }
        match self.0.text("status").as_deref() {
            Some("failed") => Some(server("The provider's answer failed.")),
            Some("cancelled") => Some(server("The provider's answer was cancelled.")),
            _ => None,
        }
    }

    /// Why there is no answer yet: only one that was asked for in the background comes back before its end.
    pub(super) fn pending(&self) -> Option<ApiError> {
        let pends = matches!(self.0.text("status").as_deref(), Some("queued" | "in_progress"));
        pends.then(|| server("The provider's answer has not ended."))
    }

    /// Its items, as they came; `None` where it is no response.
    pub(super) fn items(&self) -> Option<Vec<&'a RawValue>> {
        match self.0.raw("output") {
            Some(raw) => elements(raw),
            None => (self.0.text("object").as_deref() == Some("response")).then(Vec::new),
        }
    }

    /// Unix time in seconds; some servers send fractions.
    pub(super) fn created(&self) -> Option<u64> {
        let seconds: f64 = serde_json::from_str(self.0.raw("created_at")?.get()).ok()?;
        (seconds >= 0.0).then_some(seconds as u64)
    }

    /// Why the answer ended. `calls` says whether it holds calls, which then are why; `incomplete`, whether the event
    /// says that it is.
    pub(super) fn finish(&self, calls: bool, incomplete: bool) -> Finish<'static> {
        if incomplete || self.0.text("status").as_deref() == Some("incomplete") {
            let reason = self.0.object("incomplete_details").and_then(|details| details.text("reason"));
            return match reason.as_deref() {
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
    /// A call of a function or a custom tool that the client is to make.
    Call,
    /// What the model thought.
    Reasoning,
    /// Anything else: [`super::beside`].
    Other,
}

/// One item.
pub(super) struct Item<'a>(pub(super) Fields<'a>);

impl<'a> Item<'a> {
    /// `None` where it is no object.
    pub(super) fn read(raw: &'a RawValue) -> Option<Self> {
        Fields::of(raw).map(Self)
    }

    pub(super) fn kind(&self) -> Kind {
        match self.0.text("type").as_deref() {
            Some("message") => Kind::Message,
            Some("function_call" | "custom_tool_call") => Kind::Call,
            Some("reasoning") => Kind::Reasoning,
            _ => Kind::Other,
        }
    }

    /// The parts of `content`.
    pub(super) fn parts(&self) -> Vec<Fields<'a>> {
        self.0.list("content").into_iter().filter_map(Fields::of).collect()
    }

    /// The parts of `summary`.
    pub(super) fn summaries(&self) -> Vec<Fields<'a>> {
        self.0.list("summary").into_iter().filter_map(Fields::of).collect()
    }

    /// The text of reasoning: summaries, then what servers of open models tell in full.
    pub(super) fn thoughts(&self) -> Cow<'a, str> {
        let parts = self.summaries().into_iter().chain(self.parts());
        let mut texts = parts.filter_map(|part| part.some_text("text"));
        let mut all = texts.next().unwrap_or_default();
        for text in texts {
            let all = all.to_mut();
            all.push_str(BREAK);
            all.push_str(&text);
        }
        all
    }

    /// What makes reasoning good to be sent back to `provider`, which gave it, where it was asked for.
    pub(super) fn signature(&self, provider: &str) -> Option<String> {
        signature::of_openai(provider, &self.0.text("id")?, &self.0.text("encrypted_content")?)
    }

    /// The name of the function, the id of the call, and its arguments, which are empty where there are none. `made` is
    /// the id where the provider gave none.
    ///
    /// # Errors
    ///
    /// For a call without a name.
    // A custom tool is offered where a request came in the words of Responses alone, and told of as it was asked for.
    pub(super) fn call(self, made: impl FnOnce() -> String) -> Result<Call<'a>, ApiError> {
        let name = self.0.some_text("name").ok_or_else(no_call)?;
        let id = self.0.some_text("call_id").or_else(|| self.0.some_text("id"));
        let id = id.unwrap_or_else(|| Cow::Owned(made()));
        let input = self.0.some_text("input").map(|text| Cow::Owned(custom::wrapped(&text)));
        let arguments = self.0.text("arguments").or(input);
        let arguments = arguments.filter(|text| !text.trim().is_empty()).unwrap_or_default();
        Ok(Call { id, name, arguments })
    }
}

/// A call of a function.
pub(super) struct Call<'a> {
    pub(super) id: Cow<'a, str>,
    pub(super) name: Cow<'a, str>,
    pub(super) arguments: Cow<'a, str>,
}

/// The link that an annotation is, if it is one. Its places count from the start of its part, `before` characters behind
/// that of the answer's text.
pub(super) fn citation(raw: &RawValue, before: u64) -> Option<Citation<'_>> {
    let annotation = Fields::of(raw)?;
    if annotation.text("type")? != "url_citation" {
        return None;
    }
    let span = annotation.count("start_index").zip(annotation.count("end_index"));
    Some(Citation {
        url: annotation.text("url")?,
        title: annotation.text("title").unwrap_or_default(),
        span: span.map(|(start, end)| (start.saturating_add(before), end.saturating_add(before))),
    })
}

/// How many characters a text has, as places in it are counted.
pub(super) fn characters(text: &str) -> u64 {
    text.chars().count() as u64
}
