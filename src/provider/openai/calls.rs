//! Tool calls as those who are compatible with OpenAI tell them: without `index` or `type`, all with the index 0, without
//! arguments or with an object in their place.

use serde_json::value::RawValue;

use super::edits::Edits;
use crate::{
    dialect::chat::json,
    provider::json::{list, pick_bytes, pick_with_nulls, text},
};

/// The most calls of a stream that are looked after, which is OpenAI's limit of parallel calls; others pass as they are.
const MOST: usize = 128;

/// The calls of one stream so far.
#[derive(Debug, Default)]
pub(in crate::provider) struct Calls {
    list: Vec<Call>,
}

#[derive(Debug)]
struct Call {
    /// The choice it is in.
    choice: u64,
    /// Its index as the client is told.
    index: u64,
    /// Its index as the provider tells; the client's where it tells none.
    theirs: u64,
    /// Of its id.
    hash: u64,
    /// It has arguments.
    filled: bool,
}

/// One element of `tool_calls`, and its function. Members that are null are there.
struct Told<'a> {
    index: Option<&'a RawValue>,
    id: Option<&'a RawValue>,
    r#type: Option<&'a RawValue>,
    function: &'a RawValue,
    name: Option<&'a RawValue>,
    arguments: Option<&'a RawValue>,
}

