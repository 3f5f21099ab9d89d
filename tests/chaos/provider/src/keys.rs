//! Search for the credentials of all cells in the head of a request, in one pass over it.

use std::collections::HashMap;

/// The shortest credential that a cell may have: by so many bytes they are looked up.
pub const SHORTEST: usize = 8;

/// The credentials of all cells, by how they begin.
#[derive(Debug, Default)]
pub struct Keys(HashMap<[u8; SHORTEST], Vec<Key>>);

#[derive(Debug)]
struct Key {
    cell: String,
    bytes: Vec<u8>,
}

impl Keys {
    /// Adds the credential of a cell.
    pub fn add(&mut self, cell: &str, key: &str) {
        if let Some(start) = key.as_bytes().first_chunk::<SHORTEST>() {
            self.0.entry(*start).or_default().push(Key { cell: cell.into(), bytes: key.into() });
        }
    }

    /// The cells whose credential is in these bytes, where that is another one than `own`.
    pub fn foreign(&self, bytes: &[u8], own: &str) -> Vec<&str> {
        let mut found = Vec::new();
        for (at, start) in bytes.windows(SHORTEST).enumerate() {
            let Some(keys) = start.first_chunk::<SHORTEST>().and_then(|start| self.0.get(start)) else {
                continue;
            };
            let rest = bytes.get(at..).unwrap_or_default();
            found.extend(
                keys.iter()
                    .filter(|key| key.bytes != own.as_bytes() && rest.starts_with(&key.bytes))
                    .map(|key| key.cell.as_str()),
            );
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_keys_of_others_and_not_ones_own() {
        let mut keys = Keys::default();
        keys.add("a", "key-of-cell-a");
        keys.add("b", "key-of-cell-b");
        keys.add("twin", "key-of-cell-a");
        assert_eq!(keys.foreign(b"x: Bearer key-of-cell-b", "key-of-cell-a"), ["b"]);
        assert_eq!(keys.foreign(b"x: Bearer key-of-cell-a", "key-of-cell-a"), [""; 0]);
        assert_eq!(keys.foreign(b"key-of-cell-", "key-of-cell-a"), [""; 0]);
    }
}
