//! Switchyard: one WebAssembly HTTP filter that turns an Envoy you already run into an AI gateway.
//!
//! The same module is loaded twice. The **gateway** role (downstream filter) reads a request once, decides who may
//! serve it and names a pool of clusters. The **provider** role (upstream filter) runs once per attempt and
//! translates the request for the provider that Envoy picked, and the reply back. Envoy retries, ejects and fails
//! over.
//!
//! ```text
//! client ─► listener ─► [gateway] ─► router ─┬─ attempt 1 ─► [provider] ─► OpenAI
//!                                            └─ attempt 2 ─► [provider] ─► Anthropic
//! ```
//!
//! | module | what lives there |
//! |---|---|
//! | [`ir`] | the intermediate form: requests, replies, stream events, usage, errors |
//! | [`stream`] | deframers: bytes in, whole events out |
//! | [`dialect`] | what clients speak: reading their requests, writing replies, streams and errors |
//! | [`provider`] | what providers speak: one folder a format, each with request, response and stream |
//! | [`config`] | the types of `gateway.yaml` and of the filter's own JSON |
//! | [`route`] | from a model's name to a plan: who may serve it, in which order |
//! | [`translate`] | the pairs: which dialect meets which format, and how |
//! | [`policy`] | who may ask for what |
//! | [`credential`] | access tokens: what is asked for, what comes back, and when to ask again |
//! | [`host`] | the only code that touches the proxy-wasm ABI |
//! | [`filter`] | the two roles: callbacks in, core, effects out |
//!
//! Everything but `host` and `filter` is pure, and all of it is tested natively.

mod base64;
pub mod config;
pub mod credential;
pub mod dialect;
pub mod filter;
pub mod host;
pub mod ir;
pub mod policy;
pub mod provider;
pub mod route;
mod signature;
pub mod stream;
pub mod translate;
