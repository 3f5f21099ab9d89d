//! About how many tokens a prompt has, where nobody can be asked.
//!
//! Every vendor's tokenizer is another one, and none is here. What is counted is the text of the request's JSON, its
//! strings and names, tools with their schemas included, in eighths of a token:
//!
//! | what | tokens |
//! |---|---|
//! | a character of ASCII | ¼ |
//! | another character below U+0800 (Latin, Greek, Cyrillic, Hebrew, Arabic) | ½ |
//! | one of those above (Chinese, Japanese, Korean, Indic) | 1 |
//! | one beyond U+FFFF (emoji) | 2 |
//! | a picture, a recording, a document | 1600, and of a PDF in the request 1 for each 32 bytes of its base64 |
//!
//! Base64 and signatures are no text and count nothing. The sum is good for seeing how full a context is, not for bills:
//! a quarter of a token for a character is what vendors themselves name for English, and each tokenizer differs from it.

/// Tokens of one picture, at most so many for Anthropic ("Vision": about width × height ÷ 750, pictures are made smaller
/// than 1.15 megapixels).
const MEDIA: u64 = 1600;

/// The shortest text that is taken for base64: no word is so long, and no file so short.
const ENCODED: usize = 256;

/// About how many tokens a request has, at least 1. `body` is JSON; of anything else it is some number.
pub(super) fn tokens(body: &[u8]) -> u64 {
    let mut eighths = 0u64;
    let mut media = 0u64;
    let mut key: &[u8] = b"";
    let mut rest = body;
    while let Some((byte, behind)) = rest.split_first() {
        rest = behind;
        match byte {
            b'"' => {
                let end = end(rest);
                let (text, behind) = rest.split_at_checked(end).unwrap_or((rest, &[]));
                rest = behind.get(1..).unwrap_or_default();
                if rest.trim_ascii_start().starts_with(b":") {
                    key = text;
                    eighths = eighths.saturating_add(weight(text));
                    continue;
                }
                let (of_text, of_media) = value(key, text);
                eighths = eighths.saturating_add(of_text);
                media = media.saturating_add(of_media);
            }
            b' ' | b'\t' | b'\n' | b'\r' => {}
            b',' | b'{' | b'[' => {
                key = b"";
                eighths = eighths.saturating_add(ASCII);
            }
            _ => eighths = eighths.saturating_add(ASCII),
        }
    }
    eighths.div_ceil(8).saturating_add(media).max(1)
}

const ASCII: u64 = 2;

/// What a string that is the value of `key` counts: eighths of its text, and tokens of media.
fn value(key: &[u8], text: &[u8]) -> (u64, u64) {
    match key {
        b"signature" | b"encrypted_content" => return (0, 0),
        b"type" => {
            let is_media = matches!(
                text,
                b"image"
                    | b"image_url"
                    | b"input_image"
                    | b"document"
                    | b"file"
                    | b"input_file"
                    | b"input_audio"
            );
            return (weight(text), if is_media { MEDIA } else { 0 });
        }
        _ => {}
    }
    let Some(encoded) = encoded(key, text) else { return (weight(text), 0) };
    // `%PDF-` in base64.
    let pdf = encoded.starts_with(b"JVBERi");
    (0, if pdf { encoded.len() as u64 / 32 } else { 0 })
}

/// The base64 that a text is: behind the head of a data URL, or the value of a member that holds such.
fn encoded<'t>(key: &[u8], text: &'t [u8]) -> Option<&'t [u8]> {
    let head = text.iter().take(128).position(|byte| *byte == b',').filter(|_| text.starts_with(b"data:"));
    let data = match head {
        Some(comma) => text.get(comma + 1..)?,
        None if matches!(key, b"data" | b"file_data") => text,
        None => return None,
    };
    let digit =
        |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'-' | b'_' | b'\\');
    (data.len() >= ENCODED && data.iter().all(digit)).then_some(data)
}

/// Where a string ends whose opening quotation mark stands before `text`.
fn end(text: &[u8]) -> usize {
    let mut at = 0;
    loop {
        at += crate::stream::text::plain(text.get(at..).unwrap_or_default());
        match text.get(at) {
            None => return text.len(),
            Some(b'"') => return at,
            Some(b'\\') => at += 2,
            Some(_) => at += 1,
        }
    }
}

