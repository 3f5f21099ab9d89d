//! A second host: ngx_wasm_module, the proxy-wasm host of nginx and Kong, as strict as it is.
//!
//! Where Envoy answers a call in the wrong phase with a status, this host mostly traps, and a trap costs more than the
//! request: see [`driver`] for what it does in each phase. Where it neither traps nor answers but loses what was asked for
//! in silence, hangs or writes over memory, the call is a *violation* here, as in Envoy's host.
//!
//! Each rule names where it is from:
//!
//! - *observed*: on ngx_wasm_module 3bed2783 (wasmtime 26.0.1) in nginx 1.22.1, with a probe of raw host calls;
//! - *source*: read in ngx_wasm_module's source, not run;
//! - *strict*: neither says; the stricter reading is taken.
//!
//! Not played: other requests on an instance that traps (observed: their streams pass unfiltered, too), isolation other
//! than `none`, limits of nginx's own that are reached before the filter (`client_max_body_size`, header buffers), and
//! whatever OpenResty and Kong's Lua do around the module, which were not observed: of Kong there are its properties and
//! the variables and headers of its template.
//!
//! | module | what lives there |
//! |---|---|
//! | [`driver`] | a whole exchange: client, filter, upstream with retries, reply |
//! | [`route`] | how a location proxies: which URI and which headers reach the upstream |
//! | [`request`] | one request and its reply; [`lines`] its header lines, which cannot be removed |
//! | [`worker`] | a worker process with its instance of the module, and what a trap does to it |
//! | [`abi`] | the `proxy_*` functions |
//! | [`property`] | what `proxy_get_property` and `proxy_set_property` know |

pub mod abi;
pub mod driver;
pub mod lines;
pub mod property;
pub mod request;
pub mod route;
pub mod worker;

use std::collections::BTreeMap;

use crate::{
    host::Host,
    memory::{Answer, Guest},
    stream::Callback,
};

/// What only this host has in a VM's store.
#[derive(Debug)]
pub struct World {
    /// Requests in flight, by their context.
    pub requests: BTreeMap<u32, request::Request>,
    /// The size of the shared memory for data, in bytes: `shm_kv`, on Kong `nginx_wasm_shm_kv` (its default). 0:
    /// there is none.
    pub shared_bytes: usize,
    /// Kong's properties are there.
    pub kong: bool,
    /// The filter's timer runs.
    pub ticking: bool,
    /// Calls that wait for their reply.
    pub waiting: Vec<u32>,
    /// What the worker process died of.
    pub crash: Option<String>,
}

impl Default for World {
    fn default() -> Self {
        World {
            requests: BTreeMap::new(),
            shared_bytes: 12 << 20,
            kong: false,
            ticking: false,
            waiting: Vec::new(),
            crash: None,
        }
    }
}

/// The request whose context runs, with the callback.
pub(crate) fn running(host: &mut Host) -> Option<(&mut request::Request, Callback)> {
    let (context, callback) = host.now?;
    host.nginx.requests.get_mut(&context).map(|request| (request, callback))
}

/// Ends the worker process, as a call does that makes nginx read what is not there.
pub(crate) fn crash<T>(guest: &mut Guest<'_, '_>, what: &str) -> Answer<T> {
    guest.violation(format!("{what}: nginx's worker dies of it (signal 11)"));
    guest.host().nginx.crash = Some(what.to_owned());
    guest.trap(what)
}
