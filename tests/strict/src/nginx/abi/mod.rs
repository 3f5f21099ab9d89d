//! The functions of proxy-wasm ABI 0.2.1 that a module may import from `env`, as ngx_wasm_module serves them.
//!
//! Source (`ngx_proxy_wasm_host.c`): `proxy_get_log_level` is there with two parameters, while the stock Rust SDK imports
//! it with one: observed, such a module does not load. `proxy_get_header_map_size` and `proxy_get_buffer_status` are not
//! there.

mod buffers;
mod calls;
mod local;
mod maps;
mod shared;

use wasmtime::{Caller, Linker};

use super::{property, running};
use crate::{
    abi::{self, functions},
    host::Host,
    memory::{Answer, Guest},
};

/// Defines all of them.
///
/// # Errors
/// None in practice: a name defined twice.
pub fn link(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    functions! { linker:
        proxy_log(level: u32, at: u32, len: u32) => abi::log;
        proxy_get_current_time_nanoseconds(out: u32) => abi::time;
        proxy_set_tick_period_milliseconds(period: u32) => tick_period;
        proxy_get_buffer_bytes(kind: u32, start: u32, max: u32, data: u32, size: u32) => buffers::get;
        proxy_set_buffer_bytes(kind: u32, start: u32, size: u32, at: u32, len: u32) => buffers::set;
        proxy_get_header_map_pairs(map: u32, data: u32, size: u32) => maps::get_pairs;
        proxy_set_header_map_pairs(map: u32, at: u32, len: u32) => maps::set_pairs;
        proxy_get_header_map_value(map: u32, at: u32, len: u32, data: u32, size: u32) => maps::get;
        proxy_remove_header_map_value(map: u32, at: u32, len: u32) => maps::remove;
        proxy_replace_header_map_value(map: u32, at: u32, len: u32, value: u32, value_len: u32) => maps::replace;
        proxy_add_header_map_value(map: u32, at: u32, len: u32, value: u32, value_len: u32) => maps::add;
        proxy_get_property(at: u32, len: u32, data: u32, size: u32) => property::get;
        proxy_set_property(at: u32, len: u32, value: u32, value_len: u32) => property::set;
        proxy_send_local_response(status: u32, details: u32, details_len: u32, body: u32, body_len: u32,
            headers: u32, headers_len: u32, grpc: i32) => local::send_local_response;
        proxy_get_shared_data(at: u32, len: u32, data: u32, size: u32, cas: u32) => shared::get;
        proxy_set_shared_data(at: u32, len: u32, value: u32, value_len: u32, cas: u32) => shared::set;
        proxy_define_metric(kind: u32, at: u32, len: u32, out: u32) => shared::define_metric;
        proxy_get_metric(id: u32, out: u32) => shared::get_metric;
        proxy_record_metric(id: u32, value: u64) => shared::record_metric;
        proxy_increment_metric(id: u32, offset: i64) => shared::increment_metric;
        proxy_http_call(host: u32, host_len: u32, headers: u32, headers_len: u32, body: u32, body_len: u32,
            trailers: u32, trailers_len: u32, timeout: u32, out: u32) => calls::http_call;
        proxy_call_foreign_function(name: u32, name_len: u32, at: u32, len: u32, data: u32, size: u32) => calls::foreign;
        proxy_set_effective_context(context: u32) => effective;
        proxy_continue_stream(kind: u32) => continue_stream;
        proxy_get_log_level(at: u32, size: u32) => log_level;
    }
    abi::unplayed(linker, traps)
}

/// Observed of `proxy_done` and unknown queues; source of the others.
fn traps(guest: &mut Guest<'_, '_>) -> Answer {
    guest.trap("this host traps")
}

fn log_level(guest: &mut Guest<'_, '_>, _at: u32, _size: u32) -> Answer {
    traps(guest)
}

/// `proxy_set_tick_period_milliseconds`. Observed: traps from a request. Source: and when the timer runs already.
fn tick_period(guest: &mut Guest<'_, '_>, _period: u32) -> Answer {
    if running(guest.host()).is_some() {
        return guest.trap("can only set tick_period in root context");
    }
    if std::mem::replace(&mut guest.host().nginx.ticking, true) {
        return guest.trap("tick_period already set");
    }
    Ok(())
}

/// `proxy_set_effective_context`. Source: does nothing.
fn effective(_: &mut Guest<'_, '_>, _context: u32) -> Answer {
    Ok(())
}

/// `proxy_continue_stream`. Observed: called before a pause is answered it does not help; nothing here calls it later.
fn continue_stream(guest: &mut Guest<'_, '_>, _kind: u32) -> Answer {
    guest.violation("does nothing before the callback has returned");
    Ok(())
}
