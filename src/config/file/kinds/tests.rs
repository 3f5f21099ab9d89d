use std::collections::BTreeSet;

use super::*;
use crate::{
    config::{
        file::{compile, meaning::Surroundings, types::Gateway, variables::Variable},
        plugin::RoleName,
    },
    dialect::Operation,
    provider::path,
};

struct Full;

impl Surroundings for Full {
    fn has_env(&self, _: &str) -> bool {
        true
    }

    fn has_file(&self, _: &str) -> bool {
        true
    }
}

/// A `gateway.yaml` with a provider of each type, each with a model of its own.
fn every_row() -> String {
    let mut file = String::from("providers:\n");
    for kind in all() {
        let texts = || [kind.base_url, Some(kind.path), kind.stream_path].into_iter().flatten();
        let used = Variable::ALL.iter().filter(|variable| texts().any(|text| variable.is_in(text)));
        let values: String = used.map(|variable| format!(", {}: some-value1", variable.name())).collect();
        let base = if kind.base_url.is_none() { ", base_url: 'https://example.com/v1'" } else { "" };
        let name = kind.name;
        file.push_str(&format!("  - {{name: {name}, type: {name}, api_key: {{env: KEY}}{values}{base}}}\n"));
    }
    file.push_str("models:\n");
    for kind in all() {
        file.push_str(&format!(
            "  - {{name: of-{0}, targets: [{{provider: {0}, model: some-model}}]}}\n",
            kind.name
        ));
    }
    file
}

fn read_every_row() -> Gateway {
    let reading = crate::config::file::read(&every_row(), &Full);
    let told: Vec<String> = reading.findings.iter().map(ToString::to_string).collect();
    assert!(told.iter().all(|line| line.contains("note: the gateway is open")), "{told:#?}");
    reading.gateway.unwrap()
}

#[test]
fn the_rows_are_read() {
    serde_json::from_str::<File>(catalogue::PROVIDERS).unwrap();
    assert!(all().len() >= 130, "{}", all().len());
    assert!(!unsupported().is_empty());
    let names: BTreeSet<&str> = names().collect();
    assert_eq!(names.len(), all().len());
    for vendor in unsupported() {
        assert!(!names.contains(vendor.name), "{}", vendor.name);
    }
    // Each format has a type of its own name.
    for format in Format::ALL {
        assert_eq!(kind(format.name()).map(|kind| kind.format), Some(*format));
    }
}

#[test]
fn every_row_makes_a_right_configuration() {
    let gateway = read_every_row();
    let plugin = compile::plugin(&gateway, RoleName::Provider).unwrap();
    assert_eq!(plugin.providers.len(), all().len());
    for (row, kind) in plugin.providers.iter().zip(all()) {
        let name = &row.name;
        assert_eq!((row.format, &row.quirks), (kind.format, &kind.quirks), "{name}");
        let local = row.authority.starts_with("127.0.0.1:");
        assert_eq!(row.scheme, if local { "http" } else { "https" }, "{name}");
        assert_eq!(kind.needs_key, kind.needs_key && !local, "{name}");
        let chat = [false, true].map(|stream| (Operation::Chat, stream));
        let all = chat.into_iter().chain([(Operation::Embeddings, false), (Operation::Rerank, false)]);
        for (operation, stream) in
            all.filter(|(operation, stream)| row.endpoint(*operation, *stream).is_some())
        {
            let path = path::of(row, operation, "some-model", stream).unwrap();
            assert!(path.starts_with('/') && !path.contains(['{', '}']), "{name}: {path}");
            assert!(!path.contains("//"), "{name}: {path}");
        }
    }
}

#[test]
fn every_row_is_sane() {
    for kind in all() {
        let name = kind.name;
        assert!(!kind.sources.is_empty() || name == "openai-compatible", "{name}");
        assert!(!kind.checked || kind.sources.len() > 1, "{name}: checked by one source");
        let distinct: BTreeSet<&&str> = kind.sources.iter().collect();
        assert_eq!(distinct.len(), kind.sources.len(), "{name}: {:?}", kind.sources);
        assert!(kind.path.starts_with('/') && !kind.base_url.is_some_and(|url| url.ends_with('/')), "{name}");
        if let Some(env) = kind.key_env {
            let legal = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
            assert!(
                env.bytes().all(legal) && !env.starts_with(|c: char| c.is_ascii_digit()),
                "{name}: {env}"
            );
        }
        let header = |text: &str| text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
        assert!(header(kind.auth_header) && kind.headers.iter().all(|(name, _)| header(name)), "{name}");
        assert!(["", "Bearer "].contains(&kind.auth_prefix), "{name}");
        // Anthropic refuses requests without its version; who speaks its format takes it.
        if kind.format == Format::Anthropic {
            assert!(kind.headers.contains(&("anthropic-version", "2023-06-01")), "{name}");
            assert!(!kind.base_url.is_some_and(|url| url.ends_with("/v1")), "{name}");
        }
        for path in [kind.embeddings_path, kind.rerank_path, kind.count_path].into_iter().flatten() {
            assert!(path.starts_with('/'), "{name}: {path}");
        }
        if kind.format != Format::Openai {
            assert!(kind.quirks.is_none(), "{name}: quirks are of OpenAI's format");
        }
        for (ours, _) in &kind.quirks.rename {
            assert!(!kind.quirks.refuses.contains(ours), "{name}: renamed and refused: {ours}");
        }
    }
    // Braces are variables or the model, and nothing else.
    let known: BTreeSet<&str> =
        Variable::ALL.iter().map(|variable| variable.name()).chain(["model"]).collect();
    let texts = |kind: &'static Kind| {
        let paths = [Some(kind.path), kind.stream_path, kind.embeddings_path, kind.rerank_path];
        paths.into_iter().chain([kind.base_url, kind.count_path])
    };
    for text in all().iter().flat_map(texts).flatten() {
        for part in text.split('{').skip(1) {
            assert!(known.contains(part.split('}').next().unwrap()), "{text}");
        }
    }
}

#[test]
fn models_are_of_tables_that_are_there() {
    let tables: BTreeSet<&str> = catalogue::tables().collect();
    for kind in all() {
        let named = kind.models.is_none_or(|table| table.is_empty() || tables.contains(table));
        // A vendor without models in the catalogue may still be called by its own name.
        assert!(named || all().iter().any(|other| Some(other.name) == kind.models), "{}", kind.name);
    }
    let reached: BTreeSet<&str> = all().iter().map(Kind::table).collect();
    assert!(tables.is_subset(&reached), "{:?}", tables.difference(&reached).collect::<Vec<_>>());
}

#[test]
fn the_documentation_is_the_rows() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/providers.md");
    let page = markdown();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(path, &page).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(committed == page, "docs/providers.md is not what the rows say; UPDATE_GOLDEN=1 writes it");
    assert_eq!(page.lines().filter(|line| line.starts_with("| `")).count(), all().len());
}
