//! The types of `gateway.yaml`.
//!
//! The JSON Schema (`docs/gateway.schema.json`) is made from these types, and the check of a file's keys and types
//! reads that schema: a field added here is known everywhere.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{duration::Duration, quirks::Quirks};
use crate::provider::Format;

mod credentials;

pub use credentials::{Aws, Azure, Google, Hidden, Part};

/// The whole file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "gateway.yaml", description = "The configuration of Switchyard.")]
pub struct Gateway {
    /// Where clients connect: address and port.
    #[serde(default = "default_listen")]
    pub listen: String,
    /// Where Envoy's admin page listens: 127.0.0.1:9901, or for `switchyard run` a port that is free.
    #[serde(default)]
    pub admin: Option<String>,
    /// Write a JSON line for each request to standard output.
    #[serde(default)]
    pub access_log: bool,
    /// Who can serve requests.
    #[schemars(length(min = 1))]
    pub providers: Vec<Provider>,
    /// What clients may ask for. An exact name wins over a pattern; among patterns, the first that matches.
    #[schemars(length(min = 1))]
    pub models: Vec<Model>,
    /// Who may ask. None: everyone who can connect.
    #[serde(default)]
    pub keys: Vec<Key>,
    /// Which pages in browsers may ask. None: no page of another origin.
    #[serde(default)]
    pub cors: Option<Cors>,
    /// Where clients' files, batches and uploads are. None: the gateway has none of these endpoints.
    #[serde(default)]
    pub files: Option<Files>,
    /// How large requests and replies may be.
    #[serde(default)]
    pub limits: Limits,
    /// How long to wait.
    #[serde(default)]
    pub timeouts: Timeouts,
    /// How often to try again.
    #[serde(default)]
    pub retries: Retries,
    /// When a provider is left out for a while.
    #[serde(default)]
    pub outlier: Outlier,
    /// How providers' certificates are checked.
    #[serde(default)]
    pub tls: Tls,
}

/// A provider: a row of the table of types, and what differs from it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Provider {
    /// What targets call it: lower-case letters, digits, `_` and `-`.
    pub name: String,
    /// The row of the table of types: openai, anthropic, gemini, azure, bedrock, openai-compatible and many more;
    /// `switchyard providers` lists them.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its credential.
    #[serde(default)]
    pub api_key: Option<ApiKey>,
    /// Or, in the place of a key: an AWS credential.
    #[serde(default)]
    pub aws: Option<Aws>,
    /// Or a Google credential.
    #[serde(default)]
    pub google: Option<Google>,
    /// Or a credential of Microsoft Entra.
    #[serde(default)]
    pub azure: Option<Azure>,
    /// Where it is, as the vendor's own SDK means it: with `/v1` for openai, openai-compatible and mistral, without a
    /// path for anthropic, gemini, bedrock and cohere.
    #[serde(default)]
    pub base_url: Option<String>,
    /// The region of AWS, for types whose base URL has a place for it: us-east-1.
    #[serde(default)]
    pub region: Option<String>,
    /// The id of the project of Google Cloud, likewise.
    #[serde(default)]
    pub project: Option<String>,
    /// The location of Google Cloud, likewise: europe-west4, us, eu or global.
    #[serde(default)]
    pub location: Option<String>,
    /// The name of the resource of Azure, likewise.
    #[serde(default)]
    pub resource: Option<String>,
    /// The account, likewise: its id, or what the vendor calls an account identifier.
    #[serde(default)]
    pub account: Option<String>,
    /// The version of Azure's API, for types whose path has a place for it: 2024-10-21.
    #[serde(default)]
    pub api_version: Option<String>,
    /// Its wire format; by default that of its type.
    #[serde(default)]
    #[schemars(with = "Option<FormatName>")]
    pub format: Option<Format>,
    /// The path of its chat endpoint, after the path of `base_url`; it may have a query. The name of the model goes in
    /// the place of `{model}`.
    #[serde(default)]
    pub path: Option<String>,
    /// The same for streams, where that is another one; it may have a query.
    #[serde(default)]
    pub stream_path: Option<String>,
    /// The path of its endpoint for embeddings, after the path of `base_url`, as `path`; by default that of its type,
    /// where the type has one.
    #[serde(default)]
    pub embeddings_path: Option<String>,
    /// The same for rerank.
    #[serde(default)]
    pub rerank_path: Option<String>,
    /// The same for counts of a prompt's tokens. That of type `openai` holds for OpenAI's own `base_url` only.
    #[serde(default)]
    pub count_path: Option<String>,
    /// The header that carries the credential.
    #[serde(default)]
    pub auth_header: Option<String>,
    /// What stands before the credential in that header.
    #[serde(default)]
    pub auth_prefix: Option<String>,
    /// Further headers of each request to it.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// In what it differs from OpenAI, where that is something else than its type says.
    #[serde(default)]
    pub quirks: Option<Quirks>,
}

