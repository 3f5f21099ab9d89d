//! Two proxy-wasm hosts (ABI 0.2.1) for tests of the compiled filter: one enforces Envoy's rules as strictly as Envoy does,
//! the other those of nginx's and Kong's module ([`nginx`]), which are others. They share what does not differ: memory,
//! encodings, WASI, counts, what a module may import and export.
//!
//! In Envoy's: Envoy answers a call in the wrong phase with a status that a filter may overlook, or with silence. Here every such
//! call is a *violation*: it gets Envoy's own answer, is recorded with the callback it was made from, and fails the
//! test. What a filter may count on is thereby what Envoy 1.40 really does (`source/extensions/common/wasm/context.cc`
//! and proxy-wasm-cpp-host `src/exports.cc`), not what happens to work.
//!
//! | module | what lives there |
//! |---|---|
//! | [`driver`] | a whole exchange in Envoy: client, gateway role, attempts with the provider role, reply |
//! | [`nginx`] | the host of nginx and Kong, with a driver of its own |
//! | [`vm`] | one VM: module, plugins, contexts, callbacks |
//! | [`load`] | what a module may import and export |
//! | [`abi`] | the `proxy_*` functions of Envoy; [`wasi`] the few of WASI that are served |
//! | [`stream`] | phases: which map and which buffer is open when |
//! | [`headers`] | header maps and their encoding |
//! | [`property`] | what `proxy_get_property` knows |
//! | [`memory`] | the guest's memory, and the one door through which bytes cross the ABI |
//! | [`count`] | calls and bytes across the ABI |
//! | [`host`] | everything that a VM's store holds; [`store`] shared data and metrics |

pub mod abi;
pub mod count;
pub mod driver;
pub mod headers;
pub mod host;
pub mod load;
pub mod memory;
pub mod nginx;
pub mod property;
pub mod store;
pub mod stream;
pub mod vm;
pub mod wasi;