/// The eighths of a token that a text counts, escapes as the characters that they stand for.
fn weight(text: &[u8]) -> u64 {
    let mut eighths = 0u64;
    let mut rest = text;
    while let Some((byte, behind)) = rest.split_first() {
        let (skip, of) = match (byte, behind) {
            (b'\\', [b'u', a, b, c, d, ..]) => {
                let digit = |byte: &u8| char::from(*byte).to_digit(16).unwrap_or(0);
                let unit = [a, b, c, d].into_iter().fold(0, |unit, byte| unit << 4 | digit(byte));
                (5, of_unit(unit))
            }
            (b'\\', _) => (1, ASCII),
            (0..0x80, _) => (0, ASCII),
            // The first byte of a character of so many; the others count nothing.
            (0xC0..0xE0, _) => (0, 4),
            (0xE0..0xF0, _) => (0, 8),
            (0xF0.., _) => (0, 16),
            (0x80..0xC0, _) => (0, 0),
        };
        eighths = eighths.saturating_add(of);
        rest = behind.get(skip..).unwrap_or_default();
    }
    eighths
}

/// Of a unit of UTF-16; half a pair is half of what is beyond U+FFFF.
fn of_unit(unit: u32) -> u64 {
    match unit {
        0..0x80 => ASCII,
        0x80..0x800 => 4,
        _ => 8,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(text: &str) -> u64 {
        tokens(json!({"messages": [{"role": "user", "content": text}]}).to_string().as_bytes())
    }

    #[test]
    fn text_counts_by_its_script() {
        let empty = of("");
        for (text, each) in
            [("a", 0.25), ("é", 0.5), ("ж", 0.5), ("語", 1.0), ("한", 1.0), ("😀", 2.0), ("\n", 0.25)]
        {
            let counted = of(&text.repeat(400)) - empty;
            assert_eq!(counted, (400.0 * each) as u64, "{text}");
        }
    }

    #[test]
    fn escapes_are_what_they_stand_for() {
        let plain = r#"{"content":"é語😀\n\""}"#;
        let escaped = r#"{"content":"\u00e9\u8a9e\ud83d\ude00\u000a\u0022"}"#;
        assert_eq!(tokens(plain.as_bytes()), tokens(escaped.as_bytes()));
    }

    #[test]
    fn a_picture_counts_the_same_however_large() {
        let picture = |data: &str| {
            let source = json!({"type": "base64", "media_type": "image/png", "data": data});
            tokens(json!({"content": [{"type": "image", "source": source}]}).to_string().as_bytes())
        };
        assert_eq!(picture(&"iVBORw0KGgo".repeat(100)), picture(&"iVBORw0KGgo".repeat(10_000)));
        assert!((MEDIA..MEDIA + 100).contains(&picture(&"iVBORw0KGgo".repeat(100))));
        assert!(of(&"A".repeat(4000)) > 1000);
        let url = format!("data:image/png;base64,{}", "A".repeat(4000));
        let image = json!({"content": [{"type": "image_url", "image_url": {"url": url}}]}).to_string();
        assert!((MEDIA..MEDIA + 100).contains(&tokens(image.as_bytes())));
    }

    #[test]
    fn a_document_counts_by_its_size() {
        let pdf = |pages: usize| {
            let data = format!("JVBERi{}", "A".repeat(pages * 64_000));
            let source = json!({"type": "base64", "data": data});
            tokens(json!({"content": [{"type": "document", "source": source}]}).to_string().as_bytes())
        };
        assert_eq!(pdf(11) - pdf(1), 20_000);
    }

    #[test]
    fn tools_count_and_signatures_do_not() {
        let with =
            |tools: serde_json::Value| tokens(json!({"messages": [], "tools": tools}).to_string().as_bytes());
        let description = "x".repeat(4000);
        assert!(with(json!([{"name": "f", "description": description}])) > with(json!([])) + 1000);
        let signed = |signature: &str| {
            tokens(json!({"type": "thinking", "signature": signature}).to_string().as_bytes())
        };
        assert_eq!(signed("short"), signed(&"long.".repeat(1000)));
    }

    #[test]
    fn any_bytes_have_a_count() {
        for bytes in [&b""[..], b"\"", b"\"\\", b"{\"a", b"\"\\u12", b"\xff\xfe\x80", b"\"\\u\"", b"\"\xf0"] {
            assert!(tokens(bytes) >= 1, "{bytes:?}");
        }
    }
}
