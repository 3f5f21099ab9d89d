//! The input: items, and the parts in them.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::Found;
use crate::{
    dialect::{
        chat::scan::{
            body::wrong_type,
            linked::Linked,
            shape::{Name, Shape, ShapeVisitor, scalars},
        },
        responses::field::Field,
    },
    ir::ApiError,
};

/// What a list holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Of {
    Items,
    Parts,
}

/// Reads one list into `found`, or the text that may stand in its place; gives whether it is not null.
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
        while array.next_element_seed(Element { of: self.of, index, found: &mut *self.found })?.is_some() {
            index += 1;
        }
        Ok(true)
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
    /// A value that is no array.
    fn other<E: Error>(self, shape: Shape) -> Result<bool, E> {
        match (self.of, shape) {
            (_, Shape::Null) => Ok(false),
            (_, Shape::String(_)) => {
                self.found.used.insert(Field::PartText);
                Ok(true)
            }
            (Of::Items, other) => {
                Err(self.found.fail(wrong_type("input", "a string or an array of items", other)))
            }
            // What it is instead, the reader of the whole request says.
            (Of::Parts, _) => {
                self.found.used.insert(Field::PartUnknown);
                Ok(true)
            }
        }
    }
}

/// One element of a list.
struct Element<'f, 'a> {
    of: Of,
    index: usize,
    found: &'f mut Found<'a>,
}

impl<'de> DeserializeSeed<'de> for Element<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Element<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        match self.of {
            Of::Items => self.item(&mut object),
            Of::Parts => self.part(&mut object),
        }
    }

    scalars!((), |element: Self, shape| element.other(shape));

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        self.other(Shape::String(value.len()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, array: A) -> Result<(), A::Error> {
        let shape = ShapeVisitor.visit_seq(array)?;
        self.other(shape)
    }
}

/// What an item is to the pass.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Item {
    /// A message, or a call of a function or what it gave.
    Plain,
    Custom,
    Reasoning,
    /// It brings tools.
    Tools,
    /// [`Item::Tools`] that a tool search found.
    FoundTools,
    /// Counts as this field.
    Is(Field),
}

const ITEMS: &[(&str, Item)] = &[
    ("message", Item::Plain),
    ("function_call", Item::Plain),
    ("function_call_output", Item::Plain),
    ("custom_tool_call", Item::Custom),
    ("custom_tool_call_output", Item::Custom),
    ("reasoning", Item::Reasoning),
    ("additional_tools", Item::Tools),
    ("tool_search_output", Item::FoundTools),
    ("tool_search_call", Item::Is(Field::HostedItems)),
    ("web_search_call", Item::Is(Field::HostedItems)),
    ("file_search_call", Item::Is(Field::HostedItems)),
    ("code_interpreter_call", Item::Is(Field::HostedItems)),
    ("mcp_call", Item::Is(Field::HostedItems)),
    ("mcp_list_tools", Item::Is(Field::HostedItems)),
    ("mcp_approval_request", Item::Is(Field::ClientItems)),
    ("mcp_approval_response", Item::Is(Field::ClientItems)),
    ("image_generation_call", Item::Is(Field::ClientItems)),
    ("computer_call", Item::Is(Field::ClientItems)),
    ("computer_call_output", Item::Is(Field::ClientItems)),
    ("local_shell_call", Item::Is(Field::ClientItems)),
    ("local_shell_call_output", Item::Is(Field::ClientItems)),
    ("shell_call", Item::Is(Field::ClientItems)),
    ("shell_call_output", Item::Is(Field::ClientItems)),
    ("apply_patch_call", Item::Is(Field::ClientItems)),
    ("apply_patch_call_output", Item::Is(Field::ClientItems)),
    ("program", Item::Is(Field::ClientItems)),
    ("program_output", Item::Is(Field::ClientItems)),
    ("item_reference", Item::Is(Field::ItemReference)),
    ("compaction", Item::Is(Field::Compaction)),
    ("compaction_trigger", Item::Is(Field::Compaction)),
    ("configuration_update", Item::Is(Field::Compaction)),
];

/// The members that items are looked at for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Member {
    Type,
    Role,
    Content,
    Output,
    Tools,
    Summary,
    Encrypted,
    Id,
    Namespace,
    Phase,
}

const MEMBERS: &[(&str, Member)] = &[
    ("type", Member::Type),
    ("role", Member::Role),
    ("content", Member::Content),
    ("output", Member::Output),
    ("tools", Member::Tools),
    ("summary", Member::Summary),
    ("encrypted_content", Member::Encrypted),
    ("id", Member::Id),
    ("namespace", Member::Namespace),
    ("phase", Member::Phase),
];

/// What the members of an item showed.
#[derive(Default)]
struct Seen<'a> {
    /// Each member is there once.
    members: u16,
    /// The item's type, where it has one; `Some(None)` is one that is not known.
    kind: Option<Option<Item>>,
    id: bool,
    thoughts: bool,
    encrypted: bool,
    namespace: bool,
    tools: Option<&'a RawValue>,
}

const PARTS: &[(&str, Field)] = &[
    ("input_text", Field::PartText),
    ("output_text", Field::PartText),
    ("text", Field::PartText),
    // Of reasoning.
    ("reasoning_text", Field::Thoughts),
    ("input_image", Field::PartImage),
    ("image_url", Field::PartImage),
    ("input_file", Field::PartFile),
    ("input_audio", Field::PartAudio),
    ("refusal", Field::PartRefusal),
];

