//! What no policy can do of what a file asks for.

use switchyard::config::file::{
    credentials::{self, Credential},
    types::{Gateway, Provider},
};

/// That a provider cannot be served in one pass.
pub(crate) fn unserved(gateway: &Gateway, provider: &str, why: &str) -> String {
    let index = gateway.providers.iter().position(|row| row.name == provider).unwrap_or_default();
    let kind = gateway.providers.get(index).map_or("", |row| row.kind.as_str());
    format!(
        "providers[{index}].type: {kind} cannot be served by this kind of policy: {why}; use one whose headers wait for the body, or with both roles"
    )
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
