//! The inside of JSON strings (RFC 8259 section 7), eight bytes at a time.

/// The length of the run that `bytes` begins with and that stands for itself in a JSON string: no control character,
/// quotation mark or backslash.
pub(crate) fn plain(bytes: &[u8]) -> usize {
    let (words, rest) = bytes.as_chunks::<8>();
    for (at, word) in words.iter().enumerate() {
        let special = special(u64::from_le_bytes(*word));
        if special != 0 {
            return at * 8 + special.trailing_zeros() as usize / 8;
        }
    }
    let end = rest.iter().position(|byte| *byte < 0x20 || matches!(byte, b'"' | b'\\'));
    bytes.len() - rest.len() + end.unwrap_or(rest.len())
}

/// Has the high bit set of the lowest byte that is special; those above it may be wrong, since a borrow goes upwards.
fn special(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let below = |word: u64, limit: u8| word.wrapping_sub(ONES * u64::from(limit)) & !word;
    let control = below(word, 0x20);
    let quote = below(word ^ (ONES * u64::from(b'"')), 1);
    let backslash = below(word ^ (ONES * u64::from(b'\\')), 1);
    (control | quote | backslash) & (ONES << 7)
}

/// The length of the text of a JSON string whose opening quotation mark stands before `bytes`: up to the closing one.
/// `None` where it does not close, or is not as the standard has it. Does not look whether it is UTF-8.
pub(crate) fn length(bytes: &[u8]) -> Option<usize> {
    let mut at = plain(bytes);
    loop {
        at += match bytes.get(at..)? {
            [b'"', ..] => return Some(at),
            [b'\\', b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', ..] => 2,
            [b'\\', b'u', a, b, c, d, ..] if [a, b, c, d].iter().all(|byte| byte.is_ascii_hexdigit()) => 6,
            _ => return None,
        };
        at += plain(bytes.get(at..)?);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_ends_at_what_needs_an_escape() {
        for before in 0..20 {
            for byte in 0..=u8::MAX {
                let special = byte < 0x20 || byte == b'"' || byte == b'\\';
                for filling in [b'a', 0x20, 0x7F, 0x80, 0xFF, b'"' + 1, b'"' - 1, b'\\' + 1, b'\\' - 1] {
                    let mut bytes = vec![filling; before];
                    bytes.push(byte);
                    bytes.extend([filling; 11]);
                    let expected = if special { before } else { bytes.len() };
                    assert_eq!(plain(&bytes), expected, "{byte:#x} behind {before} of {filling:#x}");
                }
            }
        }
    }

    #[test]
    fn a_string_closes_where_serde_json_says() {
        for inside in [
            "",
            "a",
            "\\\"",
            "\\\\",
            "\\n\\t\\r\\b\\f\\/",
            "\\u00e9x",
            "\\ud83d",
            "0123456\\\"89",
            "ü\u{1f600}",
            "\\x",
            "\\u12",
            "\\u12g4",
            "\\",
            "a\nb",
            "\u{1}",
            "\\u+123",
        ] {
            let json = format!("\"{inside}\"");
            let valid = serde_json::from_str::<serde::de::IgnoredAny>(&json).is_ok();
            let found =
                length(format!("{inside}\",\"x\":\"").as_bytes()).filter(|length| *length == inside.len());
            assert_eq!(found, valid.then_some(inside.len()), "{json}");
        }
        assert_eq!(length(b"open"), None);
    }
}
