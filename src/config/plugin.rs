//! The filter's own configuration: compact JSON that `switchyard render` writes and `on_configure` reads.
//!
//! It is an internal format. Both roles get the same document but for `role`; a document of another `version` is
//! refused, so that a new module never runs on an old rendering in silence.

use serde::Serialize;

mod read;

pub use read::read;

use crate::{
    dialect::Operation,
    provider::{Format, model::ModelFacts, quirks::Quirks},
};

/// The version of this format.
pub const VERSION: u32 = 1;

/// Which part of the gateway a filter instance is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RoleName {
    /// Downstream: reads the request, makes the plan, names the pool.
    Gateway,
    /// Upstream, once per attempt: translates.
    Provider,
    /// Both in one pass, for hosts without upstream filters: one target a request.
    Standalone,
    /// On Kong: picks the provider, and sends the request on to that provider's own route, where a standalone instance is.
    Front,
}

/// How requests and replies come to a filter instance.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// When the host lets headers be written.
    #[serde(skip_serializing_if = "Headers::is_held")]
    pub headers: Headers,
    /// The names of hosts, in lower case and without a port, whose requests are the gateway's; requests to others pass
    /// untouched. Empty: all are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub authorities: Vec<String>,
    /// What stands before the paths of the APIs: `/switchyard/openai`. Requests whose path does not begin with it pass
    /// untouched.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub prefix: String,
    /// Of a front alone: where it sends requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub front: Option<Front>,
}

/// When the host lets headers be written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Headers {
    /// They are held until the body has been read: Envoy with `allow_on_headers_stop_iteration`.
    #[default]
    Held,
    /// Before the body is known, on both sides: Envoy without that flag, which Istio's `WasmPlugin` cannot set.
    AtOnce,
    /// A request's while its body is in hand, a reply's before its body: ngx_wasm_module, and with it Kong. What a request
    /// came with cannot be removed there, and its path is a variable of nginx.
    Nginx,
}

impl Headers {
    fn is_held(&self) -> bool {
        *self == Headers::Held
    }
}

/// Where a front sends requests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Front {
    /// Address and port of the host's own proxy, for calls: `127.0.0.1:8000`.
    pub call: String,
    /// What the paths of the providers' own routes begin with, before the provider's name: `/switchyard/`.
    pub prefix: String,
    /// How many milliseconds a call may take.
    pub reply_ms: u64,
}

impl Entry {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// The whole document.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Plugin {
    /// [`VERSION`].
    pub version: u32,
    /// Which half this instance is.
    pub role: RoleName,
    /// The largest request body in bytes; a larger one is refused with 413.
    pub request_bytes: u64,
    /// The largest reply, in bytes, that is held to be translated.
    pub reply_bytes: u64,
    /// The most attempts for one request, as the host's routes have it.
    pub attempts: u32,
    /// The longest time in milliseconds for which a target cools that asked for it.
    pub cooling_ms: u64,
    /// Replies list the attempts in a header.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub list_attempts: bool,
    /// How many bytes of requests' bodies a VM lets be held at a time; what comes on top is refused with 503.
    pub buffered_bytes: u64,
    /// How requests come to this instance.
    #[serde(skip_serializing_if = "Entry::is_default")]
    pub entry: Entry,
    /// Index of the provider that has the clients' files; none: there are no files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<usize>,
    /// Who can serve, in the order of `gateway.yaml`.
    pub providers: Vec<Provider>,
    /// What clients ask for, in the order of `gateway.yaml`; the first match wins, exact names before patterns.
    pub models: Vec<Model>,
    /// Who may ask. Empty: everyone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<Key>,
}

impl Plugin {
    /// The first provider that an instance of this role and entry cannot serve, and why: a sentence's end.
    pub fn obstacle(&self) -> Option<(&Provider, &'static str)> {
        if self.role != RoleName::Standalone {
            return None;
        }
        let of = |provider: &Provider| match &provider.secret {
            Some(Secret::Header(_)) => {
                Some("its key is in a file, which only an upstream filter of Envoy can show")
            }
            Some(Secret::Signer(_)) if self.entry.headers != Headers::Held => {
                Some("its requests are signed, for which the host has no filter here")
            }
            Some(Secret::Token(_)) if self.entry.headers == Headers::Nginx => {
                Some("its access tokens come from elsewhere, for which the host has no cluster")
            }
            _ if self.entry.headers == Headers::AtOnce && provider.has_model_in_path() => {
                Some("its path says the model or whether it is a stream, which is known too late here")
            }
            _ => None,
        };
        self.providers.iter().find_map(|provider| Some((provider, of(provider)?)))
    }
}

