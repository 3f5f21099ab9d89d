//! A request as a tree that borrows from its bytes, and the way from its root to what is wrong in it.

use std::{borrow::Cow, cell::Cell, fmt};

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::ir::ApiError;

/// The most values a request may hold. A tree takes up to 24 times the bytes that it was read from (`{}` is the
/// worst), and the memory of a VM never shrinks; this bounds it to some 40 MB. A million tokens of chat history in
/// the usual form are a fifth of this.
const MOST_VALUES: u32 = 400_000;

thread_local! {
    /// How many more values the running read may make.
    static LEFT: Cell<u32> = const { Cell::new(0) };
    /// The names of members that the running read hands on as they were sent wherever they stand, so that schemas and
    /// arguments keep their exact text.
    static RAW: Cell<&'static [&'static str]> = const { Cell::new(&[]) };
}

/// Begins to read a request: counts its values, and leaves the members called `raw` unread ([`Node::Raw`]).
pub(in crate::dialect) fn begin(raw: &'static [&'static str]) {
    LEFT.set(MOST_VALUES);
    RAW.set(raw);
}

/// Counts one value.
fn count<E: Error>() -> Result<(), E> {
    let left = LEFT.get().checked_sub(1);
    LEFT.set(left.unwrap_or(0));
    left.map(|_| ()).ok_or_else(|| E::custom(format_args!("more than {MOST_VALUES} values in one request")))
}

