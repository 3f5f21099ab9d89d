//! The backend of the getrandom crate on this target: WASI `random_get`, which every proxy-wasm host has.
#![allow(unsafe_code, reason = "an import of the host, and the symbol that getrandom calls")]

#[link(wasm_import_module = "wasi_snapshot_preview1")]
unsafe extern "C" {
    fn random_get(buffer: *mut u8, size: usize) -> u32;
}

/// Called by getrandom; the name is its contract for custom backends.
#[unsafe(no_mangle)]
unsafe extern "Rust" fn __getrandom_v03_custom(dest: *mut u8, len: usize) -> Result<(), getrandom::Error> {
    // SAFETY: getrandom gives a buffer of `len` bytes.
    match unsafe { random_get(dest, len) } {
        0 => Ok(()),
        _ => Err(getrandom::Error::UNSUPPORTED),
    }
}
