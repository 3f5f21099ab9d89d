//! Credentials that are more than one key: of AWS, of Google, of Microsoft Entra.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One part of a credential: exactly one of the two.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// An environment variable.
    #[serde(default)]
    pub env: Option<String>,
    /// The text itself. It then stands in Envoy's configuration too.
    #[serde(default)]
    pub value: Option<String>,
    /// The text of the variable, where it is needed for rendering.
    #[serde(skip)]
    #[schemars(skip)]
    pub read: Hidden,
}

/// An AWS credential, with which Envoy signs the requests. Without any part: Envoy's own chain, which is the environment
/// (AWS_ACCESS_KEY_ID and so on), the credentials file of AWS_PROFILE, a web identity (IRSA), the container, the instance.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Aws {
    /// The region that requests are signed for; by default that in the host's name.
    pub region: Option<String>,
    /// Access key id; with `secret_key`. Read when the file is rendered, and then in Envoy's configuration.
    pub access_key: Option<Part>,
    /// Secret access key.
    pub secret_key: Option<Part>,
    /// Session token, where the key is a temporary one.
    pub session_token: Option<Part>,
    /// A file in the form of `~/.aws/credentials`. A new file that is moved into its place is read at once.
    pub credentials_file: Option<String>,
    /// The profile in `credentials_file`; by default `default`.
    pub profile: Option<String>,
    /// The role that is assumed with the token in `web_identity_token_file`.
    pub role_arn: Option<String>,
    /// A file that holds a token of an identity provider; its issuer may renew it.
    pub web_identity_token_file: Option<String>,
}

/// A Google credential, for which the filter gets access tokens. Without any part: `metadata`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Google {
    /// The key file of a service account (JSON). Read when the file is rendered, and then in Envoy's configuration.
    pub service_account_file: Option<String>,
    /// The same JSON from a variable of Envoy's environment, read when Envoy starts.
    pub service_account: Option<Part>,
    /// The account of the workload, from the metadata server of GCE, GKE or Cloud Run.
    pub metadata: bool,
    /// Where tokens come from: https://oauth2.googleapis.com/token, or the metadata server's own.
    pub token_url: Option<String>,
    /// The text of `service_account_file`.
    #[serde(skip)]
    #[schemars(skip)]
    pub read: Hidden,
}

/// A credential of Microsoft Entra: an application with a secret, for which the filter gets access tokens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Azure {
    /// Directory (tenant) id.
    pub tenant_id: String,
    /// Application (client) id.
    pub client_id: String,
    /// The application's secret.
    pub client_secret: Part,
    /// Where tokens come from; by default https://login.microsoftonline.com/TENANT/oauth2/v2.0/token.
    #[serde(default)]
    pub token_url: Option<String>,
    /// What the token is for; by default https://cognitiveservices.azure.com/.default.
    #[serde(default)]
    pub scope: Option<String>,
}

/// A secret that was read, and that no debug output shows.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Hidden(Option<String>);

impl Hidden {
    /// A secret.
    pub fn new(text: Option<String>) -> Self {
        Hidden(text)
    }

    /// Its text; `None` where it could not be read.
    pub fn text(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(if self.0.is_some() { "(hidden)" } else { "(none)" })
    }
}

impl Part {
    /// The text, where it is known.
    pub fn text(&self) -> Option<&str> {
        self.value.as_deref().or_else(|| self.read.text())
    }
}

impl Aws {
    /// Whether the credential is none of its own but that of Envoy's chain.
    pub fn is_chain(&self) -> bool {
        self.access_key.is_none() && self.credentials_file.is_none() && self.role_arn.is_none()
    }
}
