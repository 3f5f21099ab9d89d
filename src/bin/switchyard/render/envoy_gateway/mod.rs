//! Envoy Gateway's policies from `gateway.yaml`.
//!
//! Three kinds: an `EnvoyExtensionPolicy`, which carries the filter in one pass and without holding headers; the same with an
//! `EnvoyPatchPolicy` by which headers wait for the body; and an `EnvoyPatchPolicy` with both roles and failover. What Envoy
//! Gateway makes of its resources (names, places, order) is as in envoyproxy/gateway `internal/xds/translator`.

mod arguments;
mod document;
mod limits;
mod patch;
mod plugin;
mod routes;
mod two_roles;

pub(crate) use arguments::Arguments;
use arguments::Kind;
use switchyard::config::{
    file::{compile, types::Gateway},
    plugin::{Entry, Headers, Plugin, RoleName},
};

use super::kubernetes::{limits::unserved, module::Module};
use crate::check;

/// A checked file with what the flags say.
struct Policy<'a> {
    gateway: &'a Gateway,
    arguments: &'a Arguments,
    module: Module<'a>,
}

/// Envoy Gateway's policies of a file.
///
/// # Errors
/// The file is wrong; its mistakes are on standard error. Or the policy cannot do what it says: the error names the place
/// in the file, or the flag.
pub(crate) fn text(arguments: &Arguments) -> Result<String, String> {
    render(&check::load(&arguments.common.file)?, arguments)
}

fn render(gateway: &Gateway, arguments: &Arguments) -> Result<String, String> {
    arguments.check()?;
    let kind = arguments.kind;
    let module = Module::new(&arguments.module, kind == Kind::TwoRoles)?;
    if kind != Kind::TwoRoles && matches!(module, Module::File(_)) {
        return Err(format!(
            "--url {}: Envoy Gateway fetches modules itself, from a registry or a server; only --kind envoypatchpolicy takes a file",
            arguments.module.url
        ));
    }
    limits::check(gateway, kind)?;
    let policy = Policy { gateway, arguments, module };
    let mut documents = vec![document::head(&policy)];
    match kind {
        Kind::EnvoyExtensionPolicy | Kind::Held => {
            let headers = if kind == Kind::Held { Headers::Held } else { Headers::AtOnce };
            let plugin = Plugin {
                entry: Entry { headers, ..Entry::default() },
                ..compile::plugin(gateway, RoleName::Standalone)?
            };
            if let Some((provider, why)) = plugin.obstacle() {
                return Err(unserved(gateway, &provider.name, why));
            }
            let hosts = routes::hosts(&policy)?;
            documents.extend(document::environment(&policy, &plugin));
            documents.extend(routes::documents(&policy, &hosts));
            documents.push(plugin::document(&policy, &plugin, &hosts)?);
            documents.push(match kind {
                Kind::Held => patch::held(&policy, &hosts),
                _ => document::connection(&policy),
            });
        }
        Kind::TwoRoles => {
            let plugin = compile::plugin(gateway, RoleName::Gateway)?;
            let plugin = Plugin {
                entry: Entry { authorities: arguments.hosts.clone(), ..Entry::default() },
                ..plugin
            };
            documents.extend(document::environment(&policy, &plugin));
            documents.push(two_roles::document(&policy, &plugin)?);
        }
    }
    Ok(documents.join("---\n"))
}

#[cfg(test)]
mod tests;
