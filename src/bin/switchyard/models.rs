//! `switchyard models`: what is configured, with what is known of it; or the whole catalogue.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use switchyard::{
    config::{
        file::{compile, kinds, nearest},
        plugin::RoleName,
    },
    provider::{
        catalogue::{self, Model},
        model::ModelFacts,
    },
};

use crate::{check, table};

/// What `models` can be told.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The gateway.yaml.
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    file: Option<PathBuf>,
    /// Show every model that is known, not those of a file.
    #[arg(long)]
    all: bool,
    /// Of the known ones, those of this type of provider.
    #[arg(long = "type", value_name = "TYPE", requires = "all")]
    kind: Option<String>,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

/// Prints a line for each target of each model, or for each model of the catalogue.
///
/// # Errors
/// The file is wrong (its mistakes are on standard error), or the type is unknown.
pub(crate) fn run(arguments: &Arguments) -> Result<(), String> {
    match &arguments.file {
        Some(file) => configured(file, arguments.json),
        None => known(arguments.kind.as_deref(), arguments.json),
    }
}

/// A target of a configured model, as JSON.
#[derive(Serialize)]
struct Target {
    model: String,
    provider: String,
    upstream: String,
    facts: Option<ModelFacts>,
}

fn configured(file: &Path, json: bool) -> Result<(), String> {
    let gateway = check::load(file)?;
    let plugin = compile::plugin(&gateway, RoleName::Gateway)?;
    let mut targets = Vec::new();
    let mut rows = vec![["MODEL", "TARGET", "CONTEXT", "IN $/M", "OUT $/M"].map(str::to_owned)];
    for model in &plugin.models {
        for (index, target) in model.targets.iter().enumerate() {
            let Some(provider) = plugin.providers.get(target.provider) else { continue };
            let upstream = target.model.as_deref().unwrap_or(&model.name);
            let facts = provider.facts.iter().find(|(name, _)| name == upstream).map(|(_, facts)| facts);
            let name = if index == 0 { model.name.clone() } else { String::new() };
            let [context, input, output] = numbers(facts);
            rows.push([name, format!("{} {upstream}", provider.name), context, input, output]);
            targets.push(Target {
                model: model.name.clone(),
                provider: provider.name.clone(),
                upstream: upstream.to_owned(),
                facts: facts.cloned(),
            });
        }
    }
    if json { table::json(&targets) } else { table::print(&rows) }
}

/// Context and prices. Unknown is told as such: it is not free, and not without limit.
fn numbers(facts: Option<&ModelFacts>) -> [String; 3] {
    let known = |value: Option<String>| value.unwrap_or_else(|| "?".to_owned());
    let price = |price: Option<f64>| known(price.map(|price| price.to_string()));
    [
        known(facts.and_then(|facts| facts.context).map(|tokens| tokens.to_string())),
        price(facts.and_then(|facts| facts.input_price)),
        price(facts.and_then(|facts| facts.output_price)),
    ]
}

/// A model of the catalogue, as JSON.
#[derive(Serialize)]
struct Known {
    #[serde(rename = "type")]
    table: &'static str,
    model: &'static str,
    mode: &'static str,
    can: &'static [&'static str],
    retires: Option<&'static str>,
    facts: &'static ModelFacts,
}

fn known(kind: Option<&str>, json: bool) -> Result<(), String> {
    let tables: Vec<&str> = match kind {
        Some(name) => {
            let kind = kinds::kind(name);
            let hint = || nearest::hint(name, kinds::names());
            vec![kind.ok_or_else(|| format!("there is no type {name}{}", hint()))?.table()]
        }
        None => catalogue::tables().collect(),
    };
    let models: Vec<Known> = tables.iter().flat_map(|name| models(name)).collect();
    if json {
        return table::json(&models);
    }
    let head = ["TYPE", "MODEL", "MODE", "CONTEXT", "OUTPUT", "IN $/M", "OUT $/M", "CAN"].map(str::to_owned);
    let rows: Vec<_> = std::iter::once(head).chain(models.iter().map(row)).collect();
    table::print(&rows)
}

fn models(name: &str) -> impl Iterator<Item = Known> {
    let table = catalogue::tables().find(|table| *table == name).unwrap_or_default();
    catalogue::models(table).map(move |(model, known)| {
        let Model { can, retires, facts, .. } = known;
        Known { table, model, mode: known.mode(), can, retires: *retires, facts }
    })
}

fn row(model: &Known) -> [String; 8] {
    let [context, input, output] = numbers(Some(model.facts));
    let most = model.facts.max_output.map_or_else(|| "?".to_owned(), |tokens| tokens.to_string());
    [
        model.table.to_owned(),
        model.model.to_owned(),
        model.mode.to_owned(),
        context,
        most,
        input,
        output,
        model.can.join(","),
    ]
}
