//! Configuration: the types of `gateway.yaml` (native only) and of the filter's own JSON.

#[cfg(not(target_arch = "wasm32"))]
pub mod file;
pub mod plugin;
