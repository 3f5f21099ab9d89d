//! The roles: callbacks in, core, effects out. No format and no dialect is known here.

mod admission;
mod at_once;
mod attempts;
mod cooling;
mod effect;
mod exchange;
mod front;
mod gateway;
mod ids;
mod local_reply;
mod pass;
mod pass_reply;
mod provider;
mod provider_reply;
mod setup;
mod standalone;
mod tokens;

pub use front::Front;
pub use gateway::Gateway;
pub use provider::Provider;
pub use setup::Setup;
pub use standalone::Standalone;
pub use tokens::Keeper;

/// Names that the roles, and the host's configuration, agree on. Each is removed from what a client sends, and none
/// leaves the gateway.
pub mod names {
    /// Request header: the pool of a request whose reply is a stream. The route reads it.
    pub const POOL_STREAM: &str = "x-switchyard-stream";
    /// Request header: the pool of a request whose reply comes whole. The route reads it.
    pub const POOL_REPLY: &str = "x-switchyard-reply";
    /// The header that names the pool, by which routes choose.
    pub(super) fn pool(stream: bool) -> &'static str {
        if stream { POOL_STREAM } else { POOL_REPLY }
    }
    /// Reply header: another target may do better. Envoy's `retriable_headers` reads it.
    pub const RETRY: &str = "x-switchyard-retry";
    /// Reply header: the provider is unwell. Envoy's outlier `error_matcher` reads it.
    pub const UNWELL: &str = "x-switchyard-unwell";
    /// Reply header: an error that the provider role wrote, not Envoy.
    pub const FAILED: &str = "x-switchyard-failed";
    /// Request header: which of the host's signers signs the request. Those filters come after the provider role, and
    /// one after them removes it.
    pub const SIGN: &str = "x-switchyard-sign";
    /// Request header that Envoy's router reads and removes: how often to try again.
    pub const MAX_RETRIES: &str = "x-envoy-max-retries";
    /// Request header, the only one of ours that clients may send: the model of the body, for hosts that must know it before.
    pub const MODEL: &str = "x-switchyard-model";
    /// Reply header, the only one of ours that clients get, where the configuration asks for it: the attempts.
    pub const ATTEMPTS: &str = "x-switchyard-attempts";
    /// Reply header that the SDKs of OpenAI and Anthropic heed before all else: whether to try again.
    pub const SHOULD_RETRY: &str = "x-should-retry";
    /// What all of the gateway's own headers begin with.
    pub const PREFIX: &str = "x-switchyard-";
    /// Property that hands an exchange from the gateway role to the provider role: a number, little endian. A
    /// client cannot write properties.
    pub const EXCHANGE: &str = "switchyard.exchange";
    /// Namespace of the endpoint metadata that identifies an attempt.
    pub const METADATA: &str = "switchyard";
}
