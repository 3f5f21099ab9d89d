//! Keys in files: Envoy reads them, and reads them again when they change.

use switchyard::{
    config::file::{compile, types::Gateway},
    filter::names,
};

use super::chosen::only_where;
use crate::render::text::{indent, item, quote};

/// The upstream filter that hands the contents of key files to the provider role; nothing when there are none.
///
/// Every attempt gets all of them. The provider role, which comes next, takes the one of its provider and removes the
/// others. It also cuts the line break that most such files end with.
pub(super) fn filter(gateway: &Gateway) -> Option<String> {
    let config = indent(2, &config(gateway)?);
    let comment =
        "# Hands the key files to the filter below, which takes the one that it needs and removes all.\n";
    Some(item(&format!("name: switchyard.keys\n{comment}typed_config:\n{config}")))
}

/// The configuration of that filter.
fn config(gateway: &Gateway) -> Option<String> {
    let mut mutations = String::new();
    for provider in &gateway.providers {
        let Some(file) = provider.api_key.as_ref().and_then(|key| key.file.as_ref()) else { continue };
        let header = compile::key_header(&provider.name);
        let value = quote(&format!("%FILE_CONTENT({file}:{})%", directory(file)));
        // Removed first: were the file empty, nothing would be added, and what a client sent would stay.
        mutations.push_str(&format!(
            "  - remove: {header}\n  - append:\n      header: {{key: {header}, value: {value}}}\n      \
             append_action: OVERWRITE_IF_EXISTS_OR_ADD\n"
        ));
    }
    if mutations.is_empty() {
        return None;
    }
    Some(format!(
        r#""@type": type.googleapis.com/envoy.extensions.filters.http.header_mutation.v3.HeaderMutation
mutations:
  formatters:
  - name: envoy.formatter.file_content
    typed_config:
      "@type": type.googleapis.com/envoy.extensions.formatter.file_content.v3.FileContent
  request_mutations:
{mutations}"#
    ))
}

/// The same for a router that others' requests pass, too: they must not be shown the keys. Those of the gateway have been
/// marked by its filter in a state that no client can write, and that stays for every attempt.
pub(super) fn guarded(gateway: &Gateway) -> Option<String> {
    let key = names::EXCHANGE;
    let ours = format!(
        r#"input:
  name: ours
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.matching.common_inputs.network.v3.FilterStateInput
    key: wasm.{key}
# A number: any bytes.
value_match: {{safe_regex: {{google_re2: {{}}, regex: "(?s)\\C+"}}}}
"#
    );
    let comment = "# Hands the key files to the filter below, which takes the one that it needs and removes all. Not to the requests of others,\n\
                   # which that filter does not touch.\n";
    let chosen = only_where(&ours, "envoy.filters.http.header_mutation", &config(gateway)?);
    Some(item(&format!("name: switchyard.keys\n{comment}{chosen}")))
}

/// The directory of a file. Envoy watches it: a file that is moved into place is seen only there.
pub(super) fn directory(file: &str) -> &str {
    match file.rsplit_once('/') {
        Some(("", _)) => "/",
        Some((directory, _)) => directory,
        None => ".",
    }
}
