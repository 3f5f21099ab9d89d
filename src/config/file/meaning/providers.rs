//! Providers.

use super::{
    Surroundings, is_config_path, is_header_name, is_header_value, is_plain_name, unique, variables,
};
use crate::config::file::{
    address::{self, BaseUrl},
    credentials::{self, Credential},
    finding::Findings,
    kinds, nearest,
    types::{ApiKey, Gateway, Provider},
    variables::fill,
};

/// Headers that the filter or Envoy writes, so that a configured one would be lost or do harm.
const RESERVED: &[&str] =
    &["host", "content-length", "content-type", "transfer-encoding", "connection", "accept-encoding"];

pub(super) fn check(gateway: &Gateway, around: &dyn Surroundings, findings: &mut Findings) {
    let names = gateway.providers.iter().enumerate();
    unique(
        names.map(|(index, provider)| (format!("providers[{index}].name"), provider.name.as_str())),
        findings,
    );
    for (index, provider) in gateway.providers.iter().enumerate() {
        let path = format!("providers[{index}]");
        name(provider, &path, findings);
        kind(provider, &path, findings);
        let complete = variables::check(provider, &path, findings);
        base_url(provider, complete, &path, findings);
        variables::quirks(provider, &path, findings);
        headers(provider, &path, findings);
        match &provider.api_key {
            Some(key) => api_key(key, &format!("{path}.api_key"), around, findings),
            None if needs_key(provider) && credentials::of(provider) == Credential::None => {
                let hint = usual_key(provider);
                findings.warning(
                    &path,
                    format!("{} has no api_key: it will refuse every request{hint}", provider.name),
                );
            }
            None => {}
        }
        let used =
            gateway.models.iter().flat_map(|model| &model.targets).any(|at| at.provider == provider.name);
        if !used && !findings.is_wrong(&format!("{path}.name")) {
            findings.warning(&path, format!("no model has {} as a target", provider.name));
        }
    }
}

/// Whether a provider refuses requests without a credential: at its vendor's own address, where its type says so.
fn needs_key(provider: &Provider) -> bool {
    provider.base_url.is_none() && kinds::kind(&provider.kind).is_some_and(|kind| kind.needs_key)
}

fn usual_key(provider: &Provider) -> String {
    let env = kinds::kind(&provider.kind).and_then(|kind| kind.key_env);
    env.map(|env| format!("; its usual key is {{env: {env}}}")).unwrap_or_default()
}

fn name(provider: &Provider, path: &str, findings: &mut Findings) {
    if !is_plain_name(&provider.name) {
        let text = format!("{:?} must be 1 to 64 of a-z, 0-9, _ and -", provider.name);
        findings.mistake(&format!("{path}.name"), text);
    }
}

fn kind(provider: &Provider, path: &str, findings: &mut Findings) {
    if kinds::kind(&provider.kind).is_none() {
        let hint = nearest::hint(&provider.kind, kinds::names());
        let text = format!("{:?} is no known type{hint} (`switchyard providers` lists them)", provider.kind);
        findings.mistake(&format!("{path}.type"), text);
    }
}

/// `complete`: its variables are there and legal.
fn base_url(provider: &Provider, complete: bool, path: &str, findings: &mut Findings) {
    let at = format!("{path}.base_url");
    let of_kind = kinds::kind(&provider.kind).map(|kind| kind.base_url);
    match provider.base_url.as_deref().or(of_kind.flatten()) {
        Some(url) if complete => {
            if let Err(mistake) = BaseUrl::parse(&fill(url, provider).unwrap_or_else(|_| url.to_owned())) {
                findings.mistake(&at, mistake);
            }
        }
        None if of_kind.is_some() => {
            findings.mistake(&at, format!("is missing: type {} needs it", provider.kind));
        }
        Some(_) | None => {}
    }
    for (name, value) in [
        ("path", &provider.path),
        ("stream_path", &provider.stream_path),
        ("embeddings_path", &provider.embeddings_path),
        ("rerank_path", &provider.rerank_path),
        ("count_path", &provider.count_path),
    ] {
        let Some(value) = value else { continue };
        let (before, query) = value.split_once('?').unwrap_or((value, ""));
        if !(before.starts_with('/') && address::is_path(before) && address::is_path(query)) {
            let text = format!("{value:?} is no path that begins with /, nor one with a query");
            findings.mistake(&format!("{path}.{name}"), text);
        }
    }
}

fn headers(provider: &Provider, path: &str, findings: &mut Findings) {
    let of_kind = kinds::kind(&provider.kind).map(|kind| kind.auth_header);
    let auth = provider.auth_header.as_deref().or(of_kind).unwrap_or("");
    if let Some(header) = &provider.auth_header {
        header_name(header, &format!("{path}.auth_header"), findings);
    }
    if provider.auth_prefix.as_deref().is_some_and(|prefix| !is_header_value(prefix)) {
        findings.mistake(&format!("{path}.auth_prefix"), "holds characters that have no place in a header");
    }
    for (name, value) in &provider.headers {
        let at = format!("{path}.headers.{name}");
        header_name(name, &at, findings);
        if name == auth {
            findings.mistake(&at, "carries the credential: set api_key instead");
        }
        if !is_header_value(value) {
            findings.mistake(&at, "holds characters that have no place in a header");
        }
    }
}

fn header_name(name: &str, at: &str, findings: &mut Findings) {
    if !is_header_name(name) {
        findings.mistake(at, format!("{name:?} is no header's name in lower case"));
    } else if RESERVED.contains(&name) || name.starts_with("x-switchyard-") || name.starts_with("x-envoy-") {
        findings.mistake(at, format!("{name} is written by the gateway itself"));
    }
}

fn api_key(key: &ApiKey, path: &str, around: &dyn Surroundings, findings: &mut Findings) {
    let set = [&key.env, &key.file, &key.value].into_iter().flatten().count();
    if set != 1 {
        findings.mistake(path, format!("needs exactly one of env, file and value, and has {set}"));
        return;
    }
    if let Some(name) = &key.env {
        env(name, &format!("{path}.env"), around, findings);
    }
    if let Some(file) = &key.file {
        let at = format!("{path}.file");
        if !is_config_path(file) {
            findings.mistake(&at, format!("{file:?} is no path that Envoy's configuration can hold"));
        } else if !around.has_file(file) {
            findings.warning(&at, format!("{file} is not on this machine: Envoy does not start without it"));
        }
    }
    if key.value.as_ref().is_some_and(|value| value.is_empty() || !is_header_value(value)) {
        findings.mistake(
            &format!("{path}.value"),
            "is empty, or holds characters that have no place in a header",
        );
    }
}

pub(super) fn env(name: &str, at: &str, around: &dyn Surroundings, findings: &mut Findings) {
    let rest = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if name.is_empty() || !name.bytes().all(rest) || name.starts_with(|first: char| first.is_ascii_digit()) {
        // Not repeated: who puts the key itself here must not find it in a log.
        findings.mistake(at, "must be the name of an environment variable: letters, digits and _");
    } else if !around.has_env(name) {
        findings.warning(at, format!("{name} is not set in this environment"));
    }
}
