//! The key file of a Google service account, and the assertion made with it.
//!
//! Source: Google, "Using OAuth 2.0 for Server to Server Applications", "Preparing to make an authorized API call"; RFC
//! 7523 §2.1.

use std::{borrow::Cow, fmt};

use serde_json::value::RawValue;

use super::base64;
use crate::provider::json;

/// What tokens are for: all that the account may do at Google Cloud. What it may do is said there.
const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";
/// How long an assertion holds, in seconds: the longest that Google takes.
const LIFETIME: u64 = 3600;
/// The largest key file, in bytes; they have about 2400.
pub const FILE_BYTES: usize = 64 * 1024;

/// A service account's key.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    email: String,
    key_id: String,
    /// The private key, as PEM.
    pem: String,
    token_uri: Option<String>,
}

/// Nothing of it is for a log.
impl fmt::Debug for Account {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Account(hidden)")
    }
}

impl Account {
    /// Reads a key file.
    ///
    /// # Errors
    ///
    /// What is wrong with it, without anything of what it holds.
    pub fn read(text: &str) -> Result<Self, &'static str> {
        if text.len() > FILE_BYTES {
            return Err("is larger than any key file");
        }
        let no_file = "is no key file of a service account (JSON)";
        let raw: &RawValue = serde_json::from_str(text).map_err(|_| no_file)?;
        let members = json::members(raw).ok_or(no_file)?;
        let member = |name: &str| json::text_of(&members, name);
        if member("type").as_deref() != Some("service_account") {
            return Err("is not of a service account: its `type` is another one");
        }
        let email =
            member("client_email").filter(|email| !email.is_empty()).ok_or("has no `client_email`")?;
        let pem = member("private_key").unwrap_or_default();
        let key = pem.trim();
        // PKCS #8 is what Google writes; the older form is what some tools make of it.
        let framed = |label: &str| {
            key.strip_prefix("-----BEGIN ").and_then(|rest| rest.strip_prefix(label)).is_some_and(|rest| {
                rest.starts_with("-----") && rest.trim_end().ends_with("-----") && rest.contains("-----END ")
            })
        };
        if !framed("PRIVATE KEY") && !framed("RSA PRIVATE KEY") {
            return Err("has no `private_key` in PEM form");
        }
        let key_id = member("private_key_id").unwrap_or_default().into_owned();
        let token_uri = member("token_uri").map(Cow::into_owned);
        Ok(Account { email: email.into_owned(), key_id, pem: pem.into_owned(), token_uri })
    }

    /// Where the file says that tokens come from.
    pub fn token_uri(&self) -> Option<&str> {
        self.token_uri.as_deref()
    }

    /// Whose key it is.
    pub fn email(&self) -> &str {
        &self.email
    }

    /// The private key, as PEM.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// The part of an assertion that is signed. `now` in seconds of Unix time; `audience` is the token endpoint.
    pub fn claims(&self, audience: &str, now: u64) -> String {
        let mut header = br#"{"alg":"RS256","typ":"JWT","kid":"#.to_vec();
        json::value(&mut header, &self.key_id);
        header.push(b'}');
        let mut claims = br#"{"iss":"#.to_vec();
        json::value(&mut claims, &self.email);
        claims.extend_from_slice(br#","scope":"#);
        json::value(&mut claims, SCOPE);
        claims.extend_from_slice(br#","aud":"#);
        json::value(&mut claims, audience);
        claims.extend_from_slice(
            format!(r#","iat":{now},"exp":{}}}"#, now.saturating_add(LIFETIME)).as_bytes(),
        );
        let mut out = String::with_capacity(512);
        base64::push(&mut out, &header);
        out.push('.');
        base64::push(&mut out, &claims);
        out
    }
}

/// The whole assertion.
pub fn assertion(claims: &str, signature: &[u8]) -> String {
    let mut out = String::with_capacity(claims.len() + 1 + signature.len() * 4 / 3 + 4);
    out.push_str(claims);
    out.push('.');
    base64::push(&mut out, signature);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(change: impl FnOnce(&mut serde_json::Value)) -> String {
        let mut file = serde_json::json!({"type": "service_account", "client_email": "a@b.test",
            "private_key_id": "k\"1", "private_key": "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
            "token_uri": "https://oauth2.googleapis.com/token", "project_id": "p"});
        change(&mut file);
        file.to_string()
    }

    #[test]
    fn the_signed_part_is_two_json_objects() {
        let account = Account::read(&file(|_| ())).unwrap();
        let claims = account.claims("https://t.test/token", 1_000);
        let (header, body) = claims.split_once('.').unwrap();
        let mut want = String::new();
        base64::push(&mut want, br#"{"alg":"RS256","typ":"JWT","kid":"k\"1"}"#);
        assert_eq!(header, want);
        let mut want = String::new();
        base64::push(
            &mut want,
            br#"{"iss":"a@b.test","scope":"https://www.googleapis.com/auth/cloud-platform","aud":"https://t.test/token","iat":1000,"exp":4600}"#,
        );
        assert_eq!(body, want);
        assert_eq!(assertion("a.b", &[0xff]), "a.b._w");
    }

    #[test]
    fn what_is_wrong_is_told_without_what_is_in_it() {
        let wrong = [
            ("secret".to_owned(), "is no key file of a service account (JSON)"),
            (
                file(|file| file["type"] = "authorized_user".into()),
                "is not of a service account: its `type` is another one",
            ),
            (file(|file| file["client_email"] = "".into()), "has no `client_email`"),
            (file(|file| file["private_key"] = "secret".into()), "has no `private_key` in PEM form"),
            (
                file(|file| file["private_key"] = "-----BEGIN PRIVATE KEY-----\nAAAA".into()),
                "has no `private_key` in PEM form",
            ),
            (" ".repeat(FILE_BYTES + 1), "is larger than any key file"),
        ];
        for (text, why) in wrong {
            assert_eq!(Account::read(&text).unwrap_err(), why);
        }
        assert_eq!(format!("{:?}", Account::read(&file(|_| ())).unwrap()), "Account(hidden)");
    }
}
