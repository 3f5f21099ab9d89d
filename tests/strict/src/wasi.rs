//! The functions of WASI that a module may import: what a Rust module on Envoy has a use for, and nothing else.
//!
//! Errors are WASI's own numbers: 0 success, 8 bad file descriptor, 28 invalid argument, 58 not supported.

use wasmtime::{Caller, Linker};

use crate::{
    host::Host,
    memory::{Answer, Guest, Status},
};

const MODULE: &str = "wasi_snapshot_preview1";
const BADF: i32 = 8;
const INVAL: i32 = 28;
const NOTSUP: i32 = 58;

/// Envoy gives at most this many random bytes a call.
const RANDOM_MAX: u32 = 64 * 1024;

/// Serves one call whose answer is a number of WASI's.
fn serve(
    mut caller: Caller<'_, Host>,
    name: &'static str,
    body: impl FnOnce(&mut Guest<'_, '_>) -> Answer<i32>,
) -> wasmtime::Result<i32> {
    let mut errno = 0;
    let status = Guest::serve(&mut caller, name, |guest| {
        errno = body(guest)?;
        Ok(())
    })?;
    Ok(if status == Status::Ok as i32 { errno } else { INVAL })
}

/// Defines all of them.
///
/// # Errors
/// None in practice: a name defined twice.
pub fn link(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    linker.func_wrap(MODULE, "random_get", |caller: Caller<'_, Host>, at: u32, len: u32| {
        serve(caller, "random_get", |guest| random(guest, at, len))
    })?;
    linker.func_wrap(MODULE, "environ_sizes_get", |caller: Caller<'_, Host>, count: u32, size: u32| {
        serve(caller, "environ_sizes_get", |guest| environ_sizes(guest, count, size))
    })?;
    linker.func_wrap(MODULE, "environ_get", |caller: Caller<'_, Host>, pointers: u32, at: u32| {
        serve(caller, "environ_get", |guest| environ(guest, pointers, at))
    })?;
    linker.func_wrap(
        MODULE,
        "clock_time_get",
        |caller: Caller<'_, Host>, clock: u32, _: u64, out: u32| {
            serve(caller, "clock_time_get", |guest| {
                if clock > 1 {
                    return Ok(NOTSUP);
                }
                let now = guest.host().time();
                guest.put(out, &now.to_le_bytes()).map(|()| 0)
            })
        },
    )?;
    linker.func_wrap(
        MODULE,
        "fd_write",
        |caller: Caller<'_, Host>, fd: u32, iovs: u32, n: u32, out: u32| {
            serve(caller, "fd_write", |guest| write(guest, fd, iovs, n, out))
        },
    )?;
    linker.func_wrap(MODULE, "proc_exit", |_: Caller<'_, Host>, code: u32| -> wasmtime::Result<()> {
        Err(wasmtime::Error::msg(format!("proc_exit({code})")))
    })?;
    Ok(())
}

fn random(guest: &mut Guest<'_, '_>, at: u32, len: u32) -> Answer<i32> {
    if len > RANDOM_MAX {
        guest.violation(format!("{len} random bytes in one call"));
        return Ok(INVAL);
    }
    let bytes: Vec<u8> = (0..len).map(|_| guest.host().random()).collect();
    guest.fill(at, &bytes).map(|()| 0)
}

/// Each variable as `NAME=value`, NUL-terminated.
fn variables(guest: &mut Guest<'_, '_>) -> Vec<Vec<u8>> {
    guest.host().env.iter().map(|(name, value)| format!("{name}={value}\0").into_bytes()).collect()
}

fn environ_sizes(guest: &mut Guest<'_, '_>, count: u32, size: u32) -> Answer<i32> {
    let variables = variables(guest);
    let word = |len: usize| u32::try_from(len).unwrap_or(u32::MAX).to_le_bytes();
    guest.put(count, &word(variables.len()))?;
    guest.put(size, &word(variables.iter().map(Vec::len).sum()))?;
    Ok(0)
}

fn environ(guest: &mut Guest<'_, '_>, pointers: u32, mut at: u32) -> Answer<i32> {
    for (index, variable) in (0_u32..).zip(variables(guest)) {
        guest.put(pointers + 4 * index, &at.to_le_bytes())?;
        guest.fill(at, &variable)?;
        at += u32::try_from(variable.len()).unwrap_or(u32::MAX);
    }
    Ok(0)
}

/// Standard output and error go to the log.
fn write(guest: &mut Guest<'_, '_>, fd: u32, iovs: u32, count: u32, out: u32) -> Answer<i32> {
    if !(1..=2).contains(&fd) {
        return Ok(BADF);
    }
    let mut text = Vec::new();
    for index in 0..count {
        let vector = guest.read(iovs + 8 * index, 8)?;
        let word =
            |at: usize| u32::from_le_bytes([vector[at], vector[at + 1], vector[at + 2], vector[at + 3]]);
        text.extend(guest.read(word(0), word(4))?);
    }
    guest.put(out, &u32::try_from(text.len()).unwrap_or(u32::MAX).to_le_bytes())?;
    let level = if fd == 1 { 2 } else { 4 };
    guest.host().logs.push((level, text.escape_ascii().to_string()));
    Ok(0)
}
