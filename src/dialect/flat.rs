//! Requests whose meaning lies in the members of one object: embeddings, rerank. Read in one pass, nothing built.

use std::{fmt, ops::Range};

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::chat::scan::{body::wrong_type, malformed, model_name, object, shape::Shape, span};
use crate::ir::ApiError;

/// The members that a reader asks for.
pub(super) struct Names {
    /// Those that have a meaning here; the first is `model`.
    pub(super) known: &'static [&'static str],
    /// How many of them, from the first on, decide who serves the request and how: they must not come in another case.
    pub(super) guarded: usize,
}

/// A request, its members unread but known to be well-formed.
pub(super) struct Flat<'a> {
    /// The model as the client named it, unescaped.
    pub(super) model: String,
    /// The bytes of the model's JSON string in the body.
    pub(super) model_span: Range<usize>,
    names: &'static Names,
    members: Vec<Option<(&'a RawValue, Shape)>>,
    /// Whether there is a member that is none of the known.
    pub(super) unknown: bool,
}

impl<'a> Flat<'a> {
    /// The member of this name, if it is there and not null.
    pub(super) fn get(&self, name: &str) -> Option<(&'a RawValue, Shape)> {
        let index = self.names.known.iter().position(|known| *known == name)?;
        self.members.get(index).copied().flatten().filter(|(_, shape)| !shape.is_null())
    }

    /// The member of this name, which must be there.
    ///
    /// # Errors
    ///
    /// Where it is not; it is named.
    pub(super) fn need(&self, name: &str) -> Result<(&'a RawValue, Shape), ApiError> {
        self.get(name).ok_or_else(|| ApiError::invalid(name, format!("you must provide `{name}`")))
    }

    /// The member of this name, which must be a whole number above 0 if it is there.
    ///
    /// # Errors
    ///
    /// Where it is anything else; it is named.
    pub(super) fn count(&self, name: &str) -> Result<Option<&'a RawValue>, ApiError> {
        let Some((raw, shape)) = self.get(name) else { return Ok(None) };
        if serde_json::from_str::<u64>(raw.get()).is_ok_and(|count| count > 0) {
            return Ok(Some(raw));
        }
        Err(match shape {
            Shape::Number(_) => ApiError::invalid(name, format!("`{name}` must be a whole number above 0")),
            other => wrong_type(name, "a whole number above 0", other),
        })
    }
}

/// Reads a request. The whole body is checked to be one well-formed JSON object, as that of a chat request is
/// ([`super::chat::scan::scan`]).
///
/// # Errors
///
/// For bytes that are none, for a known member that is there more than once, for a guarded one in another case, and
/// for a `model` that is missing or none.
pub(super) fn read<'a>(body: &'a [u8], names: &'static Names) -> Result<Flat<'a>, ApiError> {
    let (text, _) = object(body)?;
    let mut found = Found { names, members: vec![None; names.known.len()], unknown: false, error: None };
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let read = Body(&mut found).deserialize(&mut deserializer).and_then(|()| deserializer.end());
    if let Some(error) = found.error {
        return Err(error);
    }
    read.map_err(|error| malformed(format!("the request body is not valid JSON: {error}")))?;
    let (model, _) = found
        .members
        .first()
        .copied()
        .flatten()
        .ok_or_else(|| ApiError::invalid("model", "you must provide a `model`"))?;
    Ok(Flat {
        model: model_name(model.get())?,
        model_span: span(body, model),
        names,
        members: found.members,
        unknown: found.unknown,
    })
}

struct Found<'a> {
    names: &'static Names,
    members: Vec<Option<(&'a RawValue, Shape)>>,
    unknown: bool,
    /// What is wrong in meaning; the pass stops there.
    error: Option<ApiError>,
}

impl Found<'_> {
    fn fail<E: Error>(&mut self, name: &str, what: &str) -> E {
        self.error = Some(ApiError::invalid(name, format!("`{name}` {what}")));
        E::custom("refused")
    }
}

struct Body<'f, 'a>(&'f mut Found<'a>);

impl<'de> DeserializeSeed<'de> for Body<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Body<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        let found = self.0;
        while let Some(key) = object.next_key_seed(Key(found.names))? {
            match key {
                At::Known(index, name) => {
                    if found.members.get(index).is_some_and(Option::is_some) {
                        return Err(found.fail(name, "is there more than once"));
                    }
                    let raw: &RawValue = object.next_value()?;
                    // Skipping did not look inside.
                    let shape = serde_json::from_str(raw.get()).map_err(A::Error::custom)?;
                    if let Some(slot) = found.members.get_mut(index) {
                        *slot = Some((raw, shape));
                    }
                }
                At::Guise(name) => return Err(found.fail(name, "must be spelled in lower case")),
                At::Unknown => {
                    object.next_value::<Shape>()?;
                    found.unknown = true;
                }
            }
        }
        Ok(())
    }
}

/// Which member a name stands for.
enum At {
    Known(usize, &'static str),
    /// A guarded one but for its case.
    Guise(&'static str),
    Unknown,
}

struct Key(&'static Names);

impl<'de> DeserializeSeed<'de> for Key {
    type Value = At;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<At, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key {
    type Value = At;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<At, E> {
        let mut known = self.0.known.iter().copied().enumerate();
        if let Some((index, known)) = known.find(|(_, known)| *known == name) {
            return Ok(At::Known(index, known));
        }
        let mut guarded = self.0.known.iter().take(self.0.guarded);
        let guise = guarded.find(|guarded| guarded.eq_ignore_ascii_case(name));
        Ok(guise.map_or(At::Unknown, |name| At::Guise(name)))
    }
}
