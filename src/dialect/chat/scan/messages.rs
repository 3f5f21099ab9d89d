//! The lists in a request: messages with their parts, tools.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::{
    Found,
    body::wrong_type,
    linked::Linked,
    shape::{Name, Shape, ShapeVisitor, scalars},
};
use crate::{dialect::chat::field::Field, ir::ApiError};

/// What a list holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Of {
    Messages,
    Parts,
    Tools,
    ToolCalls,
}

/// Reads one list into `found`; gives whether there is anything in it.
pub(super) struct List<'f, 'a> {
    pub(super) of: Of,
    pub(super) found: &'f mut Found<'a>,
}

impl<'de> DeserializeSeed<'de> for List<'_, 'de> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for List<'_, 'de> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<bool, A::Error> {
        let mut index = 0;
        self.found.messages |= self.of == Of::Messages;
        while array.next_element_seed(Item { of: self.of, index, found: &mut *self.found })?.is_some() {
            index += 1;
        }
        Ok(index > 0)
    }

    scalars!(bool, |list: Self, shape| list.other(shape));

    fn visit_str<E: Error>(self, value: &str) -> Result<bool, E> {
        self.other(Shape::String(value.len()))
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<bool, A::Error> {
        let shape = ShapeVisitor.visit_map(object)?;
        self.other(shape)
    }
}

impl List<'_, '_> {
    /// A value that is no array: refused for messages, left to the provider elsewhere (content may be a string).
    fn other<E: Error>(self, shape: Shape) -> Result<bool, E> {
        match self.of {
            Of::Messages => Err(self.found.fail(wrong_type("messages", "an array", shape))),
            Of::Parts if !matches!(shape, Shape::Null | Shape::String(_)) => {
                self.found.used.insert(Field::PartUnknown);
                Ok(true)
            }
            _ => Ok(!shape.is_null()),
        }
    }
}

/// One element of a list.
struct Item<'f, 'a> {
    of: Of,
    index: usize,
    found: &'f mut Found<'a>,
}

impl<'de> DeserializeSeed<'de> for Item<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Item<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        match self.of {
            Of::Messages => self.message(&mut object),
            Of::Parts => self.part(&mut object),
            Of::Tools | Of::ToolCalls => self.tool(&mut object),
        }
    }

    scalars!((), |item: Self, shape| item.other(shape));

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        self.other(Shape::String(value.len()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, array: A) -> Result<(), A::Error> {
        let shape = ShapeVisitor.visit_seq(array)?;
        self.other(shape)
    }
}

/// What a message's fields are to the pass.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Member {
    Role,
    Content,
    ToolCalls,
    /// Counts where it is not null.
    Noted(Field),
    /// Counts where it is not empty.
    Filled(Field),
}

const MESSAGE: &[(&str, Member)] = &[
    ("role", Member::Role),
    ("content", Member::Content),
    ("tool_calls", Member::ToolCalls),
    ("name", Member::Noted(Field::MessageName)),
    ("audio", Member::Noted(Field::MessageAudio)),
    ("cache_control", Member::Noted(Field::CacheControl)),
    ("refusal", Member::Filled(Field::PartRefusal)),
    ("reasoning_content", Member::Filled(Field::ReasoningContent)),
    ("thinking_blocks", Member::Filled(Field::ThinkingBlocks)),
    ("extra_content", Member::Noted(Field::MessageExtra)),
    ("annotations", Member::Filled(Field::Annotations)),
];

const PART: &[(&str, Field)] = &[
    ("text", Field::PartText),
    ("image_url", Field::PartImage),
    ("input_audio", Field::PartAudio),
    ("file", Field::PartFile),
    ("refusal", Field::PartRefusal),
];

/// The members that parts and tools are looked at for.
#[derive(Clone, Copy)]
enum Detail {
    Type,
    CacheControl,
    Function,
    /// What may be a link, or hold one.
    Media,
    ExtraContent,
}

