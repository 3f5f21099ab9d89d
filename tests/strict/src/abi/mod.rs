//! The functions of proxy-wasm ABI 0.2.1 that a module may import from `env`, as Envoy serves them.
//!
//! `proxy_get_log_level` is left out on purpose: the host of nginx and Kong has another signature for it, and a module
//! that imports it does not load there.

mod buffers;
mod calls;
mod maps;
pub(crate) mod shared;
mod streams;

use wasmtime::{Caller, Linker};

use crate::{
    host::Host,
    memory::{Answer, Guest, Status},
};

/// Defines functions of the module `env` as `name(arguments) => what serves it`.
macro_rules! functions {
    ($linker:ident: $($name:ident($($arg:ident: $ty:ty),*) => $serve:path;)*) => {$(
        $linker.func_wrap("env", stringify!($name), |mut caller: Caller<'_, Host>, $($arg: $ty),*| {
            Guest::serve(&mut caller, stringify!($name), |guest| $serve(guest, $($arg),*))
        })?;
    )*};
}

pub(crate) use functions;

/// What serves the functions that the ABI has and neither host plays, because the filter has no use for them.
type Unplayed = fn(&mut Guest<'_, '_>) -> Answer;

macro_rules! unplayed {
    ($linker:ident, $serve:ident: $($name:ident($($arg:ident),*);)*) => {$(
        $linker.func_wrap("env", stringify!($name), move |mut caller: Caller<'_, Host>, $($arg: u32),*| {
            $(let _ = $arg;)*
            Guest::serve(&mut caller, stringify!($name), $serve)
        })?;
    )*};
}

/// Defines those functions.
///
/// # Errors
/// None in practice: a name defined twice.
pub(crate) fn unplayed(linker: &mut Linker<Host>, serve: Unplayed) -> wasmtime::Result<()> {
    unplayed! { linker, serve:
        proxy_close_stream(a);
        proxy_done();
        proxy_get_status(a, b, c);
        proxy_register_shared_queue(a, b, c);
        proxy_resolve_shared_queue(a, b, c, d, e);
        proxy_dequeue_shared_queue(a, b, c);
        proxy_enqueue_shared_queue(a, b, c);
        proxy_grpc_call(a, b, c, d, e, f, g, h, i, j, k, l);
        proxy_grpc_stream(a, b, c, d, e, f, g, h, i);
        proxy_grpc_send(a, b, c, d);
        proxy_grpc_cancel(a);
        proxy_grpc_close(a);
    }
    Ok(())
}

/// Defines all of them.
///
/// # Errors
/// None in practice: a name defined twice.
pub fn link(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    functions! { linker:
        proxy_log(level: u32, at: u32, len: u32) => log;
        proxy_get_current_time_nanoseconds(out: u32) => time;
        proxy_set_tick_period_milliseconds(period: u32) => tick_period;
        proxy_get_buffer_bytes(kind: u32, start: u32, max: u32, data: u32, size: u32) => buffers::get;
        proxy_set_buffer_bytes(kind: u32, start: u32, size: u32, at: u32, len: u32) => buffers::set;
        proxy_get_buffer_status(kind: u32, size: u32, flags: u32) => buffers::status;
        proxy_get_header_map_pairs(map: u32, data: u32, size: u32) => maps::get_pairs;
        proxy_get_header_map_size(map: u32, size: u32) => maps::get_size;
        proxy_set_header_map_pairs(map: u32, at: u32, len: u32) => maps::set_pairs;
        proxy_get_header_map_value(map: u32, at: u32, len: u32, data: u32, size: u32) => maps::get;
        proxy_remove_header_map_value(map: u32, at: u32, len: u32) => maps::remove;
        proxy_replace_header_map_value(map: u32, at: u32, len: u32, value: u32, value_len: u32) => maps::replace;
        proxy_add_header_map_value(map: u32, at: u32, len: u32, value: u32, value_len: u32) => maps::add;
        proxy_get_property(at: u32, len: u32, data: u32, size: u32) => streams::get_property;
        proxy_set_property(at: u32, len: u32, value: u32, value_len: u32) => streams::set_property;
        proxy_send_local_response(status: u32, details: u32, details_len: u32, body: u32, body_len: u32,
            headers: u32, headers_len: u32, grpc: i32) => streams::send_local_response;
        proxy_get_shared_data(at: u32, len: u32, data: u32, size: u32, cas: u32) => shared::get;
        proxy_set_shared_data(at: u32, len: u32, value: u32, value_len: u32, cas: u32) => shared::set;
        proxy_define_metric(kind: u32, at: u32, len: u32, out: u32) => shared::define_metric;
        proxy_get_metric(id: u32, out: u32) => shared::get_metric;
        proxy_record_metric(id: u32, value: u64) => shared::record_metric;
        proxy_increment_metric(id: u32, offset: i64) => shared::increment_metric;
        proxy_http_call(cluster: u32, cluster_len: u32, headers: u32, headers_len: u32, body: u32, body_len: u32,
            trailers: u32, trailers_len: u32, timeout: u32, out: u32) => calls::http_call;
        proxy_call_foreign_function(name: u32, name_len: u32, at: u32, len: u32, data: u32, size: u32) => calls::foreign;
        proxy_set_effective_context(context: u32) => calls::effective;
        proxy_continue_stream(kind: u32) => continue_stream;
    }
    // A call of them is a violation.
    unplayed(linker, not_played)
}

fn continue_stream(guest: &mut Guest<'_, '_>, _kind: u32) -> Answer {
    not_played(guest)
}

fn not_played(guest: &mut Guest<'_, '_>) -> Answer {
    guest.refuse(Status::Unimplemented, "this host does not play it")
}

/// `proxy_log`. Envoy takes any bytes; text that is not UTF-8 is a violation here, since log readers break on it.
pub(crate) fn log(guest: &mut Guest<'_, '_>, level: u32, at: u32, len: u32) -> Answer {
    let text = guest.read(at, len)?;
    if level > 5 {
        // Envoy's own switch over the level ends in a panic.
        return guest.refuse(Status::BadArgument, format!("level {level}"));
    }
    let Ok(text) = String::from_utf8(text) else {
        return guest.refuse(Status::BadArgument, "text that is not UTF-8");
    };
    guest.host().logs.push((level, text));
    Ok(())
}

pub(crate) fn time(guest: &mut Guest<'_, '_>, out: u32) -> Answer {
    let now = guest.host().time();
    guest.put(out, &now.to_le_bytes())
}

/// Ticks are driven by the test, so the period is only checked for its place: a root context.
fn tick_period(guest: &mut Guest<'_, '_>, _period: u32) -> Answer {
    if guest.host().stream().is_some() {
        return guest.refuse(Status::BadArgument, "from a stream context");
    }
    Ok(())
}
