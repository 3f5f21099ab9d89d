//! The only code that touches the proxy-wasm ABI.
//!
//! [`Host`] is what the filter asks of its host: every call can fail, and no call panics. The proxy-wasm crate
//! dispatches the callbacks (`entry`), but its own host calls panic on statuses and bytes that a peer can cause, so
//! they are not used; `abi` has ours.

#[cfg(target_arch = "wasm32")]
mod abi;
#[cfg(target_arch = "wasm32")]
mod entry;
#[cfg(target_arch = "wasm32")]
mod environment;
#[cfg(all(target_arch = "wasm32", feature = "inject-panic"))]
mod inject;
#[cfg(target_arch = "wasm32")]
mod log;
#[cfg(target_arch = "wasm32")]
mod nginx;
#[cfg(target_arch = "wasm32")]
mod random;
#[cfg(target_arch = "wasm32")]
mod services;

mod pairs;

pub use pairs::{HeaderPairs, encode_pairs};

/// Headers in which clients show who they are, or were, and which a provider must not see. Where headers cannot be removed
/// they are written over.
pub const CREDENTIALS: &[&str] = &[
    "authorization",
    "proxy-authorization",
    "x-api-key",
    "api-key",
    "x-goog-api-key",
    // Kong's own keys.
    "apikey",
    "cookie",
    // Not a credential, but read by the provider where it stands, and refused by the wrong one.
    "anthropic-beta",
];

/// A host call that did not do what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostError {
    /// There is no such header, property or buffer.
    NotFound,
    /// The host refused, with this proxy-wasm status: mostly a call in the wrong phase.
    Refused(u32),
}

/// What a callback tells the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Go on with what there is.
    Continue,
    /// Keep what there is until a later callback says to go on.
    Pause,
}

/// Which direction of the exchange a call is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// From the client to the provider.
    Request,
    /// From the provider to the client.
    Reply,
}

/// What all workers of the host share.
///
/// Only where a configuration needs it: hosts built on ngx_wasm_module end the VM on some of these calls.
pub trait SharedData {
    /// A value that all workers share, and the number of its last change.
    ///
    /// # Errors
    ///
    /// [`HostError::NotFound`] where there is none.
    fn shared(&self, key: &str) -> Result<(Vec<u8>, u32), HostError>;

    /// Sets such a value if the number of its last change is `cas`; with 0 in any case (Envoy).
    ///
    /// # Errors
    ///
    /// Where another change came before.
    fn set_shared(&self, key: &str, value: &[u8], cas: u32) -> Result<(), HostError>;
}

/// What the filter asks of its host, in the context of the running callback.
pub trait Host: SharedData {
    /// All headers of one side, pseudo headers included.
    ///
    /// # Errors
    ///
    /// Where the host has none now.
    fn headers(&self, side: Side) -> Result<HeaderPairs, HostError>;

    /// Replaces all headers of one side, pseudo headers included.
    ///
    /// On nginx a request's own headers stay, but for those that are replaced and for credentials, which are emptied; where
    /// it goes is the configuration's; and the length is that of the body (`nginx`).
    ///
    /// # Errors
    ///
    /// Where headers may not be written now.
    fn replace_headers(&self, side: Side, pairs: &[(&[u8], &[u8])]) -> Result<(), HostError>;

    /// The first value of a header; `None` where there is none.
    ///
    /// # Errors
    ///
    /// Where the host has no headers now.
    fn header(&self, side: Side, name: &str) -> Result<Option<Vec<u8>>, HostError>;

    /// Sets a header to one value.
    ///
    /// # Errors
    ///
    /// Where headers may not be written now.
    fn set_header(&self, side: Side, name: &str, value: &[u8]) -> Result<(), HostError>;

    /// Sets the path that the request has when it goes on.
    ///
    /// # Errors
    ///
    /// Where headers may not be written now.
    fn set_path(&self, path: &str) -> Result<(), HostError>;

    /// Removes a header.
    ///
    /// # Errors
    ///
    /// Where headers may not be written now.
    fn remove_header(&self, side: Side, name: &[u8]) -> Result<(), HostError>;

    /// Removes all trailers of one side, in the callback that tells of them.
    ///
    /// # Errors
    ///
    /// Where the host has none now.
    fn clear_trailers(&self, side: Side) -> Result<(), HostError>;

    /// Up to `max` bytes of the body that the running callback is about, from `start` on.
    ///
    /// # Errors
    ///
    /// Where there is no body now.
    fn body(&self, side: Side, start: usize, max: usize) -> Result<Vec<u8>, HostError>;

    /// Replaces the whole body that the running callback is about.
    ///
    /// # Errors
    ///
    /// Where there is no body now.
    fn replace_body(&self, side: Side, bytes: &[u8]) -> Result<(), HostError>;

    /// Answers the client at once; the request goes nowhere.
    ///
    /// # Errors
    ///
    /// Where the host has already answered.
    fn respond(&self, status: u16, headers: &[(&[u8], &[u8])], body: &[u8]) -> Result<(), HostError>;

    /// A property of the exchange; `None` where there is none.
    fn property(&self, path: &[&str]) -> Option<Vec<u8>>;

    /// Sets a property that both roles of the exchange can read.
    ///
    /// # Errors
    ///
    /// Where the host has no place for it.
    fn set_property(&self, name: &str, value: &[u8]) -> Result<(), HostError>;

    /// Unix time in nanoseconds.
    fn now(&self) -> u64;

    /// Unix time in milliseconds.
    fn millis(&self) -> u64 {
        self.now() / 1_000_000
    }
}

/// What a plugin asks of its host apart from any request: calls, and what it shares with its like in other workers.
///
/// Only where a configuration needs it: hosts built on ngx_wasm_module end the VM on some of these calls.
pub trait Services: SharedData {
    /// Unix time in nanoseconds.
    fn time(&self) -> u64;

    /// Asks to be called every so many milliseconds.
    ///
    /// # Errors
    ///
    /// Where the host has no timers.
    fn set_tick(&self, millis: u32) -> Result<(), HostError>;

    /// Sends a request to a cluster of the host. Gives the number by which the reply is told.
    ///
    /// # Errors
    ///
    /// Where there is no such cluster.
    fn call(
        &self,
        cluster: &str,
        headers: &[(&str, &str)],
        body: &[u8],
        timeout_millis: u32,
    ) -> Result<u32, HostError>;

    /// The status of the reply that the running callback tells of; `None` where none came.
    fn call_status(&self) -> Option<u16>;

    /// Its headers.
    ///
    /// # Errors
    ///
    /// Where there are none.
    fn call_headers(&self) -> Result<HeaderPairs, HostError>;

    /// Up to `max` bytes of its body.
    ///
    /// # Errors
    ///
    /// Where there is none.
    fn call_body(&self, max: usize) -> Result<Vec<u8>, HostError>;

    /// Calls a function that the host has beyond the ABI.
    ///
    /// # Errors
    ///
    /// [`HostError::NotFound`] where it has none of that name.
    fn call_function(&self, name: &str, arguments: &[u8]) -> Result<Vec<u8>, HostError>;
}
