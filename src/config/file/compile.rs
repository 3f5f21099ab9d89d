//! From `gateway.yaml` to the filter's own configuration.

use super::{
    address::BaseUrl,
    cards, credentials,
    kinds::{self, Kind},
    quirks,
    types::{Gateway, Key, Model, Provider},
    variables,
};
use crate::{
    config::plugin::{self, Plugin, RoleName, Secret},
    provider::{Format, catalogue, model::ModelFacts},
};

/// The header by which Envoy hands a provider's key from a file to the filter.
pub fn key_header(provider: &str) -> String {
    format!("x-switchyard-key-{provider}")
}

/// The address of a provider.
///
/// # Errors
/// Its type is unknown, or its base URL is missing or wrong. [`read`](super::read) has told such mistakes before.
pub fn base_url(provider: &Provider) -> Result<BaseUrl, String> {
    let kind = kind(provider)?;
    let url = provider.base_url.as_deref().or(kind.base_url);
    BaseUrl::parse(&filled(provider, url.ok_or_else(|| format!("{} has no base_url", provider.name))?)?)
}

fn filled(provider: &Provider, text: &str) -> Result<String, String> {
    variables::fill(text, provider)
        .map_err(|variable| format!("{} has no {}", provider.name, variable.name()))
}

/// The filter's configuration for one of its roles.
///
/// # Errors
/// Only for what [`read`](super::read) has told as a mistake before.
pub fn plugin(gateway: &Gateway, role: RoleName) -> Result<Plugin, String> {
    let providers = gateway.providers.iter().map(|provider| compile_provider(gateway, provider));
    let models = gateway.models.iter().map(|model| compile_model(gateway, model));
    Ok(Plugin {
        version: plugin::VERSION,
        role,
        request_bytes: gateway.limits.request_bytes,
        reply_bytes: gateway.limits.reply_bytes,
        buffered_bytes: gateway.limits.buffered_bytes,
        providers: providers.collect::<Result<_, _>>()?,
        models: models.collect::<Result<_, _>>()?,
        attempts: gateway.attempts(),
        cooling_ms: gateway.outlier.max_ejection.millis(),
        list_attempts: gateway.retries.list_attempts,
        entry: plugin::Entry::default(),
        files: gateway
            .files
            .as_ref()
            .and_then(|files| gateway.providers.iter().position(|provider| provider.name == files.provider)),
        keys: gateway.keys.iter().map(compile_key).collect(),
    })
}

fn kind(provider: &Provider) -> Result<&'static Kind, String> {
    kinds::kind(&provider.kind).ok_or_else(|| format!("{}: unknown type {}", provider.name, provider.kind))
}

/// The wire format of a provider; `None` where its type is unknown.
pub(super) fn format(provider: &Provider) -> Option<Format> {
    provider.format.or_else(|| kinds::kind(&provider.kind).map(|kind| kind.format))
}

fn compile_provider(gateway: &Gateway, provider: &Provider) -> Result<plugin::Provider, String> {
    let kind = kind(provider)?;
    let url = base_url(provider)?;
    let whole = |path: &str| Ok::<_, String>(format!("{}{}", url.path, filled(provider, path)?));
    let (path, stream_path) = paths(provider, kind);
    let secret = credentials::secret(gateway, provider)?;
    // Tokens go where OAuth puts them (RFC 6750 §2.1), whatever the header of the type's keys; signatures are Envoy's.
    let (header, prefix) = match &secret {
        None | Some(Secret::Signer(_)) => (None, None),
        Some(Secret::Token(_)) => (Some("authorization"), Some("Bearer ")),
        Some(_) => (Some(kind.auth_header), Some(kind.auth_prefix)),
    };
    let auth_header =
        header.map(|of_kind| provider.auth_header.clone().unwrap_or_else(|| of_kind.to_owned()));
    let auth_prefix =
        prefix.map(|of_kind| provider.auth_prefix.clone().unwrap_or_else(|| of_kind.to_owned()));
    Ok(plugin::Provider {
        name: provider.name.clone(),
        format: provider.format.unwrap_or(kind.format),
        authority: url.authority(),
        scheme: url.scheme().to_owned(),
        path: whole(path)?,
        stream_path: stream_path.map(whole).transpose()?,
        embeddings_path: embeddings_path(provider, kind).map(whole).transpose()?,
        rerank_path: rerank_path(provider, kind).map(whole).transpose()?,
        count_path: count_path(provider, kind).map(whole).transpose()?,
        auth_header,
        auth_prefix: auth_prefix.unwrap_or_default(),
        secret,
        headers: headers(provider, kind),
        quirks: quirks::merged(provider.quirks.as_ref(), &kind.quirks),
        facts: facts(gateway, provider),
    })
}

