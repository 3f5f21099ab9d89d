//! What a kind of policy cannot do of what a file asks for.

use switchyard::config::file::{
    compile,
    types::{Gateway, Provider},
};

use super::Kind;
use crate::render::kubernetes::limits::secret;

/// Where Envoy Gateway's proxies have the certificates that they trust, and where gateway.yaml takes them from by default.
const CERTIFICATES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// Looks for what the policy cannot do.
///
/// # Errors
/// The place in the file, why, and what to do.
pub(super) fn check(gateway: &Gateway, kind: Kind) -> Result<(), String> {
    if gateway.cors.is_some() {
        return Err(match kind {
            Kind::TwoRoles => "cors: needs a filter of its own, which this kind does not add: take it out",
            _ => "cors: is a SecurityPolicy's at the HTTPRoutes: take it out",
        }
        .to_owned());
    }
    if kind != Kind::TwoRoles {
        if gateway.files.is_some() {
            return Err("files: only --kind envoypatchpolicy serves files and batches".to_owned());
        }
        if gateway.tls.ca_file != CERTIFICATES {
            return Err(
                "tls.ca_file: only --kind envoypatchpolicy names a file; elsewhere the proxy's own certificates are trusted".to_owned()
            );
        }
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
    if let Some(found) = secret(provider, kind == Kind::TwoRoles) {
        return Ok(Some(found));
    }
    let by_address = kind != Kind::TwoRoles && compile::base_url(provider)?.ip().is_some();
    Ok(by_address
        .then_some(("base_url", "an HTTPRoute takes requests by the host's name: give the address one")))
}
