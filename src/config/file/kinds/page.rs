//! `docs/providers.md`, rendered from the rows.

use super::{Kind, all, unsupported};

const HEAD: &str = "\
# Types of providers

This page is rendered from `src/provider/catalogue/providers.json`, which `tools/providers.py` makes. A `type` in
`gateway.yaml` names a row; any part of it can be overridden there ([configuration.md](configuration.md)).
`switchyard providers NAME` shows a row in full, with its sources.

- Parts in braces of a base URL are fields of the provider in `gateway.yaml`: `region: us-east-1` for `{region}`.
- *key*: the variable of the environment that usually holds the credential. It is a hint; `api_key` says where the
  credential is.
- *checked*: a second source, independent of the first, tells the same base URL and the same header of the credential.
  The others were not held against another source. No host was called for either.
";

/// The page: Markdown.
pub fn markdown() -> String {
    let mut page = String::from(HEAD);
    let checked = all().iter().filter(|kind| kind.checked).count();
    page.push_str(&format!("\n{} types, {checked} of them checked.\n\n", all().len()));
    page.push_str(
        "| type | format | base URL | credential | key | checked | |\n|---|---|---|---|---|---|---|\n",
    );
    for kind in all() {
        page.push_str(&row(kind));
    }
    page.push_str("\n## Not supported\n\n| vendor | why |\n|---|---|\n");
    for vendor in unsupported() {
        page.push_str(&format!("| {} | {} |\n", vendor.name, vendor.why));
    }
    page
}

fn row(kind: &Kind) -> String {
    let code = |text: &str| format!("`{text}`");
    let base = kind.base_url.map_or_else(|| "required".to_owned(), code);
    let needed = if kind.needs_key { "" } else { ", optional" };
    let credential = format!("`{}: {}…`{needed}", kind.auth_header, kind.auth_prefix);
    format!(
        "| {} | {} | {base} | {credential} | {} | {} | {} |\n",
        code(kind.name),
        code(kind.format.name()),
        kind.key_env.map(code).unwrap_or_default(),
        if kind.checked { "yes" } else { "no" },
        kind.note.unwrap_or_default(),
    )
}
