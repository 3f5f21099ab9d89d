//! Values of which only the shape matters: read to the end, checked, and not kept.

use std::fmt;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor,
};

/// The methods of a visitor that takes any value, for the values that have nothing inside: `then` gets their shape.
macro_rules! scalars {
    ($value:ty, $then:expr) => {
        fn visit_unit<E: serde::de::Error>(self) -> Result<$value, E> {
            $then(self, Shape::Null)
        }

        fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<$value, E> {
            $then(self, Shape::Bool(value))
        }

        fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<$value, E> {
            $then(self, Shape::Number(value as f64))
        }

        fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<$value, E> {
            $then(self, Shape::Number(value as f64))
        }

        fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<$value, E> {
            $then(self, Shape::Number(value))
        }
    };
}
pub(in crate::dialect) use scalars;

/// The shape of a JSON value.
///
/// Reading one checks all that is inside: `IgnoredAny` as a value passes over lone surrogates, numbers beyond a
/// double and any depth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::dialect) enum Shape {
    Null,
    Bool(bool),
    Number(f64),
    /// With its length in bytes.
    String(usize),
    /// With the number of its elements.
    Array(usize),
    /// With the number of its members.
    Object(usize),
}

impl Shape {
    pub(in crate::dialect) fn is_null(self) -> bool {
        self == Shape::Null
    }

    /// Null, or a string, array or object with nothing in it.
    pub(in crate::dialect) fn is_empty(self) -> bool {
        matches!(self, Shape::Null | Shape::String(0) | Shape::Array(0) | Shape::Object(0))
    }

    /// As an error tells it.
    pub(in crate::dialect) fn name(self) -> &'static str {
        match self {
            Shape::Null => "null",
            Shape::Bool(_) => "a boolean",
            Shape::Number(_) => "a number",
            Shape::String(_) => "a string",
            Shape::Array(_) => "an array",
            Shape::Object(_) => "an object",
        }
    }
}

impl<'de> Deserialize<'de> for Shape {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ShapeVisitor)
    }
}

/// Reads a [`Shape`].
pub(in crate::dialect) struct ShapeVisitor;

impl<'de> Visitor<'de> for ShapeVisitor {
    type Value = Shape;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    scalars!(Shape, |_, shape| Ok(shape));

    fn visit_str<E: Error>(self, value: &str) -> Result<Shape, E> {
        Ok(Shape::String(value.len()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Shape, A::Error> {
        let mut count = 0;
        while array.next_element::<Shape>()?.is_some() {
            count += 1;
        }
        Ok(Shape::Array(count))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Shape, A::Error> {
        let mut count = 0;
        // Keys are always read in full, so that their escapes are checked too.
        while object.next_key::<IgnoredAny>()?.is_some() {
            object.next_value::<Shape>()?;
            count += 1;
        }
        Ok(Shape::Object(count))
    }
}

/// One of a few names that the reader knows, or none of them; nothing is copied.
pub(in crate::dialect) struct Name<T: 'static>(pub(in crate::dialect) &'static [(&'static str, T)]);

impl<'de, T: Copy> DeserializeSeed<'de> for Name<T> {
    type Value = Option<T>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<T>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: Copy> Visitor<'de> for Name<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Option<T>, E> {
        Ok(self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| *value))
    }

    scalars!(Option<T>, |_, _| Ok(None));

    fn visit_seq<A: SeqAccess<'de>>(self, array: A) -> Result<Option<T>, A::Error> {
        ShapeVisitor.visit_seq(array).map(|_| None)
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Option<T>, A::Error> {
        ShapeVisitor.visit_map(object).map(|_| None)
    }
}
