//! Shared data and metrics.

use crate::{
    abi,
    memory::{Answer, Guest, Status},
};

/// Source: without `shm_kv` in the configuration there is no place for any key, and asking for one traps.
fn has_place(guest: &mut Guest<'_, '_>) -> Answer {
    if guest.host().nginx.shared_bytes == 0 {
        return guest.trap("could not resolve namespace");
    }
    Ok(())
}

/// `proxy_get_shared_data`.
pub(super) fn get(guest: &mut Guest<'_, '_>, at: u32, len: u32, data: u32, size: u32, cas: u32) -> Answer {
    has_place(guest)?;
    abi::shared::get(guest, at, len, data, size, cas)
}

/// `proxy_set_shared_data`. Observed: stores only where `cas` is the entry's own, and 0 means that there must be none;
/// others give way where there is no room, and what is too large for all of it traps.
pub(super) fn set(
    guest: &mut Guest<'_, '_>,
    at: u32,
    len: u32,
    value: u32,
    value_len: u32,
    cas: u32,
) -> Answer {
    let (key, value) = (guest.read(at, len)?, guest.read(value, value_len)?);
    has_place(guest)?;
    let most = guest.host().nginx.shared_bytes;
    match guest.host().shared.set_exactly(&key, &value, cas, most) {
        Err(Status::InternalFailure) => guest.trap("could not write to slab"),
        other => Ok(other?),
    }
}

/// The longest name of a metric (`max_metric_name_length`), without the `pw.<filter>.` before it.
const NAME_BYTES: usize = 256;

/// Observed: what is no proper use of a metric traps.
fn or_trap<T>(guest: &mut Guest<'_, '_>, done: Result<T, Status>, what: &str) -> Answer<T> {
    done.or_else(|status| guest.trap(format!("{what}: {status:?}")))
}

/// `proxy_define_metric`.
pub(super) fn define_metric(guest: &mut Guest<'_, '_>, kind: u32, at: u32, len: u32, out: u32) -> Answer {
    let name = String::from_utf8(guest.read(at, len)?).unwrap_or_default();
    if name.is_empty() || name.len() > NAME_BYTES {
        return guest.trap(format!("a metric with a name of {len} bytes"));
    }
    let id = guest.host().metrics.define(kind, &name);
    let id = or_trap(guest, id, &name)?;
    guest.put(out, &id.to_le_bytes())
}

/// `proxy_get_metric`.
pub(super) fn get_metric(guest: &mut Guest<'_, '_>, id: u32, out: u32) -> Answer {
    let value = guest.host().metrics.get(id);
    let value = or_trap(guest, value, "read")?;
    guest.put(out, &value.to_le_bytes())
}

/// `proxy_record_metric`.
pub(super) fn record_metric(guest: &mut Guest<'_, '_>, id: u32, value: u64) -> Answer {
    let done = guest.host().metrics.record(id, value);
    or_trap(guest, done, "recorded")
}

/// `proxy_increment_metric`.
pub(super) fn increment_metric(guest: &mut Guest<'_, '_>, id: u32, offset: i64) -> Answer {
    let done = guest.host().metrics.increment(id, offset);
    or_trap(guest, done, &format!("incremented by {offset}"))
}