/// [`Format`] in the schema; the filter, which shares that type, knows no schemas.
#[derive(JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[allow(dead_code, reason = "only its schema is used")]
enum FormatName {
    Openai,
    Anthropic,
    Gemini,
    Vertex,
    VertexAnthropic,
    Bedrock,
    BedrockAnthropic,
    Cohere,
    Mistral,
    #[serde(rename = "openai-responses")]
    Responses,
}

/// Where a credential comes from: exactly one of the three.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApiKey {
    /// A variable of Envoy's environment; read when Envoy starts.
    #[serde(default)]
    pub env: Option<String>,
    /// A file that holds nothing but the key. A new file that is moved into its place is read at once.
    #[serde(default)]
    pub file: Option<String>,
    /// The key itself. It then stands in Envoy's configuration too.
    #[serde(default)]
    pub value: Option<String>,
}

/// A model that clients may ask for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// Its name, or a pattern in which `*` stands for any run of characters.
    pub name: String,
    /// How a target is chosen.
    #[serde(default)]
    pub strategy: Strategy,
    /// Who serves it.
    #[schemars(length(min = 1))]
    pub targets: Vec<Target>,
    /// What of `retries` is another thing for this model.
    #[serde(default)]
    pub retries: ModelRetries,
}

/// Which refusals of a model's targets are no last word; what is not said here is as `retries` of the file says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ModelRetries {
    /// A prompt that is too long for one target goes to the next one.
    pub context_length: Option<bool>,
    /// A prompt that one target's policy refuses goes to the next one.
    pub content_policy: Option<bool>,
}

/// How a target is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// The first that is well.
    #[default]
    Priority,
    /// By weight. Not available yet.
    Weighted,
    /// The cheapest first. Not available yet.
    Cheapest,
    /// The fastest first. Not available yet.
    Fastest,
    /// The least busy first. Not available yet.
    LeastBusy,
    /// The same one for the same conversation. Not available yet.
    Sticky,
}

/// One way to serve a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// The name of a provider.
    pub provider: String,
    /// The provider's own name of the model; by default the name that the client asked for.
    #[serde(default)]
    pub model: Option<String>,
}

/// A key that clients may use.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// Whose it is.
    pub name: String,
    /// SHA-256 of the key, 64 hexadecimal digits; `switchyard keys new` makes both.
    pub sha256: String,
    /// Names or patterns of the models that it may use; none: all.
    #[serde(default)]
    pub models: Vec<String>,
    /// How much it may use. Not enforced yet.
    #[serde(default)]
    pub limits: Option<KeyLimits>,
}

/// How much a key may use. Not enforced yet: a file that sets one is warned of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyLimits {
    /// Requests in a minute.
    #[serde(default)]
    pub requests_per_minute: Option<u64>,
    /// Tokens in a minute, prompt and answer together.
    #[serde(default)]
    pub tokens_per_minute: Option<u64>,
    /// US dollars in a calendar month.
    #[serde(default)]
    pub usd_per_month: Option<f64>,
}

/// Which pages in browsers may ask (the Fetch standard's CORS protocol). Envoy's own filter answers them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cors {
    /// Their origins, as the browser tells them: `https://app.example.com`; `*` stands for any run of characters but `/`
    /// in one, and alone for every origin.
    #[schemars(length(min = 1))]
    pub origins: Vec<String>,
    /// For how long a browser may remember the answer to a preflight.
    #[serde(default = "default_max_age")]
    pub max_age: Duration,
}

/// Where clients' files, batches and uploads are. They are the provider's, of the gateway's one account: whoever has a key
/// without a list of models can read and delete those of everybody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Files {
    /// The name of the provider: of OpenAI's format, or of one whose endpoints have the same names.
    pub provider: String,
}

