//! Base64 (RFC 4648 section 4).

/// The bytes that `text` stands for; `None` where it is not the standard alphabet. Padding may be absent.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let digits = text.trim_end_matches('=');
    // One digit alone is six bits: no byte.
    if digits.len() % 4 == 1 || text.len() - digits.len() > 2 {
        return None;
    }
    let mut bytes = Vec::with_capacity(digits.len() / 4 * 3 + 2);
    let (mut bits, mut held) = (0u32, 0u32);
    for digit in digits.bytes() {
        bits = bits << 6 | u32::from(sextet(digit)?);
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
            bits &= (1 << held) - 1;
        }
    }
    Some(bytes)
}

/// Appends `bytes` in the standard alphabet, with padding.
pub(crate) fn encode(bytes: impl IntoIterator<Item = u8>, out: &mut Vec<u8>) {
    let digit = |bits: u32| match (bits & 63) as u8 {
        low @ 0..26 => b'A' + low,
        low @ 26..52 => b'a' + low - 26,
        low @ 52..62 => b'0' + low - 52,
        62 => b'+',
        _ => b'/',
    };
    let (mut group, mut held) = (0u32, 0u32);
    for byte in bytes {
        group = group << 8 | u32::from(byte);
        held += 8;
        if held == 24 {
            out.extend([group >> 18, group >> 12, group >> 6, group].map(digit));
            (group, held) = (0, 0);
        }
    }
    match held {
        8 => out.extend([digit(group >> 2), digit(group << 4), b'=', b'=']),
        16 => out.extend([digit(group >> 10), digit(group >> 4), digit(group << 2), b'=']),
        _ => {}
    }
}

fn sextet(digit: u8) -> Option<u8> {
    match digit {
        b'A'..=b'Z' => Some(digit - b'A'),
        b'a'..=b'z' => Some(digit - b'a' + 26),
        b'0'..=b'9' => Some(digit - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{decode, encode};

    // The vectors of RFC 4648 section 10.
    #[test]
    fn rfc_vectors() {
        for (text, bytes) in [
            ("", ""),
            ("Zg==", "f"),
            ("Zm8=", "fo"),
            ("Zm9v", "foo"),
            ("Zm9vYg==", "foob"),
            ("Zm9vYmE=", "fooba"),
            ("Zm9vYmFy", "foobar"),
            ("Zm9vYmE", "fooba"),
        ] {
            assert_eq!(decode(text).as_deref(), Some(bytes.as_bytes()), "{text}");
        }
        assert_eq!(decode("++//"), Some(vec![0xfb, 0xef, 0xff]));
    }

    #[test]
    fn what_is_encoded_is_what_is_decoded() {
        for length in 0..20 {
            let bytes: Vec<u8> = (0..length).map(|index: u8| index.wrapping_mul(83) ^ 0xf7).collect();
            let mut text = Vec::new();
            encode(bytes.iter().copied(), &mut text);
            assert_eq!(text.len() % 4, 0);
            assert_eq!(decode(std::str::from_utf8(&text).unwrap()), Some(bytes));
        }
        let mut text = Vec::new();
        encode(*b"foob", &mut text);
        assert_eq!(text, b"Zm9vYg==");
    }

    #[test]
    fn refuses_what_is_not_base64() {
        for text in ["Z", "Zm9v Yg", "Zm-_", "Zg===", "Z=g=", "é"] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