/// The chat endpoint's path after that of the base URL, and the one of streams where it is another one. That of the
/// type fits the type's own path only.
pub(super) fn paths<'p>(provider: &'p Provider, kind: &'p Kind) -> (&'p str, Option<&'p str>) {
    let of_kind = kind.stream_path.filter(|_| provider.path.is_none());
    (provider.path.as_deref().unwrap_or(kind.path), provider.stream_path.as_deref().or(of_kind))
}

/// The path of the endpoint for embeddings, where there is one.
pub(super) fn embeddings_path<'p>(provider: &'p Provider, kind: &'p Kind) -> Option<&'p str> {
    other_path(provider, kind, &provider.embeddings_path, kind.embeddings_path)
}

/// The path of the endpoint for rerank, where there is one.
pub(super) fn rerank_path<'p>(provider: &'p Provider, kind: &'p Kind) -> Option<&'p str> {
    other_path(provider, kind, &provider.rerank_path, kind.rerank_path)
}

/// The path of the endpoint for counts of tokens, where there is one. Hosts that are compatible with OpenAI's chat have
/// no such, so that the one of OpenAI's type fits its own base URL only.
pub(super) fn count_path<'p>(provider: &'p Provider, kind: &'p Kind) -> Option<&'p str> {
    let elsewhere = kind.format == Format::Openai && provider.base_url.is_some();
    other_path(provider, kind, &provider.count_path, kind.count_path.filter(|_| !elsewhere))
}

/// The path of another endpoint: the file's own, or that of the type, which fits the type's own format only.
fn other_path<'p>(
    provider: &Provider,
    kind: &Kind,
    own: &'p Option<String>,
    of_kind: Option<&'p str>,
) -> Option<&'p str> {
    let usual = of_kind.filter(|_| provider.format.is_none_or(|format| format == kind.format));
    own.as_deref().or(usual)
}

/// The headers of the type, with the file's own instead of those of the same name, then the file's others.
fn headers(provider: &Provider, kind: &Kind) -> Vec<(String, String)> {
    let of_kind = kind.headers.iter().filter(|(name, _)| !provider.headers.contains_key(*name));
    let of_kind = of_kind.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let own = provider.headers.iter().map(|(name, value)| (name.clone(), value.clone()));
    of_kind.chain(own).collect()
}

/// What is known of the models that targets name at this provider.
fn facts(gateway: &Gateway, provider: &Provider) -> Vec<(String, ModelFacts)> {
    let table = kinds::kind(&provider.kind).map_or("", Kind::table);
    let mut facts: Vec<(String, ModelFacts)> = Vec::new();
    for model in &gateway.models {
        for target in model.targets.iter().filter(|target| target.provider == provider.name) {
            for (name, known) in known_models(table, target.model.as_deref().unwrap_or(&model.name)) {
                if !facts.iter().any(|(before, _)| *before == name) {
                    facts.push((name, known));
                }
            }
        }
    }
    facts
}

pub(super) fn known_models(table: &str, name: &str) -> Vec<(String, ModelFacts)> {
    use crate::route::pattern;
    if pattern::is_pattern(name) {
        // What a client can ask for: no endpoint of ours is for completions.
        let asked = |row: &catalogue::Model| row.mode() != "completion";
        let met = catalogue::models(table).filter(|(model, row)| pattern::matches(name, model) && asked(row));
        return met.map(|(model, row)| (model.to_owned(), row.known_facts())).collect();
    }
    catalogue::facts(table, name).map(|facts| (name.to_owned(), facts)).into_iter().collect()
}

fn compile_model(gateway: &Gateway, model: &Model) -> Result<plugin::Model, String> {
    let targets = model.targets.iter().map(|target| {
        let provider = gateway.providers.iter().position(|provider| provider.name == target.provider);
        let provider = provider.ok_or_else(|| format!("{}: no provider {}", model.name, target.provider))?;
        Ok(plugin::Target { provider, model: target.model.clone() })
    });
    let targets = targets.collect::<Result<_, String>>()?;
    let (own, all) = (&model.retries, &gateway.retries);
    let elsewhere = plugin::Elsewhere {
        context_length: own.context_length.unwrap_or(all.context_length),
        content_policy: own.content_policy.unwrap_or(all.content_policy),
    };
    Ok(plugin::Model { name: model.name.clone(), targets, elsewhere, cards: cards::cards(gateway, model) })
}

fn compile_key(key: &Key) -> plugin::Key {
    plugin::Key {
        name: key.name.clone(),
        sha256: key.sha256.to_ascii_lowercase(),
        models: key.models.clone(),
    }
}
