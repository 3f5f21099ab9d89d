//! Further endpoints of a provider.

use std::str::FromStr;

use switchyard::config::file::{
    address::BaseUrl,
    compile,
    types::{Gateway, Provider},
};

/// An endpoint beside that of `base_url`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    /// Of the provider of this name.
    provider: String,
    /// Host and port, as Kong writes them.
    address: String,
    host: String,
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?}: write for example openai=10.0.0.2:8443");
        let (provider, address) = text.split_once('=').ok_or_else(wrong)?;
        let (_, port) = address.rsplit_once(':').ok_or_else(wrong)?;
        let url = BaseUrl::parse(&format!("http://{address}")).map_err(|_| wrong())?;
        if !url.path.is_empty() || port.parse() != Ok(url.port) {
            return Err(wrong());
        }
        Ok(Target { provider: provider.to_owned(), address: address_of(&url), host: url.host })
    }
}

/// Host and port as Kong's targets have them.
fn address_of(url: &BaseUrl) -> String {
    let host = if url.host.contains(':') { format!("[{}]", url.host) } else { url.host.clone() };
    format!("{host}:{}", url.port)
}

/// All endpoints of a provider: where it is, and whether they are all on one host by name.
///
/// # Errors
/// Only for what the check of the file tells as a mistake.
pub(super) fn of(provider: &Provider, more: &[Target]) -> Result<(Vec<String>, bool), String> {
    let url = compile::base_url(provider)?;
    let more: Vec<&Target> = more.iter().filter(|target| target.provider == provider.name).collect();
    let same = more.iter().all(|target| target.host == url.host);
    let all = std::iter::once(address_of(&url)).chain(more.into_iter().map(|target| target.address.clone()));
    Ok((all.collect(), same))
}

/// Each belongs to a provider, and is there once.
///
/// # Errors
/// One that does not, or is there twice.
pub(super) fn check(gateway: &Gateway, targets: &[Target]) -> Result<(), String> {
    for target in targets {
        if !gateway.providers.iter().any(|provider| provider.name == target.provider) {
            return Err(format!("--target: the file has no provider {:?}", target.provider));
        }
    }
    for provider in &gateway.providers {
        let (mut all, _) = of(provider, targets)?;
        all.sort();
        if let Some([twice, ..]) = all.windows(2).find(|pair| matches!(pair, [one, next] if one == next)) {
            return Err(format!("--target: {} has {twice} twice", provider.name));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_hosts_with_ports() {
        let read: Target = "local=[::1]:8443".parse().unwrap();
        assert_eq!((&*read.provider, &*read.address, &*read.host), ("local", "[::1]:8443", "::1"));
        for wrong in ["", "a", "a=b", "a=:1", "a=b:0", "a=b:1/v1", "a=b:x", "a=b c:1", "a=::1"] {
            assert!(wrong.parse::<Target>().is_err(), "{wrong}");
        }
    }
}
