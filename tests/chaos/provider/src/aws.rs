//! Messages of AWS event streams (`application/vnd.amazon.eventstream`).

use crate::crc::crc32;

/// One message; its headers are strings.
pub fn message(headers: &[(&str, &str)], payload: &[u8]) -> Vec<u8> {
    let mut head = Vec::new();
    for (name, value) in headers {
        head.push(name.len().min(255) as u8);
        head.extend_from_slice(name.as_bytes());
        head.push(7);
        head.extend_from_slice(&(value.len().min(0xFFFF) as u16).to_be_bytes());
        head.extend_from_slice(value.as_bytes());
    }
    let mut out = prelude(16 + head.len() + payload.len(), head.len());
    out.extend_from_slice(&head);
    out.extend_from_slice(payload);
    let sum = crc32(&out);
    out.extend_from_slice(&sum.to_be_bytes());
    out
}

/// The first twelve bytes of a message, for one that never ends.
pub fn prelude(total: usize, head: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(total.min(1 << 16));
    out.extend_from_slice(&(total as u32).to_be_bytes());
    out.extend_from_slice(&(head as u32).to_be_bytes());
    let sum = crc32(&out);
    out.extend_from_slice(&sum.to_be_bytes());
    out
}

/// The same message with one bit of its payload turned: its sum no longer fits.
pub fn damage(message: &mut [u8]) {
    if let Some(at) = message.len().checked_sub(6)
        && let Some(byte) = message.get_mut(at)
    {
        *byte ^= 1;
    }
}
