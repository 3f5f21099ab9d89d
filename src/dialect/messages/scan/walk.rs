//! The walk through a request, by the tables of [`super::places`].

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::{
    Found,
    peek::Peek,
    places::{Member, Place},
};
use crate::{
    dialect::{
        chat::scan::{
            body::wrong_type,
            shape::{Shape, ShapeVisitor, scalars},
        },
        messages::{
            BILLING, MAX_USER_ID,
            field::Field,
            kinds::{self, ToolKind},
        },
        node::Path,
    },
    ir::ApiError,
    signature::{self, Carried},
};

/// The most messages in a request (API reference, "Create a Message").
const MAX_MESSAGES: usize = 100_000;

/// Reads one value into `found`.
pub(super) struct Walk<'f, 'p, 'a> {
    pub(super) place: Place,
    pub(super) path: &'p Path<'p>,
    pub(super) found: &'f mut Found<'a>,
}

/// What a value was.
#[derive(Clone, Copy, Debug)]
pub(super) struct Walked {
    shape: Shape,
    /// Its `type`.
    kind: Peek,
    /// There is a block in it, or it is one, of a type that is not known.
    odd: bool,
}

impl Walked {
    fn of(shape: Shape) -> Self {
        Self { shape, kind: Peek::default(), odd: false }
    }
}

/// The members of an object that are looked at together, once all are there.
#[derive(Default)]
struct Seen {
    kind: Peek,
    name: Peek,
    mark: Peek,
    source: Peek,
    schema: bool,
    odd: bool,
}

