//! What a token endpoint answers.
//!
//! Source: RFC 6749 §5.1 and §5.2; the metadata server of Google answers in the same form.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::provider::json;

/// The largest reply that is read, in bytes: tokens have up to a few thousand.
pub const REPLY_BYTES: usize = 64 * 1024;
/// The longest token, in bytes: it has to fit into a header, of which Envoy takes 60 KiB together.
const TOKEN_BYTES: usize = 16 * 1024;
/// How long a token holds that does not say, in seconds; RFC 6749 leaves it open, and short is safe.
const UNSAID: u64 = 300;
/// The longest that a token is used, in seconds, whatever it says.
const LONGEST: u64 = 24 * 3600;

/// A token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Got {
    /// Its text: visible ASCII.
    pub token: String,
    /// For how many seconds it holds.
    pub lifetime: u64,
}

/// Reads a reply.
///
/// # Errors
///
/// Why there is no token, for the log: nothing of it is secret.
pub fn read(status: u16, body: &[u8]) -> Result<Got, String> {
    if status != 200 {
        return Err(format!("the token endpoint answered {status}{}", code(body)));
    }
    let unusable = || "the token endpoint's reply cannot be read".to_owned();
    let members = members(body).ok_or_else(unusable)?;
    let token = json::text_of(&members, "access_token").filter(|token| {
        (1..=TOKEN_BYTES).contains(&token.len()) && token.bytes().all(|byte| byte.is_ascii_graphic())
    });
    // A number; some servers write it as text.
    let said =
        members.iter().find(|(name, _)| name == "expires_in").map(|(_, raw)| raw.get().trim_matches('"'));
    // A number with a fraction holds for its whole seconds.
    let lifetime = said.and_then(|text| text.split('.').next()?.parse().ok()).unwrap_or(UNSAID).min(LONGEST);
    Ok(Got { token: token.ok_or_else(unusable)?.into_owned(), lifetime })
}

fn members(body: &[u8]) -> Option<Vec<(Cow<'_, str>, &RawValue)>> {
    json::members(serde_json::from_slice(body).ok()?)
}

/// The code of a failure, which is one word; its description may repeat what was sent.
fn code(body: &[u8]) -> String {
    let members = members(body).unwrap_or_default();
    let word = json::text_of(&members, "error").filter(|word| {
        (1..=40).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
    });
    word.map_or_else(String::new, |word| format!(" ({word})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_with_its_time() {
        for (body, lifetime) in [
            (r#"{"access_token":"ya29.x","expires_in":3599,"token_type":"Bearer"}"#, 3599),
            (r#"{"access_token":"ya29.x","expires_in":"120"}"#, 120),
            (r#"{"access_token":"ya29.x","expires_in":59.9}"#, 59),
            (r#"{"access_token":"ya29.x"}"#, UNSAID),
            (r#"{"access_token":"ya29.x","expires_in":null}"#, UNSAID),
            (r#"{"access_token":"ya29.x","expires_in":-5}"#, UNSAID),
            (r#"{"access_token":"ya29.x","expires_in":999999999}"#, LONGEST),
        ] {
            assert_eq!(read(200, body.as_bytes()), Ok(Got { token: "ya29.x".into(), lifetime }), "{body}");
        }
    }

    #[test]
    fn what_is_no_token_is_a_reason_without_secrets() {
        for body in [
            "",
            "[]",
            r#"{"access_token":""}"#,
            r#"{"access_token":"a b"}"#,
            r#"{"access_token":"a\nb"}"#,
            r#"{"id_token":"x"}"#,
        ] {
            assert_eq!(
                read(200, body.as_bytes()),
                Err("the token endpoint's reply cannot be read".into()),
                "{body}"
            );
        }
        let body = br#"{"error":"invalid_grant","error_description":"Invalid JWT: eyJhbGciOi"}"#;
        assert_eq!(read(400, body), Err("the token endpoint answered 400 (invalid_grant)".into()));
        assert_eq!(read(503, br#"{"error":{"a":1}}"#), Err("the token endpoint answered 503".into()));
        assert_eq!(
            read(400, br#"{"error":"eyJhbGciOi.SECRET"}"#),
            Err("the token endpoint answered 400".into())
        );
    }
}
