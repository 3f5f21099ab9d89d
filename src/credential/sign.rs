//! The messages of Envoy's foreign function `sign`, which signs with a private key.
//!
//! Source: Envoy 1.38 and later, `source/extensions/common/wasm/ext/sign.proto`: arguments `hash_function` (1),
//! `private_key` (2, DER), `text` (3) and `private_key_pem` (4); result `result` (1), `signature` (2) and `error` (3).
//! With an RSA key it is RSASSA-PKCS1-v1_5, which with SHA-256 is RS256 (RFC 7518 §3.3).

/// The name of the function.
pub const FUNCTION: &str = "sign";

/// The longest signature that is taken, in bytes: that of an RSA key of 16384 bits.
const SIGNATURE_BYTES: usize = 2048;

/// The arguments: sign `text` by RS256 with the key `pem`.
pub fn arguments(pem: &str, text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(pem.len() + text.len() + 32);
    for (number, bytes) in [(1u8, "sha256"), (3, text), (4, pem)] {
        // A field that is preceded by its length (wire type 2).
        out.push(number << 3 | 2);
        push_varint(&mut out, bytes.len());
        out.extend_from_slice(bytes.as_bytes());
    }
    out
}

/// The signature in a result; `None` where it tells of a failure, or is none.
pub fn signature(mut result: &[u8]) -> Option<&[u8]> {
    let mut signature = None;
    while !result.is_empty() {
        let tag = take_varint(&mut result)?;
        match tag & 7 {
            0 => {
                take_varint(&mut result)?;
            }
            2 => {
                let length = take_varint(&mut result)?;
                let (bytes, rest) = result.split_at_checked(length)?;
                result = rest;
                if tag >> 3 == 2 {
                    signature = Some(bytes);
                }
            }
            _ => return None,
        }
    }
    signature.filter(|bytes| (1..=SIGNATURE_BYTES).contains(&bytes.len()))
}

fn push_varint(out: &mut Vec<u8>, mut number: usize) {
    while number > 0x7f {
        // The low seven bits, and that more follow.
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn take_varint(bytes: &mut &[u8]) -> Option<usize> {
    let mut number = 0usize;
    // Five groups of seven bits are more than any length here.
    for place in 0..5 {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= usize::from(first & 0x7f).checked_shl(7 * place)?;
        if first & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_fields_with_lengths() {
        let long = "x".repeat(300);
        let bytes = arguments(&long, "text");
        assert_eq!(&bytes[..8], b"\x0a\x06sha256");
        assert_eq!(&bytes[8..14], b"\x1a\x04text");
        assert_eq!(&bytes[14..17], &[0x22, 0xac, 0x02]);
        assert_eq!(bytes.len(), 17 + 300);
    }

    #[test]
    fn the_signature_is_found_and_nothing_else_taken_for_it() {
        assert_eq!(signature(b"\x08\x01\x12\x03abc"), Some(&b"abc"[..]));
        assert_eq!(signature(b"\x08\x00\x1a\x03bad"), None);
        assert_eq!(signature(b"\x12\x00"), None);
        for cut in [&b"\x12"[..], b"\x12\x05abc", b"\x12\xff\xff\xff\xff\xff\x01a", b"\x0d1234", b""] {
            assert_eq!(signature(cut), None, "{cut:?}");
        }
    }
}
