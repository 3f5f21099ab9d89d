//! Writing JSON straight into the body, and reading JSON text without a tree.
//!
//! Members are written by calls, never inline: every writer makes dozens of them, and the filter is to stay small.

use std::borrow::Cow;

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

/// An object under construction; [`Object::end`] closes it.
///
/// Its methods are not inlined: requests are written with some hundred calls of them, each of which runs once or twice.
#[derive(Debug)]
pub(super) struct Object<'o> {
    out: &'o mut Vec<u8>,
    empty: bool,
}

impl<'o> Object<'o> {
    /// Opens an object at the end of `out`.
    pub(super) fn begin(out: &'o mut Vec<u8>) -> Self {
        out.push(b'{');
        Self { out, empty: true }
    }

    /// Begins a member; the caller appends its value. `name` needs no escapes.
    #[inline(never)]
    pub(super) fn key(&mut self, name: &str) -> &mut Vec<u8> {
        self.separate();
        self.out.push(b'"');
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
        self.out
    }

    /// Begins a member whose name comes from a client.
    #[inline(never)]
    pub(super) fn any_key(&mut self, name: &str) -> &mut Vec<u8> {
        self.separate();
        value(self.out, name);
        self.out.push(b':');
        self.out
    }

    /// A member that is a string.
    #[inline(never)]
    pub(super) fn text(&mut self, name: &str, text: &str) {
        value(self.key(name), text);
    }

    /// A member that is JSON text already.
    #[inline(never)]
    pub(super) fn raw(&mut self, name: &str, json: &str) {
        self.key(name).extend_from_slice(json.as_bytes());
    }

    /// Closes the object.
    pub(super) fn end(self) {
        self.out.push(b'}');
    }

    fn separate(&mut self) {
        if !self.empty {
            self.out.push(b',');
        }
        self.empty = false;
    }
}

/// An array under construction; [`Array::end`] closes it.
#[derive(Debug)]
pub(super) struct Array<'o> {
    out: &'o mut Vec<u8>,
    empty: bool,
}

impl<'o> Array<'o> {
    /// Opens an array at the end of `out`.
    pub(super) fn begin(out: &'o mut Vec<u8>) -> Self {
        out.push(b'[');
        Self { out, empty: true }
    }

    /// Begins an element; the caller appends it.
    #[inline(never)]
    pub(super) fn item(&mut self) -> &mut Vec<u8> {
        if !self.empty {
            self.out.push(b',');
        }
        self.empty = false;
        self.out
    }

    /// Closes the array.
    pub(super) fn end(self) {
        self.out.push(b']');
    }
}

/// Appends a string, number or bool. Writing these into memory cannot fail; a float that JSON has no form for
/// becomes `null`.
pub(crate) fn value<T: Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) {
    let written = serde_json::to_writer(&mut *out, value);
    debug_assert!(written.is_ok(), "plain values always serialize");
}

/// Whether `text` is one well-formed JSON object.
pub(crate) fn is_object(text: &str) -> bool {
    serde_json::from_str::<&RawValue>(text).is_ok_and(|raw| raw.get().starts_with('{'))
}

/// The members of a JSON object in their order, values unread; `None` where `raw` is no object.
pub(crate) fn members(raw: &RawValue) -> Option<Vec<(Cow<'_, str>, &RawValue)>> {
    serde_json::from_str::<Members<'_>>(raw.get()).ok().map(|members| members.0)
}

/// The bytes as JSON text; `None` where they are none.
pub(super) fn document(body: &[u8]) -> Option<&RawValue> {
    serde_json::from_str(std::str::from_utf8(body).ok()?).ok()
}

/// The elements of a JSON array, unread; `None` where `raw` is none.
pub(crate) fn elements(raw: &RawValue) -> Option<Vec<&RawValue>> {
    serde_json::from_str(raw.get()).ok()
}

