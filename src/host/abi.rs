//! The host calls of proxy-wasm ABI 0.2.1, each returning its status.
//!
//! Source: proxy-wasm spec v0.2.1, "Functions exposed by the host". `proxy_get_log_level` is not imported: hosts
//! built on ngx_wasm_module have another signature for it and refuse the module.
#![allow(unsafe_code, reason = "this file is the ABI")]

use std::ptr::{null, null_mut};

use super::{HeaderPairs, Host, HostError, Side, encode_pairs, nginx};

#[link(wasm_import_module = "env")]
unsafe extern "C" {
    fn proxy_get_header_map_pairs(map: u32, data: *mut *mut u8, size: *mut usize) -> u32;
    fn proxy_set_header_map_pairs(map: u32, data: *const u8, size: usize) -> u32;
    fn proxy_get_header_map_value(
        map: u32,
        name: *const u8,
        name_size: usize,
        value: *mut *mut u8,
        value_size: *mut usize,
    ) -> u32;
    fn proxy_replace_header_map_value(
        map: u32,
        name: *const u8,
        name_size: usize,
        value: *const u8,
        value_size: usize,
    ) -> u32;
    fn proxy_remove_header_map_value(map: u32, name: *const u8, name_size: usize) -> u32;
    fn proxy_get_buffer_bytes(
        kind: u32,
        start: usize,
        max: usize,
        data: *mut *mut u8,
        size: *mut usize,
    ) -> u32;
    fn proxy_set_buffer_bytes(kind: u32, start: usize, size: usize, data: *const u8, data_size: usize)
    -> u32;
    fn proxy_get_property(path: *const u8, path_size: usize, value: *mut *mut u8, size: *mut usize) -> u32;
    fn proxy_set_property(path: *const u8, path_size: usize, value: *const u8, size: usize) -> u32;
    fn proxy_send_local_response(
        status: u32,
        details: *const u8,
        details_size: usize,
        body: *const u8,
        body_size: usize,
        headers: *const u8,
        headers_size: usize,
        grpc_status: i32,
    ) -> u32;
    fn proxy_get_current_time_nanoseconds(time: *mut u64) -> u32;
    fn proxy_log(level: u32, message: *const u8, size: usize) -> u32;
}

/// Kinds of buffer.
const REQUEST_BODY: u32 = 0;
const REPLY_BODY: u32 = 1;
const PLUGIN_CONFIGURATION: u32 = 7;
/// Kinds of header map.
const REQUEST_HEADERS: u32 = 0;
const REQUEST_TRAILERS: u32 = 1;
const REPLY_HEADERS: u32 = 2;
const REPLY_TRAILERS: u32 = 3;
/// The status of a call that found nothing.
const NOT_FOUND: u32 = 1;
/// "Replace all" is a size that no buffer exceeds. Envoy takes any size of at least the length; hosts that
/// truncate to `size` need the largest there is.
pub(super) const ALL: usize = u32::MAX as usize;

pub(super) fn check(status: u32) -> Result<(), HostError> {
    match status {
        0 => Ok(()),
        NOT_FOUND => Err(HostError::NotFound),
        other => Err(HostError::Refused(other)),
    }
}

/// Runs a call that hands out bytes which the host put into memory allocated by this module.
pub(super) fn fetch(call: impl FnOnce(*mut *mut u8, *mut usize) -> u32) -> Result<Vec<u8>, HostError> {
    let mut data: *mut u8 = null_mut();
    let mut size = 0usize;
    check(call(&mut data, &mut size))?;
    if data.is_null() {
        return Ok(Vec::new());
    }
    // SAFETY: the host filled `size` bytes that it obtained from `proxy_on_memory_allocate`, which the proxy-wasm
    // crate exports as a `Vec<u8>` of exactly that capacity, and it keeps no reference to them.
    Ok(unsafe { Vec::from_raw_parts(data, size, size) })
}

fn header_map(side: Side) -> u32 {
    match side {
        Side::Request => REQUEST_HEADERS,
        Side::Reply => REPLY_HEADERS,
    }
}

fn body_buffer(side: Side) -> u32 {
    match side {
        Side::Request => REQUEST_BODY,
        Side::Reply => REPLY_BODY,
    }
}

/// Writes a line to the host's log. `level`: 0 trace to 5 critical.
pub(super) fn log(level: u32, message: &str) {
    // SAFETY: the host only reads the bytes, during the call. A refusal cannot be reported anywhere.
    unsafe { proxy_log(level, message.as_ptr(), message.len()) };
}

/// The configuration of the plugin whose root context is running.
pub(super) fn configuration() -> Result<Vec<u8>, HostError> {
    // SAFETY: out pointers are valid for the call.
    fetch(|data, size| unsafe { proxy_get_buffer_bytes(PLUGIN_CONFIGURATION, 0, ALL, data, size) })
}

