//! Ids of answers, for providers that give none.

use std::cell::Cell;

thread_local! {
    /// Zero until it is seeded.
    static STATE: Cell<u64> = const { Cell::new(0) };
}

/// 24 characters of `[0-9a-z]`. Unique in all likelihood, not secret: the host is asked for randomness once a VM.
pub(super) fn next() -> String {
    const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let mut id = String::with_capacity(24);
    for _ in 0..2 {
        let mut bits = random();
        for _ in 0..12 {
            let digit = usize::try_from(bits % 36).ok().and_then(|index| DIGITS.get(index));
            id.push(char::from(digit.copied().unwrap_or(b'0')));
            bits /= 36;
        }
    }
    id
}

/// SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
pub(super) fn random() -> u64 {
    let state = STATE.get();
    let state = if state == 0 { seed() } else { state }.wrapping_add(0x9e37_79b9_7f4a_7c15);
    STATE.set(state);
    let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

fn seed() -> u64 {
    let mut bytes = [0u8; 8];
    // A host without randomness gives ids that repeat after its VM is restarted, which harms no one.
    let _ = getrandom::fill(&mut bytes);
    u64::from_le_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_their_form_and_differ() {
        let (one, other) = (next(), next());
        assert_ne!(one, other);
        for id in [one, other] {
            assert_eq!(id.len(), 24);
            assert!(id.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_lowercase()), "{id}");
        }
    }
}