/// An object whose members are read by name: for replies, of whose objects some members are looked at, and none that is
/// odd may fail the rest. Where a name comes twice, the first counts.
#[derive(Debug)]
pub(super) struct Fields<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Fields<'a> {
    /// The members of `raw`; `None` where it is no object.
    pub(super) fn of(raw: &'a RawValue) -> Option<Self> {
        members(raw).map(Self)
    }

    /// The same of bytes.
    pub(super) fn read(json: &'a [u8]) -> Option<Self> {
        serde_json::from_slice::<&RawValue>(json).ok().and_then(Self::of)
    }

    /// A member that is not null.
    pub(super) fn raw(&self, name: &str) -> Option<&'a RawValue> {
        let (_, raw) = self.0.iter().find(|(found, _)| found == name)?;
        (raw.get() != "null").then_some(*raw)
    }

    /// A member that is a string.
    pub(super) fn text(&self, name: &str) -> Option<Cow<'a, str>> {
        serde_json::from_str::<Text<'_>>(self.raw(name)?.get()).ok().map(|text| text.0)
    }

    /// A member that is a string with something in it.
    pub(super) fn some_text(&self, name: &str) -> Option<Cow<'a, str>> {
        self.text(name).filter(|text| !text.is_empty())
    }

    /// A member that is a count.
    pub(super) fn count(&self, name: &str) -> Option<u64> {
        serde_json::from_str(self.raw(name)?.get()).ok()
    }

    /// A member that is an object.
    pub(super) fn object(&self, name: &str) -> Option<Fields<'a>> {
        self.raw(name).and_then(Self::of)
    }

    /// A member that is an array; empty where it is none.
    pub(super) fn list(&self, name: &str) -> Vec<&'a RawValue> {
        list(self.raw(name))
    }
}

struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(Text(name)) = map.next_key()? {
            members.push((name, map.next_value()?));
        }
        Ok(Members(members))
    }
}

/// The members of the JSON object `json` that have these names, values unread; `None` where it is no object. One that is
/// null is as one that is not there; of a name that comes again the last one counts.
///
/// One reader for all names costs a fraction of the code of a derived type for each object.
pub(super) fn pick<'a, const N: usize>(json: &'a str, names: [&str; N]) -> Option<[Option<&'a RawValue>; N]> {
    pick_bytes(json.as_bytes(), names)
}

/// As [`pick`], of bytes.
pub(super) fn pick_bytes<'a, const N: usize>(
    json: &'a [u8],
    names: [&str; N],
) -> Option<[Option<&'a RawValue>; N]> {
    let mut found = pick_with_nulls(json, names)?;
    for value in &mut found {
        *value = value.filter(|raw| raw.get() != "null");
    }
    Some(found)
}

/// As [`pick_bytes`], nulls too.
pub(super) fn pick_with_nulls<'a, const N: usize>(
    json: &'a [u8],
    names: [&str; N],
) -> Option<[Option<&'a RawValue>; N]> {
    let mut values = [None; N];
    fill(json, &names, &mut values).then_some(values)
}

/// As [`pick`], of a member of another object.
pub(super) fn pick_in<'a, const N: usize>(
    raw: Option<&'a RawValue>,
    names: [&str; N],
) -> Option<[Option<&'a RawValue>; N]> {
    pick(raw?.get(), names)
}

/// Puts the members called `names` into `values`.
#[inline(never)]
fn fill<'a>(json: &'a [u8], names: &[&str], values: &mut [Option<&'a RawValue>]) -> bool {
    if !json.trim_ascii_start().starts_with(b"{") {
        return false;
    }
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let read = deserializer.deserialize_map(Pick { names, values });
    read.and_then(|()| deserializer.end()).is_ok()
}

struct Pick<'n, 'v, 'a> {
    names: &'n [&'n str],
    values: &'v mut [Option<&'a RawValue>],
}

impl<'a> Visitor<'a> for Pick<'_, '_, 'a> {
    type Value = ();

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(Text(name)) = map.next_key()? {
            let raw: &'a RawValue = map.next_value()?;
            let known = self.names.iter().zip(self.values.iter_mut()).find(|(known, _)| **known == name);
            if let Some((_, value)) = known {
                *value = Some(raw);
            }
        }
        Ok(())
    }
}

