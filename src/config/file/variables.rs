//! Variables of base URLs and paths: what only the user of an account knows, such as its region.

use super::{kinds::Kind, types::Provider};

/// A field of a provider in `gateway.yaml` whose value goes into its base URL or its paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variable {
    /// `{region}`: of AWS.
    Region,
    /// `{project}`: of Google Cloud.
    Project,
    /// `{location}`: of Google Cloud.
    Location,
    /// `{resource}`: of Azure.
    Resource,
    /// `{account}`: of whoever calls it so.
    Account,
    /// `{api_version}`: of Azure.
    ApiVersion,
}

/// The longest value, in bytes: a label of a host's name has no more than 63 (RFC 1035 §2.3.4), and no id of an account is
/// longer.
const VALUE_BYTES: usize = 63;

/// The host of Vertex AI, whose form depends on the location.
const VERTEX: &str = "{location}-aiplatform.googleapis.com";

impl Variable {
    /// All of them.
    pub const ALL: &'static [Variable] = &[
        Variable::Region,
        Variable::Project,
        Variable::Location,
        Variable::Resource,
        Variable::Account,
        Variable::ApiVersion,
    ];

    /// As `gateway.yaml` and the rows name it.
    pub fn name(self) -> &'static str {
        match self {
            Variable::Region => "region",
            Variable::Project => "project",
            Variable::Location => "location",
            Variable::Resource => "resource",
            Variable::Account => "account",
            Variable::ApiVersion => "api_version",
        }
    }

    /// Its value at this provider.
    pub fn of(self, provider: &Provider) -> Option<&str> {
        let value = match self {
            Variable::Region => &provider.region,
            Variable::Project => &provider.project,
            Variable::Location => &provider.location,
            Variable::Resource => &provider.resource,
            Variable::Account => &provider.account,
            Variable::ApiVersion => &provider.api_version,
        };
        value.as_deref()
    }

    /// What a value may consist of, for messages: "must be …".
    pub fn takes(self) -> &'static str {
        match self {
            Variable::Region | Variable::Location => "lower-case letters, digits and -",
            Variable::Project => "lower-case letters, digits, - and, in a domain's project, . and :",
            Variable::Resource => "letters, digits and -",
            Variable::Account => "letters, digits, -, _ and .",
            Variable::ApiVersion => "letters, digits, - and .",
        }
    }

    /// Whether the value is one: it goes into a host's name or a path, beside the gateway's credential.
    pub fn is_legal(self, value: &str) -> bool {
        let further: &[u8] = match self {
            Variable::Region | Variable::Location | Variable::Resource => b"-",
            Variable::Project => b"-.:",
            Variable::Account => b"-_.",
            Variable::ApiVersion => b"-.",
        };
        let upper = matches!(self, Variable::Resource | Variable::Account | Variable::ApiVersion);
        let legal = |byte: u8| {
            byte.is_ascii_lowercase()
                || byte.is_ascii_digit()
                || (upper && byte.is_ascii_uppercase())
                || further.contains(&byte)
        };
        let outer = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
        let bytes = value.as_bytes();
        bytes.len() <= VALUE_BYTES
            && outer(bytes.first())
            && outer(bytes.last())
            && bytes.iter().copied().all(legal)
            && !value.contains("..")
    }

    /// Whether a text has a place for it.
    pub fn is_in(self, text: &str) -> bool {
        text.contains(&self.place())
    }

    fn place(self) -> String {
        format!("{{{}}}", self.name())
    }
}

/// What may hold variables of a provider: its base URL, its path and that of streams, each its own or its type's.
pub fn texts<'p>(provider: &'p Provider, kind: &'p Kind) -> impl Iterator<Item = &'p str> {
    let (path, stream_path) = super::compile::paths(provider, kind);
    let base = provider.base_url.as_deref().or(kind.base_url);
    let (embeddings, rerank) =
        (super::compile::embeddings_path(provider, kind), super::compile::rerank_path(provider, kind));
    let count = super::compile::count_path(provider, kind);
    [base, Some(path), stream_path, embeddings, rerank, count].into_iter().flatten()
}

/// `text` with the provider's values in their places.
///
/// # Errors
/// A variable of the text that the provider does not set.
pub fn fill(text: &str, provider: &Provider) -> Result<String, Variable> {
    let mut filled = text.to_owned();
    if let Some(location) = provider.location.as_deref() {
        filled = filled.replace(VERTEX, &vertex_host(location));
    }
    for variable in Variable::ALL.iter().filter(|variable| variable.is_in(text)) {
        let value = variable.of(provider).ok_or(*variable)?;
        filled = filled.replace(&variable.place(), value);
    }
    Ok(filled)
}

/// Sources: the Vertex clients of Anthropic's SDK and of the AI SDK.
fn vertex_host(location: &str) -> String {
    match location {
        "global" => "aiplatform.googleapis.com".to_owned(),
        "us" | "eu" => format!("aiplatform.{location}.rep.googleapis.com"),
        _ => format!("{location}-aiplatform.googleapis.com"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_cannot_lead_elsewhere() {
        for variable in Variable::ALL {
            assert!(variable.is_legal("us-east-1"), "{variable:?}");
            let long = "a".repeat(64);
            for value in [
                "", "-a", "a-", "a/b", "a?b", "a#b", "a@b", "a b", "a%2fb", "..", "a..b", "a\n", "é", "{a}",
                &long,
            ] {
                assert!(!variable.is_legal(value), "{variable:?} {value:?}");
            }
        }
        assert!(!Variable::Region.is_legal("evil.example"));
        assert!(!Variable::Resource.is_legal("evil.example"));
        assert!(!Variable::Location.is_legal("US"));
        assert!(Variable::Project.is_legal("example.com:my-project"));
        assert!(Variable::Account.is_legal("xy12345.eu-central-1"));
        assert!(Variable::ApiVersion.is_legal("2025-04-01-preview"));
    }

    #[test]
    fn the_host_of_vertex_follows_the_location() {
        for (location, host) in [
            ("europe-west4", "europe-west4-aiplatform.googleapis.com"),
            ("global", "aiplatform.googleapis.com"),
            ("eu", "aiplatform.eu.rep.googleapis.com"),
        ] {
            let text = format!("{{name: a, type: vertex, location: {location}}}");
            let provider: Provider = serde_json::from_value(
                serde_json::json!({"name": text, "type": "vertex", "location": location}),
            )
            .unwrap();
            let url = fill("https://{location}-aiplatform.googleapis.com/v1/locations/{location}", &provider);
            assert_eq!(url, Ok(format!("https://{host}/v1/locations/{location}")));
            assert_eq!(fill("/{location}/{project}", &provider), Err(Variable::Project));
        }
    }
}
