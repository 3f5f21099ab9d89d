//! The configuration, made ready for requests.

use crate::{
    config::plugin::{Plugin, RoleName, Secret, VERSION},
    dialect::chat::field::Fields,
    policy::keys::Keys,
    provider::model::ModelFacts,
    route::{Known, Table},
};

/// A configuration in use. Shared by the streams that began under it, also after a reload.
#[derive(Debug)]
pub struct Setup {
    /// The document.
    pub plugin: Plugin,
    /// Model names, indexed.
    pub table: Table,
    /// Who may ask.
    pub keys: Keys,
    /// For each provider: the whole value of its auth header, where it is known now.
    credentials: Vec<Option<Vec<u8>>>,
    /// For each provider: the configuration uses one model of it only.
    sole_model: Vec<bool>,
    /// For each provider: the fields that its quirks keep from it.
    lacks: Vec<Fields>,
    default_facts: ModelFacts,
}

impl Setup {
    /// Reads the filter's JSON. `environment` are the VM's variables.
    ///
    /// # Errors
    ///
    /// A sentence for the host's log: what is wrong, and where. It holds no secret.
    pub fn new(json: &[u8], environment: &[(String, String)]) -> Result<Self, String> {
        // serde's own message may quote a value, which may be a secret.
        let plugin: Plugin = serde_json::from_slice(json).map_err(|error| {
            let (line, column) = (error.line(), error.column());
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
        let keys = Keys::new(&plugin.keys)
            .map_err(|name| format!("key `{name}`: sha256 is not 64 hexadecimal digits"))?;
        let credentials = plugin.providers.iter().map(|provider| {
            let secret = match provider.secret.as_ref()? {
                Secret::Env(name) => {
                    environment.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())?
                }
                Secret::Value(value) => value,
                Secret::Header(_) => return None,
            };
            Some(format!("{}{secret}", provider.auth_prefix).into_bytes())
        });
        let credentials = credentials.collect();
        let sole_model = (0..plugin.providers.len()).map(|index| has_sole_model(&plugin, index)).collect();
        let lacks = plugin.providers.iter().map(|provider| provider.quirks.lacks()).collect();
        let table = Table::new(&plugin.models);
        Ok(Self { table, keys, credentials, sole_model, lacks, default_facts: ModelFacts::default(), plugin })
    }

    /// Which half of the gateway this is.
    pub fn role(&self) -> RoleName {
        self.plugin.role
    }

    /// Names of the providers whose secret is not in the environment.
    pub fn without_secret(&self) -> impl Iterator<Item = &str> {
        let providers = self.plugin.providers.iter().zip(&self.credentials);
        let missing = providers
            .filter(|(provider, value)| value.is_none() && matches!(provider.secret, Some(Secret::Env(_))));
        missing.map(|(provider, _)| provider.name.as_str())
    }

    /// The value of a provider's auth header, where the configuration or the environment has it.
    pub fn credential(&self, provider: usize) -> Option<&[u8]> {
        self.credentials.get(provider)?.as_deref()
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
}

fn has_sole_model(plugin: &Plugin, provider: usize) -> bool {
    let targets = plugin.models.iter().flat_map(|model| &model.targets);
    let mut models =
        targets.filter(|target| target.provider == provider).map(|target| target.model.as_deref());
    // A target without a model stands for any number of them.
    let Some(Some(first)) = models.next() else { return false };
    models.all(|model| model == Some(first))
}