/// Calls `see` for every member of a JSON object, in their order and unread; nothing is kept, however many there are.
#[inline(never)]
pub(super) fn each_member<'a>(json: &'a str, see: &mut dyn FnMut(&str, &'a RawValue)) {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let read = deserializer.deserialize_map(Each(see));
    debug_assert!(read.is_ok(), "what is walked through was checked before");
}

/// The same for every element of a JSON array.
#[inline(never)]
pub(super) fn each_element<'a>(json: &'a str, see: &mut dyn FnMut(&'a RawValue)) {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let read = deserializer.deserialize_seq(Each(&mut |_: &str, raw| see(raw)));
    debug_assert!(read.is_ok(), "what is walked through was checked before");
}

struct Each<'s, 'a>(&'s mut dyn FnMut(&str, &'a RawValue));

impl<'a> Visitor<'a> for Each<'_, 'a> {
    type Value = ();

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("an object or an array")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(Text(name)) = map.next_key()? {
            (self.0)(&name, map.next_value()?);
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(raw) = list.next_element()? {
            (self.0)("", raw);
        }
        Ok(())
    }
}

/// The text that a member is, if it is one.
#[inline(never)]
pub(crate) fn text(raw: Option<&RawValue>) -> Option<Cow<'_, str>> {
    let raw = raw.filter(|raw| raw.get().starts_with('"'))?;
    serde_json::from_str::<Text<'_>>(raw.get()).ok().map(|text| text.0)
}

/// The same, if it is not empty.
#[inline(never)]
pub(super) fn some_text(raw: Option<&RawValue>) -> Option<Cow<'_, str>> {
    text(raw).filter(|text| !text.is_empty())
}

/// The count that a member is, if it is one; some write it as a float.
#[inline(never)]
pub(super) fn count(raw: Option<&RawValue>) -> Option<u64> {
    let json = raw?.get();
    let float = || serde_json::from_str::<f64>(json).ok().filter(|number| *number >= 0.0);
    serde_json::from_str(json).ok().or_else(|| float().map(|number| number as u64))
}

/// The elements of the list that a member is; none where it is none.
#[inline(never)]
pub(super) fn list(raw: Option<&RawValue>) -> Vec<&RawValue> {
    raw.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default()
}

/// The member of this name, where it is a string.
pub(crate) fn text_of<'m>(members: &[(Cow<'_, str>, &'m RawValue)], name: &str) -> Option<Cow<'m, str>> {
    let (_, raw) = members.iter().find(|(member, _)| member == name)?;
    serde_json::from_str::<Text<'m>>(raw.get()).ok().map(|text| text.0)
}

/// A string that is borrowed where it holds no escapes, also inside `Option` and maps.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Text<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

/// A string, or nothing where the value is anything else: peers put odd values in fields that we only pass on.
#[derive(Clone, Debug, Default)]
pub(super) struct MaybeText<'a>(pub(super) Option<Cow<'a, str>>);

impl<'de: 'a, 'a> Deserialize<'de> for MaybeText<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?;
        Ok(Self(serde_json::from_str::<Text<'_>>(raw.get()).ok().map(|text| text.0)))
    }
}

