//! The configuration, made ready for requests.

use std::borrow::Cow;

use super::tokens;
use crate::{
    config::plugin::{self, Headers, Plugin, RoleName, Secret, VERSION},
    credential::Source,
    dialect::chat::field::Fields,
    policy::keys::Keys,
    provider::model::ModelFacts,
    route::{Known, Table},
};

/// What a provider has to show.
#[derive(Debug)]
enum Credential {
    /// Nothing, or nothing of ours: none is configured, a signer of the host has it, or each attempt finds it.
    Elsewhere,
    /// The whole value of its auth header.
    Known(Vec<u8>),
    /// Tokens from here.
    Token(Box<Source>),
    /// One is configured and not there: why. Such a provider is not asked.
    Missing(String),
}

impl Credential {
    fn new(provider: &plugin::Provider, environment: &[(String, String)]) -> Self {
        let header = |value: &str| Credential::Known(format!("{}{value}", provider.auth_prefix).into_bytes());
        match &provider.secret {
            Some(Secret::Value(value)) => header(value),
            Some(Secret::Env(name)) => {
                let value = environment.iter().find(|(key, _)| key == name).map(|(_, value)| value.trim());
                value.filter(|value| !value.is_empty()).map_or_else(
                    || Credential::Missing(format!("the environment variable {name} is not set")),
                    header,
                )
            }
            Some(Secret::Token(token)) => Source::new(token, environment)
                .map_or_else(Credential::Missing, |source| Credential::Token(Box::new(source))),
            Some(Secret::Header(_) | Secret::Signer(_)) | None => Credential::Elsewhere,
        }
    }
}

/// A configuration in use. Shared by the streams that began under it, also after a reload.
#[derive(Debug)]
pub struct Setup {
    /// The document.
    pub plugin: Plugin,
    /// Model names, indexed.
    pub table: Table,
    /// Who may ask.
    pub keys: Keys,
    /// For each provider: what it has to show.
    credentials: Vec<Credential>,
    /// For each provider: the configuration uses one model of it only.
    sole_model: Vec<bool>,
    /// For each provider: the fields that its quirks keep from it.
    lacks: Vec<Fields>,
    default_facts: ModelFacts,
}

impl Setup {
    /// Reads the filter's JSON. `environment` gives the VM's variables; it is asked only where a credential is in one: older
    /// versions of ngx_wasm_module write them past the end of what they are given.
    ///
    /// # Errors
    ///
    /// A sentence for the host's log: what is wrong, and where. It holds no secret.
    pub fn new(json: &[u8], environment: impl FnOnce() -> Vec<(String, String)>) -> Result<Self, String> {
        let plugin = plugin::read(json).map_err(|(line, column)| {
            format!(
                "configuration of the filter: cannot be read at line {line}, column {column}; render it again"
            )
        })?;
        if plugin.version != VERSION {
            let found = plugin.version;
            return Err(format!(
                "configuration of the filter: version {found}, but this module reads version {VERSION}; render it again"
            ));
        }
        if let Some((provider, why)) = plugin.obstacle() {
            return Err(format!("provider `{}`: cannot be served in this role: {why}", provider.name));
        }
        if plugin.role == RoleName::Front && plugin.entry.front.is_none() {
            return Err("configuration of the filter: a front without `entry.front`".to_owned());
        }
        let keys = Keys::new(&plugin.keys)
            .map_err(|name| format!("key `{name}`: sha256 is not 64 hexadecimal digits"))?;
        let mut secrets = plugin.providers.iter().filter_map(|provider| provider.secret.as_ref());
        let named = secrets.any(|secret| secret.variable().is_some());
        let environment = if named { environment() } else { Vec::new() };
        let credentials = plugin.providers.iter();
        let credentials = credentials.map(|provider| Credential::new(provider, &environment)).collect();
        let sole_model = (0..plugin.providers.len()).map(|index| has_sole_model(&plugin, index)).collect();
        let lacks = plugin.providers.iter().map(|provider| provider.quirks.lacks()).collect();
        let table = Table::new(&plugin.models);
        Ok(Self { table, keys, credentials, sole_model, lacks, default_facts: ModelFacts::default(), plugin })
    }

    /// Which half of the gateway this is.
    pub fn role(&self) -> RoleName {
        self.plugin.role
    }

