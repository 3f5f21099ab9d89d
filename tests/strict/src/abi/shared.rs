//! Shared data and metrics.

use crate::memory::{Answer, Guest, Status};

/// `proxy_get_shared_data`: the value and its CAS number.
pub(crate) fn get(guest: &mut Guest<'_, '_>, at: u32, len: u32, data: u32, size: u32, cas_at: u32) -> Answer {
    let key = guest.read(at, len)?;
    let (value, cas) = {
        let (value, cas) = guest.host().shared.get(&key).ok_or(Status::NotFound)?;
        (value.to_vec(), cas)
    };
    guest.give(&value, data, size)?;
    guest.put(cas_at, &cas.to_le_bytes())
}

/// `proxy_set_shared_data`.
pub(super) fn set(
    guest: &mut Guest<'_, '_>,
    at: u32,
    len: u32,
    value: u32,
    value_len: u32,
    cas: u32,
) -> Answer {
    let (key, value) = (guest.read(at, len)?, guest.read(value, value_len)?);
    Ok(guest.host().shared.set(&key, &value, cas)?)
}

/// `proxy_define_metric`.
pub(super) fn define_metric(guest: &mut Guest<'_, '_>, kind: u32, at: u32, len: u32, out: u32) -> Answer {
    let Ok(name) = String::from_utf8(guest.read(at, len)?) else {
        return guest.refuse(Status::BadArgument, "a name that is not UTF-8");
    };
    match guest.host().metrics.define(kind, &name) {
        Ok(id) => guest.put(out, &id.to_le_bytes()),
        Err(status) => guest.refuse(status, format!("kind {kind} of `{name}`")),
    }
}

/// `proxy_get_metric`.
pub(super) fn get_metric(guest: &mut Guest<'_, '_>, id: u32, out: u32) -> Answer {
    match guest.host().metrics.get(id) {
        Ok(value) => guest.put(out, &value.to_le_bytes()),
        Err(status) => guest.refuse(status, format!("metric {id}")),
    }
}

/// `proxy_record_metric`.
pub(super) fn record_metric(guest: &mut Guest<'_, '_>, id: u32, value: u64) -> Answer {
    match guest.host().metrics.record(id, value) {
        Ok(()) => Ok(()),
        Err(status) => guest.refuse(status, format!("metric {id}")),
    }
}

/// `proxy_increment_metric`.
pub(super) fn increment_metric(guest: &mut Guest<'_, '_>, id: u32, offset: i64) -> Answer {
    match guest.host().metrics.increment(id, offset) {
        Ok(()) => Ok(()),
        Err(status) => guest.refuse(status, format!("metric {id} by {offset}")),
    }
}
