//! What a schema cannot say: names that refer to each other, addresses, and what is not there yet.

mod credentials;
mod files;
mod keys;
mod models;
mod providers;
mod variables;

use super::{address, finding::Findings, types::Gateway};

/// What a check may ask of the machine that the gateway will run on.
pub trait Surroundings {
    /// Whether an environment variable is set and not empty.
    fn has_env(&self, name: &str) -> bool;
    /// Whether a file is there.
    fn has_file(&self, path: &str) -> bool;
    /// The text of an environment variable; `None` where it is not set or empty.
    fn env_text(&self, _name: &str) -> Option<String> {
        None
    }
    /// The text of a small file; `None` where it cannot be read.
    fn file_text(&self, _path: &str) -> Option<String> {
        None
    }
}

/// Fills in the secrets that stand in the rendering: what only this machine has of them.
pub fn with_secrets(mut gateway: Gateway, around: &dyn Surroundings) -> Gateway {
    for provider in &mut gateway.providers {
        credentials::fill(provider, around);
    }
    gateway
}

/// Checks a file whose keys and types are right.
pub fn check(gateway: &Gateway, around: &dyn Surroundings, findings: &mut Findings) {
    listeners(gateway, findings);
    providers::check(gateway, around, findings);
    credentials::check(gateway, around, findings);
    models::check(gateway, findings);
    keys::check(gateway, findings);
    files::check(gateway, findings);
    cors(gateway, findings);
    if gateway.outlier.max_ejection < gateway.outlier.ejection {
        findings.mistake("outlier.max_ejection", "must not be shorter than outlier.ejection");
    }
    if is_config_path(&gateway.tls.ca_file) {
        tls(gateway, around, findings);
    } else {
        findings.mistake("tls.ca_file", "is no path that Envoy's configuration can hold");
    }
}

fn listeners(gateway: &Gateway, findings: &mut Findings) {
    let mut open_to_others = false;
    match address::listen(&gateway.listen) {
        Ok(address) => open_to_others = !address.ip().is_loopback(),
        Err(mistake) => findings.mistake("listen", mistake),
    }
    match gateway.admin.as_deref().map(address::listen) {
        Some(Ok(address)) if !address.ip().is_loopback() => findings.warning(
            "admin",
            "others than this machine can reach Envoy's admin page, and it can stop Envoy and shows its configuration",
        ),
        Some(Ok(address)) if Ok(address) == address::listen(&gateway.listen) => {
            findings.mistake("admin", "is the same address as listen");
        }
        Some(Err(mistake)) => findings.mistake("admin", mistake),
        Some(Ok(_)) | None => {}
    }
    if gateway.keys.is_empty() && open_to_others {
        findings.warning(
            "listen",
            "the gateway is open to everyone who can reach this address: there are no keys",
        );
    } else if gateway.keys.is_empty() {
        findings.notice("", "the gateway is open: there are no keys");
    }
}

fn cors(gateway: &Gateway, findings: &mut Findings) {
    for (index, origin) in gateway.cors.iter().flat_map(|cors| &cors.origins).enumerate() {
        let rest = origin.split_once("://").map(|(scheme, rest)| (!scheme.is_empty(), rest));
        let whole = rest.is_some_and(|(scheme, rest)| scheme && !rest.is_empty() && !rest.contains('/'));
        let plain = origin.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:/*[]".contains(&byte));
        if origin != "*" && !(whole && plain) {
            let text =
                "is no origin: a scheme, a host, and a port where it is not the scheme's own, without a path";
            findings.mistake(&format!("cors.origins[{index}]"), text);
        }
    }
}

fn tls(gateway: &Gateway, around: &dyn Surroundings, findings: &mut Findings) {
    let https = gateway.providers.iter().any(|provider| {
        let known = super::kinds::kind(&provider.kind).and_then(|kind| kind.base_url);
        provider.base_url.as_deref().or(known).is_some_and(|url| url.starts_with("https:"))
    });
    if https && !around.has_file(&gateway.tls.ca_file) {
        let text = format!(
            "{} is not on this machine: no https provider can be reached without it",
            gateway.tls.ca_file
        );
        findings.warning("tls.ca_file", text);
    }
}

/// Tells repeated names: `first` is where each was seen before.
fn unique<'a>(names: impl Iterator<Item = (String, &'a str)>, findings: &mut Findings) {
    let mut seen: Vec<(&str, String)> = Vec::new();
    for (path, name) in names {
        match seen.iter().find(|(before, _)| *before == name) {
            Some((_, first)) => findings.mistake(&path, format!("{name:?} is taken by {first}")),
            None => seen.push((name, path)),
        }
    }
}

/// Names that go into the names of Envoy's clusters, where `+`, `#` and `/` have a meaning.
fn is_plain_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-');
    (1..=64).contains(&name.len()) && name.bytes().all(plain)
}

/// A header's name (RFC 9110 §5.1: a token), lower case as HTTP/2 wants it (RFC 9113 §8.2.1).
fn is_header_name(name: &str) -> bool {
    let token =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(token)
}

/// A header's value: visible text (RFC 9110 §5.5).
fn is_header_value(value: &str) -> bool {
    value.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic())
}

/// A path that can stand in Envoy's configuration, and in a `%FILE_CONTENT(path:directory)%` of it.
fn is_config_path(path: &str) -> bool {
    !path.is_empty()
        && !path.chars().any(|letter| letter.is_control() || matches!(letter, ':' | '%' | '(' | ')'))
}

/// Text without control characters, and not empty.
fn is_clean(text: &str) -> bool {
    !text.is_empty() && !text.chars().any(char::is_control)
}
