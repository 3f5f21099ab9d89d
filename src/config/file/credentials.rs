//! Which credential a provider has, and what the filter is told of it.

use super::{
    address::BaseUrl,
    compile,
    types::{ApiKey, Aws, Azure, Gateway, Google, Part, Provider},
};
use crate::{
    config::plugin::{Secret, Token},
    provider::Format,
};

/// Where Google's token endpoint is, and the audience of what is sent to it (RFC 7523; "Using OAuth 2.0 for Server to
/// Server Applications").
pub const GOOGLE_TOKENS: &str = "https://oauth2.googleapis.com/token";
/// The token of the workload's own account ("About VM metadata", "Authenticate workloads using service accounts").
pub const GOOGLE_METADATA: &str =
    "http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token";
/// What a token for Azure OpenAI and AI Foundry is asked for ("Authenticate with Microsoft Entra ID").
const AZURE_SCOPE: &str = "https://cognitiveservices.azure.com/.default";

/// A provider's credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credential<'p> {
    /// None.
    None,
    /// A key.
    Key(&'p ApiKey),
    /// Requests are signed by Envoy.
    Aws(Box<Signer>),
    /// Tokens for a Google account.
    Google(Box<Google>),
    /// Tokens of Microsoft Entra.
    Azure(&'p Azure),
}

/// What one signing filter of Envoy knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signer {
    /// Where its credential comes from.
    pub aws: Aws,
    /// What it signs for; empty where that is not known, which is a mistake.
    pub region: String,
}

/// The credential of a provider. Providers of AWS and of Google at these vendors' own addresses have that of the machine
/// where the file says nothing else.
pub fn of(provider: &Provider) -> Credential<'_> {
    if let Some(key) = &provider.api_key {
        return Credential::Key(key);
    }
    if let Some(azure) = &provider.azure {
        return Credential::Azure(azure);
    }
    let host = compile::base_url(provider).map(|url| url.host).unwrap_or_default();
    let by_machine = |domain: &str, formats: &[Format]| {
        host.ends_with(domain) && compile::format(provider).is_some_and(|format| formats.contains(&format))
    };
    let aws = || by_machine(".amazonaws.com", &[Format::Bedrock, Format::BedrockAnthropic]);
    let google = || by_machine(".googleapis.com", &[Format::Vertex, Format::VertexAnthropic]);
    match (&provider.aws, &provider.google) {
        (Some(own), _) => Credential::Aws(Box::new(signer(own, &host))),
        (None, Some(own)) => Credential::Google(Box::new(own.clone())),
        _ if aws() => Credential::Aws(Box::new(signer(&Aws::default(), &host))),
        _ if google() => Credential::Google(Box::default()),
        _ => Credential::None,
    }
}

fn signer(aws: &Aws, host: &str) -> Signer {
    let region = aws.region.clone().or_else(|| region_of(host).map(str::to_owned)).unwrap_or_default();
    // The region is no part of where the credential comes from.
    Signer { aws: Aws { region: None, ..aws.clone() }, region }
}

/// The region in a host's name: `bedrock-runtime.us-east-1.amazonaws.com`, also with `-fips` and in a VPC.
fn region_of(host: &str) -> Option<&str> {
    let labels = host.strip_suffix(".amazonaws.com")?;
    let labels = labels.strip_suffix(".vpce").unwrap_or(labels);
    labels.rsplit_once('.').map(|(_, region)| region)
}

/// All signers, each once, with the name by which attempts choose it: that of its first provider.
pub fn signers(gateway: &Gateway) -> Vec<(&str, Signer)> {
    let mut signers: Vec<(&str, Signer)> = Vec::new();
    for provider in &gateway.providers {
        if let Credential::Aws(signer) = of(provider)
            && !signers.iter().any(|(_, before)| *before == *signer)
        {
            signers.push((&provider.name, *signer));
        }
    }
    signers
}

/// Where the tokens of a provider come from; `None` where it needs none.
///
/// # Errors
/// The URL is wrong. [`read`](super::read) has told that before.
pub fn token_url(provider: &Provider) -> Option<Result<BaseUrl, String>> {
    let url = match of(provider) {
        Credential::Google(google) => {
            let own = if is_account(&google) { GOOGLE_TOKENS } else { GOOGLE_METADATA };
            google.token_url.unwrap_or_else(|| own.to_owned())
        }
        Credential::Azure(azure) => azure.token_url.clone().unwrap_or_else(|| {
            format!("https://login.microsoftonline.com/{}/oauth2/v2.0/token", azure.tenant_id)
        }),
        _ => return None,
    };
    Some(BaseUrl::parse(&url))
}

/// Whether tokens are for a service account's key.
pub fn is_account(google: &Google) -> bool {
    google.service_account_file.is_some() || google.service_account.is_some()
}

/// The name of a token endpoint's cluster.
pub fn token_cluster(url: &BaseUrl) -> String {
    format!("token/{}:{}", url.host, url.port)
}

/// What the filter is told of a provider's credential; `None` where it has none.
///
/// # Errors
/// Only for what [`read`](super::read) has told as a mistake before.
pub(super) fn secret(gateway: &Gateway, provider: &Provider) -> Result<Option<Secret>, String> {
    let (key, client, scope) = match of(provider) {
        Credential::None => return Ok(None),
        Credential::Key(key) => return Ok(key_secret(&provider.name, key)),
        Credential::Aws(signer) => {
            let name = signers(gateway).into_iter().find(|(_, of)| *of == *signer);
            return Ok(name.map(|(name, _)| Secret::Signer(name.to_owned())));
        }
        Credential::Google(google) => (google_key(&provider.name, &google)?, None, None),
        Credential::Azure(azure) => {
            let scope = azure.scope.as_deref().unwrap_or(AZURE_SCOPE);
            (part_secret(&azure.client_secret), Some(azure.client_id.clone()), Some(scope.to_owned()))
        }
    };
    let url = token_url(provider).ok_or_else(|| format!("{}: no token_url", provider.name))??;
    Ok(Some(Secret::Token(Token {
        cluster: token_cluster(&url),
        scheme: url.scheme().to_owned(),
        authority: url.authority(),
        path: url.path,
        key: key.map(Box::new),
        client,
        scope,
    })))
}

fn google_key(name: &str, google: &Google) -> Result<Option<Secret>, String> {
    if let Some(file) = &google.service_account_file {
        let key = google.read.text().ok_or_else(|| format!("{name}: {file} cannot be read"))?;
        return Ok(Some(Secret::Value(key.to_owned())));
    }
    Ok(google.service_account.as_ref().and_then(part_secret))
}

fn part_secret(part: &Part) -> Option<Secret> {
    let env = part.env.clone().map(Secret::Env);
    env.or_else(|| part.value.clone().map(Secret::Value))
}

fn key_secret(provider: &str, key: &ApiKey) -> Option<Secret> {
    let env = key.env.clone().map(Secret::Env);
    let file = || key.file.as_ref().map(|_| Secret::Header(compile::key_header(provider)));
    env.or_else(file).or_else(|| key.value.clone().map(Secret::Value))
}

#[cfg(test)]
mod tests;
