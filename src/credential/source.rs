//! One credential made ready: its request to the token endpoint.

use std::fmt;

use sha2::{Digest, Sha256};

use super::{
    account::{self, Account},
    sign,
};
use crate::config::plugin::{Secret, Token};

/// Where tokens come from, with all that is needed to get one.
pub struct Source {
    /// What the workers' shared state is filed under: the same for the same credential, whichever provider has it.
    pub id: String,
    token: Token,
    proof: Proof,
}

/// What is shown to the token endpoint.
enum Proof {
    Account(Account),
    Metadata,
    Client { id: String, secret: String, scope: String },
}

/// Nothing of it is for a log.
impl fmt::Debug for Source {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Source({})", self.id)
    }
}

/// A request to the token endpoint.
#[derive(Debug, PartialEq, Eq)]
pub struct Request<'s> {
    /// The host's cluster.
    pub cluster: &'s str,
    /// All headers.
    pub headers: Vec<(&'s str, &'s str)>,
    /// The body; empty for GET.
    pub body: Vec<u8>,
}

impl Source {
    /// Makes a configured source ready. `environment` are the VM's variables.
    ///
    /// # Errors
    ///
    /// What is missing or wrong, without anything secret.
    pub fn new(token: &Token, environment: &[(String, String)]) -> Result<Self, String> {
        let key = match token.key.as_deref() {
            Some(Secret::Value(value)) => value,
            Some(Secret::Env(name)) => {
                let found = environment.iter().find(|(key, _)| key == name).map(|(_, value)| value);
                let found = found.filter(|value| !value.is_empty());
                found.ok_or_else(|| format!("the environment variable {name} is not set"))?
            }
            _ => "",
        };
        let proof = match (&token.client, token.key.is_some()) {
            (Some(id), _) => {
                let scope = token.scope.clone().unwrap_or_default();
                Proof::Client { id: id.clone(), secret: key.to_owned(), scope }
            }
            (None, true) => {
                let account = Account::read(key).map_err(|why| format!("its service account {why}"))?;
                Proof::Account(account)
            }
            (None, false) => Proof::Metadata,
        };
        Ok(Source { id: identity(token, &proof), token: token.clone(), proof })
    }

    /// The arguments of the host's function [`sign::FUNCTION`], and the text that it signs; `None` where nothing is to
    /// be signed. `now` in seconds of Unix time.
    pub fn to_sign(&self, now: u64) -> Option<(Vec<u8>, String)> {
        let Proof::Account(account) = &self.proof else { return None };
        let claims = account.claims(&self.url(), now);
        Some((sign::arguments(account.pem(), &claims), claims))
    }

    /// The request. `signed`: what [`Self::to_sign`] gave, and its signature.
    pub fn request(&self, signed: Option<(&str, &[u8])>) -> Request<'_> {
        let body = match (&self.proof, signed) {
            (Proof::Metadata, _) => String::new(),
            (Proof::Account(_), signed) => {
                let (claims, signature) = signed.unwrap_or_default();
                let assertion = account::assertion(claims, signature);
                // RFC 7523 §2.1; neither part needs escaping.
                format!(
                    "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion={assertion}"
                )
            }
            (Proof::Client { id, secret, scope }, _) => {
                let mut body = String::from("grant_type=client_credentials");
                for (name, value) in [("client_id", id), ("client_secret", secret), ("scope", scope)] {
                    body.push('&');
                    body.push_str(name);
                    body.push('=');
                    escape(&mut body, value);
                }
                body
            }
        };
        let mut headers = vec![
            (":method", if body.is_empty() { "GET" } else { "POST" }),
            (":scheme", self.token.scheme.as_str()),
            (":authority", self.token.authority.as_str()),
            (":path", self.token.path.as_str()),
            ("accept", "application/json"),
            ("user-agent", concat!("switchyard/", env!("CARGO_PKG_VERSION"))),
        ];
        match self.proof {
            Proof::Metadata => headers.push(("metadata-flavor", "Google")),
            _ => headers.push(("content-type", "application/x-www-form-urlencoded")),
        }
        Request { cluster: &self.token.cluster, headers, body: body.into_bytes() }
    }

    fn url(&self) -> String {
        format!("{}://{}{}", self.token.scheme, self.token.authority, self.token.path)
    }
}