/// The running host.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wasm {
    /// It is nginx with ngx_wasm_module, which does not do what some calls ask: [`super::nginx`].
    pub(super) nginx: bool,
}

impl Wasm {
    /// The call by which the host itself replaces all headers.
    fn replace_all(self, side: Side, pairs: &[(&[u8], &[u8])]) -> Result<(), HostError> {
        let mut block = Vec::with_capacity(512);
        encode_pairs(pairs, &mut block);
        check(unsafe { proxy_set_header_map_pairs(header_map(side), block.as_ptr(), block.len()) })
    }
}

// SAFETY of every call below: pointers come from live slices and the host only reads them during the call; out
// pointers are valid for the call.
impl Host for Wasm {
    fn headers(&self, side: Side) -> Result<HeaderPairs, HostError> {
        let bytes = fetch(|data, size| unsafe { proxy_get_header_map_pairs(header_map(side), data, size) })?;
        Ok(HeaderPairs::new(bytes))
    }

    fn replace_headers(&self, side: Side, pairs: &[(&[u8], &[u8])]) -> Result<(), HostError> {
        match (self.nginx, side) {
            (false, _) => self.replace_all(side, pairs),
            (true, Side::Request) => nginx::replace_request_headers(self, pairs),
            (true, Side::Reply) => nginx::replace_reply_headers(self, pairs),
        }
    }

    fn set_path(&self, path: &str) -> Result<(), HostError> {
        if self.nginx {
            self.set_property(nginx::PATH, path.as_bytes())
        } else {
            self.set_header(Side::Request, ":path", path.as_bytes())
        }
    }

    fn header(&self, side: Side, name: &str) -> Result<Option<Vec<u8>>, HostError> {
        let map = header_map(side);
        let found = fetch(|data, size| unsafe {
            proxy_get_header_map_value(map, name.as_ptr(), name.len(), data, size)
        });
        match found {
            Ok(value) => Ok(Some(value)),
            Err(HostError::NotFound) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn set_header(&self, side: Side, name: &str, value: &[u8]) -> Result<(), HostError> {
        let map = header_map(side);
        check(unsafe {
            proxy_replace_header_map_value(map, name.as_ptr(), name.len(), value.as_ptr(), value.len())
        })
    }

    fn remove_header(&self, side: Side, name: &[u8]) -> Result<(), HostError> {
        check(unsafe { proxy_remove_header_map_value(header_map(side), name.as_ptr(), name.len()) })
    }

    fn clear_trailers(&self, side: Side) -> Result<(), HostError> {
        let map = match side {
            Side::Request => REQUEST_TRAILERS,
            Side::Reply => REPLY_TRAILERS,
        };
        let mut block = Vec::with_capacity(4);
        encode_pairs(&[], &mut block);
        check(unsafe { proxy_set_header_map_pairs(map, block.as_ptr(), block.len()) })
    }

    fn body(&self, side: Side, start: usize, max: usize) -> Result<Vec<u8>, HostError> {
        let kind = body_buffer(side);
        // nginx heeds no start, and writes past the end of what is asked for.
        let (from, most) = if self.nginx { (0, ALL) } else { (start, max) };
        let bytes = fetch(|data, size| unsafe { proxy_get_buffer_bytes(kind, from, most, data, size) })?;
        Ok(if self.nginx { nginx::part(bytes, start, max) } else { bytes })
    }

    fn replace_body(&self, side: Side, bytes: &[u8]) -> Result<(), HostError> {
        let kind = body_buffer(side);
        check(unsafe { proxy_set_buffer_bytes(kind, 0, ALL, bytes.as_ptr(), bytes.len()) })
    }

    fn respond(&self, status: u16, headers: &[(&[u8], &[u8])], body: &[u8]) -> Result<(), HostError> {
        let mut block = Vec::with_capacity(128);
        encode_pairs(headers, &mut block);
        // -1: no gRPC status.
        check(unsafe {
            proxy_send_local_response(
                u32::from(status),
                null(),
                0,
                body.as_ptr(),
                body.len(),
                block.as_ptr(),
                block.len(),
                -1,
            )
        })
    }

    fn property(&self, path: &[&str]) -> Option<Vec<u8>> {
        let path = path.join("\0");
        fetch(|data, size| unsafe { proxy_get_property(path.as_ptr(), path.len(), data, size) }).ok()
    }

    fn set_property(&self, name: &str, value: &[u8]) -> Result<(), HostError> {
        check(unsafe { proxy_set_property(name.as_ptr(), name.len(), value.as_ptr(), value.len()) })
    }

    fn now(&self) -> u64 {
        let mut time = 0u64;
        // A host without a clock leaves 0, which is a time too.
        let _ = check(unsafe { proxy_get_current_time_nanoseconds(&mut time) });
        time
    }
}