/// How large requests and replies may be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// The largest request body, in bytes; a larger one is answered with 413.
    #[schemars(range(min = 1024, max = 268_435_456))]
    pub request_bytes: u64,
    /// The largest reply that is held to be translated, in bytes. Streams are not held.
    #[schemars(range(min = 1024, max = 268_435_456))]
    pub reply_bytes: u64,
    /// How much of requests' bodies one worker holds at a time, in bytes; what comes on top is answered with 503. A request
    /// that is alone is always taken.
    #[schemars(range(min = 1_048_576, max = 68_719_476_736_u64))]
    pub buffered_bytes: u64,
    /// Envoy's heap, in bytes; near it, new requests are answered with 503. Read at the start only.
    #[schemars(range(min = 134_217_728, max = 1_099_511_627_776_u64))]
    pub memory_bytes: u64,
}

/// How long to wait. Each is per attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Timeouts {
    /// For a connection to a provider, TLS included.
    pub connect: Duration,
    /// For a stream's first event.
    pub first_event: Duration,
    /// For a whole reply that is no stream.
    pub reply: Duration,
    /// Between two pieces of a stream, in either direction.
    pub idle: Duration,
}

/// How often to try again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Retries {
    /// The most attempts for one request, the first included; by default as many as the longest list of targets has,
    /// and at least 2. No request is tried more often than its model has targets, but for models of one target, which by
    /// default have a second try.
    #[schemars(range(min = 1, max = 10))]
    pub attempts: Option<u32>,
    /// Where a model has one target: how many of the requests to its provider may be second tries, in percent; at
    /// least 3 at a time may.
    #[schemars(range(min = 0, max = 100))]
    pub budget_percent: u32,
    /// The shortest time before a second try at the same target; each further time it is twice as long. The times
    /// are drawn at random below it.
    pub back_off: Duration,
    /// A prompt that is too long for one target goes to the next one.
    pub context_length: bool,
    /// A prompt that one target's policy refuses goes to the next one.
    pub content_policy: bool,
    /// Replies list the attempts in the header `x-switchyard-attempts`.
    pub list_attempts: bool,
}

/// When a provider is left out for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Outlier {
    /// So many failures in a row, of those that say the provider is unwell.
    #[schemars(range(min = 1, max = 1000))]
    pub consecutive_failures: u32,
    /// For how long, the first time; each further time as much longer.
    pub ejection: Duration,
    /// For how long at most.
    pub max_ejection: Duration,
    /// How often Envoy looks whether the time is over.
    pub interval: Duration,
}

/// How providers' certificates are checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Tls {
    /// The authorities that are trusted, as PEM.
    pub ca_file: String,
}

fn default_max_age() -> Duration {
    Duration::seconds(600)
}

fn default_listen() -> String {
    "127.0.0.1:10000".to_owned()
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            request_bytes: 32 << 20,
            reply_bytes: 32 << 20,
            buffered_bytes: 256 << 20,
            memory_bytes: 2 << 30,
        }
    }
}

impl Default for Timeouts {
    fn default() -> Self {
        Timeouts {
            connect: Duration::seconds(5),
            first_event: Duration::seconds(60),
            reply: Duration::seconds(300),
            idle: Duration::seconds(120),
        }
    }
}

impl Default for Retries {
    fn default() -> Self {
        Retries {
            attempts: None,
            budget_percent: 20,
            back_off: Duration::of_millis(250),
            context_length: true,
            content_policy: false,
            list_attempts: false,
        }
    }
}

impl Default for Outlier {
    fn default() -> Self {
        Outlier {
            consecutive_failures: 3,
            ejection: Duration::seconds(30),
            max_ejection: Duration::seconds(300),
            interval: Duration::seconds(5),
        }
    }
}

impl Default for Tls {
    fn default() -> Self {
        Tls { ca_file: "/etc/ssl/certs/ca-certificates.crt".to_owned() }
    }
}

impl Gateway {
    /// The most attempts for one request.
    pub fn attempts(&self) -> u32 {
        let longest = self.models.iter().map(|model| model.targets.len()).max().unwrap_or(0);
        self.retries.attempts.unwrap_or_else(|| u32::try_from(longest.clamp(2, 10)).unwrap_or(10))
    }
}

/// The JSON Schema of the file.
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(Gateway).to_value()
}
