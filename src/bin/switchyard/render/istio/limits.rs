//! What a kind of policy cannot do of what a file asks for.

use switchyard::config::file::{
    compile,
    credentials::{self, Credential},
    types::{Gateway, Provider},
};

use super::Kind;

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

/// That a provider cannot be served in one pass.
pub(crate) fn unserved(gateway: &Gateway, provider: &str, why: &str) -> String {
    let index = gateway.providers.iter().position(|row| row.name == provider).unwrap_or_default();
    let kind = gateway.providers.get(index).map_or("", |row| row.kind.as_str());
    format!(
        "providers[{index}].type: {kind} cannot be served by this kind of policy: {why}; use one whose headers wait for the body, or with both roles"
    )
}

/// Whether a host is a Service of the cluster, which the mesh knows already.
pub(super) fn is_service(host: &str) -> bool {
    !host.contains('.') || host.ends_with(".svc") || host.contains(".svc.")
}

/// The field of a credential that a policy cannot carry, or would show to all who may read it, and why.
pub(crate) fn secret(provider: &Provider, both_roles: bool) -> Option<(&'static str, &'static str)> {
    const SHOWN: &str = "would stand in the policy, for all who may read it: put it into a Secret and name a variable, {env: …}";
    match credentials::of(provider) {
        Credential::Key(key) if key.value.is_some() => Some(("api_key.value", SHOWN)),
        Credential::Key(key) if key.file.is_some() && !both_roles => Some((
            "api_key.file",
            "only the kind with both roles reads files: name a variable here, {env: …}",
        )),
        Credential::Aws(signer) if signer.aws.access_key.is_some() => Some((
            "aws.access_key",
            "Envoy takes such keys only in its configuration, for all who may read the policy: use credentials_file, or role_arn \
             and web_identity_token_file",
        )),
        Credential::Aws(_) if !both_roles => {
            Some(("aws", "signatures need Envoy's filter behind this one: use the kind with both roles"))
        }
        Credential::Google(google) if google.service_account_file.is_some() => Some((
            "google.service_account_file",
            "would be read here, and stand in the policy for all who may read it: put it into a Secret and name a variable, \
             service_account: {env: …}",
        )),
        Credential::Google(google)
            if google.service_account.as_ref().is_some_and(|part| part.value.is_some()) =>
        {
            Some(("google.service_account.value", SHOWN))
        }
        Credential::Azure(azure) if azure.client_secret.value.is_some() => {
            Some(("azure.client_secret.value", SHOWN))
        }
        Credential::Google(_) if !both_roles => {
            Some(("google", "access tokens need a cluster of their own: use the kind with both roles"))
        }
        Credential::Azure(_) if !both_roles => {
            Some(("azure", "access tokens need a cluster of their own: use the kind with both roles"))
        }
        _ => None,
    }
}
