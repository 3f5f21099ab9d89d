//! What is known of the models of a provider: context, limits, prices, capabilities.
//!
//! Native only: the command line takes from here what a configuration needs, so that the filter carries no table of
//! models it never serves. `models.json` is made by `tools/catalogue.py`; it names its sources.

use std::{collections::BTreeMap, sync::OnceLock};

use serde::Deserialize;

use super::model::ModelFacts;

#[cfg(test)]
mod tests;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Catalogue {
    /// Where the numbers come from.
    source: String,
    openai: BTreeMap<String, ModelFacts>,
    anthropic: BTreeMap<String, ModelFacts>,
    gemini: BTreeMap<String, ModelFacts>,
}

fn catalogue() -> Option<&'static Catalogue> {
    static CATALOGUE: OnceLock<Option<Catalogue>> = OnceLock::new();
    CATALOGUE.get_or_init(|| serde_json::from_str(include_str!("models.json")).ok()).as_ref()
}

fn table(kind: &str) -> Option<&'static BTreeMap<String, ModelFacts>> {
    match kind {
        "openai" => catalogue().map(|catalogue| &catalogue.openai),
        "anthropic" => catalogue().map(|catalogue| &catalogue.anthropic),
        "gemini" => catalogue().map(|catalogue| &catalogue.gemini),
        _ => None,
    }
}

/// Where the prices and limits come from, with the version.
pub fn source() -> &'static str {
    catalogue().map_or("", |catalogue| &catalogue.source)
}

/// What is known of `model` at a provider of type `kind` (`openai`, `anthropic`, `gemini`).
///
/// A name that is not in the catalogue but for its date (`-20261101`, `-2026-11-01`) or `-latest` is looked up
/// without that: a snapshot has the capabilities and, so far, the price of its model.
pub fn facts(kind: &str, model: &str) -> Option<ModelFacts> {
    let table = table(kind)?;
    table.get(model).or_else(|| table.get(undated(model)?)).cloned()
}

/// All models of a provider type, by name.
pub fn models(kind: &str) -> impl Iterator<Item = (&'static str, ModelFacts)> {
    table(kind).into_iter().flatten().map(|(name, facts)| (name.as_str(), facts.clone()))
}

fn undated(model: &str) -> Option<&str> {
    if let Some(name) = model.strip_suffix("-latest") {
        return Some(name);
    }
    let digits = |text: &str, len: usize| text.len() == len && text.bytes().all(|b| b.is_ascii_digit());
    let (head, day) = model.rsplit_once('-')?;
    if digits(day, 8) {
        return Some(head);
    }
    let (head, month) = head.rsplit_once('-')?;
    let (head, year) = head.rsplit_once('-')?;
    (digits(day, 2) && digits(month, 2) && digits(year, 4)).then_some(head)
}
