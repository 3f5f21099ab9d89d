//! A value of which the shape matters and, if it is a string, how it begins.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::dialect::chat::scan::shape::{Shape, ShapeVisitor, scalars};

/// The most bytes of a string that are kept: the longest word that is looked for has 38.
const KEPT: usize = 48;

/// A value that was read to its end and checked, and the beginning of a string.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peek {
    pub(super) shape: Shape,
    start: [u8; KEPT],
}

impl Default for Peek {
    /// What an absent member is.
    fn default() -> Self {
        Self::of(Shape::Null)
    }
}

impl Peek {
    fn of(shape: Shape) -> Self {
        Self { shape, start: [0; KEPT] }
    }

    /// Of a string.
    pub(super) fn of_text(text: &str) -> Self {
        let mut peek = Self::of(Shape::String(text.len()));
        peek.start.iter_mut().zip(text.bytes()).for_each(|(kept, byte)| *kept = byte);
        peek
    }

    /// As much of the string as was kept, cut where a character would be; `None` for other values.
    pub(super) fn text(&self) -> Option<&str> {
        let Shape::String(length) = self.shape else { return None };
        let start = self.start.get(..length.min(KEPT)).unwrap_or_default();
        match std::str::from_utf8(start) {
            Ok(text) => Some(text),
            Err(error) => std::str::from_utf8(start.get(..error.valid_up_to())?).ok(),
        }
    }
}

impl<'de> Deserialize<'de> for Peek {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PeekVisitor)
    }
}

struct PeekVisitor;

impl<'de> Visitor<'de> for PeekVisitor {
    type Value = Peek;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    scalars!(Peek, |_, shape| Ok(Peek::of(shape)));

    fn visit_str<E: Error>(self, text: &str) -> Result<Peek, E> {
        Ok(Peek::of_text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, array: A) -> Result<Peek, A::Error> {
        ShapeVisitor.visit_seq(array).map(Peek::of)
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Peek, A::Error> {
        ShapeVisitor.visit_map(object).map(Peek::of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_of_a_string_is_kept() {
        let long = "ä".repeat(40);
        for text in ["", "text", &long] {
            let peek: Peek = serde_json::from_str(&serde_json::to_string(text).unwrap()).unwrap();
            assert_eq!(peek.shape, Shape::String(text.len()));
            assert!(text.starts_with(peek.text().unwrap()));
            assert!(peek.text().unwrap().len() + 1 >= text.len().min(KEPT));
        }
        let odd = format!("a{long}");
        assert_eq!(Peek::of_text(&odd).text().unwrap().len(), 47);
        for other in ["null", "7", "[\"text\"]", "{\"a\":1}"] {
            assert_eq!(serde_json::from_str::<Peek>(other).unwrap().text(), None);
        }
        assert!(serde_json::from_str::<Peek>("[\"\\ud800\"]").is_err());
    }
}