/// JSON text without white space between its tokens; borrowed where there is none.
pub(crate) fn compact(json: &str) -> Cow<'_, str> {
    let mut quoted = false;
    let mut escaped = false;
    let mut keep = |c: char| {
        if quoted {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => quoted = false,
                _ => {}
            }
            return true;
        }
        quoted = c == '"';
        !matches!(c, ' ' | '\t' | '\n' | '\r')
    };
    let Some(first) = json.find(|c| !keep(c)) else { return Cow::Borrowed(json) };
    let (kept, rest) = json.split_at(first);
    let mut text = String::with_capacity(json.len());
    text.push_str(kept);
    // The state of `keep` is that behind the white space at `first`, which changes nothing.
    text.extend(rest.chars().filter(|c| keep(*c)));
    Cow::Owned(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compact_strips_only_between_tokens() {
        assert_eq!(compact(r#"{"a":"b c"}"#), r#"{"a":"b c"}"#);
        assert!(matches!(compact(r#"{"a":"b \" c"}"#), Cow::Borrowed(_)));
        assert_eq!(
            compact("{ \"a\" : \"x \\\" y\\\\\" ,\n\t\"b\":[ 1, 2 ] }"),
            r#"{"a":"x \" y\\","b":[1,2]}"#
        );
        assert_eq!(compact("{\"é\": \" ü \"}"), "{\"é\":\" ü \"}");
    }

    #[test]
    fn members_are_picked_by_name() {
        let json = r#" {"a":1,"x":[{"a":2}],"b":"\u00e9","a":3,"c":null} "#;
        let [a, b, c, d] = pick(json, ["a", "b", "c", "d"]).unwrap();
        assert_eq!((count(a), text(b).as_deref(), text(c), d.is_none()), (Some(3), Some("é"), None, true));
        assert_eq!((count(b), text(a), list(a).len()), (None, None, 0));
        let [x] = pick(json, ["x"]).unwrap();
        let [inner] = pick_in(list(x).first().copied(), ["a"]).unwrap();
        assert_eq!(count(inner), Some(2));
        for bad in ["", "null", "[]", "{", r#"{"a":1} x"#, r#"{"a"}"#, r#"{"a":01}"#] {
            assert!(pick(bad, ["a"]).is_none(), "{bad}");
        }
    }

    #[test]
    fn odd_members_are_none_and_harm_no_others() {
        let json =
            br#" {"a":"x","b":null,"c":7,"d":-1,"e":[1,{}],"f":{"a":"\u0041"},"a":"y","g":"\ud800","h":""}"#;
        let fields = Fields::read(json).unwrap();
        assert_eq!(fields.text("a").as_deref(), Some("x"));
        for name in ["b", "c", "g", "none"] {
            assert_eq!(fields.text(name), None, "{name}");
        }
        assert_eq!((fields.text("h").as_deref(), fields.some_text("h")), (Some(""), None));
        assert_eq!((fields.count("c"), fields.count("d"), fields.count("a")), (Some(7), None, None));
        assert_eq!((fields.list("e").len(), fields.list("f").len(), fields.list("b").len()), (2, 0, 0));
        assert_eq!(fields.object("f").unwrap().text("a").as_deref(), Some("A"));
        assert!(fields.object("e").is_none() && fields.raw("b").is_none());
        for other in ["[]", "\"x\"", "", "{", "{}x"] {
            assert!(Fields::read(other.as_bytes()).is_none(), "{other}");
        }
    }

    #[test]
    fn what_is_picked_is_as_it_was_written() {
        let json = br#"{"a": 1.0 ,"b":null,"\u0063":"x","a":[ 2 ]}"#;
        let found = pick_bytes(json, ["a", "b", "c", "d"]).unwrap();
        assert_eq!(found.map(|raw| raw.map(RawValue::get)), [Some("[ 2 ]"), None, Some("\"x\""), None]);
        assert!(pick_with_nulls(json, ["b"]).unwrap()[0].is_some());
        for other in ["[1]", "1", "", "{\"a\":1} x", "{\"a\":", "null"] {
            assert!(pick_bytes(other.as_bytes(), ["a"]).is_none(), "{other}");
        }
    }

    #[test]
    fn members_keep_their_order() {
        let raw: &RawValue = serde_json::from_str(r#"{"z":1,"a":{"b":2},"\u0041":3}"#).unwrap();
        let names: Vec<String> =
            members(raw).unwrap().into_iter().map(|(name, _)| name.into_owned()).collect();
        assert_eq!(names, ["z", "a", "A"]);
        let raw: &RawValue = serde_json::from_str("[]").unwrap();
        assert!(members(raw).is_none());
    }
}
