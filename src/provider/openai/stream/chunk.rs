//! The members of a chunk that are looked at as it passes.

use serde::{Deserialize, de::IgnoredAny};
use serde_json::value::RawValue;

#[derive(Deserialize)]
pub(super) struct Chunk<'a> {
    choices: Option<Vec<Choice>>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    #[serde(borrow)]
    object: Option<&'a RawValue>,
    #[serde(borrow)]
    x_groq: Option<Groq<'a>>,
}

#[derive(Deserialize)]
struct Choice {
    #[serde(default)]
    index: u64,
    finish_reason: Option<IgnoredAny>,
}

/// Groq's own member: it has the usage where none was asked for, and errors.
#[derive(Deserialize)]
struct Groq<'a> {
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

impl<'a> Chunk<'a> {
    /// What tells of an error, if anything does: the chunk, whose text is `data`, or a part of it.
    pub(super) fn error<'d>(&self, data: &'d [u8]) -> Option<&'d [u8]>
    where
        'a: 'd,
    {
        // vLLM's has no wrapper.
        if self.error.is_some() || self.object.is_some_and(|object| object.get() == "\"error\"") {
            return Some(data);
        }
        Some(self.x_groq.as_ref()?.error?.get().as_bytes())
    }

    pub(super) fn usage(&self) -> Option<&'a RawValue> {
        self.usage.or_else(|| self.x_groq.as_ref()?.usage)
    }

    /// Whether there is nothing in it but what it adds to choices that go on.
    pub(super) fn is_quiet(&self) -> bool {
        let mut choices = self.choices.iter().flatten();
        self.error.is_none()
            && self.usage.is_none()
            && self.x_groq.is_none()
            && choices.all(|choice| choice.finish_reason.is_none())
    }

    /// Azure's first chunk has none either, but no usage.
    pub(super) fn has_choices(&self) -> bool {
        self.choices.as_ref().is_some_and(|choices| !choices.is_empty())
    }
}

/// Which choices began and which have finished, one bit each; choices from the 128th on (OpenAI's limit) share one.
#[derive(Debug, Default)]
pub(super) struct Finished {
    begun: u128,
    finished: u128,
}

impl Finished {
    pub(super) fn note(&mut self, chunk: &Chunk<'_>) {
        for choice in chunk.choices.iter().flatten() {
            let bit = 1u128 << choice.index.min(127);
            self.begun |= bit;
            if choice.finish_reason.is_some() {
                self.finished |= bit;
            }
        }
    }

    /// Whether every choice that began has finished, and one has.
    pub(super) fn all(&self) -> bool {
        self.begun != 0 && self.begun == self.finished
    }
}

/// Whether an event that the end of the body cut short of its blank line is whole.
pub(super) fn is_whole(data: &[u8]) -> bool {
    let data = data.trim_ascii();
    data.is_empty() || data == b"[DONE]" || serde_json::from_slice::<IgnoredAny>(data).is_ok()
}
