//! Small pieces of YAML text.
//!
//! The rendering is written for people: comments stand where they are needed, which a serialiser cannot do.

/// Puts a piece deeper by so many spaces; empty lines stay empty.
pub(crate) fn indent(spaces: usize, text: &str) -> String {
    let pad = " ".repeat(spaces);
    let mut out = String::with_capacity(text.len() * 2);
    for line in text.lines() {
        if !line.is_empty() {
            out.push_str(&pad);
            out.push_str(line);
        }
        out.push('\n');
    }
    out
}

/// A piece as an item of a list.
pub(crate) fn item(text: &str) -> String {
    let deeper = indent(2, text);
    match deeper.strip_prefix("  ") {
        Some(rest) => format!("- {rest}"),
        None => deeper,
    }
}

/// A scalar in double quotes, with JSON's escapes, all of which YAML knows.
pub(crate) fn quote(text: &str) -> String {
    ascii(&serde_json::Value::from(text).to_string())
}

/// JSON text with everything beyond ASCII escaped: some of it would end a line in YAML (U+0085, U+2028).
pub(crate) fn ascii(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let mut units = [0_u16; 2];
    for letter in json.chars() {
        if letter.is_ascii() && letter != '\u{7f}' {
            out.push(letter);
        } else {
            for unit in letter.encode_utf16(&mut units) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_nest() {
        assert_eq!(indent(2, "a:\n  b\n\nc\n"), "  a:\n    b\n\n  c\n");
        assert_eq!(item("name: a\nkind: b\n"), "- name: a\n  kind: b\n");
    }

    #[test]
    fn scalars_are_escaped() {
        assert_eq!(quote("a\"b\\\n"), r#""a\"b\\\n""#);
        assert_eq!(quote("é\u{2028}😀\u{7f}"), r#""\u00e9\u2028\ud83d\ude00\u007f""#);
    }
}
