//! Environment variables of the VM, through WASI.
//!
//! Source: WASI preview 1, `environ_sizes_get` and `environ_get`; Envoy and ngx_wasm_module both have them.
#![allow(unsafe_code, reason = "imports of the host")]

#[link(wasm_import_module = "wasi_snapshot_preview1")]
unsafe extern "C" {
    fn environ_sizes_get(count: *mut usize, size: *mut usize) -> u32;
    fn environ_get(pointers: *mut *mut u8, buffer: *mut u8) -> u32;
}

/// The variables, as `NAME=value` strings. Empty where the host has none; what is not UTF-8 is left out.
pub(super) fn variables() -> Vec<(String, String)> {
    let (mut count, mut size) = (0usize, 0usize);
    // SAFETY: out pointers are valid for the call.
    if unsafe { environ_sizes_get(&mut count, &mut size) } != 0 {
        return Vec::new();
    }
    let mut pointers: Vec<*mut u8> = vec![std::ptr::null_mut(); count];
    let mut buffer = vec![0u8; size];
    // SAFETY: both buffers have the sizes that the host just asked for.
    if unsafe { environ_get(pointers.as_mut_ptr(), buffer.as_mut_ptr()) } != 0 {
        return Vec::new();
    }
    // The strings lie one after the other, each ended by NUL.
    let entries = buffer.split(|byte| *byte == 0).filter_map(|entry| std::str::from_utf8(entry).ok());
    entries
        .filter_map(|entry| entry.split_once('='))
        .map(|(name, value)| (name.into(), value.into()))
        .collect()
}
