//! The members of the request object.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize,
    de::{DeserializeSeed, Deserializer, Error, MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{
    Found,
    messages::{List, Of},
    shape::Shape,
};
use crate::{
    dialect::chat::{
        field::{Field, Fields},
        node::Members,
    },
    ir::ApiError,
};

/// Names whose meaning decides who serves the request and how.
const GUARDED: &[&str] = &["model", "messages", "stream", "stream_options"];

const INCLUDE_USAGE: &str = "include_usage";

/// Reads the request object into `found`.
pub(super) struct Body<'f, 'a> {
    pub(super) found: &'f mut Found<'a>,
}

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
        let mut seen = Fields::default();
        while let Some(key) = object.next_key_seed(KeySeed)? {
            match key {
                Key::Known(field) if seen.contains(field) => {
                    let name = field.name();
                    let message = format!("`{name}` is there more than once");
                    return Err(self.found.fail(ApiError::invalid(name, message)));
                }
                Key::Guise(name) => {
                    let message = format!("`{name}` must be spelled in lower case");
                    return Err(self.found.fail(ApiError::invalid(name, message)));
                }
                Key::Known(field) => {
                    seen.insert(field);
                    self.found.member(field, &mut object)?;
                }
                Key::Unknown => {
                    object.next_value::<Shape>()?;
                    self.found.used.insert(Field::Unknown);
                }
            }
        }
        Ok(())
    }
}

/// The name of a member.
enum Key {
    Known(Field),
    /// One of [`GUARDED`] but for its case. Readers that ignore case (Go's) take it for the same.
    Guise(&'static str),
    Unknown,
}

/// Reads a [`Key`].
struct KeySeed;

impl<'de> DeserializeSeed<'de> for KeySeed {
    type Value = Key;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Key, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for KeySeed {
    type Value = Key;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Key, E> {
        if let Some(field) = Field::top_level(name) {
            return Ok(Key::Known(field));
        }
        let guise = GUARDED.iter().find(|guarded| guarded.eq_ignore_ascii_case(name));
        Ok(guise.map_or(Key::Unknown, |name| Key::Guise(name)))
    }
}

/// As much of `response_format` and `tool_choice` as tells their kind.
#[derive(Deserialize)]
#[serde(untagged)]
enum Choice<'a> {
    Word(#[serde(borrow)] Cow<'a, str>),
    Object {
        #[serde(borrow, rename = "type")]
        kind: Option<Cow<'a, str>>,
        #[serde(borrow)]
        allowed_tools: Option<Allowed<'a>>,
    },
}

#[derive(Deserialize)]
struct Allowed<'a> {
    #[serde(borrow)]
    mode: Option<Cow<'a, str>>,
}

impl<'de> Found<'de> {
    /// Reads the value of a member that is known.
    fn member<A: MapAccess<'de>>(&mut self, field: Field, object: &mut A) -> Result<(), A::Error> {
        let used = match field {
            Field::Model => {
                self.model = Some(object.next_value()?);
                true
            }
            Field::Messages | Field::Tools => {
                let of = if field == Field::Messages { Of::Messages } else { Of::Tools };
                object.next_value_seed(List { of, found: &mut *self })?
            }
            Field::Stream => {
                let shape = object.next_value()?;
                self.stream = self.boolean("stream", shape)?;
                self.stream
            }
            Field::StreamOptions => {
                let raw = object.next_value()?;
                self.stream_options(raw)?
            }
            Field::ResponseFormat | Field::ToolChoice => {
                let raw = object.next_value()?;
                self.told_apart(field, raw).map_err(A::Error::custom)?
            }
            Field::Modalities => asks_for_more_than_text(object.next_value()?),
            _ => counts(field, object.next_value()?),
        };
        if used {
            self.used.insert(field);
        }
        Ok(())
    }

    /// Fields of which models, not formats, take only some values. Returns whether the value is not null.
    fn told_apart(&mut self, field: Field, raw: &RawValue) -> serde_json::Result<bool> {
        let (marks, meant) = match field {
            Field::ResponseFormat => (&["json_schema"][..], Field::JsonSchema),
            _ => (&["required", "function", "custom"][..], Field::ForcedTool),
        };
        let shape = raw_shape(raw)?;
        // `allowed_tools` says in its own `mode` whether one must be called.
        let value = match serde_json::from_str(raw.get()) {
            Ok(Choice::Object { allowed_tools: Some(allowed), .. }) => allowed.mode,
            Ok(Choice::Object { kind, .. }) => kind,
            Ok(Choice::Word(word)) => Some(word),
            // What it is instead, the reader of the whole request says.
            Err(_) => None,
        };
        if value.is_some_and(|value| marks.contains(&value.as_ref())) {
            self.used.insert(meant);
        }
        Ok(!shape.is_null())
    }

    fn boolean<E: Error>(&mut self, name: &str, shape: Shape) -> Result<bool, E> {
        match shape {
            Shape::Bool(value) => Ok(value),
            Shape::Null => Ok(false),
            other => Err(self.fail(wrong_type(name, "a boolean", other))),
        }
    }

    /// Returns whether the value is an object.
    fn stream_options<E: Error>(&mut self, raw: &'de RawValue) -> Result<bool, E> {
        self.stream_options = Some(raw);
        let shape = raw_shape(raw).map_err(E::custom)?;
        match shape {
            Shape::Null => return Ok(false),
            Shape::Object(_) => (),
            other => return Err(self.fail(wrong_type("stream_options", "an object", other))),
        }
        let Members(members) = serde_json::from_str(raw.get()).map_err(E::custom)?;
        let mut asked = members.into_iter().filter(|(name, _)| name == INCLUDE_USAGE);
        if let Some((_, raw)) = asked.next() {
            let name = "stream_options.include_usage";
            self.include_usage = self.boolean(name, raw_shape(raw).map_err(E::custom)?)?;
            if asked.next().is_some() {
                return Err(self.fail(ApiError::invalid(name, format!("`{name}` is there more than once"))));
            }
        }
        Ok(true)
    }
}

/// The shape of a value that was skipped so far, and not checked inside.
fn raw_shape(raw: &RawValue) -> serde_json::Result<Shape> {
    serde_json::from_str(raw.get())
}

pub(in crate::dialect) fn wrong_type(name: &str, expected: &str, found: Shape) -> ApiError {
    ApiError::invalid(name, format!("`{name}` must be {expected}, not {}", found.name()))
}

/// Whether a field of which nothing more needs to be known counts as used: see [`Field::when`].
fn counts(field: Field, shape: Shape) -> bool {
    match field {
        Field::Logprobs | Field::Store => !matches!(shape, Shape::Null | Shape::Bool(false)),
        Field::N => !matches!(shape, Shape::Null) && !matches!(shape, Shape::Number(n) if n <= 1.0),
        Field::TopLogprobs => !matches!(shape, Shape::Null) && !matches!(shape, Shape::Number(n) if n <= 0.0),
        Field::PresencePenalty | Field::FrequencyPenalty => {
            !matches!(shape, Shape::Null | Shape::Number(0.0))
        }
        Field::LogitBias | Field::Metadata | Field::Functions => !shape.is_empty(),
        _ => !shape.is_null(),
    }
}

fn asks_for_more_than_text(raw: &RawValue) -> bool {
    match serde_json::from_str::<Option<Vec<Cow<'_, str>>>>(raw.get()) {
        Ok(list) => list.unwrap_or_default().iter().any(|name| name != "text"),
        Err(_) => true,
    }
}
