//! Istio's policies from `gateway.yaml`.
//!
//! Four kinds: `WasmPlugin` and its successor `TrafficExtension`, which carry the filter as any mesh may have it, in one
//! pass and without holding headers; an `EnvoyFilter` that carries the same pass with headers that wait for the body; and
//! an `EnvoyFilter` for a gateway, with both roles and failover.

mod arguments;
mod document;
mod egress;
mod limits;
mod patch;
mod plugin;
mod sidecar;
mod two_roles;

use switchyard::config::{
    file::{compile, types::Gateway},
    plugin::{Entry, Headers, Plugin, RoleName},
};

use super::kubernetes::{self, module::Module};
use crate::check;
pub(crate) use arguments::Arguments;
use arguments::{Kind, Target};

/// A checked file with what the flags say.
struct Policy<'a> {
    gateway: &'a Gateway,
    arguments: &'a Arguments,
    target: Target<'a>,
    module: Module<'a>,
}

/// Istio's policies of a file.
///
/// # Errors
/// The file is wrong; its mistakes are on standard error. Or the policy cannot do what it says: the error names the place
/// in the file, or the flag.
pub(crate) fn text(arguments: &Arguments) -> Result<String, String> {
    render(&check::load(&arguments.common.file)?, arguments)
}

fn render(gateway: &Gateway, arguments: &Arguments) -> Result<String, String> {
    let target = arguments.target()?;
    let by_envoy = matches!(arguments.kind, Kind::Envoyfilter | Kind::EnvoyfilterStandalone);
    let module = Module::new(&arguments.module, by_envoy)?;
    limits::check(gateway, arguments.kind)?;
    let policy = Policy { gateway, arguments, target, module };
    let mut documents = match arguments.kind {
        Kind::Wasmplugin | Kind::Trafficextension => {
            let plugin = policy.compile(RoleName::Standalone, Headers::AtOnce)?;
            let mut documents = egress::documents(&policy, &plugin)?;
            documents.push(plugin::document(&policy, &plugin)?);
            documents.extend(document::environment(&policy, &plugin));
            documents
        }
        Kind::EnvoyfilterStandalone => {
            let plugin = policy.compile(RoleName::Standalone, Headers::Held)?;
            let mut documents = egress::documents(&policy, &plugin)?;
            documents.push(sidecar::document(&policy, &plugin)?);
            documents
        }
        Kind::Envoyfilter => {
            let plugin = policy.compile(RoleName::Gateway, Headers::Held)?;
            let mut documents = vec![two_roles::document(&policy, &plugin)?];
            documents.extend(document::environment(&policy, &plugin));
            documents
        }
    };
    documents.insert(0, document::head(&policy));
    Ok(documents.join("---\n"))
}

impl Policy<'_> {
    /// The filter's configuration.
    ///
    /// # Errors
    /// The role cannot serve one of the providers.
    fn compile(&self, role: RoleName, headers: Headers) -> Result<Plugin, String> {
        let compiled = compile::plugin(self.gateway, role)?;
        let mut authorities = self.arguments.hosts.clone();
        if matches!(self.target, Target::Gateway(_) | Target::Pods { at_gateway: Some(_), .. })
            && role == RoleName::Standalone
        {
            // At a gateway anybody may name a provider's host, which has a route there. Such requests are asked for a key
            // like all others, so that the gateway is no way for strangers to a provider.
            for provider in &compiled.providers {
                let host = provider.authority.split(':').next().unwrap_or_default().to_ascii_lowercase();
                if !authorities.contains(&host) {
                    authorities.push(host);
                }
            }
        }
        let (mut request_bytes, mut reply_bytes) = (compiled.request_bytes, compiled.reply_bytes);
        if headers == Headers::AtOnce {
            request_bytes = request_bytes.min(limits::BODY);
            reply_bytes = reply_bytes.min(limits::BODY);
        }
        let entry = Entry { headers, authorities, ..Entry::default() };
        let plugin = Plugin { entry, request_bytes, reply_bytes, ..compiled };
        match plugin.obstacle() {
            Some((provider, why)) => Err(kubernetes::limits::unserved(self.gateway, &provider.name, why)),
            None => Ok(plugin),
        }
    }
}

#[cfg(test)]
mod tests;
