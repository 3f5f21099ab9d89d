//! Headers as the ABI carries them: a count, the sizes of all names and values, then the bytes, each ended by NUL.
//!
//! Source: proxy-wasm spec v0.2.1, "Serialization", maps.

use std::ops::Range;

/// Headers as one block of bytes; iterating copies nothing.
#[derive(Clone, Debug, Default)]
pub struct HeaderPairs {
    bytes: Vec<u8>,
}

impl HeaderPairs {
    /// Takes a block that a host filled. A malformed one gives as many pairs as it really holds.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self { bytes }
    }

    /// Names and values in the host's order.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let count = read_u32(&self.bytes, 0).unwrap_or(0);
        let mut sizes = 4;
        // `count` may be a lie; no offset is computed from it that is not checked against the block.
        let mut data = count.saturating_mul(8).saturating_add(4);
        (0..count).map_while(move |_| {
            let name = take(&self.bytes, read_u32(&self.bytes, sizes)?, &mut data)?;
            let value = take(&self.bytes, read_u32(&self.bytes, sizes + 4)?, &mut data)?;
            sizes += 8;
            Some((self.bytes.get(name)?, self.bytes.get(value)?))
        })
    }

    /// The first value of a header. `name` is lower case, as hosts give names.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.iter().find(|(found, _)| *found == name.as_bytes()).map(|(_, value)| value)
    }
}

fn read_u32(bytes: &[u8], at: usize) -> Option<usize> {
    let four: [u8; 4] = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
    usize::try_from(u32::from_le_bytes(four)).ok()
}

/// The range of a string of this size at `at`, which moves behind its NUL.
fn take(bytes: &[u8], size: usize, at: &mut usize) -> Option<Range<usize>> {
    let end = at.checked_add(size)?;
    let range = *at..end;
    *at = end.checked_add(1)?;
    (end <= bytes.len()).then_some(range)
}

/// Writes headers as the ABI carries them.
pub fn encode_pairs(pairs: &[(&[u8], &[u8])], out: &mut Vec<u8>) {
    let size = |length: usize| u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes();
    out.extend_from_slice(&size(pairs.len()));
    for (name, value) in pairs {
        out.extend_from_slice(&size(name.len()));
        out.extend_from_slice(&size(value.len()));
    }
    for (name, value) in pairs {
        for bytes in [name, value] {
            out.extend_from_slice(bytes);
            out.push(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(pairs: &[(&[u8], &[u8])]) -> Vec<u8> {
        let mut out = Vec::new();
        encode_pairs(pairs, &mut out);
        out
    }

    #[test]
    fn what_is_written_is_read() {
        let pairs: &[(&[u8], &[u8])] = &[(b":path", b"/v1"), (b"x-odd", b"\xff\x00\xfe"), (b"empty", b"")];
        let read = HeaderPairs::new(encoded(pairs));
        assert_eq!(read.iter().collect::<Vec<_>>(), pairs);
        assert_eq!(read.get("x-odd"), Some(&b"\xff\x00\xfe"[..]));
        assert_eq!(read.get("none"), None);
    }

    #[test]
    fn a_block_cut_anywhere_gives_whole_pairs_only() {
        let pairs: &[(&[u8], &[u8])] = &[(b"a", b"1"), (b"bb", b"22")];
        let whole = encoded(pairs);
        for end in 0..whole.len() {
            let read = HeaderPairs::new(whole[..end].to_vec());
            let got: Vec<_> = read.iter().collect();
            assert!(pairs.starts_with(&got), "cut at {end}: {got:?}");
        }
    }

    #[test]
    fn a_count_that_lies_is_harmless() {
        let mut block = encoded(&[(b"a", b"1")]);
        block[..4].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(HeaderPairs::new(block).iter().count(), 0);
    }
}