/// The members that parts are looked at for.
#[derive(Clone, Copy)]
enum Detail {
    Type,
    Link,
    Id,
    Cache,
    Annotations,
}

const DETAILS: &[(&str, Detail)] = &[
    ("type", Detail::Type),
    ("image_url", Detail::Link),
    ("file_url", Detail::Link),
    ("file_data", Detail::Link),
    ("file_id", Detail::Id),
    ("prompt_cache_breakpoint", Detail::Cache),
    ("cache_control", Detail::Cache),
    ("annotations", Detail::Annotations),
];

impl<'de> Element<'_, 'de> {
    /// An element that is no object.
    fn other<E: Error>(self, shape: Shape) -> Result<(), E> {
        match self.of {
            Of::Items => {
                let name = format!("input[{}]", self.index);
                Err(self.found.fail(wrong_type(&name, "an object", shape)))
            }
            Of::Parts => {
                self.found.used.insert(Field::PartUnknown);
                Ok(())
            }
        }
    }

    fn item<A: MapAccess<'de>>(self, object: &mut A) -> Result<(), A::Error> {
        let mut seen = Seen::default();
        while let Some(member) = object.next_key_seed(Name(MEMBERS))? {
            if let Some(member) = member {
                let bit = 1u16 << (member as u8);
                if seen.members & bit != 0 {
                    let name =
                        MEMBERS.iter().find(|(_, known)| *known == member).map_or("", |(name, _)| name);
                    let param = format!("input[{}].{name}", self.index);
                    let message = format!("`{param}` is there more than once");
                    return Err(self.found.fail(ApiError::invalid(param, message)));
                }
                seen.members |= bit;
            }
            let not_null = |object: &mut A| Ok(!object.next_value::<Shape>()?.is_null());
            match member {
                Some(Member::Type) => seen.kind = object.next_value_seed(Kinds)?,
                Some(Member::Content | Member::Output) => {
                    object.next_value_seed(List { of: Of::Parts, found: &mut *self.found })?;
                }
                Some(Member::Tools) => {
                    let raw: &'de RawValue = object.next_value()?;
                    serde_json::from_str::<Shape>(raw.get()).map_err(A::Error::custom)?;
                    seen.tools = Some(raw);
                }
                Some(Member::Summary) => seen.thoughts = !object.next_value::<Shape>()?.is_empty(),
                Some(Member::Encrypted) => seen.encrypted = !object.next_value::<Shape>()?.is_empty(),
                Some(Member::Id) => seen.id = not_null(object)?,
                Some(Member::Namespace) => seen.namespace = not_null(object)?,
                Some(Member::Phase) => {
                    let used = not_null(object)?;
                    self.found.note(Field::Phase, used);
                }
                Some(Member::Role) | None => {
                    object.next_value::<Shape>()?;
                }
            }
        }
        self.found.item(&seen);
        Ok(())
    }

    fn part<A: MapAccess<'de>>(self, object: &mut A) -> Result<(), A::Error> {
        let (mut field, mut id) = (None, false);
        while let Some(detail) = object.next_key_seed(Name(DETAILS))? {
            match detail {
                Some(Detail::Type) => field = object.next_value_seed(Name(PARTS))?,
                Some(Detail::Link) => {
                    let linked = object.next_value_seed(Linked)?;
                    self.found.note(Field::PartLink, linked);
                }
                Some(Detail::Id) => id = !object.next_value::<Shape>()?.is_null(),
                Some(Detail::Cache) => {
                    self.found.note(Field::CacheControl, !object.next_value::<Shape>()?.is_null());
                }
                Some(Detail::Annotations) => {
                    self.found.note(Field::Annotations, !object.next_value::<Shape>()?.is_empty());
                }
                None => {
                    object.next_value::<Shape>()?;
                }
            }
        }
        self.found.note(Field::ImageId, id && field == Some(Field::PartImage));
        self.found.used.insert(field.unwrap_or(Field::PartUnknown));
        Ok(())
    }
}

impl<'a> Found<'a> {
    /// Counts an item by what its members showed.
    fn item(&mut self, seen: &Seen<'a>) {
        let role = seen.members & (1u16 << (Member::Role as u8)) != 0;
        let kind = match seen.kind {
            Some(kind) => kind,
            // A message without a type; and one word that stands for an item that is kept at the provider.
            None if role => Some(Item::Plain),
            None if seen.id => Some(Item::Is(Field::ItemReference)),
            None => None,
        };
        self.note(Field::Namespaces, seen.namespace);
        match kind {
            Some(Item::Plain) => {}
            Some(Item::Custom) => self.used.insert(Field::CustomTools),
            Some(Item::Reasoning) => {
                self.note(Field::Thoughts, seen.thoughts);
                self.note(Field::Encrypted, seen.encrypted);
            }
            Some(kind @ (Item::Tools | Item::FoundTools)) => {
                self.note(Field::HostedItems, kind == Item::FoundTools);
                self.lists.extend(seen.tools);
            }
            Some(Item::Is(field)) => self.used.insert(field),
            None => self.used.insert(Field::ItemUnknown),
        }
    }
}

/// Reads the type of an item: `None` where it is null.
struct Kinds;

impl<'de> DeserializeSeed<'de> for Kinds {
    type Value = Option<Option<Item>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de> Visitor<'de> for Kinds {
    type Value = Option<Option<Item>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        Name(ITEMS).deserialize(deserializer).map(Some)
    }
}
