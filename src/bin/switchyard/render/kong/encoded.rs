//! What becomes of the filter's configuration in Kong.
//!
//! Kong reads `kong.yml` into Lua's tables and numbers, checks the configuration by the schema, and writes JSON for the filter
//! with lua-cjson (`kong/runloop/wasm.lua`). An empty table is an object there, a null may be left out, and numbers have 14
//! significant digits.

use serde_json::Value;

/// Whether the configuration is the same afterwards.
///
/// # Errors
/// The path of what is not.
pub(super) fn kept(value: &Value) -> Result<(), String> {
    let deeper = |step: String, value: &Value| {
        kept(value).map_err(|path| {
            if path.starts_with('[') || path.is_empty() {
                step.clone() + &path
            } else {
                format!("{step}.{path}")
            }
        })
    };
    match value {
        Value::Null => Err(String::new()),
        Value::Number(number) => match number.as_f64() {
            Some(number) if format!("{number:.13e}").parse() == Ok(number) => Ok(()),
            _ => Err(String::new()),
        },
        Value::Array(items) if items.is_empty() => Err(String::new()),
        Value::Array(items) => {
            items.iter().enumerate().try_for_each(|(index, item)| deeper(format!("[{index}]"), item))
        }
        Value::Object(members) => members.iter().try_for_each(|(name, member)| deeper(name.clone(), member)),
        Value::Bool(_) | Value::String(_) => Ok(()),
    }
}

/// JSON text as YAML: the same, but for characters that take two escapes in JSON and one in YAML (YAML 1.2, 5.7).
pub(super) fn yaml(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let mut rest = json;
    while let Some((before, escape)) = rest.split_once('\\') {
        out.push_str(before);
        let unit = |text: &str| {
            text.strip_prefix('u')?.get(..4).and_then(|digits| u16::from_str_radix(digits, 16).ok())
        };
        let second = escape.get(5..).and_then(|text| text.strip_prefix('\\')).and_then(unit);
        let pair = unit(escape).zip(second).map(|(high, low)| [high, low]);
        match pair
            .and_then(|pair| char::decode_utf16(pair).next()?.ok())
            .filter(|letter| u32::from(*letter) > 0xffff)
        {
            Some(letter) => {
                out.push_str(&format!("\\U{:08x}", u32::from(letter)));
                rest = escape.get(11..).unwrap_or_default();
            }
            None => {
                // The escaped character too: it may be a backslash.
                let end = escape.chars().next().map_or(0, char::len_utf8);
                let (escaped, after) = escape.split_at_checked(end).unwrap_or((escape, ""));
                out.push('\\');
                out.push_str(escaped);
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_lua_would_change_is_named() {
        let kept_as_it_is = json!({"a": [1, 2.5, 1.5e-7, "", false, {}], "b": {"c": 99_999_999_999_999_u64}});
        assert_eq!(kept(&kept_as_it_is), Ok(()));
        for (value, path) in [
            (json!({"a": {"b": []}}), "a.b"),
            (json!([1, [null]]), "[1][0]"),
            (json!({"a": [{"b": 123_456_789_012_345_u64}]}), "a[0].b"),
            (json!({"a": 0.123_456_789_012_345}), "a"),
        ] {
            assert_eq!(kept(&value), Err(path.to_owned()), "{value}");
        }
    }

    #[test]
    fn two_escapes_become_one() {
        assert_eq!(
            yaml(r#""\ud83d\ude00\u00e9\\ud83d\\ude00\"x\ud83d\u0041""#),
            r#""\U0001f600\u00e9\\ud83d\\ude00\"x\ud83d\u0041""#
        );
        assert_eq!(yaml("plain"), "plain");
    }
}
