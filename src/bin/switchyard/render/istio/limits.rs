//! What a kind of policy cannot do of what a file asks for.

use switchyard::config::file::{
    compile,
    types::{Gateway, Provider},
};

use super::Kind;
use crate::render::kubernetes::limits::secret;

/// The largest body that is held where nothing sets the proxy's own limit, which is 1 MiB and answers with a 413 of its own,
/// or a 500: with room for the piece by which a body grows too large.
pub(super) const BODY: u64 = (1 << 20) - (64 << 10);

/// Looks for what the policy cannot do.
///
/// # Errors
/// The place in the file, why, and what to do.
pub(super) fn check(gateway: &Gateway, kind: Kind) -> Result<(), String> {
    if gateway.cors.is_some() && kind != Kind::Envoyfilter {
        return Err(
            "cors: is only in --kind envoyfilter; elsewhere it is a VirtualService's corsPolicy".to_owned()
        );
    }
    if gateway.files.is_some() && matches!(kind, Kind::Wasmplugin | Kind::Trafficextension) {
        return Err("files: a plugin cannot pass on files and batches: use --kind envoyfilter or envoyfilter-standalone".to_owned());
    }
    for (index, provider) in gateway.providers.iter().enumerate() {
        if let Some((field, why)) = obstacle(provider, kind)? {
            return Err(format!("providers[{index}].{field}: {why}"));
        }
    }
    Ok(())
}

/// The field of a provider that the policy cannot do, and why.
fn obstacle(provider: &Provider, kind: Kind) -> Result<Option<(&'static str, &'static str)>, String> {
    if let Some(found) = secret(provider, kind == Kind::Envoyfilter) {
        return Ok(Some(found));
    }
    if kind == Kind::Envoyfilter {
        return Ok(None);
    }
    let url = compile::base_url(provider)?;
    if url.ip().is_some() {
        return Ok(Some(("base_url", "a mesh routes by the host's name: give the address one")));
    }
    if is_service(&url.host) && (url.tls || url.port != 80) {
        return Ok(Some((
            "base_url",
            "requests are routed at port 80: give the Service a port 80 named http",
        )));
    }
    Ok(None)
}

/// Whether a host is a Service of the cluster, which the mesh knows already.
pub(super) fn is_service(host: &str) -> bool {
    !host.contains('.') || host.ends_with(".svc") || host.contains(".svc.")
}