impl<'de> DeserializeSeed<'de> for Walk<'_, '_, 'de> {
    type Value = Walked;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Walked, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_, '_, 'de> {
    type Value = Walked;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    scalars!(Walked, |walk: Self, shape| walk.other(shape));

    fn visit_str<E: Error>(self, text: &str) -> Result<Walked, E> {
        self.other(Shape::String(text.len()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Walked, A::Error> {
        let Some(place) = self.place.element() else {
            let shape = ShapeVisitor.visit_seq(array)?;
            return self.other(shape);
        };
        let mut all = Walked::of(Shape::Array(0));
        let mut count = 0;
        loop {
            let walk = Walk { place, path: &self.path.index(count), found: &mut *self.found };
            let Some(element) = array.next_element_seed(walk)? else { break };
            all.odd |= element.odd;
            count += 1;
            if self.place == Place::Messages && count > MAX_MESSAGES {
                let what = format_args!("must not hold more than {MAX_MESSAGES} messages");
                return Err(self.found.fail(self.path.error(what)));
            }
        }
        self.found.messages |= self.place == Place::Messages;
        Ok(Walked { shape: Shape::Array(count), ..all })
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut object: A) -> Result<Walked, A::Error> {
        let table = self.place.members();
        if table.is_empty() {
            let shape = ShapeVisitor.visit_map(object)?;
            return self.other(shape);
        }
        let (mut seen, mut there, mut count) = (Seen::default(), 0_u32, 0);
        while let Some(at) = object.next_key_seed(Key { place: self.place, found: &mut *self.found })? {
            count += 1;
            let Some((name, member)) = at.and_then(|at| table.get(at)) else {
                object.next_value::<Shape>()?;
                self.found.note(Field::Unknown, self.place == Place::Request);
                continue;
            };
            let bit = at.map_or(0, |at| 1 << at);
            let path = self.path.key(name);
            if there & bit != 0 {
                return Err(self.found.fail(path.error("is there more than once")));
            }
            there |= bit;
            self.member(*member, &path, &mut object, &mut seen)?;
        }
        Ok(Walked { shape: Shape::Object(count), ..self.finish(&seen) })
    }
}

impl<'de> Walk<'_, '_, 'de> {
    /// A value that is neither a list nor an object, where one of them is looked into.
    fn other<E: Error>(self, shape: Shape) -> Result<Walked, E> {
        let wrong = match self.place {
            Place::Messages => "an array",
            Place::Message => "an object",
            Place::Citations => {
                self.found.note(Field::Citations, matches!(shape, Shape::Array(1..)));
                return Ok(Walked::of(shape));
            }
            // The content of a message may be a string.
            Place::Blocks | Place::Block => {
                let text = self.place == Place::Blocks && matches!(shape, Shape::Null | Shape::String(_));
                self.found.note(Field::UnknownBlock, !text);
                return Ok(Walked::of(shape));
            }
            Place::Inner => return Ok(Walked { odd: true, ..Walked::of(shape) }),
            _ => return Ok(Walked::of(shape)),
        };
        let error = wrong_type(&self.path.to_string(), wrong, shape);
        Err(self.found.fail(error))
    }

    fn member<A: MapAccess<'de>>(
        &mut self,
        member: Member,
        path: &Path<'_>,
        object: &mut A,
        seen: &mut Seen,
    ) -> Result<(), A::Error> {
        match member {
            Member::Model => {
                self.found.model = Some(object.next_value()?);
                return Ok(());
            }
            Member::Into(place, field) => {
                let walked = object.next_value_seed(Walk { place, path, found: &mut *self.found })?;
                if let Some(field) = field {
                    self.found.note(field, !walked.shape.is_empty());
                }
                if place == Place::Source {
                    seen.source = walked.kind;
                }
                seen.odd |= walked.odd;
                return Ok(());
            }
            _ => {}
        }
        let value: Peek = object.next_value()?;
        let shape = value.shape;
        match member {
            Member::Stream => match shape {
                Shape::Bool(stream) => {
                    self.found.stream = stream;
                    self.found.note(Field::Stream, stream);
                }
                Shape::Null => {}
                other => return Err(self.found.fail(wrong_type("stream", "a boolean", other))),
            },
            Member::Noted(field) => self.found.note(field, !shape.is_null()),
            Member::Filled(field) => self.found.note(field, !shape.is_empty()),
            Member::True(field) => self.found.note(field, shape == Shape::Bool(true)),
            Member::Url => self.found.note(Field::Link, !shape.is_null()),
            Member::FileId => self.found.note(Field::UploadedFile, !shape.is_null()),
            Member::UserId => {
                let long = matches!(shape, Shape::String(length) if length > MAX_USER_ID);
                self.found.note(Field::LongUserId, long);
            }
            Member::Kind => seen.kind = value,
            Member::Name => seen.name = value,
            Member::Mark => seen.mark = value,
            Member::Schema => seen.schema = !shape.is_null(),
            Member::Plain | Member::Model | Member::Into(..) => {}
        }
        Ok(())
    }

    /// What an object is, now that all its members are known.
    fn finish(self, seen: &Seen) -> Walked {
        let mut walked = Walked { odd: seen.odd, kind: seen.kind, ..Walked::of(Shape::Null) };
        let (kind, name, found) = (seen.kind.text(), seen.name.text(), self.found);
        match self.place {
            Place::Message => found.note(Field::SystemMessage, kind == Some("system")),
            Place::Block | Place::Inner => walked.odd = block(self.place, seen, found),
            Place::SystemBlock => {
                let billing = seen.mark.text().is_some_and(|text| text.starts_with(BILLING));
                found.note(Field::BillingLine, billing);
            }
            Place::Tool => match kinds::tool(kind, seen.schema) {
                ToolKind::Function => {}
                ToolKind::Client(..) => found.used.insert(Field::ClientTool),
                ToolKind::Computer => found.used.insert(Field::ComputerTool),
                ToolKind::Server(server) => found.used.insert(server.offered()),
            },
            Place::Choice => {
                found.note(Field::ForcedTool, matches!(kind, Some("any" | "tool")));
                if kind == Some("tool") {
                    found.forced = name.and_then(kinds::server_named);
                }
            }
            _ => {}
        }
        walked
    }
}

/// Notes what a block is; gives whether it is of no type that is known in a place where that matters only to what it
/// stands in.
fn block(place: Place, seen: &Seen, found: &mut Found<'_>) -> bool {
    let mark = seen.mark.text().unwrap_or_default();
    let mut odd = seen.odd;
    match seen.kind.text().unwrap_or_default() {
        "text" => found.used.insert(Field::Text),
        "image" => found.used.insert(Field::Image),
        "document" => {
            let text = matches!(seen.source.text(), Some("text" | "content"));
            found.used.insert(if text { Field::DocumentText } else { Field::Document });
        }
        "search_result" => found.used.insert(Field::SearchResult),
        "thinking" => {
            found.used.insert(Field::Reasoning);
            found.note(Field::ForeignReasoning, mark.is_empty() || signature::is_openais(mark));
        }
        "redacted_thinking" if Carried::of(mark).is_some() => found.used.insert(Field::Carried),
        "redacted_thinking" => found.used.insert(Field::Reasoning),
        "tool_use" | "tool_result" => {}
        "tool_reference" => found.used.insert(Field::ToolReference),
        "container_upload" => found.used.insert(Field::ContainerUpload),
        kind if kinds::server_block(kind, None).is_some() => {
            found.used.insert(Field::ServerBlock);
            odd = false;
        }
        _ if place == Place::Inner => return true,
        _ => odd = true,
    }
    found.note(Field::UnknownBlock, odd && place == Place::Block);
    odd
}

/// Reads the name of a member: its place in the table, if it is one of those.
struct Key<'f, 'a> {
    place: Place,
    found: &'f mut Found<'a>,
}

/// Names whose meaning decides who serves the request and how. Readers that ignore case (Go's) take others for the same.
const GUARDED: &[&str] = &["model", "messages", "stream"];

impl<'de> DeserializeSeed<'de> for Key<'_, '_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<usize>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_, '_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Option<usize>, E> {
        let at = self.place.members().iter().position(|(known, _)| *known == name);
        if at.is_none() && self.place == Place::Request {
            let guise = GUARDED.iter().find(|guarded| guarded.eq_ignore_ascii_case(name));
            if let Some(name) = guise {
                let message = format!("`{name}` must be spelled in lower case");
                return Err(self.found.fail(ApiError::invalid(*name, message)));
            }
        }
        Ok(at)
    }
}
