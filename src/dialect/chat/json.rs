//! Writes JSON text straight into a buffer: no tree, no formatter, the same bytes every time.

use crate::stream::text::plain;

/// Appends `text` as a JSON string.
pub(crate) fn string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    escaped(text, out);
    out.push(b'"');
}

/// Appends `text` as a JSON string, or `null`.
pub(crate) fn string_or_null(text: Option<&str>, out: &mut Vec<u8>) {
    match text {
        Some(text) => string(text, out),
        None => out.extend_from_slice(b"null"),
    }
}

/// Appends `text` as the inside of a JSON string, so that several texts can make one string.
pub(crate) fn escaped(text: &str, out: &mut Vec<u8>) {
    let mut rest = text.as_bytes();
    loop {
        let (plain, from) = rest.split_at(plain(rest));
        out.extend_from_slice(plain);
        let Some((byte, behind)) = from.split_first() else { return };
        escape(*byte, out);
        rest = behind;
    }
}

/// Appends a decimal number.
pub(crate) fn number(mut value: u64, out: &mut Vec<u8>) {
    let start = out.len();
    loop {
        out.push(b'0' + (value % 10) as u8);
        value /= 10;
        if value == 0 {
            break;
        }
    }
    if let Some(digits) = out.get_mut(start..) {
        digits.reverse();
    }
}

/// RFC 8259 section 7.
fn escape(byte: u8, out: &mut Vec<u8>) {
    let short = match byte {
        b'"' | b'\\' => byte,
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        0x08 => b'b',
        0x0C => b'f',
        _ => {
            out.extend_from_slice(b"\\u00");
            out.push(b'0' + (byte >> 4));
            out.push(match byte & 0xF {
                low @ 0..=9 => b'0' + low,
                low => b'a' - 10 + low,
            });
            return;
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}

#[cfg(test)]
mod tests {
    #[test]
    fn strings_are_what_serde_json_writes() {
        let all: String = (0..0x100).filter_map(char::from_u32).chain("\u{2028}\u{1f600}z".chars()).collect();
        for text in [all.as_str(), "", "plain", "\"", "a\"b", "\\\\", "end\n"] {
            let mut out = Vec::new();
            super::string(text, &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), serde_json::to_string(text).unwrap());
        }
    }

    #[test]
    fn numbers_are_decimal() {
        for value in [0, 1, 9, 10, 1_234_567_890, u64::MAX] {
            let mut out = b"x".to_vec();
            super::number(value, &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), format!("x{value}"));
        }
    }
}
