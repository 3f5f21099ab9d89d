//! Keys in files: Envoy reads them, and reads them again when they change.

use switchyard::config::file::{compile, types::Gateway};

use crate::render::text::{item, quote};

/// The upstream filter that hands the contents of key files to the provider role; nothing when there are none.
///
/// Every attempt gets all of them. The provider role, which comes next, takes the one of its provider and removes the
/// others. It also cuts the line break that most such files end with.
pub(super) fn filter(gateway: &Gateway) -> Option<String> {
    let mut mutations = String::new();
    for provider in &gateway.providers {
        let Some(file) = provider.api_key.as_ref().and_then(|key| key.file.as_ref()) else { continue };
        let header = compile::key_header(&provider.name);
        let value = quote(&format!("%FILE_CONTENT({file}:{})%", directory(file)));
        // Removed first: were the file empty, nothing would be added, and what a client sent would stay.
        mutations.push_str(&format!(
            "    - remove: {header}\n    - append:\n        header: {{key: {header}, value: {value}}}\n        \
             append_action: OVERWRITE_IF_EXISTS_OR_ADD\n"
        ));
    }
    if mutations.is_empty() {
        return None;
    }
    Some(item(&format!(
        r#"name: switchyard.keys
# Hands the key files to the filter below, which takes the one that it needs and removes all.
typed_config:
  "@type": type.googleapis.com/envoy.extensions.filters.http.header_mutation.v3.HeaderMutation
  mutations:
    formatters:
    - name: envoy.formatter.file_content
      typed_config:
        "@type": type.googleapis.com/envoy.extensions.formatter.file_content.v3.FileContent
    request_mutations:
{mutations}"#
    )))
}

/// The directory of a file. Envoy watches it: a file that is moved into place is seen only there.
pub(super) fn directory(file: &str) -> &str {
    match file.rsplit_once('/') {
        Some(("", _)) => "/",
        Some((directory, _)) => directory,
        None => ".",
    }
}
