//! The hosts of providers, as routes by the host's name tell them apart.

use switchyard::config::file::{address::BaseUrl, compile, types::Gateway};

/// A host of providers.
pub(crate) struct Host {
    /// What its documents are called.
    pub(crate) name: String,
    pub(crate) url: BaseUrl,
}

/// Every host once. `own`: the names that the filter takes for itself; `name`: what the names of documents begin with.
///
/// # Errors
/// Two providers are at one host in ways that routes by the host's name cannot tell apart.
pub(crate) fn hosts(gateway: &Gateway, own: &[String], name: &str) -> Result<Vec<Host>, String> {
    let mut hosts: Vec<Host> = Vec::new();
    for (index, provider) in gateway.providers.iter().enumerate() {
        let mut url = compile::base_url(provider)?;
        url.host.make_ascii_lowercase();
        if own.contains(&url.host) {
            return Err(format!(
                "providers[{index}].base_url: {} is also --host, which the filter takes for itself",
                url.host
            ));
        }
        match hosts.iter().find(|host| host.url.host == url.host) {
            Some(host) if (host.url.port, host.url.tls) == (url.port, url.tls) => {}
            Some(_) => {
                let host = &url.host;
                return Err(format!(
                    "providers[{index}].base_url: {host} is there before with another port, and routes choose by the host alone"
                ));
            }
            None => hosts.push(Host { name: document_name(name, &provider.name, index, &hosts), url }),
        }
    }
    Ok(hosts)
}

/// A name as Kubernetes takes it, which no other host has.
fn document_name(prefix: &str, provider: &str, index: usize, before: &[Host]) -> String {
    let name = provider.replace('_', "-");
    let name = format!("{prefix}-{}", name.trim_matches('-'));
    let is_free = !name.ends_with('-') && before.iter().all(|host| host.name != name);
    if is_free { name } else { format!("{}-{index}", name.trim_end_matches('-')) }
}
