//! The filter, in either role.

use serde::Serialize;
use switchyard::config::plugin::{Headers, Plugin, Secret};

use super::{Options, needs};
use crate::render::text::{ascii, indent, item, quote};

/// Where Envoy finds the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    /// A path.
    File(String),
    /// It is fetched, once, before the listener takes requests.
    Remote {
        /// `https://files.example/switchyard.wasm`
        url: String,
        /// 64 hexadecimal digits.
        sha256: String,
        /// The cluster that leads there.
        cluster: String,
    },
}

impl Code {
    /// What the flags say.
    ///
    /// # Errors
    /// A URL without its sum and cluster, a sum without a URL, or one that is none.
    pub(crate) fn new(wasm: &str, sha256: Option<&str>, cluster: Option<&str>) -> Result<Self, String> {
        let remote = wasm.starts_with("http://") || wasm.starts_with("https://");
        match (remote, sha256, cluster) {
            (false, None, _) => Ok(Code::File(wasm.to_owned())),
            (true, Some(sum), Some(cluster)) => {
                if sum.len() != 64 || !sum.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                    return Err("--wasm-sha256: is no SHA-256: 64 hexadecimal digits".to_owned());
                }
                // Envoy compares text.
                let sha256 = sum.to_ascii_lowercase();
                Ok(Code::Remote { url: wasm.to_owned(), sha256, cluster: cluster.to_owned() })
            }
            (true, ..) => Err("--wasm: a URL needs --wasm-sha256 and --wasm-cluster".to_owned()),
            (false, ..) => Err("--wasm-sha256: is for a --wasm that is an http(s) URL".to_owned()),
        }
    }

    /// As the field `code` has it.
    fn yaml(&self) -> String {
        match self {
            Code::File(path) => format!("code: {{local: {{filename: {}}}}}\n", quote(path)),
            Code::Remote { url, sha256, cluster } => {
                let (url, cluster, sha256) = (quote(url), quote(cluster), quote(sha256));
                format!(
                    "# Fetched once. Until it is here and has this sum, the listener takes no connection.\n\
                     code:\n  remote:\n    http_uri: {{uri: {url}, cluster: {cluster}, timeout: 30s}}\n    \
                     sha256: {sha256}\n    retry_policy: {{num_retries: 5}}\n"
                )
            }
        }
    }
}

/// The type of the filter's configuration.
pub(super) const TYPE: &str = "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm";

/// The filter as an item of a list of HTTP filters.
///
/// # Errors
/// The configuration cannot be written as JSON.
pub(super) fn filter(name: &str, plugin: &Plugin, options: &Options) -> Result<String, String> {
    Ok(item(&format!("name: {name}\ntyped_config:\n{}", indent(2, &config(plugin, options)?))))
}

/// The filter's configuration, with its type.
///
/// # Errors
/// It cannot be written as JSON.
pub(super) fn config(plugin: &Plugin, options: &Options) -> Result<String, String> {
    let code = indent(4, &options.wasm.yaml());
    let env = env(plugin);
    let failure = failure(options);
    let held = if plugin.entry.headers == Headers::Held { HELD } else { "" };
    let mut text = format!(
        r#""@type": {TYPE}
config:
  name: switchyard
  root_id: switchyard
  # The same in both roles, so that both are in the same VM: they share its memory.
  vm_config:
    vm_id: switchyard
    runtime: envoy.wasm.runtime.v8
{code}{env}{failure}{held}  configuration:
    "@type": type.googleapis.com/google.protobuf.StringValue
    value: |
"#
    );
    text.push_str(&indent(6, &json(plugin)?));
    Ok(text)
}

const HELD: &str =
    "  # The filter holds the headers until it has read the body; without this, the body would not come.
  allow_on_headers_stop_iteration: true
";

/// What becomes of a VM that has failed.
fn failure(options: &Options) -> String {
    if !needs::RELOAD.is_in(options.version) {
        return format!("  # Before Envoy 1.33: {}.\n", needs::RELOAD.lost());
    }
    "  # Should the VM fail, start a new one. The default answers 503 until Envoy is restarted.
  failure_policy: FAIL_RELOAD
  # At once: by default all requests of a second are refused. Not less than 2 ms: 1 ms makes Envoy divide by zero.
  reload_config: {backoff: {base_interval: 0.002s, max_interval: 0.002s}}
"
    .to_owned()
}

/// The variables that hold credentials: the VM sees no others.
fn env(plugin: &Plugin) -> String {
    let names: Vec<String> = variables(plugin).into_iter().map(quote).collect();
    if names.is_empty() {
        return String::new();
    }
    format!("    environment_variables: {{host_env_keys: [{}]}}\n", names.join(", "))
}

/// The names of the variables that hold credentials, each once.
pub(crate) fn variables(plugin: &Plugin) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for provider in &plugin.providers {
        if let Some(name) = provider.secret.as_ref().and_then(Secret::variable)
            && !names.contains(&name)
        {
            names.push(name);
        }
    }
    names
}

/// The filter's configuration, with a line for each provider, model and key.
///
/// # Errors
/// It cannot be written as JSON.
pub(crate) fn json(plugin: &Plugin) -> Result<String, String> {
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
