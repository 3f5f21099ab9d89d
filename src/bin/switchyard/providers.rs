//! `switchyard providers`: the types of providers, or one of them in full.

use clap::Args;
use switchyard::config::file::{
    kinds::{self, Kind},
    nearest,
};

use crate::table;

/// What `providers` can be told.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// A type, to see its whole row; otherwise all are listed.
    name: Option<String>,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

/// Lists the types, or prints one of them.
///
/// # Errors
/// There is no type of this name.
pub(crate) fn run(arguments: &Arguments) -> Result<(), String> {
    let Some(name) = &arguments.name else {
        return if arguments.json { table::json(&kinds::all()) } else { list() };
    };
    let kind = kinds::kind(name).ok_or_else(|| unknown(name))?;
    if arguments.json { table::json(kind) } else { table::write(&whole(kind)) }
}

fn unknown(name: &str) -> String {
    let vendor = kinds::unsupported().iter().find(|vendor| vendor.name == name);
    match vendor {
        Some(vendor) => format!("{name} is not supported: {}", vendor.why),
        None => format!("there is no type {name}{}", nearest::hint(name, kinds::names())),
    }
}

fn list() -> Result<(), String> {
    let head = ["TYPE", "FORMAT", "BASE URL", "CREDENTIAL", "KEY", "CHECKED"].map(str::to_owned);
    let row = |kind: &Kind| {
        [
            kind.name.to_owned(),
            kind.format.name().to_owned(),
            kind.base_url.unwrap_or("(required)").to_owned(),
            kind.auth_header.to_owned(),
            kind.key_env.unwrap_or("-").to_owned(),
            if kind.checked { "yes" } else { "no" }.to_owned(),
        ]
    };
    let rows: Vec<_> = std::iter::once(head).chain(kinds::all().iter().map(row)).collect();
    table::print(&rows)
}

fn whole(kind: &Kind) -> String {
    let needed = if kind.needs_key { "" } else { " (optional)" };
    let quirks = match kind.quirks.is_none() {
        true => String::new(),
        false => serde_json::to_string(&kind.quirks).unwrap_or_default(),
    };
    let headers: Vec<String> = kind.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    let lines = [
        ("type", kind.name.to_owned()),
        ("format", kind.format.name().to_owned()),
        ("base_url", kind.base_url.unwrap_or("(required)").to_owned()),
        ("path", kind.path.to_owned()),
        ("stream_path", kind.stream_path.unwrap_or_default().to_owned()),
        ("embeddings", kind.embeddings_path.unwrap_or_default().to_owned()),
        ("rerank", kind.rerank_path.unwrap_or_default().to_owned()),
        ("count", kind.count_path.unwrap_or_default().to_owned()),
        ("credential", format!("{}: {}…{needed}", kind.auth_header, kind.auth_prefix)),
        ("key", kind.key_env.unwrap_or_default().to_owned()),
        ("headers", headers.join(", ")),
        ("quirks", quirks),
        ("note", kind.note.unwrap_or_default().to_owned()),
        ("checked", if kind.checked { "yes" } else { "no: not held against a second source" }.to_owned()),
        ("sources", kind.sources.join("; ")),
    ];
    let told = lines.into_iter().filter(|(_, value)| !value.is_empty());
    told.map(|(name, value)| format!("{name:12}{value}\n")).collect()
}