/// A sum over everything that makes a credential another one.
fn identity(token: &Token, proof: &Proof) -> String {
    let mut sum = Sha256::new();
    let mut add = |text: &str| {
        // With its length, so that two texts cannot be read as two others.
        sum.update(u64::try_from(text.len()).unwrap_or(u64::MAX).to_le_bytes());
        sum.update(text.as_bytes());
    };
    for text in [&token.cluster, &token.scheme, &token.authority, &token.path] {
        add(text);
    }
    match proof {
        Proof::Account(account) => [account.email(), account.pem()].into_iter().for_each(&mut add),
        Proof::Metadata => {}
        Proof::Client { id, secret, scope } => [id, secret, scope].into_iter().for_each(|text| add(text)),
    }
    let mut id = String::from("switchyard.token.");
    // Half of it is enough to tell credentials apart, and tells nothing of them.
    for byte in sum.finalize().iter().take(16) {
        id.push_str(&format!("{byte:02x}"));
    }
    id
}

/// Escapes for a form (WHATWG URL §5.2; a space as `%20` is read as well).
fn escape(out: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(key: Option<Secret>) -> Token {
        Token {
            cluster: "token/t.test:443".into(),
            scheme: "https".into(),
            authority: "t.test".into(),
            path: "/token".into(),
            key: key.map(Box::new),
            client: None,
            scope: None,
        }
    }

    fn client(secret: Secret) -> Token {
        Token { client: Some("app".into()), scope: Some("https://s/.default".into()), ..token(Some(secret)) }
    }

    #[test]
    fn an_application_shows_its_secret_in_a_form() {
        let source =
            Source::new(&client(Secret::Env("S".into())), &[("S".into(), "a&b=c ü".into())]).unwrap();
        let request = source.request(None);
        assert_eq!(request.cluster, "token/t.test:443");
        assert!(request.headers.contains(&(":method", "POST")));
        assert!(request.headers.contains(&("content-type", "application/x-www-form-urlencoded")));
        assert_eq!(
            String::from_utf8(request.body).unwrap(),
            "grant_type=client_credentials&client_id=app&client_secret=a%26b%3Dc%20%C3%BC&scope=https%3A%2F%2Fs%2F.default"
        );
        assert!(!format!("{source:?}").contains("a&b"));
    }

    #[test]
    fn the_metadata_server_is_asked_with_its_header_and_no_body() {
        let source = Source::new(&token(None), &[]).unwrap();
        let request = source.request(None);
        assert!(request.headers.contains(&(":method", "GET")) && request.body.is_empty());
        assert!(request.headers.contains(&("metadata-flavor", "Google")));
        assert!(source.to_sign(0).is_none());
    }

    #[test]
    fn another_secret_is_another_token() {
        let id = |secret: &str| Source::new(&client(Secret::Value(secret.into())), &[]).unwrap().id;
        assert_eq!(id("a"), id("a"));
        assert_ne!(id("a"), id("b"));
        assert_eq!(id("a").len(), "switchyard.token.".len() + 32);
    }

    #[test]
    fn what_is_missing_is_told() {
        let missing = Source::new(&client(Secret::Env("S".into())), &[]).unwrap_err();
        assert_eq!(missing, "the environment variable S is not set");
        let empty =
            Source::new(&client(Secret::Env("S".into())), &[("S".into(), String::new())]).unwrap_err();
        assert_eq!(empty, missing);
        let wrong = Source::new(&token(Some(Secret::Value("secret".into()))), &[]).unwrap_err();
        assert_eq!(wrong, "its service account is no key file of a service account (JSON)");
    }
}