/// A JSON value.
#[derive(Debug)]
pub(in crate::dialect) enum Node<'a> {
    Null,
    Bool(bool),
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    String(Cow<'a, str>),
    Array(Vec<Node<'a>>),
    Object(Object<'a>),
    /// The value of a member that is left unread, not null.
    Raw(&'a RawValue),
}

/// The members of an object, in their order.
#[derive(Debug, Default)]
pub(in crate::dialect) struct Object<'a>(pub(in crate::dialect) Vec<(Cow<'a, str>, Node<'a>)>);

/// Where a value is: as clients spell it, `messages[2].content[0].type`. Built on the stack, written only for errors.
#[derive(Clone, Copy)]
pub(in crate::dialect) enum Path<'p> {
    Root,
    Key(&'p Path<'p>, &'p str),
    Index(&'p Path<'p>, usize),
}

impl<'p> Path<'p> {
    pub(in crate::dialect) fn key(&'p self, name: &'p str) -> Path<'p> {
        Path::Key(self, name)
    }

    pub(in crate::dialect) fn index(&'p self, index: usize) -> Path<'p> {
        Path::Index(self, index)
    }

    /// An error that names this place; `what` goes on behind the place's name.
    pub(in crate::dialect) fn error(&self, what: impl fmt::Display) -> ApiError {
        ApiError::invalid(self.to_string(), format!("`{self}` {what}"))
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Path::Root => Ok(()),
            Path::Key(Path::Root, name) => f.write_str(name),
            Path::Key(parent, name) => write!(f, "{parent}.{name}"),
            Path::Index(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}

impl<'a> Node<'a> {
    fn name(&self) -> &'static str {
        match self {
            Node::Null => "null",
            Node::Bool(_) => "a boolean",
            Node::Unsigned(_) | Node::Signed(_) | Node::Float(_) => "a number",
            Node::String(_) => "a string",
            Node::Array(_) => "an array",
            Node::Object(_) => "an object",
            Node::Raw(_) => "another value",
        }
    }

    /// The error that this is not what was expected.
    pub(in crate::dialect) fn wrong(&self, expected: &str, path: &Path<'_>) -> ApiError {
        path.error(format_args!("must be {expected}, not {}", self.name()))
    }

    pub(in crate::dialect) fn string(self, path: &Path<'_>) -> Result<Cow<'a, str>, ApiError> {
        match self {
            Node::String(text) => Ok(text),
            other => Err(other.wrong("a string", path)),
        }
    }

    pub(in crate::dialect) fn object(self, path: &Path<'_>) -> Result<Object<'a>, ApiError> {
        match self {
            Node::Object(object) => Ok(object),
            other => Err(other.wrong("an object", path)),
        }
    }

    pub(in crate::dialect) fn array(self, path: &Path<'_>) -> Result<Vec<Node<'a>>, ApiError> {
        match self {
            Node::Array(array) => Ok(array),
            other => Err(other.wrong("an array", path)),
        }
    }

    pub(in crate::dialect) fn boolean(self, path: &Path<'_>) -> Result<bool, ApiError> {
        match self {
            Node::Bool(value) => Ok(value),
            other => Err(other.wrong("a boolean", path)),
        }
    }

    pub(in crate::dialect) fn number(self, path: &Path<'_>) -> Result<f64, ApiError> {
        match self {
            Node::Unsigned(value) => Ok(value as f64),
            Node::Signed(value) => Ok(value as f64),
            Node::Float(value) => Ok(value),
            other => Err(other.wrong("a number", path)),
        }
    }

    /// A whole number. One with a fraction of zero is one too: languages without integers write `100.0`.
    pub(in crate::dialect) fn integer(self, path: &Path<'_>) -> Result<i64, ApiError> {
        match self {
            Node::Unsigned(value) => i64::try_from(value).map_err(|_| path.error("is too large")),
            Node::Signed(value) => Ok(value),
            Node::Float(value) if value.fract() == 0.0 && value.abs() <= 9_007_199_254_740_992.0 => {
                Ok(value as i64)
            }
            other => Err(other.wrong("a whole number", path)),
        }
    }
}

impl<'a> Object<'a> {
    /// Takes a member out; null counts as absent.
    ///
    /// # Errors
    ///
    /// If it is there twice: which one counts differs from parser to parser.
    pub(in crate::dialect) fn take(
        &mut self,
        name: &str,
        path: &Path<'_>,
    ) -> Result<Option<Node<'a>>, ApiError> {
        let mut members = self.0.iter_mut().filter(|(key, _)| key == name);
        let found = members.next().map(|(_, value)| std::mem::replace(value, Node::Null));
        if members.next().is_some() {
            return Err(path.key(name).error("is there more than once"));
        }
        Ok(found.filter(|value| !matches!(value, Node::Null)))
    }

    /// As [`take`](Self::take), and reads the value.
    pub(in crate::dialect) fn read<T>(
        &mut self,
        name: &str,
        path: &Path<'_>,
        read: impl FnOnce(Node<'a>, &Path<'_>) -> Result<T, ApiError>,
    ) -> Result<Option<T>, ApiError> {
        let value = self.take(name, path)?;
        value.map(|value| read(value, &path.key(name))).transpose()
    }

    /// As [`read`](Self::read), of a member that must be there.
    pub(in crate::dialect) fn need<T>(
        &mut self,
        name: &str,
        path: &Path<'_>,
        read: impl FnOnce(Node<'a>, &Path<'_>) -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        self.read(name, path, read)?.ok_or_else(|| path.key(name).error("is missing"))
    }

    pub(in crate::dialect) fn string(
        &mut self,
        name: &str,
        path: &Path<'_>,
    ) -> Result<Option<Cow<'a, str>>, ApiError> {
        self.read(name, path, Node::string)
    }
}

/// The members of an object, in their order and unread; both of two with the same name.
#[derive(Default)]
pub(crate) struct Members<'a>(pub(crate) Vec<(Cow<'a, str>, &'a RawValue)>);

/// Text that is borrowed where it has no escapes. (`Cow` itself always copies.)
struct Text<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;
        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(TextVisitor)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor;
        impl<'de> Visitor<'de> for MembersVisitor {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some(Text(name)) = object.next_key()? {
                    members.push((name, object.next_value()?));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(MembersVisitor)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Node<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Node<'de>, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Node<'de>, E> {
        Ok(Node::Bool(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Node<'de>, E> {
        Ok(Node::Unsigned(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Node<'de>, E> {
        Ok(Node::Signed(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Node<'de>, E> {
        Ok(Node::Float(value))
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Node<'de>, E> {
        Ok(Node::String(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Node<'de>, E> {
        Ok(Node::String(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Node<'de>, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = array.next_element()? {
            count()?;
            elements.push(element);
        }
        Ok(Node::Array(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Node<'de>, A::Error> {
        let mut members = Vec::new();
        while let Some(Text(name)) = object.next_key()? {
            count()?;
            let value = if RAW.get().contains(&name.as_ref()) {
                object.next_value::<Option<&RawValue>>()?.map_or(Node::Null, Node::Raw)
            } else {
                object.next_value()?
            };
            members.push((name, value));
        }
        Ok(Node::Object(Object(members)))
    }
}