/// One provider.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Provider {
    /// As `gateway.yaml` and the endpoint metadata name it.
    pub name: String,
    /// Its wire format.
    pub format: Format,
    /// `:authority` of its requests: host, and port where it is not the scheme's own.
    pub authority: String,
    /// `:scheme`: `http` or `https`.
    pub scheme: String,
    /// The whole path of its chat endpoint: `/v1/chat/completions`. The provider's own name of the model goes in the
    /// place of `{model}` ([`crate::provider::path`]). It may have a query.
    pub path: String,
    /// The same for requests of streams, where it is another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream_path: Option<String>,
    /// The same for embeddings; without it the provider has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub embeddings_path: Option<String>,
    /// The same for rerank; without it the provider has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rerank_path: Option<String>,
    /// The same for counts of tokens; without it the provider has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count_path: Option<String>,
    /// The header that carries its credential, lower case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_header: Option<String>,
    /// What stands before the credential in that header: `Bearer ` or nothing.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub auth_prefix: String,
    /// Where the credential comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<Secret>,
    /// Further headers that each of its requests carries, lower case.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
    /// In what it differs from the vendor of its format.
    #[serde(skip_serializing_if = "Quirks::is_none")]
    pub quirks: Quirks,
    /// What is known of its models, by the provider's own names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<(String, ModelFacts)>,
}

impl Provider {
    /// The path of its endpoint for `operation`, with `{model}` where the model's name goes; `None` where it has none.
    pub fn endpoint(&self, operation: Operation, stream: bool) -> Option<&str> {
        match operation {
            Operation::Chat => self.stream_path.as_deref().filter(|_| stream).or(Some(&self.path)),
            Operation::Embeddings => self.embeddings_path.as_deref(),
            Operation::Rerank => self.rerank_path.as_deref(),
            Operation::Count => self.count_path.as_deref(),
            Operation::Pass => self.base().map(|(base, _)| base),
        }
    }

    /// Whether a request's path depends on what its body says.
    fn has_model_in_path(&self) -> bool {
        let others = [&self.embeddings_path, &self.rerank_path, &self.count_path];
        let mut paths = others.into_iter().flatten().chain([&self.path]);
        self.stream_path.is_some() || paths.any(|path| path.contains("{model}"))
    }

    /// What stands before and behind the part of its chat endpoint's path that names the endpoint, where it ends as OpenAI's
    /// does: `/v1`, and a query or nothing. Its other endpoints are between the same.
    pub fn base(&self) -> Option<(&str, &str)> {
        base(&self.path)
    }
}

/// [`Provider::base`] of a chat endpoint's path.
pub fn base(path: &str) -> Option<(&str, &str)> {
    let (path, query) = path.split_at_checked(path.find('?').unwrap_or(path.len()))?;
    let path = path.strip_suffix('/').unwrap_or(path);
    let known = ["/chat/completions", "/responses"];
    Some((known.iter().find_map(|known| path.strip_suffix(known))?, query))
}

/// Where a credential comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Secret {
    /// An environment variable of the VM (Envoy passes its own through).
    Env(String),
    /// A request header that Envoy's secret discovery fills before this filter: files that rotate live.
    Header(String),
    /// The value itself.
    Value(String),
    /// The host signs the request after this filter, with the signer of this name (AWS).
    Signer(String),
    /// An access token, which the filter gets and renews.
    Token(Token),
}

/// Where access tokens come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Token {
    /// The host's cluster of the token endpoint.
    pub cluster: String,
    /// `:scheme`: `http` or `https`.
    pub scheme: String,
    /// `:authority`.
    pub authority: String,
    /// `:path`.
    pub path: String,
    /// What is shown to get one: the JSON of a service account's key file, or with `client` an application's secret.
    /// None: the endpoint is a metadata server, which knows the workload by its address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<Box<Secret>>,
    /// The id of an application (RFC 6749 §4.4).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// What the token of an application is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
}

impl Secret {
    /// The environment variable that it needs.
    pub fn variable(&self) -> Option<&str> {
        match self {
            Secret::Env(name) => Some(name),
            Secret::Token(token) => token.key.as_ref()?.variable(),
            Secret::Header(_) | Secret::Value(_) | Secret::Signer(_) => None,
        }
    }
}

/// A model that clients may ask for.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Model {
    /// A name, or a pattern in which `*` stands for any run of characters.
    pub name: String,
    /// Who serves it, in order.
    pub targets: Vec<Target>,
    /// Which refusals are no last word.
    #[serde(skip_serializing_if = "Elsewhere::is_default")]
    pub elsewhere: Elsewhere,
    /// What `GET /v1/models` lists of it: itself, or what a pattern is known to match.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cards: Vec<Card>,
}

/// Which refusals of the request itself another target may be asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Elsewhere {
    /// The prompt does not fit the model's context.
    pub context_length: bool,
    /// The provider's policy forbids the content.
    pub content_policy: bool,
}

impl Default for Elsewhere {
    fn default() -> Self {
        Self { context_length: true, content_policy: false }
    }
}

impl Elsewhere {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// What `GET /v1/models` tells of a model.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Card {
    /// What clients ask for.
    pub id: String,
    /// The name of its first target's provider.
    pub owner: String,
    /// Tokens of prompt and answer that fit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<u64>,
    /// The most tokens it answers with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_output: Option<u64>,
    /// Further members, as JSON text without the braces; may be empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub more: String,
}

/// One way to serve a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Target {
    /// Index into [`Plugin::providers`].
    pub provider: usize,
    /// The provider's own name of the model; absent: as the client asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
}

/// A key that clients may use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Key {
    /// Whose it is.
    pub name: String,
    /// SHA-256 of the key, 64 hexadecimal digits in lower case.
    pub sha256: String,
    /// Patterns of the models that it may use; empty: all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<String>,
}
