//! The members of the request object.

use std::{borrow::Cow, fmt};

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{
    Found,
    items::{List, Of},
};
use crate::{
    dialect::{
        chat::scan::{body::wrong_type, shape::Shape},
        node::{Members, Node},
        responses::field::{Field, Fields, SERVICE},
    },
    ir::ApiError,
};

/// Names whose meaning decides who serves the request and how.
const GUARDED: &[&str] =
    &["model", "input", "stream", "stream_options", "store", "background", "previous_response_id"];

const LOGPROBS: &str = "message.output_text.logprobs";

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
        let found = self.found;
        let mut seen = Fields::default();
        while let Some(Node::String(name)) = object.next_key()? {
            match Field::top_level(&name) {
                Some(field) if seen.contains(field) => {
                    let message = format!("`{name}` is there more than once");
                    return Err(found.fail(ApiError::invalid(&*name, message)));
                }
                Some(field @ Field::Input) => {
                    seen.insert(field);
                    let some = object.next_value_seed(List { of: Of::Items, found: &mut *found })?;
                    found.note(field, some);
                }
                Some(field) => {
                    seen.insert(field);
                    let raw: &'de RawValue = object.next_value()?;
                    // Skipping did not look inside.
                    let shape: Shape = serde_json::from_str(raw.get()).map_err(A::Error::custom)?;
                    found.repeat(&name, raw);
                    found.member(field, raw, shape)?;
                }
                None => found.other(&name, &mut object)?,
            }
        }
        Ok(())
    }
}

impl<'de> Found<'de> {
    /// A member that is no field of which more must be known.
    fn other<A: MapAccess<'de>>(&mut self, name: &str, object: &mut A) -> Result<(), A::Error> {
        if let Some(guise) = GUARDED.iter().find(|guarded| guarded.eq_ignore_ascii_case(name)) {
            let message = format!("`{guise}` must be spelled in lower case");
            return Err(self.fail(ApiError::invalid(*guise, message)));
        }
        let raw: &'de RawValue = object.next_value()?;
        let shape: Shape = serde_json::from_str(raw.get()).map_err(A::Error::custom)?;
        self.repeat(name, raw);
        self.note(if SERVICE.contains(&name) { Field::Service } else { Field::Unknown }, !shape.is_null());
        Ok(())
    }

    /// Reads the value of a field.
    fn member<E: Error>(&mut self, field: Field, raw: &'de RawValue, shape: Shape) -> Result<(), E> {
        let used = match field {
            Field::Model => {
                self.model = Some(raw);
                true
            }
            Field::Stream => {
                self.stream = self.boolean("stream", shape)?;
                self.stream
            }
            Field::Background | Field::Store => self.boolean(field.name(), shape)?,
            Field::StreamOptions => {
                self.include_usage = member(raw, "include_usage").is_some_and(|raw| raw.get() == "true");
                !shape.is_null()
            }
            Field::Tools => {
                self.tools(raw);
                return Ok(());
            }
            Field::ToolChoice => {
                self.choice(raw);
                !shape.is_null()
            }
            Field::TextFormat => {
                self.text(raw);
                return Ok(());
            }
            Field::ReasoningEffort => {
                self.reasoning(raw);
                return Ok(());
            }
            Field::Include => {
                let list: Vec<Cow<'_, str>> = serde_json::from_str(raw.get()).unwrap_or_default();
                self.note(Field::Logprobs, list.iter().any(|name| name == LOGPROBS));
                !shape.is_empty()
            }
            Field::TopLogprobs => {
                !shape.is_null() && !matches!(shape, Shape::Number(number) if number <= 0.0)
            }
            Field::Metadata => !shape.is_empty(),
            _ => !shape.is_null(),
        };
        self.note(field, used);
        Ok(())
    }

    fn boolean<E: Error>(&mut self, name: &str, shape: Shape) -> Result<bool, E> {
        match shape {
            Shape::Bool(value) => Ok(value),
            Shape::Null => Ok(false),
            other => Err(self.fail(wrong_type(name, "a boolean", other))),
        }
    }

    fn text(&mut self, raw: &RawValue) {
        let format = member(raw, "format").and_then(|format| text(member(format, "type")));
        self.note(Field::TextFormat, format.as_deref().is_some_and(|kind| kind != "text"));
        self.note(Field::JsonSchema, format.as_deref() == Some("json_schema"));
        self.note(Field::Verbosity, member(raw, "verbosity").is_some());
    }

    fn reasoning(&mut self, raw: &RawValue) {
        for (name, _) in members(raw).iter().filter(|(_, raw)| raw.get() != "null") {
            self.used.insert(match name.as_ref() {
                "effort" => Field::ReasoningEffort,
                "summary" | "generate_summary" => Field::ReasoningSummary,
                _ => Field::ReasoningContext,
            });
        }
    }
}

/// The members of an object; none where it is none.
pub(super) fn members(raw: &RawValue) -> Vec<(Cow<'_, str>, &RawValue)> {
    serde_json::from_str(raw.get()).map(|Members(members)| members).unwrap_or_default()
}

/// The first member of this name, if it is not null.
pub(super) fn member<'r>(raw: &'r RawValue, name: &str) -> Option<&'r RawValue> {
    let found = members(raw).into_iter().find(|(found, _)| found == name);
    found.map(|(_, raw)| raw).filter(|raw| raw.get() != "null")
}

/// The text that a value is, if it is one.
pub(super) fn text(raw: Option<&RawValue>) -> Option<Cow<'_, str>> {
    match serde_json::from_str(raw?.get()) {
        Ok(Node::String(text)) => Some(text),
        _ => None,
    }
}
