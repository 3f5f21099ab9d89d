//! The types of providers: what `type:` in `gateway.yaml` stands for.
//!
//! They are data, `src/provider/catalogue/providers.json`, which `tools/providers.py` makes: facts about hosts, with
//! their sources. The command line reads them; the filter gets only what a configuration uses.

mod page;
#[cfg(test)]
mod tests;

use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use crate::provider::{Format, catalogue, quirks::Quirks};

pub use page::markdown;

/// What a type of provider stands for. Every part but the name can be overridden in `gateway.yaml`.
///
/// The base URL and the paths may hold [variables](super::variables), and the paths `{model}`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Kind {
    /// As `type:` names it.
    pub name: &'static str,
    /// Its wire format.
    pub format: Format,
    /// Where it is; `None`: `base_url` is required.
    pub base_url: Option<&'static str>,
    /// The path of its chat endpoint, after the path of the base URL; it may have a query.
    pub path: &'static str,
    /// The same for requests of streams, where it is another one.
    pub stream_path: Option<&'static str>,
    /// The path of its endpoint for embeddings, where it has one; for OpenAI's format `/embeddings` unless it is known to
    /// have none.
    pub embeddings_path: Option<&'static str>,
    /// The path of its endpoint for rerank, where it is known to have one.
    pub rerank_path: Option<&'static str>,
    /// The path of its endpoint for counts of a prompt's tokens, where it is known to have one.
    pub count_path: Option<&'static str>,
    /// The header of its credential.
    pub auth_header: &'static str,
    /// What stands before the credential.
    pub auth_prefix: &'static str,
    /// Further headers of each request.
    #[serde(borrow)]
    pub headers: Vec<(&'static str, &'static str)>,
    /// The variable of the environment that usually holds its credential.
    pub key_env: Option<&'static str>,
    /// Whether it refuses requests without a key.
    pub needs_key: bool,
    /// The table of the catalogue that has its models, where that is another one than its own.
    pub models: Option<&'static str>,
    /// In what it differs from the vendor of its format.
    pub quirks: Quirks,
    /// What else one should know.
    pub note: Option<&'static str>,
    /// Whether a second source tells the same base URL and header of the credential. No host was called.
    pub checked: bool,
    /// Where the facts come from.
    #[serde(borrow)]
    pub sources: Vec<&'static str>,
}

impl Default for Kind {
    /// What most rows have: OpenAI's format, path and header, and a key.
    fn default() -> Self {
        Kind {
            name: "",
            format: Format::Openai,
            base_url: None,
            path: "/chat/completions",
            stream_path: None,
            embeddings_path: Some("/embeddings"),
            rerank_path: None,
            count_path: None,
            auth_header: "authorization",
            auth_prefix: "Bearer ",
            headers: Vec::new(),
            key_env: None,
            needs_key: true,
            models: None,
            quirks: Quirks::default(),
            note: None,
            checked: false,
            sources: Vec::new(),
        }
    }
}

impl Kind {
    /// The table of [`catalogue`] that has its models.
    pub fn table(&self) -> &'static str {
        self.models.unwrap_or(self.name)
    }
}

/// A vendor that no row is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Unsupported {
    /// Its name.
    pub name: &'static str,
    /// What stands in the way.
    pub why: &'static str,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, bound(deserialize = "'de: 'static"))]
struct File {
    providers: Vec<Kind>,
    unsupported: Vec<Unsupported>,
}

fn file() -> &'static File {
    static FILE: OnceLock<File> = OnceLock::new();
    // That it can be read is tested.
    FILE.get_or_init(|| serde_json::from_str(catalogue::PROVIDERS).unwrap_or_default())
}

/// All types, in the order of the documentation.
pub fn all() -> &'static [Kind] {
    &file().providers
}

/// The vendors that no type is for, and why.
pub fn unsupported() -> &'static [Unsupported] {
    &file().unsupported
}

/// The type of this name.
pub fn kind(name: &str) -> Option<&'static Kind> {
    all().iter().find(|kind| kind.name == name)
}

/// The names of all types.
pub fn names() -> impl Iterator<Item = &'static str> {
    all().iter().map(|kind| kind.name)
}