    /// Whether this instance is to get access tokens, and renew them. nginx lets timers and calls do less.
    pub fn keeps_tokens(&self) -> bool {
        matches!(self.role(), RoleName::Gateway | RoleName::Standalone)
            && self.plugin.entry.headers != Headers::Nginx
    }

    /// Names of the providers whose credential is not there, and why.
    pub fn without_secret(&self) -> impl Iterator<Item = (&str, &str)> {
        let providers = self.plugin.providers.iter().zip(&self.credentials);
        providers.filter_map(|(provider, credential)| match credential {
            Credential::Missing(why) => Some((provider.name.as_str(), why.as_str())),
            _ => None,
        })
    }

    /// The value of a provider's auth header, where it is known now.
    pub fn credential(&self, provider: usize) -> Option<Cow<'_, [u8]>> {
        match self.credentials.get(provider)? {
            Credential::Known(value) => Some(Cow::Borrowed(value)),
            Credential::Token(source) => {
                let prefix = self.plugin.providers.get(provider)?.auth_prefix.as_bytes();
                Some(Cow::Owned([prefix, tokens::usable(&source.id)?.as_bytes()].concat()))
            }
            Credential::Elsewhere | Credential::Missing(_) => None,
        }
    }

    /// The same without what stands before it in the header, as text.
    pub fn secret(&self, provider: usize) -> Option<String> {
        let prefix = self.plugin.providers.get(provider)?.auth_prefix.as_bytes();
        let value = self.credential(provider)?;
        String::from_utf8(value.strip_prefix(prefix)?.to_vec()).ok()
    }

    /// Where a provider's tokens come from, where it needs any.
    pub fn source(&self, provider: usize) -> Option<&Source> {
        match self.credentials.get(provider)? {
            Credential::Token(source) => Some(source),
            _ => None,
        }
    }

    /// All of them, with the index of their provider.
    pub fn sources(&self) -> impl Iterator<Item = (usize, &Source)> {
        let all = self.credentials.iter().enumerate();
        all.filter_map(|(index, _)| Some((index, self.source(index)?)))
    }

    /// Whether the configuration uses one model of this provider only.
    pub fn sole_model(&self, provider: usize) -> bool {
        self.sole_model.get(provider).copied().unwrap_or(false)
    }
}

impl Known for Setup {
    fn plugin(&self) -> &Plugin {
        &self.plugin
    }

    fn facts(&self, provider: usize, model: &str) -> &ModelFacts {
        let known = self.plugin.providers.get(provider).map(|provider| provider.facts.as_slice());
        let found = known.unwrap_or_default().iter().find(|(name, _)| name == model);
        found.map_or(&self.default_facts, |(_, facts)| facts)
    }

    fn lacks(&self, provider: usize) -> Fields {
        self.lacks.get(provider).copied().unwrap_or_default()
    }

    fn has_credential(&self, provider: usize) -> bool {
        match self.credentials.get(provider) {
            Some(Credential::Missing(_)) => false,
            Some(Credential::Token(source)) => tokens::usable(&source.id).is_some(),
            _ => true,
        }
    }
}

fn has_sole_model(plugin: &Plugin, provider: usize) -> bool {
    let targets = plugin.models.iter().flat_map(|model| &model.targets);
    let mut models =
        targets.filter(|target| target.provider == provider).map(|target| target.model.as_deref());
    // A target without a model stands for any number of them.
    let Some(Some(first)) = models.next() else { return false };
    models.all(|model| model == Some(first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_is_read_only_for_a_credential_in_it() {
        let document = |secret: serde_json::Value| {
            let provider = serde_json::json!({"name": "a", "format": "openai", "authority": "a", "scheme": "http",
                "path": "/v1/chat/completions", "auth_header": "authorization", "secret": secret});
            serde_json::json!({"version": VERSION, "role": "standalone", "request_bytes": 1, "reply_bytes": 1,
                "providers": [provider], "models": []})
            .to_string()
        };
        let value = document(serde_json::json!({"value": "k"}));
        let setup = Setup::new(value.as_bytes(), || panic!("was read")).unwrap();
        assert_eq!(setup.credential(0).as_deref(), Some(&b"k"[..]));
        let env = document(serde_json::json!({"env": "K"}));
        let setup = Setup::new(env.as_bytes(), || vec![("K".into(), "v".into())]).unwrap();
        assert_eq!(setup.credential(0).as_deref(), Some(&b"v"[..]));
    }
}
