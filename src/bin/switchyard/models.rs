//! `switchyard models`: what is configured, with what is known of it.

use std::path::Path;

use switchyard::{
    config::{file::compile, plugin::RoleName},
    provider::model::ModelFacts,
};

use crate::check;

/// Prints a line for each target of each model.
///
/// # Errors
/// The file is wrong; its mistakes are on standard error.
pub(crate) fn run(file: &Path) -> Result<(), String> {
    let gateway = check::load(file)?;
    let plugin = compile::plugin(&gateway, RoleName::Gateway)?;
    let mut rows = vec![["MODEL", "TARGET", "CONTEXT", "IN $/M", "OUT $/M"].map(str::to_owned)];
    for model in &plugin.models {
        for (index, target) in model.targets.iter().enumerate() {
            let Some(provider) = plugin.providers.get(target.provider) else { continue };
            let upstream = target.model.as_deref().unwrap_or(&model.name);
            let facts = provider.facts.iter().find(|(name, _)| name == upstream).map(|(_, facts)| facts);
            let name = if index == 0 { model.name.clone() } else { String::new() };
            rows.push(row(name, format!("{} {upstream}", provider.name), facts));
        }
    }
    print(&rows);
    Ok(())
}

fn row(name: String, target: String, facts: Option<&ModelFacts>) -> [String; 5] {
    // Unknown is told as such: it is not free, and not without limit.
    let known = |value: Option<String>| value.unwrap_or_else(|| "?".to_owned());
    let context = known(facts.and_then(|facts| facts.context).map(|tokens| tokens.to_string()));
    let price = |price: Option<f64>| known(price.map(|price| price.to_string()));
    let input = price(facts.and_then(|facts| facts.input_price));
    let output = price(facts.and_then(|facts| facts.output_price));
    [name, target, context, input, output]
}

fn print(rows: &[[String; 5]]) {
    let mut widths = [0; 5];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    for row in rows {
        let cells: Vec<String> =
            row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        println!("{}", cells.join("  ").trim_end());
    }
}
