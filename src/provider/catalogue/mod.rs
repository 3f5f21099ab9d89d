//! What is known of providers and of their models: addresses; context, limits, prices, capabilities.
//!
//! Native only: the command line takes from here what a configuration needs, so that the filter carries no table of
//! models it never serves. `providers.json` is made by `tools/providers.py`, `models.json` by `tools/catalogue.py`;
//! both name their sources. The rows of providers are read in [`kinds`](crate::config::file::kinds).

use std::{collections::BTreeMap, sync::OnceLock};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{
    model::{ModelFacts, Thinking},
    path::without_region,
};

#[cfg(test)]
mod tests;

/// The text of the rows of providers.
pub(crate) const PROVIDERS: &str = include_str!("providers.json");

/// A model of a provider. Only [`Model::facts`] reach the filter; the rest is for listings.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Model {
    /// What it is asked for: `chat`, which stands for itself where this is empty, `responses`, `completion`,
    /// `embedding` or `rerank`.
    pub mode: &'static str,
    /// What it can: `tools`, `vision`, `reasoning`, `json_schema`, `caching`.
    #[serde(borrow)]
    pub can: Vec<&'static str>,
    /// The day on which the provider takes it away: `2027-03-09`.
    pub retires: Option<&'static str>,
    /// What the filter may need.
    pub facts: ModelFacts,
}

impl Model {
    /// What the filter may need of it. A model whose abilities are known, and reasoning is not among them, does not reason.
    pub fn known_facts(&self) -> ModelFacts {
        let reasons = self.can.is_empty() || self.can.contains(&"reasoning");
        ModelFacts { no_reasoning: !reasons && self.facts.thinking == Thinking::None, ..self.facts.clone() }
    }

    /// What it is asked for: `chat`, `responses`, `completion`, `embedding` or `rerank`.
    pub fn mode(&self) -> &'static str {
        if self.mode.is_empty() { "chat" } else { self.mode }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Catalogue {
    /// Where the numbers come from.
    source: &'static str,
    /// By the name of the table, most of them a type of provider.
    models: BTreeMap<&'static str, Table>,
}

/// The models of a table, read when they are first asked for.
#[derive(Deserialize)]
#[serde(from = "&'static RawValue", bound(deserialize = "'de: 'static"))]
struct Table {
    text: &'static RawValue,
    rows: OnceLock<BTreeMap<&'static str, Model>>,
}

impl From<&'static RawValue> for Table {
    fn from(text: &'static RawValue) -> Self {
        Table { text, rows: OnceLock::new() }
    }
}

impl Table {
    fn rows(&self) -> &BTreeMap<&'static str, Model> {
        // That they can be read is tested.
        self.rows.get_or_init(|| serde_json::from_str(self.text.get()).unwrap_or_default())
    }
}

fn catalogue() -> Option<&'static Catalogue> {
    static CATALOGUE: OnceLock<Option<Catalogue>> = OnceLock::new();
    CATALOGUE.get_or_init(|| serde_json::from_str(include_str!("models.json")).ok()).as_ref()
}

fn table(name: &str) -> Option<&'static BTreeMap<&'static str, Model>> {
    Some(catalogue()?.models.get(name)?.rows())
}

/// Where the prices and limits come from, with the version.
pub fn source() -> &'static str {
    catalogue().map_or("", |catalogue| catalogue.source)
}

/// The names of all tables.
pub fn tables() -> impl Iterator<Item = &'static str> {
    catalogue().into_iter().flat_map(|catalogue| catalogue.models.keys().copied())
}

/// All models of a table, by name.
pub fn models(name: &str) -> impl Iterator<Item = (&'static str, &'static Model)> {
    table(name).into_iter().flatten().map(|(name, model)| (*name, model))
}

/// What is known of `model` in a table.
///
/// A name that is not in the catalogue but for its date (`-20261101`, `-2026-11-01`, `@20261101`), `-latest` or
/// `@default` is looked up without that, and one of Bedrock without the region before it (`us.`, `global.`): a snapshot
/// has the capabilities and, so far, the price of its model. So is one without the date and the version (`-v1:0`) that
/// the names of Bedrock and Vertex carry: the newest is meant.
pub fn facts(name: &str, model: &str) -> Option<ModelFacts> {
    self::model(name, model).map(Model::known_facts)
}

/// The row of `model` in a table, found as [`facts`] finds it.
pub fn model(name: &str, model: &str) -> Option<&'static Model> {
    let table = table(name)?;
    let anywhere = without_region(model);
    let found = [model, anywhere].into_iter().find_map(|model| {
        let plain = stem(model);
        table.get(model).or_else(|| table.get(plain)).or_else(|| table.get(undated(plain)))
    });
    let newest = || {
        let same = |(name, _): &(&&str, &Model)| stem(name) == stem(anywhere);
        table.iter().rfind(same).map(|(_, model)| model)
    };
    found.or_else(newest)
}

/// A name without its date, and without the version that Bedrock puts behind that.
fn stem(model: &str) -> &str {
    let unversioned = model.rsplit_once("-v").filter(|(_, version)| {
        version.starts_with(|first: char| first.is_ascii_digit())
            && version.bytes().all(|byte| byte.is_ascii_digit() || byte == b':')
    });
    undated(unversioned.map_or(model, |(name, _)| name))
}

fn undated(model: &str) -> &str {
    date_cut(model).unwrap_or(model)
}

fn date_cut(model: &str) -> Option<&str> {
    for word in ["-latest", "@default", "@latest"] {
        if let Some(name) = model.strip_suffix(word) {
            return Some(name);
        }
    }
    let digits = |text: &str, len: usize| text.len() == len && text.bytes().all(|b| b.is_ascii_digit());
    if let Some((head, _)) = model.rsplit_once('@').filter(|(_, day)| digits(day, 8)) {
        return Some(head);
    }
    let (head, day) = model.rsplit_once('-')?;
    if digits(day, 8) {
        return Some(head);
    }
    let (head, month) = head.rsplit_once('-')?;
    let (head, year) = head.rsplit_once('-')?;
    (digits(day, 2) && digits(month, 2) && digits(year, 4)).then_some(head)
}