const DETAIL: &[(&str, Detail)] = &[
    ("type", Detail::Type),
    ("cache_control", Detail::CacheControl),
    ("function", Detail::Function),
    ("image_url", Detail::Media),
    ("file", Detail::Media),
    ("extra_content", Detail::ExtraContent),
];

impl<'de> Item<'_, 'de> {
    /// An element that is no object.
    fn other<E: Error>(self, shape: Shape) -> Result<(), E> {
        match self.of {
            Of::Messages => {
                let name = format!("messages[{}]", self.index);
                Err(self.found.fail(wrong_type(&name, "an object", shape)))
            }
            Of::Parts => {
                self.found.used.insert(Field::PartUnknown);
                Ok(())
            }
            Of::Tools | Of::ToolCalls => Ok(()),
        }
    }

    fn message<A: MapAccess<'de>>(self, object: &mut A) -> Result<(), A::Error> {
        let (mut role, mut content) = (false, false);
        while let Some(member) = object.next_key_seed(Name(MESSAGE))? {
            let twice = match member {
                Some(Member::Role) => std::mem::replace(&mut role, true).then_some("role"),
                Some(Member::Content) => std::mem::replace(&mut content, true).then_some("content"),
                _ => None,
            };
            if let Some(name) = twice {
                let param = format!("messages[{}].{name}", self.index);
                let message = format!("`{param}` is there more than once");
                return Err(self.found.fail(ApiError::invalid(param, message)));
            }
            match member {
                Some(Member::Content) => {
                    object.next_value_seed(List { of: Of::Parts, found: &mut *self.found })?;
                }
                Some(Member::ToolCalls) => {
                    object.next_value_seed(List { of: Of::ToolCalls, found: &mut *self.found })?;
                }
                Some(Member::Noted(field)) => {
                    self.found.note(field, !object.next_value::<Shape>()?.is_null())
                }
                Some(Member::Filled(field)) => {
                    self.found.note(field, !object.next_value::<Shape>()?.is_empty())
                }
                Some(Member::Role) | None => {
                    object.next_value::<Shape>()?;
                }
            }
        }
        Ok(())
    }

    fn part<A: MapAccess<'de>>(self, object: &mut A) -> Result<(), A::Error> {
        let mut field = None;
        while let Some(detail) = object.next_key_seed(Name(DETAIL))? {
            match detail {
                Some(Detail::Type) => field = object.next_value_seed(Name(PART))?,
                Some(Detail::CacheControl) => {
                    self.found.note(Field::CacheControl, !object.next_value::<Shape>()?.is_null());
                }
                Some(Detail::Media) => {
                    let linked = object.next_value_seed(Linked)?;
                    self.found.note(Field::PartLink, linked);
                }
                _ => {
                    object.next_value::<Shape>()?;
                }
            }
        }
        self.found.used.insert(field.unwrap_or(Field::PartUnknown));
        Ok(())
    }

    /// A tool, a call of one, or the `function` inside either.
    fn tool<A: MapAccess<'de>>(self, object: &mut A) -> Result<(), A::Error> {
        while let Some(detail) = object.next_key_seed(Name(DETAIL))? {
            match detail {
                Some(Detail::Type) => {
                    let function = object.next_value_seed(Name(&[("function", ())]))?;
                    self.found.note(Field::CustomTools, function.is_none());
                }
                Some(Detail::CacheControl) => {
                    self.found.note(Field::CacheControl, !object.next_value::<Shape>()?.is_null());
                }
                Some(Detail::Function) => {
                    object.next_value_seed(Item { of: self.of, index: 0, found: &mut *self.found })?;
                }
                Some(Detail::ExtraContent) if self.of == Of::ToolCalls => {
                    self.found.note(Field::CallSignature, !object.next_value::<Shape>()?.is_null());
                }
                Some(Detail::Media | Detail::ExtraContent) | None => {
                    object.next_value::<Shape>()?;
                }
            }
        }
        Ok(())
    }
}

impl Found<'_> {
    fn note(&mut self, field: Field, used: bool) {
        if used {
            self.used.insert(field);
        }
    }
}