impl<'a> Told<'a> {
    /// `None` for what is no call.
    fn read(raw: &'a RawValue) -> Option<Self> {
        let [index, id, r#type, function] =
            pick_with_nulls(raw.get().as_bytes(), ["index", "id", "type", "function"])?;
        let function = function?;
        let [name, arguments] = pick_with_nulls(function.get().as_bytes(), ["name", "arguments"])?;
        Some(Self { index, id, r#type, function, name, arguments })
    }
}

/// The calls in a `delta` or a `message`; whatever is of another shape passes as it is.
fn calls_of(turn: &RawValue) -> Vec<&RawValue> {
    list(pick_bytes(turn.get().as_bytes(), ["tool_calls"]).and_then(|[calls]| calls))
}

impl Calls {
    /// Notes what a choice's `delta`, a part of `data`, tells of calls, and mends it. Returns whether a chunk that
    /// differs from this one in its texts alone may tell more: whether it has calls, but for arguments of one that has
    /// some already.
    pub(super) fn note(&mut self, choice: u64, delta: &RawValue, data: &[u8], edits: &mut Edits) -> bool {
        let mut tells = false;
        for raw in calls_of(delta) {
            let Some(told) = Told::read(raw) else { continue };
            tells |= self.call(choice, raw, &told, data, edits);
        }
        tells
    }

    fn call(&mut self, choice: u64, raw: &RawValue, told: &Told<'_>, data: &[u8], edits: &mut Edits) -> bool {
        let theirs = told.index.and_then(|raw| raw.get().parse::<u64>().ok());
        let names = text(told.name).is_some_and(|name| !name.is_empty());
        let id = text(told.id).unwrap_or_default();
        let Some((at, begins)) = self.take(choice, theirs, names, &id) else { return true };
        let Some(call) = self.list.get_mut(at) else { return true };
        if theirs != Some(call.index) {
            member("index", call.index.to_string(), told.index, raw, data, edits);
        }
        if begins {
            typed(told, raw, data, edits);
        }
        if let Some(arguments) = told.arguments {
            call.filled |= !matches!(arguments.get(), "\"\"" | "null");
            as_text(arguments, data, edits);
        }
        begins || told.name.is_some() || !call.filled
    }

    /// Which call of the list, counted from 0, an element with this index, id and perhaps a name is about, and whether it
    /// begins there; `None` where there are too many.
    ///
    /// A name and another id begin a call even at an index that is taken: Ollama once told 0 for all. An id alone does
    /// not: vLLM once told another one in each chunk.
    pub(in crate::provider) fn take(
        &mut self,
        choice: u64,
        theirs: Option<u64>,
        names: bool,
        id: &str,
    ) -> Option<(usize, bool)> {
        let is_it = |call: &Call| call.choice == choice && theirs.is_none_or(|index| call.theirs == index);
        let known = self.list.iter().rposition(is_it);
        let known = known.filter(|at| match id {
            _ if !names => true,
            "" => theirs.is_some(),
            id => self.list.get(*at).is_some_and(|call| call.hash == hash(id)),
        });
        if let Some(at) = known {
            return Some((at, false));
        }
        if self.list.len() >= MOST {
            return None;
        }
        let taken = self.list.iter().filter(|call| call.choice == choice);
        let next = taken.clone().map(|call| call.index.saturating_add(1)).max().unwrap_or(0);
        let index = theirs.filter(|index| !taken.clone().any(|call| call.index == *index)).unwrap_or(next);
        let theirs = theirs.unwrap_or(index);
        self.list.push(Call { choice, index, theirs, hash: hash(id), filled: false });
        Some((self.list.len() - 1, true))
    }

    /// The call at this place of the list has arguments.
    pub(in crate::provider) fn fill(&mut self, at: usize) {
        if let Some(call) = self.list.get_mut(at) {
            call.filled = true;
        }
    }

    /// Whether the calls of the list have arguments, in order.
    pub(in crate::provider) fn filled(&self) -> impl Iterator<Item = bool> + '_ {
        self.list.iter().map(|call| call.filled)
    }

    /// The calls of a choice, or of all, that end without arguments: choice and index. They are told `{}`, and have some
    /// from now on.
    pub(super) fn without_arguments(&mut self, choice: Option<u64>) -> Vec<(u64, u64)> {
        let is_asked = |call: &&mut Call| !call.filled && choice.is_none_or(|choice| call.choice == choice);
        let told = self.list.iter_mut().filter(is_asked).map(|call| {
            call.filled = true;
            (call.choice, call.index)
        });
        told.collect()
    }
}

/// Mends the calls of a whole answer's `message`, a part of `data`.
pub(super) fn mend(message: &RawValue, data: &[u8], edits: &mut Edits) {
    for raw in calls_of(message) {
        let Some(told) = Told::read(raw) else { continue };
        typed(&told, raw, data, edits);
        match told.arguments {
            Some(arguments) if matches!(arguments.get(), "\"\"" | "null") => {
                edits.replace(data, arguments.get(), &b"\"{}\""[..]);
            }
            Some(arguments) => as_text(arguments, data, edits),
            None => member("arguments", "\"{}\"".into(), None, told.function, data, edits),
        }
    }
}

/// Says that a call is one of a function, where nothing says what it is.
fn typed(told: &Told<'_>, raw: &RawValue, data: &[u8], edits: &mut Edits) {
    if told.r#type.is_none_or(|kind| kind.get() == "null") {
        member("type", "\"function\"".into(), told.r#type, raw, data, edits);
    }
}

/// Arguments that are an object become its text.
fn as_text(arguments: &RawValue, data: &[u8], edits: &mut Edits) {
    if arguments.get().starts_with('{') {
        let mut quoted = Vec::with_capacity(arguments.get().len() + 16);
        json::string(arguments.get(), &mut quoted);
        edits.replace(data, arguments.get(), quoted);
    }
}

/// Gives `object`, a part of `data`, a member: in the place of its `present` value, or as its first.
fn member(
    name: &str,
    value: String,
    present: Option<&RawValue>,
    object: &RawValue,
    data: &[u8],
    edits: &mut Edits,
) {
    if let Some(present) = present {
        return edits.replace(data, present.get(), value);
    }
    let Some(inside) = object.get().get(1..) else { return };
    let comma = if inside.trim_ascii_start().starts_with('}') { "" } else { "," };
    edits.replace(data, inside.get(..0).unwrap_or_default(), format!("\"{name}\":{value}{comma}"));
}

/// FNV-1a: ids are told apart, not secured.
pub(super) fn hash(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
