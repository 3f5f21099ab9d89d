//! The members of a chunk that are looked at as it passes.

use serde_json::value::RawValue;

use crate::provider::json::pick_bytes;

/// The longest id, time and name of a model that are kept for chunks of the gateway's own, in bytes.
const MAX_HEAD: usize = 512;

pub(super) struct Chunk<'a> {
    id: Option<&'a RawValue>,
    created: Option<&'a RawValue>,
    model: Option<&'a RawValue>,
    choices: Vec<Choice<'a>>,
    pub(super) usage: Option<&'a RawValue>,
    error: Option<&'a RawValue>,
    object: Option<&'a RawValue>,
    /// Groq's own member: it has the usage where none was asked for, and errors.
    groq: Option<Groq<'a>>,
}

pub(super) struct Choice<'a> {
    pub(super) index: u64,
    pub(super) finish_reason: Option<&'a RawValue>,
    pub(super) delta: Option<&'a RawValue>,
    error: Option<&'a RawValue>,
}

struct Groq<'a> {
    usage: Option<&'a RawValue>,
    error: Option<&'a RawValue>,
}

impl<'a> Chunk<'a> {
    /// `None` for what is no chunk.
    pub(super) fn read(data: &'a [u8]) -> Option<Self> {
        let names = ["id", "created", "model", "choices", "usage", "error", "object", "x_groq"];
        let [id, created, model, choices, usage, error, object, groq] = pick_bytes(data, names)?;
        let choices = match choices {
            Some(list) => {
                let list: Vec<&RawValue> = serde_json::from_str(list.get()).ok()?;
                list.into_iter().map(Choice::read).collect::<Option<_>>()?
            }
            None => Vec::new(),
        };
        let groq = groq.and_then(|raw| pick_bytes(raw.get().as_bytes(), ["usage", "error"]));
        let groq = groq.map(|[usage, error]| Groq { usage, error });
        Some(Self { id, created, model, choices, usage, error, object, groq })
    }

    /// What tells of an error, if anything does: the chunk, whose text is `data`, or a part of it.
    pub(super) fn error<'d>(&self, data: &'d [u8]) -> Option<&'d [u8]>
    where
        'a: 'd,
    {
        // vLLM's has no wrapper.
        if self.error.is_some() || self.object.is_some_and(|object| object.get() == "\"error\"") {
            return Some(data);
        }
        // OpenRouter's, of one choice.
        let of_choice = self.choices().iter().find_map(|choice| choice.error);
        Some(of_choice.or_else(|| self.groq.as_ref()?.error)?.get().as_bytes())
    }

    pub(super) fn choices(&self) -> &[Choice<'a>] {
        &self.choices
    }

    pub(super) fn has_id(&self) -> bool {
        self.id.is_some_and(|id| id.get() != "\"\"")
    }

    /// The members that all chunks of a stream share, to begin another one with: `{"id":…,"object":…,"created":…,"model":…`.
    /// A value that is long, or of several lines, has a stand-in.
    pub(super) fn head(&self) -> Vec<u8> {
        let short = |raw: Option<&'a RawValue>, other: &'static str| {
            let fits = |text: &&str| text.len() <= MAX_HEAD && !text.contains(['\n', '\r']);
            raw.map(RawValue::get).filter(fits).unwrap_or(other)
        };
        let (id, created) = (short(self.id, "\"\""), short(self.created, "0"));
        let model = short(self.model, "\"\"");
        let head = format!(
            "{{\"id\":{id},\"object\":\"chat.completion.chunk\",\"created\":{created},\"model\":{model}"
        );
        head.into_bytes()
    }

    pub(super) fn usage(&self) -> Option<&'a RawValue> {
        self.usage.or_else(|| self.groq.as_ref()?.usage)
    }

    /// Whether there is nothing in it but what it adds to choices that go on.
    pub(super) fn is_quiet(&self) -> bool {
        let mut choices = self.choices().iter();
        self.error.is_none()
            && self.usage.is_none()
            && self.groq.is_none()
            && choices.all(|choice| choice.finish_reason.is_none())
    }

    /// Azure's first chunk has none either, but no usage.
    pub(super) fn has_choices(&self) -> bool {
        !self.choices().is_empty()
    }
}

impl<'a> Choice<'a> {
    fn read(raw: &'a RawValue) -> Option<Self> {
        let names = ["index", "finish_reason", "delta", "error"];
        let [index, finish_reason, delta, error] = pick_bytes(raw.get().as_bytes(), names)?;
        let index = index.map_or(Some(0), |raw| raw.get().parse().ok())?;
        Some(Self { index, finish_reason, delta, error })
    }
}

/// Which choices began and which have finished, one bit each; choices from the 128th on (OpenAI's limit) share one.
#[derive(Debug, Default)]
pub(super) struct Finished {
    begun: u128,
    finished: u128,
}

impl Finished {
    /// A choice goes on, or finishes. Returns whether it had finished before.
    pub(super) fn note(&mut self, index: u64, finishes: bool) -> bool {
        let bit = 1u128 << index.min(127);
        let before = self.finished & bit != 0 && index < 127;
        self.begun |= bit;
        if finishes {
            self.finished |= bit;
        }
        before
    }

    /// Whether every choice that began has finished, and one has.
    pub(super) fn all(&self) -> bool {
        self.begun != 0 && self.begun == self.finished
    }
}
