//! Host calls outside of any request, each returning its status.
//!
//! Source: proxy-wasm spec v0.2.1, "Functions exposed by the host": timers, shared data, HTTP calls, foreign functions.
#![allow(unsafe_code, reason = "imports of the host")]

use std::time::Duration;

use proxy_wasm::types::Status;

use super::{
    HeaderPairs, Host, HostError, Services, SharedData,
    abi::{Wasm, check, fetch},
};

#[link(wasm_import_module = "env")]
unsafe extern "C" {
    fn proxy_set_tick_period_milliseconds(period: u32) -> u32;
    fn proxy_get_shared_data(
        key: *const u8,
        key_size: usize,
        value: *mut *mut u8,
        value_size: *mut usize,
        cas: *mut u32,
    ) -> u32;
    fn proxy_set_shared_data(
        key: *const u8,
        key_size: usize,
        value: *const u8,
        value_size: usize,
        cas: u32,
    ) -> u32;
    fn proxy_call_foreign_function(
        name: *const u8,
        name_size: usize,
        arguments: *const u8,
        arguments_size: usize,
        result: *mut *mut u8,
        result_size: *mut usize,
    ) -> u32;
    fn proxy_get_header_map_pairs(map: u32, data: *mut *mut u8, size: *mut usize) -> u32;
    fn proxy_get_header_map_value(
        map: u32,
        name: *const u8,
        name_size: usize,
        value: *mut *mut u8,
        value_size: *mut usize,
    ) -> u32;
    fn proxy_get_buffer_bytes(
        kind: u32,
        start: usize,
        max: usize,
        data: *mut *mut u8,
        size: *mut usize,
    ) -> u32;
}

/// The kinds of map and buffer of the reply to a call.
const CALL_HEADERS: u32 = 6;
const CALL_BODY: u32 = 4;

// SAFETY of every call below: pointers come from live slices and the host only reads them during the call; out
// pointers are valid for the call.
impl SharedData for Wasm {
    fn shared(&self, key: &str) -> Result<(Vec<u8>, u32), HostError> {
        let mut cas = 0u32;
        let value = fetch(|data, size| unsafe {
            proxy_get_shared_data(key.as_ptr(), key.len(), data, size, &mut cas)
        })?;
        Ok((value, cas))
    }

    fn set_shared(&self, key: &str, value: &[u8], cas: u32) -> Result<(), HostError> {
        check(unsafe { proxy_set_shared_data(key.as_ptr(), key.len(), value.as_ptr(), value.len(), cas) })
    }
}

impl Services for Wasm {
    fn time(&self) -> u64 {
        self.now()
    }

    fn set_tick(&self, millis: u32) -> Result<(), HostError> {
        check(unsafe { proxy_set_tick_period_milliseconds(millis) })
    }

    /// By the proxy-wasm crate's own function, which notes whose call it is: its dispatch of the reply panics at one that
    /// it does not know. Its panic at other statuses than these cannot be caused: Envoy gives none
    /// (`Context::httpCall`).
    fn call(
        &self,
        cluster: &str,
        headers: &[(&str, &str)],
        body: &[u8],
        timeout_millis: u32,
    ) -> Result<u32, HostError> {
        let timeout = Duration::from_millis(timeout_millis.into());
        let body = (!body.is_empty()).then_some(body);
        let sent =
            proxy_wasm::hostcalls::dispatch_http_call(cluster, headers.to_vec(), body, Vec::new(), timeout);
        sent.map_err(|status: Status| HostError::Refused(status as u32))
    }

    fn call_status(&self) -> Option<u16> {
        let name = ":status";
        let value = fetch(|data, size| unsafe {
            proxy_get_header_map_value(CALL_HEADERS, name.as_ptr(), name.len(), data, size)
        });
        std::str::from_utf8(&value.ok()?).ok()?.parse().ok()
    }

    fn call_headers(&self) -> Result<HeaderPairs, HostError> {
        let pairs = fetch(|data, size| unsafe { proxy_get_header_map_pairs(CALL_HEADERS, data, size) });
        pairs.map(HeaderPairs::new)
    }

    fn call_body(&self, max: usize) -> Result<Vec<u8>, HostError> {
        fetch(|data, size| unsafe { proxy_get_buffer_bytes(CALL_BODY, 0, max, data, size) })
    }

    fn call_function(&self, name: &str, arguments: &[u8]) -> Result<Vec<u8>, HostError> {
        fetch(|data, size| unsafe {
            proxy_call_foreign_function(
                name.as_ptr(),
                name.len(),
                arguments.as_ptr(),
                arguments.len(),
                data,
                size,
            )
        })
    }
}
