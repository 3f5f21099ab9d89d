//! One embedding in the form that the client wants: numbers keep their text where they can, and become 32-bit floats
//! in base64 where they must.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::scan::Encoding;
use crate::{base64, ir::Vector};

/// Reads the value of an `embedding` of OpenAI's; `None` where it is neither an array nor a string.
pub(crate) fn read(raw: &RawValue) -> Option<Vector<'_>> {
    match raw.get().bytes().next()? {
        b'[' => Some(Vector::Numbers(raw.get())),
        b'"' => serde_json::from_str::<Text<'_>>(raw.get()).ok().map(|text| Vector::Base64(text.0)),
        _ => None,
    }
}

#[derive(serde::Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// Whether the embedding is in the form that is wanted.
pub(crate) fn fits(vector: &Vector<'_>, encoding: Encoding) -> bool {
    match encoding {
        Encoding::Float => matches!(vector, Vector::Numbers(_)),
        Encoding::Base64 => matches!(vector, Vector::Base64(_)),
        // What that would be, only the provider knows.
        Encoding::Other => true,
    }
}

/// Appends the embedding as JSON, in the form that is wanted. `None`, with `out` undefined, where it is none: what is
/// no array of numbers, or no base64 of floats, or has a number that a 32-bit float cannot hold.
pub(crate) fn write(vector: &Vector<'_>, encoding: Encoding, out: &mut Vec<u8>) -> Option<()> {
    match (vector, encoding) {
        (Vector::Numbers(json), Encoding::Base64) => {
            let floats = floats(json)?;
            out.push(b'"');
            base64::encode(floats.into_iter().flat_map(f32::to_le_bytes), out);
            out.push(b'"');
        }
        (Vector::Numbers(json), _) => {
            is_numbers(json).then_some(())?;
            out.extend_from_slice(json.as_bytes());
        }
        (Vector::Base64(text), Encoding::Float) => return numbers(&base64::decode(text)?, out),
        (Vector::Base64(text), _) => {
            is_floats(text).then_some(())?;
            out.push(b'"');
            out.extend_from_slice(text.as_bytes());
            out.push(b'"');
        }
    }
    Some(())
}

/// The texts of the numbers of an array; serde has checked that it is JSON.
fn elements(json: &str) -> Option<impl Iterator<Item = &str>> {
    let inner = json.strip_prefix('[')?.strip_suffix(']')?;
    Some(inner.split(',').map(|text| text.trim_matches([' ', '\t', '\r', '\n'])))
}

fn is_numbers(json: &str) -> bool {
    let number = |text: &str| text.starts_with(|c: char| c == '-' || c.is_ascii_digit());
    elements(json).is_some_and(|mut elements| elements.all(number))
}

/// Straight from decimal to 32 bits: by way of 64 some would be rounded twice.
fn floats(json: &str) -> Option<Vec<f32>> {
    let float = |text: &str| {
        let digits = text.starts_with(|c: char| c == '-' || c.is_ascii_digit());
        digits.then(|| text.parse::<f32>().ok()).flatten().filter(|float| float.is_finite())
    };
    elements(json)?.map(float).collect()
}

fn is_floats(text: &str) -> bool {
    base64::decode(text).is_some_and(|bytes| !bytes.is_empty() && bytes.len().is_multiple_of(4))
}

/// The shortest decimals that stand for the same 32-bit floats.
fn numbers(bytes: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let (groups, rest) = bytes.as_chunks::<4>();
    if groups.is_empty() || !rest.is_empty() {
        return None;
    }
    for (index, group) in groups.iter().enumerate() {
        let float = f32::from_le_bytes(*group);
        if !float.is_finite() {
            return None;
        }
        out.push(if index == 0 { b'[' } else { b',' });
        serde_json::to_writer(&mut *out, &float).ok()?;
    }
    out.push(b']');
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(vector: &Vector<'_>, encoding: Encoding) -> Option<String> {
        let mut out = Vec::new();
        write(vector, encoding, &mut out).map(|()| String::from_utf8(out).unwrap())
    }

    #[test]
    fn numbers_keep_their_text() {
        let json = "[0.100, -1E-5,\n 3, 0.30000000000000004]";
        assert_eq!(written(&Vector::Numbers(json), Encoding::Float).as_deref(), Some(json));
    }

    #[test]
    fn both_ways_give_the_same_floats() {
        // 1.0, -2.5, the smallest, the largest, and one that rounds.
        let json = "[1, -2.5, 1e-45, 3.4028235e38, 0.1]";
        let text = written(&Vector::Numbers(json), Encoding::Base64).unwrap();
        assert_eq!(text, "\"AACAPwAAIMABAAAA//9/f83MzD0=\"");
        let back = written(&Vector::Base64(text.trim_matches('"').into()), Encoding::Float).unwrap();
        assert_eq!(back, "[1.0,-2.5,1e-45,3.4028235e+38,0.1]");
    }

    #[test]
    fn a_decimal_is_rounded_once() {
        // Halfway between two 32-bit floats, and a little above: as a double it is the half, which rounds down.
        let json = "[1.00000005960464477539062500001]";
        let text = written(&Vector::Numbers(json), Encoding::Base64).unwrap();
        let back = written(&Vector::Base64(text.trim_matches('"').into()), Encoding::Float).unwrap();
        assert_eq!(back, "[1.0000001]");
    }

    #[test]
    fn what_is_no_embedding_is_none() {
        for json in ["[]", "[null]", "[1,\"2\"]", "[[1]]", "[1,[2]]", "[true]", "[{\"a\":1}]"] {
            for encoding in [Encoding::Float, Encoding::Base64] {
                assert_eq!(written(&Vector::Numbers(json), encoding), None, "{json}");
            }
        }
        assert_eq!(written(&Vector::Numbers("[1e300]"), Encoding::Base64), None);
        for text in ["", "AAA", "AACAPwA=", "AAB/fw==!", "AADAfw=="] {
            assert_eq!(written(&Vector::Base64(text.into()), Encoding::Float), None, "{text}");
        }
    }
}
