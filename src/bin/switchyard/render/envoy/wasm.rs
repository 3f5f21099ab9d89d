//! The filter, in either role.

use serde::Serialize;
use switchyard::config::plugin::{Plugin, Secret};

use super::Options;
use crate::render::text::{ascii, indent, item, quote};

/// The filter as an item of a list of HTTP filters.
///
/// # Errors
/// The configuration cannot be written as JSON.
pub(super) fn filter(name: &str, plugin: &Plugin, options: &Options) -> Result<String, String> {
    let wasm = quote(&options.wasm);
    let env = env(plugin);
    let mut text = format!(
        r#"name: {name}
typed_config:
  "@type": type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm
  config:
    name: switchyard
    root_id: switchyard
    # The same in both roles, so that both are in the same VM: they share its memory.
    vm_config:
      vm_id: switchyard
      runtime: envoy.wasm.runtime.v8
      code: {{local: {{filename: {wasm}}}}}
{env}    # Should the VM fail, start a new one. The default answers 503 until Envoy is restarted.
    failure_policy: FAIL_RELOAD
    # At once: by default all requests of a second are refused. Not less than 2 ms: 1 ms makes Envoy divide by zero.
    reload_config: {{backoff: {{base_interval: 0.002s, max_interval: 0.002s}}}}
    # The filter holds the headers until it has read the body; without this, the body would not come.
    allow_on_headers_stop_iteration: true
    configuration:
      "@type": type.googleapis.com/google.protobuf.StringValue
      value: |
"#
    );
    text.push_str(&indent(8, &json(plugin)?));
    Ok(item(&text))
}

/// The variables that hold credentials: the VM sees no others.
fn env(plugin: &Plugin) -> String {
    let mut names: Vec<String> = Vec::new();
    for provider in &plugin.providers {
        if let Some(name) = provider.secret.as_ref().and_then(Secret::variable)
            && !names.contains(&quote(name))
        {
            names.push(quote(name));
        }
    }
    if names.is_empty() {
        return String::new();
    }
    format!("      environment_variables: {{host_env_keys: [{}]}}\n", names.join(", "))
}

/// The filter's configuration, with a line for each provider, model and key.
pub(in crate::render) fn json(plugin: &Plugin) -> Result<String, String> {
    let scalars = Plugin { providers: Vec::new(), models: Vec::new(), keys: Vec::new(), ..plugin.clone() };
    let scalars = compact(&scalars)?;
    // The lists are the last fields, so what stands before the first of them is the start of the document.
    let start = scalars.split_once("\"providers\"").map_or(scalars.as_str(), |(start, _)| start);
    let mut lists = vec![list("providers", &plugin.providers)?, list("models", &plugin.models)?];
    if !plugin.keys.is_empty() {
        lists.push(list("keys", &plugin.keys)?);
    }
    Ok(format!("{start}\n{}}}\n", lists.join(",\n")))
}

fn list<T: Serialize>(name: &str, items: &[T]) -> Result<String, String> {
    let items = items.iter().map(|item| compact(item).map(|item| format!("  {item}")));
    Ok(format!("\"{name}\":[\n{}]", items.collect::<Result<Vec<_>, _>>()?.join(",\n")))
}

fn compact<T: Serialize>(value: &T) -> Result<String, String> {
    serde_json::to_string(value).map(|json| ascii(&json)).map_err(|error| error.to_string())
}
