//! Signatures for AWS: Envoy's own filters, which come after the translation.

use switchyard::config::file::{
    credentials::{self, Signer},
    types::{Aws, Gateway, Part},
};

use super::{chosen::only_where, secret::directory};
use crate::render::text::{item, quote};

/// The filters that sign, and the one that removes the header they are chosen by; nothing where nobody is at AWS.
///
/// # Errors
/// A part of a key is in a variable that is not set here.
pub(super) fn filters(gateway: &Gateway) -> Result<String, String> {
    let signers = credentials::signers(gateway);
    let mut text = String::new();
    if signers.is_empty() {
        return Ok(text);
    }
    text.push_str(
        "# Sign what the filter above has made, each for the attempts that name it. Without a credential Envoy sends\n\
         # the request unsigned; AWS refuses it, and the next provider is tried.\n",
    );
    for (name, signer) in &signers {
        text.push_str(&item(&filter(name, signer)?));
    }
    text.push_str(UNSIGN);
    Ok(text)
}

/// Nothing of the choice is signed, and nothing of it reaches AWS.
const UNSIGN: &str = r#"- name: switchyard.signed
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.http.header_mutation.v3.HeaderMutation
    mutations:
      request_mutations:
      - remove: x-switchyard-sign
"#;

fn filter(name: &str, signer: &Signer) -> Result<String, String> {
    let filter = quote(&format!("switchyard.sign.{name}"));
    let (region, value) = (quote(&signer.region), quote(name));
    let credential = credential(name, &signer.aws)?;
    let named = format!(
        r#"input:
  name: signer
  typed_config:
    "@type": type.googleapis.com/envoy.type.matcher.v3.HttpRequestHeaderMatchInput
    header_name: x-switchyard-sign
value_match: {{exact: {value}}}
"#
    );
    let config = format!(
        r#""@type": type.googleapis.com/envoy.extensions.filters.http.aws_request_signing.v3.AwsRequestSigning
service_name: bedrock
region: {region}
match_excluded_headers: [{{prefix: x-switchyard-}}]
{credential}"#
    );
    Ok(format!("name: {filter}\n{}", only_where(&named, "envoy.filters.http.aws_request_signing", &config)))
}

/// Where the credential comes from; nothing for Envoy's own chain.
fn credential(name: &str, aws: &Aws) -> Result<String, String> {
    if let (Some(key), Some(secret)) = (&aws.access_key, &aws.secret_key) {
        let mut text = String::from("credential_provider:\n  inline_credential:\n");
        let token = aws.session_token.as_ref().map(|token| ("session_token", token));
        for (field, part) in [("access_key_id", key), ("secret_access_key", secret)].into_iter().chain(token)
        {
            text.push_str(&format!("    {field}: {}\n", quote(&read(name, part)?)));
        }
        return Ok(text);
    }
    let own = "credential_provider:\n  # This and nothing else: not what the machine has.\n  \
               custom_credential_provider_chain: true\n";
    if let Some(file) = &aws.credentials_file {
        let profile = aws.profile.as_deref().unwrap_or("default");
        let (file, directory, profile) = (quote(file), quote(directory(file)), quote(profile));
        return Ok(format!(
            "{own}  credentials_file_provider:\n    credentials_data_source: {{filename: {file}, \
             watched_directory: {{path: {directory}}}}}\n    profile: {profile}\n"
        ));
    }
    if let (Some(role), Some(file)) = (&aws.role_arn, &aws.web_identity_token_file) {
        let (role, file) = (quote(role), quote(file));
        return Ok(format!(
            "{own}  assume_role_with_web_identity_provider:\n    web_identity_token_data_source: {{filename: {file}}}\n    \
             role_arn: {role}\n    role_session_name: switchyard\n"
        ));
    }
    Ok(String::new())
}

fn read(name: &str, part: &Part) -> Result<String, String> {
    part.text().map(str::to_owned).ok_or_else(|| {
        let variable = part.env.as_deref().unwrap_or_default();
        format!("provider {name}: {variable} is not set here, and Envoy takes keys of AWS only in its configuration")
    })
}
