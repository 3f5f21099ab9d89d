//! Pictures and files that the provider is to fetch itself: some cannot.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::shape::{Name, Shape, ShapeVisitor, scalars};

/// Reads the value of `image_url` or `file`; gives whether it is an http or https URL, or an object that has one.
pub(in crate::dialect) struct Linked;

/// The members that hold what is looked at.
const PLACES: &[(&str, ())] = &[("url", ()), ("file_data", ())];

impl<'de> DeserializeSeed<'de> for Linked {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Linked {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<bool, E> {
        let scheme = value.split_once("://").map_or("", |(scheme, _)| scheme);
        Ok(scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http"))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<bool, A::Error> {
        let mut linked = false;
        while let Some(place) = object.next_key_seed(Name(PLACES))? {
            match place {
                Some(()) => linked |= object.next_value_seed(Linked)?,
                None => {
                    object.next_value::<Shape>()?;
                }
            }
        }
        Ok(linked)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, array: A) -> Result<bool, A::Error> {
        ShapeVisitor.visit_seq(array).map(|_| false)
    }

    scalars!(bool, |_, _| Ok(false));
}
